use crate::config::architecture::Latent;
use crate::random::{Stream, fill_normal, fill_uniform};
use rand::RngCore;

/// Classes 0, 1, 2 … in turn for so many samples, or none for a learner that takes none.
pub fn classes_in_turn(classes: Option<usize>, count: usize) -> Vec<u32> {
    classes.map_or_else(Vec::new, |classes| (0..count).map(|index| (index % classes) as u32).collect())
}

/// Fills `out` with the components of latent vectors: batch `index` of `stream`.
pub fn draw_latents(distribution: Latent, stream: &Stream, index: u64, out: &mut [f32]) {
    fill_latents(distribution, &mut stream.at(index), out);
}

/// Fills `out` with the next components of latent vectors that `generator` gives: in pieces as in one.
pub fn fill_latents(distribution: Latent, generator: &mut impl RngCore, out: &mut [f32]) {
    match distribution {
        Latent::Normal => fill_normal(generator, out),
        Latent::Uniform => fill_uniform(generator, -1.0, 1.0, out),
        Latent::Unit => fill_uniform(generator, 0.0, 1.0, out),
        Latent::StandardUniform => {
            let bound = 3f32.sqrt();
            fill_uniform(generator, -bound, bound, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_distribution_has_its_moments() {
        for (distribution, mean, variance, bound) in [
            (Latent::Normal, 0.0, 1.0, f64::INFINITY),
            (Latent::Uniform, 0.0, 1.0 / 3.0, 1.0),
            (Latent::Unit, 0.5, 1.0 / 12.0, 1.0),
            (Latent::StandardUniform, 0.0, 1.0, 1.733),
        ] {
            let mut latents = vec![0.0; 100_000];
            draw_latents(distribution, &Stream::new(3, "latents"), 0, &mut latents);
            let count = latents.len() as f64;
            let found = latents.iter().map(|&z| f64::from(z)).sum::<f64>() / count;
            let spread = latents.iter().map(|&z| (f64::from(z) - found).powi(2)).sum::<f64>() / count;
            assert!(
                (found - mean).abs() < 0.01 && (spread - variance).abs() < 0.01,
                "{distribution:?} {found} {spread}"
            );
            assert!(latents.iter().all(|&z| f64::from(z).abs() <= bound), "{distribution:?}");
        }
    }
}
