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
    }
}
