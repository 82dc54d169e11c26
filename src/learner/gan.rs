mod regularized;

use super::average::{Average, arrays, restore};
use super::constraint::{Constraint, constraint};
use super::latents::{classes_in_turn, draw_latents};
use super::optimizer::Gradient;
use super::{Array, Data, Diverged, Find, Learner, Length, Losses, Minibatch, Optimizer, values};
use crate::config::Experiment;
use crate::config::architecture::Latent;
use crate::config::objective::{Regularizer, Update};
use crate::config::optimizer::Optimizers;
use crate::config::training::Convolution;
use crate::evaluation::{Coverage, SAMPLES_OF_MODES, coverage};
use crate::networks::{Network, Traced};
use crate::nn::{Batch, Compute, ExampleWeights, Pass, weighted_sum};
use crate::objective::penalty::{Penalty, penalty};
use crate::objective::{self, Loss, Value, sigmoid};
use crate::random::Stream;
use atelier_kernels::epilogue::scale_rows;
use dfdx::shapes::{HasShape, Rank0};
use dfdx::tensor::{OwnedTape, Tensor, Trace};
use dfdx::tensor_ops::Backward;
use std::rc::Rc;

/// How a GAN learns.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the players minimise.
    pub loss: Rc<dyn Loss>,
    /// What keeps the discriminator smooth.
    pub regularizer: Regularizer,
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
    /// Feeds the streams `latents`, `dropout`, `penalty` and `spectral-norm`.
    pub seed: u64,
    /// Whether convolutions are computed directly even where another way is faster.
    pub direct_convolutions: bool,
}

