use super::players::{Labels, Players, backward, labelled};
use super::{
    Array, Average, Data, Diverged, Exhibit, Find, Gradient, Learner, Length, Minibatch, Optimizer,
    PlayerSettings, values,
};
use crate::config::Experiment;
use crate::config::objective::Update;
use crate::networks::Network;
use crate::nn::{Batch, Compute, Pass, weighted_sum};
use crate::objective::equilibrium::{Equilibrium, Reconstruction};
use dfdx::tensor::{Tensor, Trace};

/// How a boundary equilibrium GAN learns.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// What keeps the players in balance.
    pub equilibrium: Equilibrium,
    /// How both players step.
    pub players: PlayerSettings,
}

impl Settings {
    /// How the BEGAN of this experiment learns.
    pub fn of(experiment: &Experiment) -> Self {
        let objective = &experiment.objective;
        Self {
            equilibrium: Equilibrium { gamma: objective.gamma, lambda_k: objective.lambda_k },
            players: PlayerSettings::of(experiment),
        }
    }
}

/// What one training step saw: the columns of [`columns::BEGAN`](crate::config::columns::BEGAN).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Errors {
    /// L(x): of real examples, mean over the discriminator's steps.
    pub real: f64,
    /// L(G(z)) in the discriminator's steps, mean over them.
    pub fake: f64,
    /// L(G(z)) in the generator's step, which is its loss.
    pub generator: f64,
    /// L2 norm of the discriminator's gradient, mean over its steps.
    pub d_gradient_norm: f64,
    /// L2 norm of the generator's gradient.
    pub g_gradient_norm: f64,
}

/// What both players learn from one simultaneous step: a gradient per trainable parameter, in the order of `visit`.
#[derive(Debug)]
pub struct Gradients<Dev: Compute> {
    /// The generator's.
    pub generator: Vec<Gradient<Dev>>,
    /// The discriminator's.
    pub discriminator: Vec<Gradient<Dev>>,
    /// What was seen on the way.
    pub errors: Errors,
}

/// A generator, and a discriminator that is an autoencoder (Berthelot et al. 2017).
///
/// A step is the discriminator's moves and the generator's, in the order that `objective.update` says, and then one of k, which balances
/// them: it goes by L(x), the mean over the discriminator's moves, and by the loss of the generator's move, as in the paper's algorithm
/// (section 3.4), where the two players' latent vectors may differ, too. All moves of a step see the same k.
pub struct Began<Dev: Compute> {
    equilibrium: Equilibrium,
    players: Players<Dev>,
    /// The weight of the generated examples' error in the discriminator's loss, 0 to 1. In single precision, as checkpoints keep it.
    k: f32,
}

impl<Dev: Compute> Began<Dev> {
    /// A BEGAN that has not learned yet: k is 0.
    pub fn new(
        settings: Settings,
        device: Dev,
        generator: Box<dyn Network<Dev>>,
        discriminator: Box<dyn Network<Dev>>,
        average: Option<Average<Dev>>,
    ) -> Self {
        let players = Players::new(settings.players, device, generator, discriminator, average);
        Self { equilibrium: settings.equilibrium, players, k: 0.0 }
    }

    /// Both gradients from one batch of fakes and the same weights: step number `step` (from 0), on these latent vectors
    /// (batch_size, latent_dim) and real examples (batch_size, features).
    ///
    /// Both players minimise a multiple of the fakes' error, so one way back from it serves both: what arrives at the discriminator's weights
    /// counts −k times, and what arrives at the fakes goes on into the generator.
    ///
    /// # Errors
    /// If a loss or gradient is not finite.
    pub fn gradients(
        &mut self,
        step: u64,
        latents: &[f32],
        real: &Minibatch,
    ) -> Result<Gradients<Dev>, Diverged> {
        let (keys, labels) = (self.players.keys(step), self.players.labels(real));
        let fake = self.players.generate(latents, keys, labels.as_ref());
        let fakes: Tensor<Batch, f32, Dev> = fake.retaped();
        let pass = labelled(self.players.pass_over_fakes(keys), labels.as_ref());
        let (error, mut gradients, at_fakes) = self.judge(&fakes, pass);
        let of_fakes = Optimizer::take(&mut *self.players.discriminator, &mut gradients);
        drop(gradients);
        let generator_error = Diverged::check("the generator's loss", error)?;
        let (generator, g_gradient_norm) =
            self.players.generator_gradients(&mut backward(weighted_sum(fake, at_fakes)))?;
        let lesson = Lesson { real, labels: labels.as_ref(), index: step };
        let (discriminator, errors) = self.balanced(&lesson, (error, of_fakes))?;
        let errors = Errors { generator: generator_error, g_gradient_norm, ..errors };
        Ok(Gradients { generator, discriminator, errors })
    }

