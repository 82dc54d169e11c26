mod regularized;

use super::constraint::{Constraint, constraint};
use super::optimizer::Gradient;
use super::players::{Labels, Players, backward, labelled};
use super::{
    Array, Average, Data, Diverged, Find, Learner, Length, Losses, Minibatch, Optimizer, PlayerSettings,
};
use crate::config::Experiment;
use crate::config::objective::{Regularizer, Update};
use crate::networks::{Network, Traced};
use crate::nn::{Batch, Compute, ExampleWeights, weighted_sum};
use crate::objective::penalty::{Penalty, penalty};
use crate::objective::{self, Loss, Value, sigmoid};
use crate::random::Stream;
use atelier_kernels::epilogue::scale_rows;
use dfdx::shapes::HasShape;
use dfdx::tensor::{Tensor, Trace};
use std::rc::Rc;

/// How a GAN learns.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the players minimise.
    pub loss: Rc<dyn Loss>,
    /// What keeps the discriminator smooth.
    pub regularizer: Regularizer,
    /// How both players step, whatever they minimise. Its seed feeds the streams `penalty` and `spectral-norm`, too.
    pub players: PlayerSettings,
}

impl Settings {
    /// How the GAN of this experiment learns.
    pub fn of(experiment: &Experiment) -> Self {
        Self {
            loss: objective::loss(&experiment.objective),
            regularizer: experiment.objective.regularizer,
            players: PlayerSettings::of(experiment),
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
    players: Players<Dev>,
    loss: Rc<dyn Loss>,
    penalty: Option<Rc<dyn Penalty>>,
    constraint: Option<Box<dyn Constraint<Dev>>>,
    /// Where penalties are taken, and with which masks.
    places: Stream,
}

impl<Dev: Compute> Gan<Dev> {
    /// A GAN that has not learned yet.
    pub fn new(
        settings: Settings,
        device: Dev,
        generator: Box<dyn Network<Dev>>,
        mut discriminator: Box<dyn Network<Dev>>,
        average: Option<Average<Dev>>,
    ) -> Self {
        let Settings { loss, regularizer, players } = settings;
        Self {
            loss,
            penalty: penalty(regularizer),
            constraint: constraint(regularizer, players.seed, &mut *discriminator),
            places: Stream::new(players.seed, "penalty"),
            players: Players::new(players, device, generator, discriminator, average),
        }
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
        if Dev::HAS_KERNELS && self.players.discriminator.treats_examples_independently() {
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
        assert!(Dev::HAS_KERNELS && self.players.discriminator.treats_examples_independently());
        let (keys, labels) = (self.players.keys(step), self.players.labels(real));
        let fake = self.players.generate(latents, keys, labels.as_ref());
        let fakes: Tensor<Batch, f32, Dev> = fake.retaped();
        let count = self.players.settings.batch_size;
        let weights = ExampleWeights::default();
        let examples = self.real_and_fake(&real.values, &fakes);
        let twice = labels.as_ref().map(|labels| [&**labels, labels].concat().into());
        let pass = labelled(self.players.pass(keys.examples), twice.as_ref());
        let pass = pass.input_gradient_from(count).weighted(&weights);
        let logits = self.players.discriminator.traced(examples.leaky_trace(), pass);
        let judged = logits.as_vec();
        let (real_logits, fake_logits) = judged.split_at(count);

        let value = self.loss.generator(real_logits, fake_logits);
        let g_loss = Diverged::check("the generator's loss", value.loss)?;
        let (slopes, losses) = self.discriminator_loss(real_logits, fake_logits)?;
        weights.set(slopes.fake).expect("set once");
        let seeds = [slopes.real, vec![1.0; count]].concat();
        let mut gradients = backward(weighted_sum(logits, seeds));
        let discriminator = Optimizer::take(&mut *self.players.discriminator, &mut gradients);

        let mut at_fakes = Dev::take_flat_gradient(&mut gradients, &examples);
        drop(gradients);
        scale_rows(&value.fake, &mut at_fakes);
        let (generator, g_gradient_norm) =
            self.players.generator_gradients(&mut backward(weighted_sum(fake, at_fakes)))?;
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
        let (keys, labels) = (self.players.keys(step), self.players.labels(real));
        let fake = self.players.generate(latents, keys, labels.as_ref());
        let fakes: Tensor<Batch, f32, Dev> = fake.retaped();

        // One tape leads through both networks, for the generator; two through the discriminator alone. The fakes'
        // logits are the same in both passes over them: one key drops the same values.
        let pass = labelled(self.players.pass_over_fakes(keys), labels.as_ref());
        let through_both = self.players.discriminator.traced(fake, pass.frozen());
        let lesson = Lesson { real: &real.values, fakes: &fakes, labels: labels.as_ref(), index: step };
        let judged = self.judge(&lesson);
        let value = self.loss.generator(&judged.real_logits, &judged.fake_logits);
        let g_loss = Diverged::check("the generator's loss", value.loss)?;
        let (generator, g_gradient_norm) =
            self.players.generator_gradients(&mut backward(weighted_sum(through_both, value.fake)))?;
        let (discriminator, losses) = self.discriminator_gradients(judged, &lesson)?;
        Ok(Gradients { generator, discriminator, losses: Losses { g_loss, g_gradient_norm, ..losses } })
    }

    #[cfg(test)]
    pub(super) fn latent_dim(&self) -> usize {
        self.players.settings.latent_dim
    }

    /// (2·batch_size, features): the real examples, then the fakes.
    fn real_and_fake(&self, real: &[f32], fakes: &Tensor<Batch, f32, Dev>) -> Tensor<Batch, f32, Dev> {
        let (count, features) = *fakes.shape();
        let mut both = vec![0.0; 2 * count * features];
        let (first, second) = both.split_at_mut(count * features);
        first.copy_from_slice(real);
        fakes.copy_into(second);
        self.players.device.tensor_from_vec(both, (2 * count, features))
    }

    /// A step of both players at once.
    fn simultaneous(&mut self, step: u64, real: &Minibatch) -> Result<Losses, Diverged> {
        let gradients = self.gradients(step, &self.players.latents(step), real)?;
        self.apply(&gradients);
        Ok(gradients.losses)
    }

    /// One step of both optimizers.
    pub fn apply(&mut self, gradients: &Gradients<Dev>) {
        self.players.move_generator(&gradients.generator);
        self.move_discriminator(&gradients.discriminator);
    }

    /// The discriminator moves a few times, then the generator once, each time on new fakes.
    fn alternating(&mut self, step: u64, batches: &[Minibatch]) -> Result<Losses, Diverged> {
        let moves = batches.len() as u64 + 1;
        let mut mean = Losses::default();
        for (part, real) in (0..).zip(batches) {
            let index = step * moves + part;
            let labels = self.players.labels(real);
            let fakes = self.players.fakes(index, labels.as_ref());
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
        let (keys, labels) = (self.players.keys(index), self.players.labels(real));
        let fake = self.players.generate(&self.players.latents(index), keys, labels.as_ref());
        let pass = labelled(self.players.pass_over_fakes(keys), labels.as_ref()).frozen();
        let logits = self.players.discriminator.traced(fake, pass);
        let real_logits = if self.loss.compares_pairs() {
            let pass = labelled(self.players.pass(keys.examples), labels.as_ref()).frozen();
            self.players.discriminator.forward(self.players.batch(&real.values), pass).as_vec()
        } else {
            Vec::new()
        };
        let value = self.loss.generator(&real_logits, &logits.as_vec());
        let loss = Diverged::check("the generator's loss", value.loss)?;
        let (gradients, norm) =
            self.players.generator_gradients(&mut backward(weighted_sum(logits, value.fake)))?;
        self.players.move_generator(&gradients);
        Ok((loss, norm))
    }

    /// Shows the discriminator fakes and real examples, for its own lesson.
    fn judge(&mut self, lesson: &Lesson<'_, Dev>) -> Judged<Dev> {
        let (real, keys) = (self.players.batch(lesson.real), self.players.keys(lesson.index));
        let pass = labelled(self.players.pass(keys.examples), lesson.labels).from_data();
        let real = self.players.discriminator.traced(real.leaky_traced(), pass);
        let pass = labelled(self.players.pass_over_fakes(keys), lesson.labels).from_data();
        let fake = self.players.discriminator.traced(lesson.fakes.leaky_trace(), pass);
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
        let gradients = Optimizer::take(&mut *self.players.discriminator, &mut gradients);
        self.regularized(gradients, losses, lesson)
    }

    /// The discriminator's loss with its slopes, and what the log says of it, but for the gradient's norm.
    fn discriminator_loss(&self, real: &[f32], fake: &[f32]) -> Result<(Value, Losses), Diverged> {
        let value = self.loss.discriminator(real, fake);
        let d_loss = Diverged::check("the discriminator's loss", value.loss)?;
        let (d_real, d_fake) = (mean_probability(real), mean_probability(fake));
        Ok((value, Losses { d_loss, d_real, d_fake, ..Losses::default() }))
    }
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

fn mean_probability(logits: &[f32]) -> f64 {
    logits.iter().map(|&logit| sigmoid(f64::from(logit))).sum::<f64>() / logits.len() as f64
}

impl<Dev: Compute> Learner for Gan<Dev> {
    fn batches_per_step(&self) -> usize {
        self.players.batches_per_step()
    }

    fn set_length(&mut self, length: Length) {
        self.players.set_length(length);
    }

    fn step(&mut self, step: u64, batches: &[Minibatch]) -> Result<Vec<f64>, Diverged> {
        let losses = match (self.players.settings.update, batches) {
            (Update::Simultaneous, [real]) => self.simultaneous(step, real)?,
            _ => self.alternating(step, batches)?,
        };
        self.players.follow(step);
        Ok(losses.values(self.penalty.is_some()))
    }

    fn classes(&self) -> Option<usize> {
        self.players.classes()
    }

    fn measure(&mut self, data: &dyn Data) -> Vec<f64> {
        self.players.measure(data)
    }

    fn sample(&mut self, latents: &[f32], labels: &[u32]) -> Vec<f32> {
        self.players.sample(latents, labels)
    }

    fn state(&mut self) -> Vec<Array> {
        let mut state = self.players.state();
        state.extend(self.constraint.iter().flat_map(|constraint| constraint.state()));
        state
    }

    fn restore(&mut self, steps: u64, find: &mut Find<'_>) -> Result<(), String> {
        self.players.restore(steps, find)?;
        self.constraint.as_mut().map_or(Ok(()), |constraint| constraint.restore(find))
    }
}
