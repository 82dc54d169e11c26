//! What a training step updates. The training loop knows a [`Learner`], not GANs.

mod average;
mod began;
mod classifier;
mod constraint;
mod gan;
mod latents;
mod losses;
mod optimizer;
mod penalty;
mod players;
mod schedule;
mod vae;

use crate::data::Modes;
use crate::networks::Network;
use crate::nn::{Batch, Compute, Pass};
use dfdx::shapes::HasShape;
use dfdx::tensor::Tensor;
use std::ops::Range;

pub use average::Average;
pub use began::{Began, Errors, Gradients as BeganGradients, Settings as BeganSettings};
pub use classifier::{Classifier, Gradients as ClassifierGradients, Settings as ClassifierSettings};
pub use gan::{Gan, Gradients, Settings};
pub use latents::{classes_in_turn, draw_latents, fill_latents};
pub use losses::Losses;
pub use optimizer::{Gradient, Optimizer};
pub use players::PlayerSettings;
pub use schedule::Length;
pub use vae::{Gradients as VaeGradients, Settings as VaeSettings, Terms, Vae};

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

/// Examples that are shown to a learner at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Minibatch {
    /// (n, features), row-major.
    pub values: Vec<f32>,
    /// The class of each example, where the data set has classes.
    pub labels: Option<Vec<u8>>,
}

/// What a learner learns from, and what it is tested on.
pub trait Data {
    /// The training examples with these indices.
    fn training(&self, indices: &[usize]) -> Minibatch;

    /// How many examples there are that no step learns from.
    fn test_examples(&self) -> usize;

    /// Those of them with these indices.
    fn test(&self, indices: Range<usize>) -> Minibatch;

    /// Where the modes of a mixture of Gaussians are, if that is what the examples are.
    fn modes(&self) -> Option<&Modes> {
        None
    }
}

/// What a learner makes of the test split.
#[derive(Clone, Debug, PartialEq)]
pub enum Exhibit {
    /// A classifier's answers to all of it.
    Predictions {
        /// How many classes there are.
        classes: usize,
        /// The right answers.
        labels: Vec<u8>,
        /// Those that were given.
        predicted: Vec<u8>,
    },
    /// An autoencoder's pictures of some of it.
    Reconstructions {
        /// (n, features): the examples.
        inputs: Vec<f32>,
        /// (n, features): what came out.
        outputs: Vec<f32>,
    },
}

/// What a network gives for `count` inputs, in evaluation mode.
fn outputs_of<Dev: Compute>(
    device: &Dev,
    network: &mut dyn Network<Dev>,
    inputs: Vec<f32>,
    count: usize,
) -> Vec<f32> {
    let shape = (count, inputs.len() / count.max(1));
    values(&network.forward(device.tensor_from_vec(inputs, shape), Pass::evaluate()))
}

/// The numbers of a batch, on the host.
fn values<Dev: Compute>(batch: &Tensor<Batch, f32, Dev>) -> Vec<f32> {
    let mut values = vec![0.0; batch.shape().0 * batch.shape().1];
    batch.copy_into(&mut values);
    values
}

/// The test split in parts that are looked at together.
fn test_parts(data: &dyn Data) -> impl Iterator<Item = Minibatch> {
    const AT_ONCE: usize = 256;
    let count = data.test_examples();
    (0..count).step_by(AT_ONCE).map(move |start| data.test(start..(start + AT_ONCE).min(count)))
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

    /// One step: step number `step` (from 0) on `batches`. Gives a value for each column of `metrics.csv` that is taken
    /// [in each step](crate::config::columns::Taken::EachStep), in their order.
    ///
    /// # Errors
    /// If a loss or gradient is not finite; no weight has taken it in, and the learner must not be used any further.
    fn step(&mut self, step: u64, batches: &[Minibatch]) -> Result<Vec<f64>, Diverged>;

    /// What is measured when a row is due: a value for each column that is taken
    /// [for each row](crate::config::columns::Taken::EachRow), in their order. It changes nothing about the learner.
    fn measure(&mut self, _data: &dyn Data) -> Vec<f64> {
        Vec::new()
    }

    /// How many classes its samples can be of, if they are made for a class.
    fn classes(&self) -> Option<usize> {
        None
    }

    /// Examples made from latent vectors, `(n, latent_dim)` -> `(n, features)`, in evaluation mode, by the moving average of
    /// the generator if there is one; of these classes, one each, where there are [`Learner::classes`]. None come from a learner that
    /// [draws](crate::config::Learner::draws) nothing.
    fn sample(&mut self, _latents: &[f32], _labels: &[u32]) -> Vec<f32> {
        Vec::new()
    }

    /// What the learner makes of the test split, for pictures of about `count` examples; `None` if it looks at none.
    fn exhibit(&mut self, _data: &dyn Data, _count: usize) -> Option<Exhibit> {
        None
    }

    /// The whole state, by name.
    fn state(&mut self) -> Vec<Array>;

    /// Puts back the state after `steps` steps. `find` gives the array of a name and shape.
    ///
    /// # Errors
    /// The first that `find` gives; the learner is then half restored and must not be used.
    fn restore(&mut self, steps: u64, find: &mut Find<'_>) -> Result<(), String>;
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