    /// One step of both optimizers.
    pub fn apply(&mut self, gradients: &Gradients<Dev>) {
        self.players.move_generator(&gradients.generator);
        self.move_discriminator(&gradients.discriminator);
    }

    /// The weight of the generated examples' error in the discriminator's loss.
    pub fn k(&self) -> f32 {
        self.k
    }

    /// Moves k after a step with these errors.
    pub fn balance(&mut self, errors: &Errors) {
        self.k = self.equilibrium.next(f64::from(self.k), errors.real, errors.generator) as f32;
    }

    /// The reconstruction error of examples, the gradients of the way back from it, and its gradient with respect to the examples themselves where the
    /// pass asks for it: by way of the discriminator, and directly.
    fn judge(
        &mut self,
        examples: &Tensor<Batch, f32, Dev>,
        pass: Pass,
    ) -> (f64, dfdx::tensor::Gradients<f32, Dev>, Vec<f32>) {
        let wants_examples = pass.input_gradient.is_some();
        let outputs = self.players.discriminator.traced(examples.leaky_trace(), pass);
        let count = self.players.settings.batch_size;
        let Reconstruction { error, slopes } =
            Reconstruction::new(&values(examples), &outputs.as_vec(), count);
        let direct = if wants_examples { slopes.clone() } else { Vec::new() };
        let mut gradients = backward(weighted_sum(outputs, slopes));
        let mut at_examples = Vec::new();
        if wants_examples {
            at_examples = Dev::take_flat_gradient(&mut gradients, examples);
            at_examples.iter_mut().zip(&direct).for_each(|(at, slope)| *at -= slope);
        }
        (error, gradients, at_examples)
    }

    /// The gradients of L(x) − k L(G(z)), given error and gradients of L(G(z)), and what the log says of the discriminator.
    fn balanced(
        &mut self,
        lesson: &Lesson<'_>,
        (fake, of_fakes): (f64, Vec<Gradient<Dev>>),
    ) -> Result<(Vec<Gradient<Dev>>, Errors), Diverged> {
        let examples = self.players.batch(&lesson.real.values);
        let pass = self.players.pass(self.players.keys(lesson.index).examples);
        let (real, mut gradients, _) = self.judge(&examples, labelled(pass, lesson.labels).from_data());
        Diverged::check(
            "the discriminator's loss",
            self.equilibrium.discriminator(f64::from(self.k), real, fake),
        )?;
        let mut gradients = Optimizer::take(&mut *self.players.discriminator, &mut gradients);
        let k = self.k;
        for (sum, gradient) in gradients.iter_mut().zip(&of_fakes) {
            Dev::update(sum, gradient, &mut [], &mut |sum, gradient, _| {
                sum.iter_mut().zip(gradient).for_each(|(sum, gradient)| *sum -= k * gradient);
            });
        }
        let d_gradient_norm = self.players.discriminator_optimizer.norm(&gradients)?;
        Ok((gradients, Errors { real, fake, d_gradient_norm, ..Errors::default() }))
    }

    fn move_discriminator(&mut self, gradients: &[Gradient<Dev>]) {
        self.players.discriminator_optimizer.step(&mut *self.players.discriminator, gradients);
    }

    /// A step of both players at once.
    fn simultaneous(&mut self, step: u64, real: &Minibatch) -> Result<Errors, Diverged> {
        let gradients = self.gradients(step, &self.players.latents(step), real)?;
        self.apply(&gradients);
        Ok(gradients.errors)
    }

