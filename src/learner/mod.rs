//! What a training step updates. The training loop knows a [`Learner`], not GANs.

mod average;
mod gan;
mod optimizer;
mod schedule;

pub use average::Average;
pub use gan::{Gan, Gradients, Settings, draw_latents, fill_latents};
pub use optimizer::{Gradient, Optimizer};
pub use schedule::Length;

/// A named array of a learner's state, as checkpoints keep it.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Such as `generator.0.weight` or `optimizer.generator.0.weight.m`.
    pub name: String,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Its numbers, row-major.
    pub values: Vec<f32>,
}

/// Gives the saved array of a name and shape, or the reason why there is none.
pub type Find<'a> = dyn FnMut(&str, &[usize]) -> Result<Vec<f32>, String> + 'a;

/// What one training step saw.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Losses {
    /// What the discriminator minimised, mean over its steps.
    pub d_loss: f64,
    /// What the generator minimised.
    pub g_loss: f64,
    /// Mean probability σ(logit) that the discriminator gave to real examples.
    pub d_real: f64,
    /// The same for fakes.
    pub d_fake: f64,
    /// L2 norm of the discriminator's gradient, mean over its steps.
    pub d_gradient_norm: f64,
    /// L2 norm of the generator's gradient.
    pub g_gradient_norm: f64,
}

impl Losses {
    /// Column by column, `with(self, other)`.
    pub fn combine(&self, other: &Self, with: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            d_loss: with(self.d_loss, other.d_loss),
            g_loss: with(self.g_loss, other.g_loss),
            d_real: with(self.d_real, other.d_real),
            d_fake: with(self.d_fake, other.d_fake),
            d_gradient_norm: with(self.d_gradient_norm, other.d_gradient_norm),
            g_gradient_norm: with(self.g_gradient_norm, other.g_gradient_norm),
        }
    }
}

/// A loss or gradient that is no number: training cannot go on from here.
#[derive(Clone, Debug, PartialEq)]
pub struct Diverged {
    /// Which quantity, in words.
    pub quantity: &'static str,
    /// Its value: an infinity or NaN.
    pub value: f64,
}

impl std::fmt::Display for Diverged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} became {}", self.quantity, self.value)
    }
}

impl std::error::Error for Diverged {}

impl Diverged {
    /// `value`, if it is finite.
    fn check(quantity: &'static str, value: f64) -> Result<f64, Self> {
        if value.is_finite() { Ok(value) } else { Err(Self { quantity, value }) }
    }
}

/// Something that learns from batches.
pub trait Learner {
    /// How many batches of examples one step takes.
    fn batches_per_step(&self) -> usize;

    /// Says how long the training is, in generator steps, before the first of them; schedules may depend on it.
    fn set_length(&mut self, length: Length);

    /// One step: step number `step` (from 0) on `batches`, each `(batch, features)` row-major.
    ///
    /// # Errors
    /// If a loss or gradient is not finite; no weight has taken it in, and the learner must not be used any further.
    fn step(&mut self, step: u64, batches: &[Vec<f32>]) -> Result<Losses, Diverged>;

    /// Examples made from latent vectors, `(n, latent_dim)` -> `(n, features)`, in evaluation mode, by the moving average of
    /// the generator if there is one.
    fn sample(&mut self, latents: &[f32]) -> Vec<f32>;

    /// The whole state, by name.
    fn state(&mut self) -> Vec<Array>;

    /// Puts back the state after `steps` steps. `find` gives the array of a name and shape.
    ///
    /// # Errors
    /// The first that `find` gives; the learner is then half restored and must not be used.
    fn restore(&mut self, steps: u64, find: &mut Find<'_>) -> Result<(), String>;
}

#[cfg(test)]
mod tests;
