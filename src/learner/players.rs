use super::average::{Average, arrays, restore};
use super::latents::{classes_in_turn, draw_latents};
use super::optimizer::Gradient;
use super::{Array, Data, Diverged, Find, Length, Minibatch, Optimizer, values};
use crate::config::Experiment;
use crate::config::architecture::Latent;
use crate::config::objective::Update;
use crate::config::optimizer::Optimizers;
use crate::config::training::Convolution;
use crate::evaluation::{Coverage, SAMPLES_OF_MODES, coverage};
use crate::networks::{Network, Traced};
use crate::nn::{Batch, Compute, Pass};
use crate::random::Stream;
use dfdx::shapes::Rank0;
use dfdx::tensor::{OwnedTape, Tensor, Trace};
use dfdx::tensor_ops::Backward;
use std::rc::Rc;

/// How two players learn, whatever they minimise.
#[derive(Clone, Copy, Debug)]
pub struct PlayerSettings {
    /// In which order they move.
    pub update: Update,
    /// The discriminator's moves per move of the generator, 1 or more.
    pub discriminator_steps: usize,
    /// Both optimizers.
    pub optimizers: Optimizers,
    /// How latent vectors are drawn.
    pub latent: Latent,
    /// Their length.
    pub latent_dim: usize,
    /// Examples per batch.
    pub batch_size: usize,
    /// Feeds the streams `latents`, `dropout` and `modes`.
    pub seed: u64,
    /// Whether convolutions are computed directly even where another way is faster.
    pub direct_convolutions: bool,
}

impl PlayerSettings {
    /// How the players of this experiment learn.
    pub fn of(experiment: &Experiment) -> Self {
        Self {
            update: experiment.objective.update,
            discriminator_steps: experiment.objective.discriminator_steps,
            optimizers: experiment.optimizer,
            latent: experiment.architecture.latent,
            latent_dim: experiment.architecture.latent_dim,
            batch_size: experiment.training.batch_size,
            seed: experiment.seed,
            direct_convolutions: experiment.training.convolution == Convolution::Direct,
        }
    }
}

/// A generator and a discriminator with their optimizers: what learners of both have in common.
pub(super) struct Players<Dev: Compute> {
    pub(super) settings: PlayerSettings,
    pub(super) device: Dev,
    pub(super) generator: Box<dyn Network<Dev>>,
    pub(super) discriminator: Box<dyn Network<Dev>>,
    pub(super) generator_optimizer: Optimizer<Dev>,
    pub(super) discriminator_optimizer: Optimizer<Dev>,
    average: Option<Average<Dev>>,
    latents: Stream,
    dropout: Stream,
}

impl<Dev: Compute> Players<Dev> {
    /// Players that have not learned yet.
    pub(super) fn new(
        settings: PlayerSettings,
        device: Dev,
        mut generator: Box<dyn Network<Dev>>,
        mut discriminator: Box<dyn Network<Dev>>,
        average: Option<Average<Dev>>,
    ) -> Self {
        let PlayerSettings { optimizers, seed, .. } = settings;
        Self {
            generator_optimizer: Optimizer::new(
                optimizers.generator,
                "the generator's gradient",
                &mut *generator,
            ),
            discriminator_optimizer: Optimizer::new(
                optimizers.discriminator,
                "the discriminator's gradient",
                &mut *discriminator,
            ),
            latents: Stream::new(seed, "latents"),
            dropout: Stream::new(seed, "dropout"),
            settings,
            device,
            generator,
            discriminator,
            average,
        }
    }

    /// (batch_size, latent_dim) latent vectors; `index` counts batches of them.
    pub(super) fn latents(&self, index: u64) -> Vec<f32> {
        let mut latents = vec![0.0; self.settings.batch_size * self.settings.latent_dim];
        draw_latents(self.settings.latent, &self.latents, index, &mut latents);
        latents
    }

    /// (batch_size, features) numbers on the device.
    pub(super) fn batch(&self, values: &[f32]) -> Tensor<Batch, f32, Dev> {
        let batch = self.settings.batch_size;
        self.device.tensor_from_vec(values.to_vec(), (batch, values.len() / batch))
    }

    /// The dropout keys of batch `index`.
    pub(super) fn keys(&self, index: u64) -> Keys {
        let [examples, latents] = [0, 1].map(|part| self.dropout.key(2 * index + part));
        Keys { examples, latents }
    }

    /// A training pass.
    pub(super) fn pass(&self, key: u64) -> Pass {
        Pass::train(key).with_direct_convolutions(self.settings.direct_convolutions)
    }

    /// A training pass over fakes: with the masks that they have when they come after the real examples in one batch.
    pub(super) fn pass_over_fakes(&self, keys: Keys) -> Pass {
        self.pass(keys.examples).starting_at(self.settings.batch_size)
    }

    /// How many classes the labels are of that the networks read, if they read any.
    pub(super) fn classes(&self) -> Option<usize> {
        self.generator.classes().max(self.discriminator.classes())
    }

    /// The classes of a batch, if the networks are conditional.
    pub(super) fn labels(&self, real: &Minibatch) -> Option<Labels> {
        self.classes()?;
        let labels = real.labels.as_ref().expect("conditional networks learn from examples with labels");
        Some(labels.iter().map(|&label| u32::from(label)).collect())
    }