    /// The discriminator moves a few times, then the generator once, each time on new fakes.
    fn alternating(&mut self, step: u64, batches: &[Minibatch]) -> Result<Errors, Diverged> {
        let moves = batches.len() as u64 + 1;
        let mut mean = Errors::default();
        for (part, real) in (0..).zip(batches) {
            let index = step * moves + part;
            let labels = self.players.labels(real);
            let fakes = self.players.fakes(index, labels.as_ref());
            let pass = self.players.pass_over_fakes(self.players.keys(index));
            let (fake, mut gradients, _) = self.judge(&fakes, labelled(pass, labels.as_ref()).from_data());
            let of_fakes = Optimizer::take(&mut *self.players.discriminator, &mut gradients);
            drop(gradients);
            let lesson = Lesson { real, labels: labels.as_ref(), index };
            let (gradients, errors) = self.balanced(&lesson, (fake, of_fakes))?;
            self.move_discriminator(&gradients);
            let share = 1.0 / batches.len() as f64;
            mean.real += share * errors.real;
            mean.fake += share * errors.fake;
            mean.d_gradient_norm += share * errors.d_gradient_norm;
        }
        let last = batches.last().expect("a batch per move");
        let (generator, g_gradient_norm) = self.generator_move(step * moves + moves - 1, last)?;
        Ok(Errors { generator, g_gradient_norm, ..mean })
    }

    /// The generator's half of an alternating step; its fakes have the labels of the last batch.
    fn generator_move(&mut self, index: u64, real: &Minibatch) -> Result<(f64, f64), Diverged> {
        let (keys, labels) = (self.players.keys(index), self.players.labels(real));
        let fake = self.players.generate(&self.players.latents(index), keys, labels.as_ref());
        let pass = labelled(self.players.pass_over_fakes(keys), labels.as_ref()).frozen();
        let (error, _, at_fakes) = self.judge(&fake.retaped(), pass);
        let error = Diverged::check("the generator's loss", error)?;
        let (gradients, norm) =
            self.players.generator_gradients(&mut backward(weighted_sum(fake, at_fakes)))?;
        self.players.move_generator(&gradients);
        Ok((error, norm))
    }
}

/// What the discriminator learns from in one of its steps.
struct Lesson<'a> {
    real: &'a Minibatch,
    labels: Option<&'a Labels>,
    /// Counts lessons, and with them their random choices.
    index: u64,
}

impl<Dev: Compute> Learner for Began<Dev> {
    fn batches_per_step(&self) -> usize {
        self.players.batches_per_step()
    }

    fn set_length(&mut self, length: Length) {
        self.players.set_length(length);
    }

    fn step(&mut self, step: u64, batches: &[Minibatch]) -> Result<Vec<f64>, Diverged> {
        let errors = match (self.players.settings.update, batches) {
            (Update::Simultaneous, [real]) => self.simultaneous(step, real)?,
            _ => self.alternating(step, batches)?,
        };
        self.players.follow(step);
        let k = f64::from(self.k);
        self.balance(&errors);
        let Errors { real, fake, generator, d_gradient_norm, g_gradient_norm } = errors;
        let d_loss = self.equilibrium.discriminator(k, real, fake);
        let convergence = self.equilibrium.convergence(real, generator);
        Ok(vec![d_loss, generator, real, fake, k, d_gradient_norm, g_gradient_norm, convergence])
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

    /// The first `count` test examples, and what the discriminator makes of them.
    fn exhibit(&mut self, data: &dyn Data, count: usize) -> Option<Exhibit> {
        let count = count.min(data.test_examples());
        let batch = data.test(0..count);
        if self.classes().is_some() && batch.labels.is_none() {
            return None;
        }
        let labels = self.players.labels(&batch);
        let shape = (count, batch.values.len() / count.max(1));
        let examples = self.players.device.tensor_from_vec(batch.values.clone(), shape);
        let pass = labelled(Pass::evaluate(), labels.as_ref());
        let outputs = values(&self.players.discriminator.forward(examples, pass));
        Some(Exhibit::Reconstructions { inputs: batch.values, outputs })
    }

    fn state(&mut self) -> Vec<Array> {
        let mut state = self.players.state();
        state.push(Array { name: "equilibrium.k".to_owned(), shape: vec![1], values: vec![self.k] });
        state
    }

    fn restore(&mut self, steps: u64, find: &mut Find<'_>) -> Result<(), String> {
        self.players.restore(steps, find)?;
        let k = find("equilibrium.k", &[1])?;
        self.k = k.first().copied().unwrap_or_default();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