impl Settings {
    /// How the GAN of this experiment learns.
    pub fn of(experiment: &Experiment) -> Self {
        Self {
            loss: objective::loss(&experiment.objective),
            regularizer: experiment.objective.regularizer,
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

/// What both players learn from one simultaneous step: a gradient per trainable parameter, in the order of `visit`.
#[derive(Debug)]
pub struct Gradients<Dev: Compute> {
    /// The generator's.
    pub generator: Vec<Gradient<Dev>>,
    /// The discriminator's.
    pub discriminator: Vec<Gradient<Dev>>,
    /// What was seen on the way.
    pub losses: Losses,
}

/// A generator and a discriminator that learn from each other.
pub struct Gan<Dev: Compute> {
    settings: Settings,
    device: Dev,
    generator: Box<dyn Network<Dev>>,
    discriminator: Box<dyn Network<Dev>>,
    generator_optimizer: Optimizer<Dev>,
    discriminator_optimizer: Optimizer<Dev>,
    average: Option<Average<Dev>>,
    penalty: Option<Rc<dyn Penalty>>,
    constraint: Option<Box<dyn Constraint<Dev>>>,
    latents: Stream,
    dropout: Stream,
    /// Where penalties are taken, and with which masks.
    places: Stream,
}

impl<Dev: Compute> Gan<Dev> {
    /// A GAN that has not learned yet.
    pub fn new(
        settings: Settings,
        device: Dev,
        mut generator: Box<dyn Network<Dev>>,
        mut discriminator: Box<dyn Network<Dev>>,
        average: Option<Average<Dev>>,
    ) -> Self {
        Self {
            generator_optimizer: Optimizer::new(
                settings.optimizers.generator,
                "the generator's gradient",
                &mut *generator,
            ),
            discriminator_optimizer: Optimizer::new(
                settings.optimizers.discriminator,
                "the discriminator's gradient",
                &mut *discriminator,
            ),
            penalty: penalty(settings.regularizer),
            constraint: constraint(settings.regularizer, settings.seed, &mut *discriminator),
            places: Stream::new(settings.seed, "penalty"),
            latents: Stream::new(settings.seed, "latents"),
            dropout: Stream::new(settings.seed, "dropout"),
            settings,
            device,
            generator,
            discriminator,
            average,
        }
    }

    /// (batch_size, latent_dim) latent vectors; `index` counts batches of them.
    fn latents(&self, index: u64) -> Vec<f32> {
        let mut latents = vec![0.0; self.settings.batch_size * self.settings.latent_dim];
        draw_latents(self.settings.latent, &self.latents, index, &mut latents);
        latents
    }

    fn batch(&self, values: &[f32]) -> Tensor<Batch, f32, Dev> {
        let batch = self.settings.batch_size;
        self.device.tensor_from_vec(values.to_vec(), (batch, values.len() / batch))
    }

    /// Both gradients from one batch of fakes and the same weights: step number `step` (from 0), on these latent vectors
    /// (batch_size, latent_dim) and real examples (batch_size, features). The fakes of conditional networks have the labels of the real ones.
    ///
    /// One way back through the discriminator serves both players where it treats examples independently
    /// ([`Gan::shared_gradients`]); else there are two ([`Gan::separate_gradients`]).
    ///
    /// # Errors
    /// If a loss or gradient is not finite.
    pub fn gradients(
        &mut self,
        step: u64,
        latents: &[f32],
        real: &Minibatch,
    ) -> Result<Gradients<Dev>, Diverged> {
        if Dev::HAS_KERNELS && self.discriminator.treats_examples_independently() {
            self.shared_gradients(step, latents, real)
        } else {
            self.separate_gradients(step, latents, real)
        }
    }

    /// [`Gan::gradients`] with one pass of the discriminator over real and fake examples together.
    ///
    /// If no example's logit f depends on the others, both players' losses reach a fake example x by ∂f/∂x, and differ in the factor
    /// ∂loss/∂f alone. So the way back starts at the fakes' logits with slopes of 1; what arrives at the fakes, times the generator's factors,
    /// goes on into the generator; and in the gradients of the discriminator's weights, sums over the examples, the fakes are weighed by its own
    /// factors. This is exact, also where a saturated loss makes one factor tiny or zero.
    ///
    /// # Errors
    /// If a loss or gradient is not finite.
    ///
    /// # Panics
    /// If the discriminator does not treat examples independently, or the device has no kernels.
    pub fn shared_gradients(
        &mut self,
        step: u64,
        latents: &[f32],
        real: &Minibatch,
    ) -> Result<Gradients<Dev>, Diverged> {
        assert!(Dev::HAS_KERNELS && self.discriminator.treats_examples_independently());
        let (keys, labels) = (self.keys(step), self.labels(real));
        let fake = self.generate(latents, keys, labels.as_ref());
        let fakes: Tensor<Batch, f32, Dev> = fake.retaped();
        let count = self.settings.batch_size;
        let weights = ExampleWeights::default();
        let examples = self.real_and_fake(&real.values, &fakes);
        let twice = labels.as_ref().map(|labels| [&**labels, labels].concat().into());
        let pass = labelled(self.pass(keys.examples), twice.as_ref());
        let pass = pass.input_gradient_from(count).weighted(&weights);
        let logits = self.discriminator.traced(examples.leaky_trace(), pass);
        let judged = logits.as_vec();
        let (real_logits, fake_logits) = judged.split_at(count);

        let value = self.settings.loss.generator(real_logits, fake_logits);
        let g_loss = Diverged::check("the generator's loss", value.loss)?;
        let (slopes, losses) = self.discriminator_loss(real_logits, fake_logits)?;
        weights.set(slopes.fake).expect("set once");
        let seeds = [slopes.real, vec![1.0; count]].concat();
        let mut gradients = backward(weighted_sum(logits, seeds));
        let discriminator = Optimizer::take(&mut *self.discriminator, &mut gradients);

        let mut at_fakes = Dev::take_flat_gradient(&mut gradients, &examples);
        drop(gradients);
        scale_rows(&value.fake, &mut at_fakes);
        let (generator, g_gradient_norm) =
            self.generator_gradients(&mut backward(weighted_sum(fake, at_fakes)))?;
        let lesson = Lesson { real: &real.values, fakes: &fakes, labels: labels.as_ref(), index: step };
        let (discriminator, losses) = self.regularized(discriminator, losses, &lesson)?;
        let losses = Losses { g_loss, g_gradient_norm, ..losses };
        Ok(Gradients { generator, discriminator, losses })
    }

    /// [`Gan::gradients`] with a way back through the discriminator for each player.
    ///
    /// # Errors
    /// If a loss or gradient is not finite.
    pub fn separate_gradients(
        &mut self,
        step: u64,
        latents: &[f32],
        real: &Minibatch,
    ) -> Result<Gradients<Dev>, Diverged> {
        let (keys, labels) = (self.keys(step), self.labels(real));
        let fake = self.generate(latents, keys, labels.as_ref());
        let fakes: Tensor<Batch, f32, Dev> = fake.retaped();

        // One tape leads through both networks, for the generator; two through the discriminator alone. The fakes'
        // logits are the same in both passes over them: one key drops the same values.
        let pass = labelled(self.pass_over_fakes(keys), labels.as_ref());
        let through_both = self.discriminator.traced(fake, pass.frozen());
        let lesson = Lesson { real: &real.values, fakes: &fakes, labels: labels.as_ref(), index: step };
        let judged = self.judge(&lesson);
        let value = self.settings.loss.generator(&judged.real_logits, &judged.fake_logits);
        let g_loss = Diverged::check("the generator's loss", value.loss)?;
        let (generator, g_gradient_norm) =
            self.generator_gradients(&mut backward(weighted_sum(through_both, value.fake)))?;
        let (discriminator, losses) = self.discriminator_gradients(judged, &lesson)?;
        Ok(Gradients { generator, discriminator, losses: Losses { g_loss, g_gradient_norm, ..losses } })
    }

    #[cfg(test)]
    pub(super) fn latent_dim(&self) -> usize {
        self.settings.latent_dim
    }

    /// Fakes with the tape that leads to the generator's weights.
    fn generate(&mut self, latents: &[f32], keys: Keys, labels: Option<&Labels>) -> Traced<Dev> {
        let latents = self.batch(latents);
        let pass = labelled(self.pass(keys.latents), labels).from_data();
        self.generator.traced(latents.leaky_traced(), pass)
    }

    /// The classes of a batch, if the networks are conditional.
    fn labels(&self, real: &Minibatch) -> Option<Labels> {
        self.classes()?;
        let labels = real.labels.as_ref().expect("conditional networks learn from examples with labels");
        Some(labels.iter().map(|&label| u32::from(label)).collect())
    }

    /// A training pass.
    fn pass(&self, key: u64) -> Pass {
        Pass::train(key).with_direct_convolutions(self.settings.direct_convolutions)
    }

    /// A training pass over fakes: with the masks that they have when they come after the real examples in one batch.
    fn pass_over_fakes(&self, keys: Keys) -> Pass {
        self.pass(keys.examples).starting_at(self.settings.batch_size)
    }

    /// (2·batch_size, features): the real examples, then the fakes.
    fn real_and_fake(&self, real: &[f32], fakes: &Tensor<Batch, f32, Dev>) -> Tensor<Batch, f32, Dev> {
        let (count, features) = *fakes.shape();
        let mut both = vec![0.0; 2 * count * features];
        let (first, second) = both.split_at_mut(count * features);
        first.copy_from_slice(real);
        fakes.copy_into(second);
        self.device.tensor_from_vec(both, (2 * count, features))
    }

    /// A step of both players at once.
    fn simultaneous(&mut self, step: u64, real: &Minibatch) -> Result<Losses, Diverged> {
        let gradients = self.gradients(step, &self.latents(step), real)?;
        self.apply(&gradients);
        Ok(gradients.losses)
    }

    /// One step of both optimizers.
    pub fn apply(&mut self, gradients: &Gradients<Dev>) {
        self.generator_optimizer.step(&mut *self.generator, &gradients.generator);
        self.move_discriminator(&gradients.discriminator);
    }

    /// The discriminator moves a few times, then the generator once, each time on new fakes.
    fn alternating(&mut self, step: u64, batches: &[Minibatch]) -> Result<Losses, Diverged> {
        let moves = batches.len() as u64 + 1;
        let mut mean = Losses::default();
        for (part, real) in (0..).zip(batches) {
            let index = step * moves + part;
            let (keys, labels) = (self.keys(index), self.labels(real));
            let pass = labelled(self.pass(keys.latents), labels.as_ref()).frozen();
            let fakes = self.generator.forward(self.batch(&self.latents(index)), pass);
            let lesson = Lesson { real: &real.values, fakes: &fakes, labels: labels.as_ref(), index };
            let judged = self.judge(&lesson);
            let (gradients, losses) = self.discriminator_gradients(judged, &lesson)?;
            self.move_discriminator(&gradients);
            let share = 1.0 / batches.len() as f64;
            mean = mean.combine(&losses, |mean, value| mean + share * value);
        }
        let (g_loss, g_gradient_norm) =
            self.generator_move(step * moves + moves - 1, batches.last().expect("a batch per move"))?;
        Ok(Losses { g_loss, g_gradient_norm, ..mean })
    }

    /// The generator's half of an alternating step; its fakes have the labels of the last batch.
    fn generator_move(&mut self, index: u64, real: &Minibatch) -> Result<(f64, f64), Diverged> {
        let (keys, labels) = (self.keys(index), self.labels(real));
        let fake = self.generate(&self.latents(index), keys, labels.as_ref());
        let pass = labelled(self.pass_over_fakes(keys), labels.as_ref()).frozen();
        let logits = self.discriminator.traced(fake, pass);
        let real_logits = if self.settings.loss.compares_pairs() {
            let pass = labelled(self.pass(keys.examples), labels.as_ref()).frozen();
            self.discriminator.forward(self.batch(&real.values), pass).as_vec()
        } else {
            Vec::new()
        };
        let value = self.settings.loss.generator(&real_logits, &logits.as_vec());
        let loss = Diverged::check("the generator's loss", value.loss)?;
        let (gradients, norm) = self.generator_gradients(&mut backward(weighted_sum(logits, value.fake)))?;
        self.generator_optimizer.step(&mut *self.generator, &gradients);
        Ok((loss, norm))
    }

    fn generator_gradients(
        &mut self,
        gradients: &mut dfdx::tensor::Gradients<f32, Dev>,
    ) -> Result<(Vec<Gradient<Dev>>, f64), Diverged> {
        self.generator_optimizer.gradients(&mut *self.generator, gradients)
    }

    /// Shows the discriminator fakes and real examples, for its own lesson.
    fn judge(&mut self, lesson: &Lesson<'_, Dev>) -> Judged<Dev> {
        let (real, keys) = (self.batch(lesson.real), self.keys(lesson.index));
        let pass = labelled(self.pass(keys.examples), lesson.labels).from_data();
        let real = self.discriminator.traced(real.leaky_traced(), pass);
        let pass = labelled(self.pass_over_fakes(keys), lesson.labels).from_data();
        let fake = self.discriminator.traced(lesson.fakes.leaky_trace(), pass);
        Judged { real_logits: real.as_vec(), fake_logits: fake.as_vec(), real, fake }
    }

    /// What the discriminator learns from that.
    fn discriminator_gradients(
        &mut self,
        judged: Judged<Dev>,
        lesson: &Lesson<'_, Dev>,
    ) -> Result<(Vec<Gradient<Dev>>, Losses), Diverged> {
        let (slopes, losses) = self.discriminator_loss(&judged.real_logits, &judged.fake_logits)?;
        // Adding the two joins their tapes: one walk back adds up the weights' gradients.
        let mut gradients =
            backward(weighted_sum(judged.real, slopes.real) + weighted_sum(judged.fake, slopes.fake));
        let gradients = Optimizer::take(&mut *self.discriminator, &mut gradients);
        self.regularized(gradients, losses, lesson)
    }

    /// The discriminator's loss with its slopes, and what the log says of it, but for the gradient's norm.
    fn discriminator_loss(&self, real: &[f32], fake: &[f32]) -> Result<(Value, Losses), Diverged> {
        let value = self.settings.loss.discriminator(real, fake);
        let d_loss = Diverged::check("the discriminator's loss", value.loss)?;
        let (d_real, d_fake) = (mean_probability(real), mean_probability(fake));
        Ok((value, Losses { d_loss, d_real, d_fake, ..Losses::default() }))
    }

    /// The dropout keys of batch `index`.
    fn keys(&self, index: u64) -> Keys {
        let [examples, latents] = [0, 1].map(|part| self.dropout.key(2 * index + part));
        Keys { examples, latents }
    }
}

/// One class for each example of a batch.
type Labels = Rc<[u32]>;

fn labelled(pass: Pass, labels: Option<&Labels>) -> Pass {
    match labels {
        Some(labels) => pass.with_labels(labels),
        None => pass,
    }
}

/// Where dropout's masks come from in the passes over one batch.
#[derive(Clone, Copy)]
struct Keys {
    /// The discriminator's, over real examples and then fakes.
    examples: u64,
    /// The generator's.
    latents: u64,
}

/// What the discriminator learns from in one of its steps.
struct Lesson<'a, Dev: Compute> {
    real: &'a [f32],
    fakes: &'a Tensor<Batch, f32, Dev>,
    /// Of the real examples, and of the fakes.
    labels: Option<&'a Labels>,
    /// Counts lessons, and with them their random choices.
    index: u64,
}

/// Logits, with and without their tape.
struct Judged<Dev: Compute> {
    real: Traced<Dev>,
    fake: Traced<Dev>,
    real_logits: Vec<f32>,
    fake_logits: Vec<f32>,
}

fn backward<Dev: Compute>(
    scalar: Tensor<Rank0, f32, Dev, OwnedTape<f32, Dev>>,
) -> dfdx::tensor::Gradients<f32, Dev> {
    scalar.backward()
}

fn mean_probability(logits: &[f32]) -> f64 {
    logits.iter().map(|&logit| sigmoid(f64::from(logit))).sum::<f64>() / logits.len() as f64
}

impl<Dev: Compute> Learner for Gan<Dev> {
    fn batches_per_step(&self) -> usize {
        self.settings.discriminator_steps
    }

    fn set_length(&mut self, length: Length) {
        self.generator_optimizer.set_length(length);
        self.discriminator_optimizer.set_length(length.times(self.batches_per_step() as u64));
    }

    fn step(&mut self, step: u64, batches: &[Minibatch]) -> Result<Vec<f64>, Diverged> {
        let losses = match (self.settings.update, batches) {
            (Update::Simultaneous, [real]) => self.simultaneous(step, real)?,
            _ => self.alternating(step, batches)?,
        };
        if let Some(average) = &mut self.average {
            average.follow(&mut *self.generator, step);
        }
        Ok(losses.values(self.penalty.is_some()))
    }

    fn classes(&self) -> Option<usize> {
        self.generator.classes().max(self.discriminator.classes())
    }

    fn measure(&mut self, data: &dyn Data) -> Vec<f64> {
        let Some(modes) = data.modes() else { return Vec::new() };
        // The same latent vectors each time, of a stream that nothing else draws from.
        let mut latents = vec![0.0; SAMPLES_OF_MODES * self.settings.latent_dim];
        draw_latents(self.settings.latent, &Stream::new(self.settings.seed, "modes"), 0, &mut latents);
        let labels = classes_in_turn(self.classes(), SAMPLES_OF_MODES);
        let Coverage { modes, high_quality } = coverage(self.sample(&latents, &labels).as_chunks().0, modes);
        vec![modes as f64, high_quality]
    }

    fn sample(&mut self, latents: &[f32], labels: &[u32]) -> Vec<f32> {
        let dim = self.settings.latent_dim;
        let z = self.device.tensor_from_vec(latents.to_vec(), (latents.len() / dim, dim));
        let network = self.average.as_mut().map_or(&mut self.generator, |average| &mut average.network);
        let labels: Labels = labels.into();
        let pass = labelled(Pass::evaluate(), Some(&labels).filter(|labels| !labels.is_empty()));
        let examples = network.forward(z, pass);
        values(&examples)
    }

    fn state(&mut self) -> Vec<Array> {
        let mut state = arrays("generator", &mut *self.generator);
        state.extend(arrays("discriminator", &mut *self.discriminator));
        if let Some(average) = &mut self.average {
            state.extend(arrays("average", &mut *average.network));
        }
        if let Some(constraint) = &self.constraint {
            state.extend(constraint.state());
        }
        state.extend(self.generator_optimizer.state("optimizer.generator"));
        state.extend(self.discriminator_optimizer.state("optimizer.discriminator"));
        state
    }

    fn restore(&mut self, steps: u64, find: &mut Find<'_>) -> Result<(), String> {
        restore("generator", &mut *self.generator, find)?;
        restore("discriminator", &mut *self.discriminator, find)?;
        if let Some(average) = &mut self.average {
            restore("average", &mut *average.network, find)?;
        }
        if let Some(constraint) = &mut self.constraint {
            constraint.restore(find)?;
        }
        self.generator_optimizer.restore("optimizer.generator", steps, find)?;
        let discriminator_steps = steps * self.batches_per_step() as u64;
        self.discriminator_optimizer.restore("optimizer.discriminator", discriminator_steps, find)
    }
}
