//! The objective of a boundary equilibrium GAN (Berthelot et al. 2017): the reconstruction errors of a discriminator that is an
//! autoencoder, and the balance that is kept between them.

use rayon::prelude::*;

/// A mean reconstruction error and its gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct Reconstruction {
    /// L(v) = |v − D(v)|, mean over the values of an example and over the batch (η = 1 in section 3.1, and the mean of pixels as in section 3.5).
    pub error: f64,
    /// ∂error/∂D(v), (batch, features): 0 where D(v) = v, and ±1/(batch·features) elsewhere. Those with respect to v itself, D(v) held fixed, are
    /// their negatives.
    pub slopes: Vec<f32>,
}

impl Reconstruction {
    /// The error of the `outputs` D(v) for `examples` v, both (`batch`, features).
    pub fn new(examples: &[f32], outputs: &[f32], batch: usize) -> Self {
        assert_eq!(examples.len(), outputs.len(), "an output for each value");
        let slope = (1.0 / outputs.len().max(1) as f64) as f32;
        let features = (outputs.len() / batch.max(1)).max(1);
        let mut slopes = vec![0.0; outputs.len()];
        let rows = slopes.par_chunks_exact_mut(features).zip(outputs.par_chunks_exact(features));
        // Each example by itself, and the sum in their order: the threads change nothing.
        let errors: Vec<f64> = rows
            .zip(examples.par_chunks_exact(features))
            .map(|((slopes, outputs), example)| {
                let mut error = 0.0;
                for ((to, &output), &value) in slopes.iter_mut().zip(outputs).zip(example) {
                    let apart = output - value;
                    error += f64::from(apart).abs();
                    *to = if apart == 0.0 { 0.0 } else { slope.copysign(apart) };
                }
                error
            })
            .collect();
        Self { error: errors.iter().sum::<f64>() / outputs.len().max(1) as f64, slopes }
    }
}

/// What keeps the players in balance (sections 3.3 and 3.4).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equilibrium {
    /// γ, the ratio of the generated examples' error to that of the real ones that is aimed at.
    pub gamma: f64,
    /// λ_k, the gain with which k is moved.
    pub lambda_k: f64,
}

impl Equilibrium {
    /// What the discriminator minimises: L(x) − k L(G(z)).
    pub fn discriminator(self, k: f64, real: f64, fake: f64) -> f64 {
        real - k * fake
    }

    /// k after a step in which the real examples had the error `real` and the generator's `fake`: k + λ_k (γ L(x) − L(G(z))), kept in [0, 1].
    pub fn next(self, k: f64, real: f64, fake: f64) -> f64 {
        (k + self.lambda_k * (self.gamma * real - fake)).clamp(0.0, 1.0)
    }

    /// The global measure of convergence, M = L(x) + |γ L(x) − L(G(z))| (section 3.4.1).
    pub fn convergence(self, real: f64, fake: f64) -> f64 {
        real + (self.gamma * real - fake).abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: two examples of three values.
    #[test]
    fn an_error_is_the_mean_distance() {
        let found =
            Reconstruction::new(&[0.0, 1.0, -2.0, 0.5, 0.5, 0.5], &[0.5, 1.0, -3.0, 0.0, 1.0, 2.5], 2);
        // 0.5 + 0 + 1 + 0.5 + 0.5 + 2
        assert_eq!(found.error, 4.5 / 6.0);
        let sixth = 1.0 / 6.0;
        assert_eq!(found.slopes, [sixth, 0.0, -sixth, -sixth, sixth, sixth]);
    }

    #[test]
    fn a_value_that_is_no_number_is_no_small_error() {
        assert!(Reconstruction::new(&[f32::NAN, 0.0], &[0.0, 0.0], 1).error.is_nan());
        assert!(Reconstruction::new(&[0.0, 0.0], &[0.0, f32::INFINITY], 1).error.is_infinite());
    }

    /// By hand, with numbers that are exact in binary.
    #[test]
    fn k_moves_towards_the_equilibrium_and_stays_between_0_and_1() {
        let equilibrium = Equilibrium { gamma: 0.5, lambda_k: 0.25 };
        assert_eq!(equilibrium.discriminator(0.25, 2.0, 1.5), 1.625);
        // γ L(x) = 1, half more than the generator's error: k grows by a quarter of that half.
        assert_eq!(equilibrium.next(0.25, 2.0, 0.5), 0.375);
        assert_eq!(equilibrium.next(0.25, 2.0, 1.0), 0.25);
        assert_eq!(equilibrium.next(0.25, 2.0, 1.5), 0.125);
        assert_eq!(equilibrium.next(0.25, 2.0, 9.0), 0.0);
        assert_eq!(equilibrium.next(0.25, 20.0, 1.0), 1.0);
        assert_eq!(equilibrium.convergence(2.0, 0.5), 2.5);
        assert_eq!(equilibrium.convergence(2.0, 1.75), 2.75);
        assert_eq!(equilibrium.convergence(2.0, 1.0), 2.0);
    }
}
