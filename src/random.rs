//! Named, counter-based random streams.
//!
//! One seed feeds every random choice of a run, yet no two choices share a generator: a stream is named after what it
//! decides (`weights`, `batches`, `latents`, `dropout`, `montage` …), and its `index` is the thing decided (a step, an
//! epoch, an image). So the numbers of step 1000 do not depend on the steps before it, and a resumed run needs no saved
//! generator: its counters are enough.

use rand::RngCore;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest, Sha256};

/// The random numbers for one purpose.
#[derive(Clone, Debug)]
pub struct Stream {
    seed: [u8; 32],
}

impl Stream {
    /// The stream called `name` of the run with this seed.
    pub fn new(seed: u64, name: &str) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..].copy_from_slice(&Sha256::digest(name.as_bytes())[..24]);
        Self { seed: bytes }
    }

    /// A fresh generator for item `index`: the same for the same (seed, name, index), whatever was drawn before.
    pub fn at(&self, index: u64) -> ChaCha8Rng {
        let mut generator = ChaCha8Rng::from_seed(self.seed);
        generator.set_stream(index);
        generator
    }

    /// A 64-bit key for item `index`, for kernels that derive their own numbers from a key and a position (dropout).
    pub fn key(&self, index: u64) -> u64 {
        self.at(index).next_u64()
    }
}

/// Fills `out` with standard normal numbers, in order.
pub fn fill_normal(generator: &mut impl RngCore, out: &mut [f32]) {
    use rand_distr::{Distribution, StandardNormal};
    for value in out {
        *value = StandardNormal.sample(generator);
    }
}

/// Fills `out` with numbers uniform in `[low, high)`, in order.
pub fn fill_uniform(generator: &mut impl RngCore, low: f32, high: f32, out: &mut [f32]) {
    use rand::Rng;
    for value in out {
        *value = low + (high - low) * generator.r#gen::<f32>();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_does_not_depend_on_the_ones_before_it() {
        let stream = Stream::new(7, "latents");
        let alone = stream.at(1000).next_u64();
        for index in 0..1000 {
            stream.at(index).next_u64();
        }
        assert_eq!(stream.at(1000).next_u64(), alone);
    }

    #[test]
    fn seed_name_and_index_all_matter() {
        let draws = [
            Stream::new(0, "latents").key(0),
            Stream::new(1, "latents").key(0),
            Stream::new(0, "batches").key(0),
            Stream::new(0, "latents").key(1),
        ];
        for (i, a) in draws.iter().enumerate() {
            for b in &draws[..i] {
                assert_ne!(a, b);
            }
        }
    }

    #[test]
    fn the_numbers_are_fixed_for_ever() {
        // Written down from this implementation: a change here would silently change every published run.
        let mut normal = [0.0; 4];
        fill_normal(&mut Stream::new(0, "latents").at(0), &mut normal);
        assert_eq!(normal.map(f32::to_bits), FIRST_LATENTS);
        let moments = |n: usize| {
            let mut values = vec![0.0; n];
            fill_normal(&mut Stream::new(3, "latents").at(5), &mut values);
            let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n as f64;
            let variance = values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n as f64;
            (mean, variance)
        };
        let (mean, variance) = moments(100_000);
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }

    const FIRST_LATENTS: [u32; 4] = [1_046_768_349, 3_213_723_239, 3_188_478_326, 3_202_444_755];
}
