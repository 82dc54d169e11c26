//! Batch normalisation against its formulas in f64, and finite differences of these.

mod common;

use atelier_kernels::activation::{leaky_relu, leaky_relu_backward};
use atelier_kernels::batch_norm::*;
use common::{assert_close, assert_same_for_any_threads, random, wide};

const EPSILON: f32 = 1e-3;
const SIZES: [(usize, usize); 9] =
    [(2, 1), (3, 5), (17, 33), (64, 16), (100, 1), (1000, 3), (1300, 65), (37, 1200), (4099, 20)];

const SLOPES: [f32; 3] = [1.0, 0.3, 0.0];

struct Case {
    x: Vec<f32>,
    gamma: Vec<f32>,
    beta: Vec<f32>,
    dy: Vec<f32>,
    slope: f32,
}

impl Case {
    /// `mean` and `spread` of the data; each channel has its own.
    fn new(rows: usize, channels: usize, mean: f32, spread: f32, slope: f32) -> Self {
        let mut x = random(rows * channels, 1);
        for (i, x) in x.iter_mut().enumerate() {
            let channel = (i % channels) as f32;
            *x = *x * spread * (1.0 + channel / 10.0) + mean * (1.0 - channel / 7.0);
        }
        let (gamma, beta, dy) = (random(channels, 2), random(channels, 3), random(rows * channels, 4));
        Self { x, gamma, beta, dy, slope }
    }

    fn channels(&self) -> usize {
        self.gamma.len()
    }

    fn affine(&self) -> Affine<'_> {
        Affine { gamma: &self.gamma, beta: &self.beta, slope: self.slope }
    }

    fn forward(&self) -> (Vec<f32>, BatchStatistics) {
        let (mut y, mut statistics) = (vec![f32::NAN; self.x.len()], BatchStatistics::default());
        batch_norm_forward_training(&self.x, self.affine(), EPSILON, &mut y, &mut statistics);
        (y, statistics)
    }

    /// dx, dgamma and dbeta; the latter two are added to what is given.
    fn backward(&self, statistics: &BatchStatistics, mut parameters: [Vec<f32>; 2]) -> [Vec<f32>; 3] {
        let mut dx = self.dy.clone();
        let [dgamma, dbeta] = &mut parameters;
        batch_norm_backward_training(&self.x, &mut dx, self.affine(), statistics, dgamma, dbeta);
        let [dgamma, dbeta] = parameters;
        [dx, dgamma, dbeta]
    }

    fn zeros(&self) -> [Vec<f32>; 2] {
        [(); 2].map(|()| vec![0.0; self.channels()])
    }
}

/// Mean and biased variance per channel.
fn moments(x: &[f64], channels: usize) -> (Vec<f64>, Vec<f64>) {
    let n = (x.len() / channels) as f64;
    let column = |c: usize| x.iter().skip(c).step_by(channels);
    let mean: Vec<f64> = (0..channels).map(|c| column(c).sum::<f64>() / n).collect();
    let variance = (0..channels).map(|c| column(c).map(|x| (x - mean[c]).powi(2)).sum::<f64>() / n).collect();
    (mean, variance)
}

fn normalised(x: &[f64], mean: &[f64], variance: &[f64], gamma: &[f64], beta: &[f64]) -> Vec<f64> {
    let channels = gamma.len();
    let value = |(i, x): (usize, &f64)| {
        let c = i % channels;
        (x - mean[c]) / (variance[c] + f64::from(EPSILON)).sqrt() * gamma[c] + beta[c]
    };
    x.iter().enumerate().map(value).collect()
}

fn leaky(x: f64, slope: f32) -> f64 {
    if x > 0.0 { x } else { f64::from(slope) * x }
}

/// Sizes and slopes.
fn all() -> impl Iterator<Item = (usize, usize, f32)> {
    SIZES.into_iter().flat_map(|(rows, channels)| SLOPES.map(|slope| (rows, channels, slope)))
}

#[test]
fn training_forward_agrees_with_the_formula() {
    for (rows, channels, slope) in all() {
        let case = Case::new(rows, channels, 0.7, 1.0, slope);
        let (y, BatchStatistics { mean, variance, inverse_std, .. }) = case.forward();
        let (exact_mean, exact_variance) = moments(&wide(&case.x), channels);
        let mut exact =
            normalised(&wide(&case.x), &exact_mean, &exact_variance, &wide(&case.gamma), &wide(&case.beta));
        exact.iter_mut().for_each(|y| *y = leaky(*y, slope));
        let inverse: Vec<f64> =
            exact_variance.iter().map(|v| 1.0 / (v + f64::from(EPSILON)).sqrt()).collect();
        let what = format!("{rows} × {channels}, slope {slope}");
        assert_close(&mean, &exact_mean, 1e-6, &what);
        assert_close(&variance, &exact_variance, 1e-6, &what);
        assert_close(&inverse_std, &inverse, 1e-6, &what);
        assert_close(&y, &exact, 1e-6, &what);
    }
}

