use super::*;

const EXAMPLES: [f32; 6] = [0.0, 1.0, 0.3, 0.9, 0.5, 0.2];
const OUTPUTS: [f32; 6] = [-2.0, 0.5, 0.0, 3.0, -0.4, 1.1];
const LIKELIHOODS: [Likelihood; 4] = [
    Likelihood::Bernoulli,
    Likelihood::Gaussian { std: 0.5, squash: Squash::Sigmoid },
    Likelihood::Gaussian { std: 2.0, squash: Squash::Tanh },
    Likelihood::Gaussian { std: 1.0, squash: Squash::Identity },
];

/// Worked out by hand.
#[test]
fn values_at_hand_computed_outputs() {
    let (bernoulli, _) = Likelihood::Bernoulli.reconstruction(&[0.25, 1.0], &[0.0, 2.0], 1);
    assert!((bernoulli - (std::f64::consts::LN_2 + 0.126_928_011)).abs() < 1e-8, "{bernoulli}");
    let gaussian = Likelihood::Gaussian { std: 2.0, squash: Squash::Identity };
    // Two examples of one value: ½ ln(8π) = 1.612085714, and 9/8 more for the second.
    let (found, slopes) = gaussian.reconstruction(&[1.0, 4.0], &[1.0, 1.0], 2);
    assert!((found - (1.612_085_713_8 + 0.5 * 1.125)).abs() < 1e-9, "{found}");
    assert_eq!(slopes, [0.0, -0.375]);
    // KL(N(1, e⁰) ‖ N(0, 1)) = ½, KL(N(0, e) ‖ N(0, 1)) = ½ (e − 2).
    let found = Posterior::new(&[1.0, 0.0, 0.0, 1.0], 2).divergence();
    assert!((found - 0.5 * (1.0 + std::f64::consts::E - 2.0)).abs() < 1e-9, "{found}");
}

#[test]
fn slopes_are_those_of_the_values() {
    for likelihood in LIKELIHOODS {
        let (_, slopes) = likelihood.reconstruction(&EXAMPLES, &OUTPUTS, 2);
        for index in 0..OUTPUTS.len() {
            let at = |by: f32| {
                let mut outputs = OUTPUTS;
                outputs[index] += by;
                likelihood.reconstruction(&EXAMPLES, &outputs, 2).0
            };
            let slope = (at(1e-2) - at(-1e-2)) / 2e-2;
            assert!((slope - f64::from(slopes[index])).abs() < 1e-4, "{likelihood:?} {index}");
        }
    }
}

/// A loss Σ w z of the sampled z, and β times the divergence.
#[test]
fn slopes_reach_means_and_variances_through_the_sample_and_the_divergence() {
    let numbers = [0.5f32, -1.0, 0.3, -2.0, 2.0, 0.1, 1.0, 0.0];
    let noise = [0.7f32, -1.2, 0.4, 2.0];
    let weights = [1.0f32, -0.5, 0.25, 2.0];
    let beta = 3.0;
    let loss = |numbers: &[f32]| {
        let posterior = Posterior::new(numbers, 2);
        let z = posterior.sample(&noise);
        let sum: f64 = z.iter().zip(weights).map(|(z, w)| f64::from(*z) * f64::from(w)).sum();
        sum + beta * posterior.divergence()
    };
    let slopes = Posterior::new(&numbers, 2).slopes(&weights, &noise, beta);
    for index in 0..numbers.len() {
        let at = |by: f32| {
            let mut numbers = numbers;
            numbers[index] += by;
            loss(&numbers)
        };
        let slope = (at(1e-2) - at(-1e-2)) / 2e-2;
        assert!((slope - f64::from(slopes[index])).abs() < 1e-3, "{index}: {slope} {}", slopes[index]);
    }
    assert_eq!(Posterior::new(&numbers, 2).means(), [0.5, -1.0, 2.0, 0.1]);
}

/// The mean of p(x | output) is where the likelihood of a lone value is highest.
#[test]
fn the_mean_is_the_best_guess() {
    for likelihood in LIKELIHOODS {
        let mut mean = [0.7f32];
        likelihood.mean(&mut mean);
        let (_, slopes) = likelihood.reconstruction(&mean, &[0.7], 1);
        assert!(slopes[0].abs() < 1e-6, "{likelihood:?}: {}", slopes[0]);
    }
}

#[test]
fn saturated_outputs_have_finite_losses() {
    for likelihood in LIKELIHOODS {
        for output in [-80.0, -20.0, 20.0, 80.0] {
            let (loss, slopes) = likelihood.reconstruction(&[1.0], &[output], 1);
            assert!(loss.is_finite() && slopes[0].is_finite(), "{likelihood:?} at {output}");
        }
    }
    let (_, slopes) = Likelihood::Bernoulli.reconstruction(&[1.0], &[-80.0], 1);
    assert_eq!(slopes, [-1.0]);
}
