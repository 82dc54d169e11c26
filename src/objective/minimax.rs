use super::{Loss, Value, cross_entropy, mean, sigmoid, softplus};

/// The zero-sum game of Goodfellow et al. 2014, eq. 1.
///
/// Discriminator: mean softplus(-r) + mean softplus(f), in [0, ∞), 2 ln 2 where it cannot tell.
/// Generator: mean ln(1 - σ(f)) = -mean softplus(f), in (-∞, 0). Its gradient, -σ(f)/B, vanishes where the
/// discriminator is sure of the fakes (f ≪ 0).
#[derive(Clone, Copy, Debug)]
pub struct Minimax {
    /// The discriminator's target for real examples, 0.5 to 1: less than 1 with one-sided label smoothing.
    pub real_target: f64,
}

impl Loss for Minimax {
    fn discriminator(&self, real: &[f32], fake: &[f32]) -> Value {
        cross_entropy(real, fake, self.real_target)
    }

    fn generator(&self, _: &[f32], fake: &[f32]) -> Value {
        let (loss, fake) = mean(fake, |f| -softplus(f), |f| -sigmoid(f));
        Value { loss, real: Vec::new(), fake }
    }
}