#[test]
fn a_large_mean_does_not_cancel() {
    // The mean is 10,000 times the spread: f32 squares would leave nothing of the variance.
    for (rows, channels) in [(1300, 5), (12_544, 16)] {
        let case = Case::new(rows, channels, 1e4, 1.0, 1.0);
        let (y, BatchStatistics { mean, variance, .. }) = case.forward();
        let (exact_mean, exact_variance) = moments(&wide(&case.x), channels);
        let exact =
            normalised(&wide(&case.x), &exact_mean, &exact_variance, &wide(&case.gamma), &wide(&case.beta));
        assert_close(&mean, &exact_mean, 1e-7, "mean");
        assert_close(&variance, &exact_variance, 1e-5, "variance");
        assert_close(&y, &exact, 1e-5, "output");
    }
}

#[test]
fn a_constant_channel_has_no_variance() {
    let (x, dy) = (vec![3.3; 200], vec![1.0; 200]);
    let case = Case { x, gamma: vec![2.0; 2], beta: vec![0.25; 2], dy, slope: 1.0 };
    let (y, BatchStatistics { variance, .. }) = case.forward();
    assert!(variance.iter().all(|&v| (0.0..1e-9).contains(&v)), "{variance:?}");
    assert!(y.iter().all(|y| (y - 0.25).abs() < 1e-5), "{:?}", &y[..4]);
}

/// Σ dy·y of the training formula at x + t·direction and alike for gamma and beta, in f64.
fn loss(case: &Case, t: f64, directions: &[Vec<f64>; 3]) -> f64 {
    let shifted = |values: &[f32], direction: &[f64]| -> Vec<f64> {
        values.iter().zip(direction).map(|(&v, d)| f64::from(v) + t * d).collect()
    };
    let x = shifted(&case.x, &directions[0]);
    let (mean, variance) = moments(&x, case.channels());
    let y = normalised(
        &x,
        &mean,
        &variance,
        &shifted(&case.gamma, &directions[1]),
        &shifted(&case.beta, &directions[2]),
    );
    y.iter().zip(&case.dy).map(|(&y, &dy)| leaky(y, case.slope) * f64::from(dy)).sum()
}

/// The gradient of what goes into the activation.
fn before_activation(case: &Case, mean: &[f64], variance: &[f64]) -> Vec<f64> {
    let before = normalised(&wide(&case.x), mean, variance, &wide(&case.gamma), &wide(&case.beta));
    let gradient =
        |(&x, &dy): (&f64, &f32)| f64::from(dy) * if x > 0.0 { 1.0 } else { f64::from(case.slope) };
    before.iter().zip(&case.dy).map(gradient).collect()
}

#[test]
fn training_backward_is_the_gradient() {
    for (rows, channels, slope) in all() {
        let case = Case::new(rows, channels, 0.7, 1.0, slope);
        let (_, statistics) = case.forward();
        // Small, so that they do not cancel what is added.
        let parameters = [5, 6].map(|seed| random(channels, seed).iter().map(|x| x / 4.0).collect());
        let before = parameters.each_ref().map(|parameter: &Vec<f32>| wide(parameter));
        let [dx, dgamma, dbeta] = case.backward(&statistics, parameters);

        let x = wide(&case.x);
        let (mean, variance) = moments(&x, channels);
        let dy = before_activation(&case, &mean, &variance);
        let n = rows as f64;
        let hat = normalised(&x, &mean, &variance, &vec![1.0; channels], &vec![0.0; channels]);
        let (mut sum, mut weighted) = (vec![0.0; channels], vec![0.0; channels]);
        for i in 0..x.len() {
            sum[i % channels] += dy[i];
            weighted[i % channels] += dy[i] * hat[i];
        }
        let gradient = |i: usize| {
            let c = i % channels;
            let factor = f64::from(case.gamma[c]) / (variance[c] + f64::from(EPSILON)).sqrt();
            factor * (dy[i] - sum[c] / n - hat[i] * weighted[c] / n)
        };
        let exact: Vec<f64> = (0..x.len()).map(gradient).collect();
        // With two rows the terms nearly cancel (x̂ is ±1), so the bound is relative to them.
        let bound = if rows == 2 { 1e-3 } else { 2e-6 };
        let what = format!("{rows} × {channels}, slope {slope}");
        assert_close(&dx, &exact, bound, &what);
        let added = |before: &[f64], sum: &[f64]| -> Vec<f64> {
            before.iter().zip(sum).map(|(b, s)| b + s).collect()
        };
        assert_close(&dgamma, &added(&before[0], &weighted), 2e-6, &what);
        assert_close(&dbeta, &added(&before[1], &sum), 2e-6, &what);
    }
}

