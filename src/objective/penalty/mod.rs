//! Penalties on the discriminator's gradient g = ∂D/∂x at single examples, functions of its Euclidean norm: how much, and where.
//!
//! A new penalty is a file here, a line in `config`'s `Regularizer` and a line in [`penalty`].

mod dragan;
mod gradient_penalty;
mod r1;
mod r1_r2;
mod r2;

use crate::config::objective::Regularizer;
use std::rc::Rc;

pub use dragan::Dragan;
pub use gradient_penalty::GradientPenalty;
pub use r1::R1;
pub use r1_r2::R1R2;
pub use r2::R2;

/// The examples at which the gradient is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Points {
    /// The real examples of the batch.
    Real,
    /// The generated ones.
    Fake,
    /// t·real + (1 - t)·fake for each pair, t uniform in [0, 1) for each.
    Between,
    /// real + t·(s/2)·u with t uniform in [0, 1) for each example, u uniform in [0, 1) for each of its numbers, and s the standard deviation of
    /// all numbers of the batch.
    Around,
}

/// A function P of the gradient's norm n = ‖g‖, to be averaged over the batch.
pub trait Penalty: std::fmt::Debug {
    /// Where it is taken; at several places, the penalties are added.
    fn points(&self) -> &'static [Points];

    /// P(n), for n ≥ 0.
    fn value(&self, norm: f64) -> f64;

    /// P'(n) / n, for n ≥ 0 (finite at 0): ∂P/∂g is this times g.
    fn factor(&self, norm: f64) -> f64;
}

/// The penalty that a regularizer is, if it is one.
pub fn penalty(regularizer: Regularizer) -> Option<Rc<dyn Penalty>> {
    Some(match regularizer {
        Regularizer::GradientPenalty { weight, one_sided } => Rc::new(GradientPenalty { weight, one_sided }),
        Regularizer::Dragan { weight } => Rc::new(Dragan { weight }),
        Regularizer::R1 { gamma } => Rc::new(R1 { gamma }),
        Regularizer::R2 { gamma } => Rc::new(R2 { gamma }),
        Regularizer::R1R2 { gamma } => Rc::new(R1R2 { gamma }),
        Regularizer::None
        | Regularizer::WeightClipping { .. }
        | Regularizer::MaxNorm { .. }
        | Regularizer::SpectralNorm => return None,
    })
}

#[cfg(test)]
mod tests;
