use super::{Loss, Value, cross_entropy, mean, sigmoid, softplus};

/// The heuristic of Goodfellow et al. 2014, section 3: the generator maximises ln σ(f) instead.
///
/// Discriminator: as [`super::Minimax`]. Generator: mean softplus(-f), in (0, ∞). Its gradient, -σ(-f)/B, is largest
/// where the discriminator is sure of the fakes.
#[derive(Clone, Copy, Debug)]
pub struct NonSaturating {
    /// The discriminator's target for real examples, 0.5 to 1: less than 1 with one-sided label smoothing.
    pub real_target: f64,
}

impl Loss for NonSaturating {
    fn discriminator(&self, real: &[f32], fake: &[f32]) -> Value {
        cross_entropy(real, fake, self.real_target)
    }

    fn generator(&self, _: &[f32], fake: &[f32]) -> Value {
        let (loss, fake) = mean(fake, |f| softplus(-f), |f| -sigmoid(-f));
        Value { loss, real: Vec::new(), fake }
    }
}