#[test]
fn training_backward_is_a_finite_difference_of_the_formula() {
    for slope in SLOPES {
        let case = Case::new(23, 6, 0.7, 1.0, slope);
        let (_, statistics) = case.forward();
        let gradients = case.backward(&statistics, case.zeros());
        for which in 0..3 {
            let mut directions = [vec![0.0; case.x.len()], vec![0.0; 6], vec![0.0; 6]];
            directions[which] = wide(&random(directions[which].len(), 9));
            // So short a step that no pre-activation changes its sign.
            let difference = (loss(&case, 1e-5, &directions) - loss(&case, -1e-5, &directions)) / 2e-5;
            let dot: f64 =
                gradients[which].iter().zip(&directions[which]).map(|(&g, d)| f64::from(g) * d).sum();
            assert!(
                (dot - difference).abs() < 1e-5 * (1.0 + difference.abs()),
                "{which}, slope {slope}: {dot} against {difference}"
            );
        }
    }
}

#[test]
fn evaluation_uses_the_running_statistics() {
    for (rows, channels, slope) in all() {
        let case = Case::new(rows, channels, 0.7, 1.0, slope);
        let mean = random(channels, 7);
        let variance: Vec<f32> = random(channels, 8).iter().map(|v| v + 1.5).collect();
        let (mut y, mut statistics) = (vec![f32::NAN; case.x.len()], BatchStatistics::default());
        let affine = case.affine();
        batch_norm_forward_evaluation(&case.x, affine, &mean, &variance, EPSILON, &mut y, &mut statistics);
        assert!(statistics.mean == mean && statistics.variance == variance);
        let x = wide(&case.x);
        let (mean64, variance64) = (wide(&mean), wide(&variance));
        let mut exact = normalised(&x, &mean64, &variance64, &wide(&case.gamma), &wide(&case.beta));
        exact.iter_mut().for_each(|y| *y = leaky(*y, slope));
        assert_close(&y, &exact, 1e-6, "output");

        let mut dx = case.dy.clone();
        let (mut dgamma, mut dbeta) = (vec![1.0; channels], vec![2.0; channels]);
        batch_norm_backward_evaluation(&case.x, &mut dx, affine, &statistics, &mut dgamma, &mut dbeta);
        let dy = before_activation(&case, &mean64, &variance64);
        let hat = normalised(&x, &mean64, &variance64, &vec![1.0; channels], &vec![0.0; channels]);
        let (mut dgamma64, mut dbeta64) = (vec![1.0; channels], vec![2.0; channels]);
        let mut dx64 = vec![0.0; x.len()];
        for i in 0..x.len() {
            let c = i % channels;
            dgamma64[c] += dy[i] * hat[i];
            dbeta64[c] += dy[i];
            dx64[i] = dy[i] * f64::from(case.gamma[c]) / (variance64[c] + f64::from(EPSILON)).sqrt();
        }
        assert_close(&dx, &dx64, 1e-6, "dx");
        assert_close(&dgamma, &dgamma64, 2e-6, "dgamma");
        assert_close(&dbeta, &dbeta64, 2e-6, "dbeta");
    }
}

#[test]
fn the_activation_within_gives_the_bytes_of_one_that_follows() {
    // With a large mean, rounding puts many pre-activations at zero or next to it: the backward pass must find the very same signs.
    for mean in [0.7, 1e4, 1e6] {
        for (rows, channels, slope) in all() {
            let case = Case::new(rows, channels, mean, 1.0, slope);
            let (y, statistics) = case.forward();
            let [dx, dgamma, dbeta] = case.backward(&statistics, case.zeros());

            let mut plain = Case { slope: 1.0, ..case };
            let (before, statistics) = plain.forward();
            let mut expected = before.clone();
            leaky_relu(&before, slope, &mut expected);
            leaky_relu_backward(&before, &mut plain.dy, slope);
            let expected = [vec![expected], plain.backward(&statistics, plain.zeros()).to_vec()].concat();
            let bits = |x: &[Vec<f32>]| x.concat().into_iter().map(f32::to_bits).collect::<Vec<_>>();
            assert!(
                bits(&[y, dx, dgamma, dbeta]) == bits(&expected),
                "{rows} × {channels}, mean {mean}, slope {slope}"
            );
        }
    }
}

#[test]
fn running_statistics_move_as_in_keras() {
    let mut running = vec![0.0, 1.0];
    update_running_statistic(&mut running, &[10.0, 3.0], 0.99);
    assert_close(&running, &[0.1, 1.02], 1e-6, "one update");
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    for (rows, channels) in [(5000, 33), (60, 2000), (30_000, 3)] {
        let case = Case::new(rows, channels, 0.7, 1.0, 0.3);
        assert_same_for_any_threads(&format!("{rows} × {channels}"), || {
            let (y, statistics) = case.forward();
            let gradients = case.backward(&statistics, case.zeros()).concat();
            let BatchStatistics { mean, variance, inverse_std, .. } = statistics;
            [y, mean, variance, inverse_std, gradients].concat()
        });
    }
}

#[test]
fn other_vectors_agree_too() {
    common::test_again_with_other_vectors();
}
