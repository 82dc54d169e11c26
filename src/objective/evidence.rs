//! The evidence lower bound of a variational autoencoder (Kingma and Welling 2014),
//! ELBO = E_q ln p(x | z) − KL(q(z | x) ‖ N(0, 1)), in nats per example.

use super::{sigmoid, softplus};
use rayon::prelude::*;

/// The distribution of an example's values around what the decoder draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Likelihood {
    /// Each value is the probability σ(l) of a one: −ln p(x | l) = softplus(l) − x l, for x in [0, 1].
    Bernoulli,
    /// Normal with this standard deviation around the mean s(l): −ln p(x | l) = (x − s(l))² / 2 std² + ½ ln(2π std²).
    Gaussian {
        /// Its standard deviation.
        std: f64,
        /// From the decoder's output to the mean.
        squash: Squash,
    },
}

/// What brings a number of any size into the data's range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Squash {
    /// Into (0, 1).
    Sigmoid,
    /// Into (−1, 1).
    Tanh,
    /// Nothing: points have no range.
    Identity,
}

impl Squash {
    /// The mean and its derivative.
    fn at(self, output: f64) -> (f64, f64) {
        match self {
            Self::Sigmoid => {
                let mean = sigmoid(output);
                (mean, mean * (1.0 - mean))
            }
            Self::Tanh => (output.tanh(), 1.0 - output.tanh().powi(2)),
            Self::Identity => (output, 1.0),
        }
    }
}

impl Likelihood {
    /// The mean over the batch of −ln p(x | output), and its gradient with respect to every output; `examples` and `outputs`
    /// are (`batch`, features).
    pub fn reconstruction(self, examples: &[f32], outputs: &[f32], batch: usize) -> (f64, Vec<f32>) {
        assert_eq!(examples.len(), outputs.len(), "an output for each value");
        let features = examples.len() / batch.max(1);
        let mut slopes = vec![0.0; outputs.len()];
        let rows = slopes.par_chunks_exact_mut(features).zip(outputs.par_chunks_exact(features));
        // Each example by itself, and the sum in their order: the threads change nothing.
        let losses: Vec<f64> = rows
            .zip(examples.par_chunks_exact(features))
            .map(|((slopes, outputs), example)| {
                let mut loss = 0.0;
                for ((slope, &output), &value) in slopes.iter_mut().zip(outputs).zip(example) {
                    let (nats, derivative) = self.at(f64::from(value), f64::from(output));
                    loss += nats;
                    *slope = (derivative / batch as f64) as f32;
                }
                loss
            })
            .collect();
        (losses.iter().sum::<f64>() / batch as f64, slopes)
    }

    fn at(self, value: f64, output: f64) -> (f64, f64) {
        match self {
            Self::Bernoulli => (softplus(output) - value * output, sigmoid(output) - value),
            Self::Gaussian { std, squash } => {
                let (mean, slope) = squash.at(output);
                let (error, variance) = (mean - value, std * std);
                let constant = 0.5 * (2.0 * std::f64::consts::PI * variance).ln();
                (error * error / (2.0 * variance) + constant, error * slope / variance)
            }
        }
    }

    /// The mean of p(x | output), value by value: what a decoder's output looks like.
    pub fn mean(self, outputs: &mut [f32]) {
        for output in outputs {
            *output = match self {
                Self::Bernoulli => sigmoid(f64::from(*output)) as f32,
                Self::Gaussian { squash, .. } => squash.at(f64::from(*output)).0 as f32,
            };
        }
    }
}

/// q(z | x) = N(mean, exp(log variance)), component by component: (B, 2 L) numbers, for each example L means and then L log
/// variances.
#[derive(Clone, Copy, Debug)]
pub struct Posterior<'a> {
    numbers: &'a [f32],
    latent_dim: usize,
}

impl<'a> Posterior<'a> {
    /// The posterior that an encoder gave.
    pub fn new(numbers: &'a [f32], latent_dim: usize) -> Self {
        Self { numbers, latent_dim }
    }

    fn rows(self) -> impl Iterator<Item = (&'a [f32], &'a [f32])> {
        self.numbers.chunks_exact(2 * self.latent_dim).map(move |row| row.split_at(self.latent_dim))
    }

    /// (B, L) means.
    pub fn means(self) -> Vec<f32> {
        self.rows().flat_map(|(means, _)| means).copied().collect()
    }

    /// z = mean + exp(½ log variance) · noise, (B, L) (the reparametrisation of section 2.4).
    pub fn sample(self, noise: &[f32]) -> Vec<f32> {
        let rows = self.rows().zip(noise.chunks_exact(self.latent_dim));
        rows.flat_map(|((means, logs), noise)| {
            let parts = means.iter().zip(logs).zip(noise);
            parts.map(|((mean, log), noise)| mean + (0.5 * log).exp() * noise)
        })
        .collect()
    }

    /// The mean over the batch of KL(q ‖ N(0, 1)) = −½ Σ (1 + log variance − mean² − variance) (appendix B).
    pub fn divergence(self) -> f64 {
        let batch = self.numbers.len() as f64 / (2 * self.latent_dim) as f64;
        let parts = self.rows().flat_map(|(means, logs)| means.iter().zip(logs));
        let sum: f64 = parts
            .map(|(&mean, &log)| {
                let (mean, log) = (f64::from(mean), f64::from(log));
                // exp(l) − 1 − l, without the difference of equal numbers near l = 0.
                0.5 * (mean * mean + (log.exp_m1() - log))
            })
            .sum();
        sum / batch
    }

    /// The gradient, (B, 2 L), of a loss whose gradient at the sampled z is `at_z`, plus β times the divergence; `noise` is
    /// that of [`Posterior::sample`].
    pub fn slopes(self, at_z: &[f32], noise: &[f32], beta: f64) -> Vec<f32> {
        let batch = self.numbers.len() as f64 / (2 * self.latent_dim) as f64;
        let weight = beta / batch;
        let mut slopes = Vec::with_capacity(self.numbers.len());
        let rows = at_z.chunks_exact(self.latent_dim).zip(noise.chunks_exact(self.latent_dim));
        for ((means, logs), (at_z, noise)) in self.rows().zip(rows) {
            let pairs = means.iter().zip(at_z);
            slopes.extend(pairs.map(|(&mean, &at_z)| (f64::from(at_z) + weight * f64::from(mean)) as f32));
            let triples = logs.iter().zip(at_z).zip(noise);
            slopes.extend(triples.map(|((&log, &at_z), &noise)| {
                let log = f64::from(log);
                let through_z = f64::from(at_z) * f64::from(noise) * 0.5 * (0.5 * log).exp();
                (through_z + weight * 0.5 * log.exp_m1()) as f32
            }));
        }
        slopes
    }
}

#[cfg(test)]
mod tests;
