//! What is done to a discriminator's weights beside the optimizer's steps.
//!
//! A new constraint is a file here, a line in `config`'s `Regularizer` and a line in [`constraint`].

mod max_norm;
mod spectral_norm;
mod weight_clipping;

use super::{Array, Find, Gradient};
use crate::config::objective::Regularizer;
use crate::networks::Network;
use crate::nn::Compute;
use max_norm::MaxNorm;
use spectral_norm::SpectralNorm;
use weight_clipping::WeightClipping;

/// A constraint on the weights of one network.
pub(super) trait Constraint<Dev: Compute> {
    /// Turns the gradients with respect to the weights that the network computes with into those of the weights that the optimizer moves.
    fn pull_back(&self, _network: &mut dyn Network<Dev>, _gradients: &mut [Gradient<Dev>]) {}

    /// Gives the network the weights that the optimizer moves.
    fn before_step(&mut self, _network: &mut dyn Network<Dev>) {}

    /// Takes the moved weights, and gives the network those that it computes with.
    fn after_step(&mut self, network: &mut dyn Network<Dev>);

    /// What it remembers, by name.
    fn state(&self) -> Vec<Array> {
        Vec::new()
    }

    /// Puts that back. The network's own arrays are put back elsewhere.
    ///
    /// # Errors
    /// The first that `find` gives.
    fn restore(&mut self, _find: &mut Find<'_>) -> Result<(), String> {
        Ok(())
    }
}

/// The constraint that a regularizer is, if it is one, on a network that holds its first weights.
pub(super) fn constraint<Dev: Compute>(
    regularizer: Regularizer,
    seed: u64,
    network: &mut dyn Network<Dev>,
) -> Option<Box<dyn Constraint<Dev>>> {
    match regularizer {
        Regularizer::WeightClipping { bound } => Some(Box::new(WeightClipping { bound: bound as f32 })),
        Regularizer::MaxNorm { bound } => Some(Box::new(MaxNorm { bound: bound as f32 })),
        Regularizer::SpectralNorm => Some(Box::new(SpectralNorm::new(seed, network))),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