    /// Fakes with the tape that leads to the generator's weights.
    pub(super) fn generate(&mut self, latents: &[f32], keys: Keys, labels: Option<&Labels>) -> Traced<Dev> {
        let latents = self.batch(latents);
        let pass = labelled(self.pass(keys.latents), labels).from_data();
        self.generator.traced(latents.leaky_traced(), pass)
    }

    /// Fakes of batch `index`, without a tape. Running statistics learn from them as from those that the generator moves by: they are drawn in training, as in
    /// the programs of TensorFlow's and PyTorch's users, and their statistics are of the same weights.
    pub(super) fn fakes(&mut self, index: u64, labels: Option<&Labels>) -> Tensor<Batch, f32, Dev> {
        let pass = labelled(self.pass(self.keys(index).latents), labels);
        self.generator.forward(self.batch(&self.latents(index)), pass)
    }

    /// The generator's gradients out of `gradients`, with their L2 norm.
    ///
    /// # Errors
    /// If the norm is not finite.
    pub(super) fn generator_gradients(
        &mut self,
        gradients: &mut dfdx::tensor::Gradients<f32, Dev>,
    ) -> Result<(Vec<Gradient<Dev>>, f64), Diverged> {
        self.generator_optimizer.gradients(&mut *self.generator, gradients)
    }

    /// One step of the generator's optimizer.
    pub(super) fn move_generator(&mut self, gradients: &[Gradient<Dev>]) {
        self.generator_optimizer.step(&mut *self.generator, gradients);
    }

    /// Lets the moving average follow, after step number `step`.
    pub(super) fn follow(&mut self, step: u64) {
        if let Some(average) = &mut self.average {
            average.follow(&mut *self.generator, step);
        }
    }

    /// How many batches of real examples one step takes.
    pub(super) fn batches_per_step(&self) -> usize {
        self.settings.discriminator_steps
    }

    /// See [`Learner::set_length`](super::Learner::set_length).
    pub(super) fn set_length(&mut self, length: Length) {
        self.generator_optimizer.set_length(length);
        self.discriminator_optimizer.set_length(length.times(self.batches_per_step() as u64));
    }

    /// How samples lie over the modes of a mixture of Gaussians, if that is what the examples are: the values of
    /// [`columns::MODES`](crate::config::columns::MODES).
    pub(super) fn measure(&mut self, data: &dyn Data) -> Vec<f64> {
        let Some(modes) = data.modes() else { return Vec::new() };
        // The same latent vectors each time, of a stream that nothing else draws from.
        let mut latents = vec![0.0; SAMPLES_OF_MODES * self.settings.latent_dim];
        draw_latents(self.settings.latent, &Stream::new(self.settings.seed, "modes"), 0, &mut latents);
        let labels = classes_in_turn(self.classes(), SAMPLES_OF_MODES);
        let Coverage { modes, high_quality } = coverage(self.sample(&latents, &labels).as_chunks().0, modes);
        vec![modes as f64, high_quality]
    }

    /// See [`Learner::sample`](super::Learner::sample).
    pub(super) fn sample(&mut self, latents: &[f32], labels: &[u32]) -> Vec<f32> {
        let dim = self.settings.latent_dim;
        let z = self.device.tensor_from_vec(latents.to_vec(), (latents.len() / dim, dim));
        let network = self.average.as_mut().map_or(&mut self.generator, |average| &mut average.network);
        let labels: Labels = labels.into();
        let pass = labelled(Pass::evaluate(), Some(&labels).filter(|labels| !labels.is_empty()));
        let examples = network.forward(z, pass);
        values(&examples)
    }

    /// The whole state, by name.
    pub(super) fn state(&mut self) -> Vec<Array> {
        let mut state = arrays("generator", &mut *self.generator);
        state.extend(arrays("discriminator", &mut *self.discriminator));
        if let Some(average) = &mut self.average {
            state.extend(arrays("average", &mut *average.network));
        }
        state.extend(self.generator_optimizer.state("optimizer.generator"));
        state.extend(self.discriminator_optimizer.state("optimizer.discriminator"));
        state
    }

    /// Puts that back, after `steps` steps.
    ///
    /// # Errors
    /// The first that `find` gives.
    pub(super) fn restore(&mut self, steps: u64, find: &mut Find<'_>) -> Result<(), String> {
        restore("generator", &mut *self.generator, find)?;
        restore("discriminator", &mut *self.discriminator, find)?;
        if let Some(average) = &mut self.average {
            restore("average", &mut *average.network, find)?;
        }
        self.generator_optimizer.restore("optimizer.generator", steps, find)?;
        let discriminator_steps = steps * self.batches_per_step() as u64;
        self.discriminator_optimizer.restore("optimizer.discriminator", discriminator_steps, find)
    }
}

/// One class for each example of a batch.
pub(super) type Labels = Rc<[u32]>;

/// The pass over examples of these classes, if the networks are conditional.
pub(super) fn labelled(pass: Pass, labels: Option<&Labels>) -> Pass {
    match labels {
        Some(labels) => pass.with_labels(labels),
        None => pass,
    }
}

/// Where dropout's masks come from in the passes over one batch.
#[derive(Clone, Copy)]
pub(super) struct Keys {
    /// The discriminator's, over real examples and then fakes.
    pub(super) examples: u64,
    /// The generator's.
    pub(super) latents: u64,
}

/// The way back from a scalar.
pub(super) fn backward<Dev: Compute>(
    scalar: Tensor<Rank0, f32, Dev, OwnedTape<f32, Dev>>,
) -> dfdx::tensor::Gradients<f32, Dev> {
    scalar.backward()
}
