//! Losses on logits: values, and their gradients with respect to every logit. Those of classifiers are in
//! [`classification`], those of variational autoencoders in [`evidence`], and those of BEGANs, whose discriminator gives no logits, in
//! [`equilibrium`]; the rest of this page is about GANs.
//!
//! A loss is named after its formula and knows logits only, not networks. Formulas use softplus(t) = ln(1 + eᵗ), which
//! stays exact where ln σ(t) would overflow; σ is the logistic sigmoid. Means are over the batch, B.
//!
//! A new loss is a file here, a line in `config`'s `Loss` and a line in [`loss`].

pub mod classification;
pub mod equilibrium;
pub mod evidence;
mod hinge;
mod least_squares;
mod minimax;
mod non_saturating;
pub mod penalty;
mod relativistic;
mod wasserstein;

use crate::config::objective::{Loss as Words, Objective, Targets};
use std::rc::Rc;

pub use hinge::Hinge;
pub use least_squares::LeastSquares;
pub use minimax::Minimax;
pub use non_saturating::NonSaturating;
pub use relativistic::Relativistic;
pub use wasserstein::Wasserstein;

/// The loss of one player and its gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// The mean over the batch.
    pub loss: f64,
    /// ∂loss/∂(real logit), one per example; empty if the loss does not depend on them.
    pub real: Vec<f32>,
    /// ∂loss/∂(fake logit), one per example.
    pub fake: Vec<f32>,
}

/// A pair of losses. Real and fake logits always come together, so that a loss may compare them.
pub trait Loss: std::fmt::Debug {
    /// What the discriminator minimises.
    fn discriminator(&self, real: &[f32], fake: &[f32]) -> Value;

    /// What the generator minimises. `real` is empty unless [`Loss::compares_pairs`].
    fn generator(&self, real: &[f32], fake: &[f32]) -> Value;

    /// Whether the generator's loss depends on real logits too (relativistic losses).
    fn compares_pairs(&self) -> bool {
        false
    }
}

/// The loss that `[objective]` names.
pub fn loss(objective: &Objective) -> Rc<dyn Loss> {
    let real_target = objective.label_smoothing.unwrap_or(1.0);
    match objective.loss {
        Words::Minimax => Rc::new(Minimax { real_target }),
        Words::NonSaturating => Rc::new(NonSaturating { real_target }),
        Words::LeastSquares => {
            let Targets { real, fake, generator } = objective.targets.unwrap_or_default();
            Rc::new(LeastSquares { real, fake, generator })
        }
        Words::Hinge => Rc::new(Hinge),
        Words::Wasserstein => Rc::new(Wasserstein),
        Words::Relativistic => Rc::new(Relativistic),
    }
}

/// ln(1 + eᵗ) without overflow.
fn softplus(t: f64) -> f64 {
    t.max(0.0) + (-t.abs()).exp().ln_1p()
}

/// 1 / (1 + e⁻ᵗ) without overflow; mean probabilities in the logs use it too.
pub fn sigmoid(t: f64) -> f64 {
    if t >= 0.0 { 1.0 / (1.0 + (-t).exp()) } else { t.exp() / (1.0 + t.exp()) }
}

/// Mean of `value` over the logits, and for each logit `slope / B`.
fn mean(logits: &[f32], value: impl Fn(f64) -> f64, slope: impl Fn(f64) -> f64) -> (f64, Vec<f32>) {
    let batch = logits.len() as f64;
    let sum: f64 = logits.iter().map(|&logit| value(f64::from(logit))).sum();
    (sum / batch, logits.iter().map(|&logit| (slope(f64::from(logit)) / batch) as f32).collect())
}

/// Binary cross-entropy of a discriminator that should say 1 to real and 0 to fake: the negative of the value function
/// V(D, G) = E ln σ(r) + E ln(1 - σ(f)) of Goodfellow et al. 2014, eq. 1, which it ascends: mean softplus(-r) + mean softplus(f).
///
/// With one-sided label smoothing (Salimans et al. 2016, section 3.4) it should say `real_target` t < 1 to real ones:
/// mean (t softplus(-r) + (1 - t) softplus(r)) + mean softplus(f), whose slope at r is σ(r) - t.
fn cross_entropy(real: &[f32], fake: &[f32], real_target: f64) -> Value {
    let rest = 1.0 - real_target;
    let (on_real, real) = mean(
        real,
        |r| real_target * softplus(-r) + rest * softplus(r),
        |r| rest * sigmoid(r) - real_target * sigmoid(-r),
    );
    let (on_fake, fake) = mean(fake, softplus, sigmoid);
    Value { loss: on_real + on_fake, real, fake }
}

#[cfg(test)]
mod tests;
