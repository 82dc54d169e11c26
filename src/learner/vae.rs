use super::average::{Average, arrays, restore};
use super::{
    Array, Data, Diverged, Exhibit, Find, Gradient, Learner, Length, Minibatch, Optimizer, outputs_of,
    test_parts,
};
use crate::architecture::{Examples, Range};
use crate::config::Experiment;
use crate::config::objective::Likelihood as Words;
use crate::config::optimizer::Optimizer as Rule;
use crate::config::training::Convolution;
use crate::networks::Network;
use crate::nn::{Compute, Pass, weighted_sum};
use crate::objective::evidence::{Likelihood, Posterior, Squash};
use crate::random::{Stream, fill_normal};
use dfdx::tensor::Trace;
use dfdx::tensor_ops::Backward;

/// How a variational autoencoder learns.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How an example is distributed around what the decoder draws.
    pub likelihood: Likelihood,
    /// The weight of the divergence.
    pub beta: f64,
    /// How both networks step.
    pub optimizer: Rule,
    /// Length of an example.
    pub features: usize,
    /// Length of a latent vector.
    pub latent_dim: usize,
    /// Feeds the streams `noise`, `noise.test` and `dropout`.
    pub seed: u64,
    /// Whether convolutions are computed directly even where another way is faster.
    pub direct_convolutions: bool,
}

impl Settings {
    /// How the autoencoder of this experiment learns.
    pub fn of(experiment: &Experiment) -> Self {
        let examples = Examples::from(&experiment.dataset);
        let squash = match examples.range {
            Range::Unit => Squash::Sigmoid,
            Range::Symmetric => Squash::Tanh,
            Range::Unbounded => Squash::Identity,
        };
        Self {
            likelihood: match experiment.objective.likelihood {
                Words::Bernoulli => Likelihood::Bernoulli,
                Words::Gaussian { std } => Likelihood::Gaussian { std, squash },
            },
            beta: experiment.objective.beta,
            // Without players of their own, both have the section's rule.
            optimizer: experiment.optimizer.generator,
            features: examples.shape.features(),
            latent_dim: experiment.architecture.latent_dim,
            seed: experiment.seed,
            direct_convolutions: experiment.training.convolution == Convolution::Direct,
        }
    }
}

/// The two terms of a bound, in nats per example.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// −ln p(x | z) of the sampled z.
    pub reconstruction: f64,
    /// KL(q(z | x) ‖ N(0, 1)).
    pub kl: f64,
}

impl Terms {
    /// The evidence lower bound.
    pub fn elbo(self) -> f64 {
        -self.reconstruction - self.kl
    }
}

/// What both networks learn from one step: a gradient per trainable parameter, in the order of `visit`.
#[derive(Debug)]
pub struct Gradients<Dev: Compute> {
    /// The encoder's.
    pub encoder: Vec<Gradient<Dev>>,
    /// The decoder's.
    pub decoder: Vec<Gradient<Dev>>,
    /// L2 norm of all of them.
    pub norm: f64,
    /// What was seen on the way.
    pub terms: Terms,
}

/// An encoder and a decoder that learn to maximise the evidence lower bound.
pub struct Vae<Dev: Compute> {
    settings: Settings,
    device: Dev,
    encoder: Box<dyn Network<Dev>>,
    decoder: Box<dyn Network<Dev>>,
    encoder_optimizer: Optimizer<Dev>,
    decoder_optimizer: Optimizer<Dev>,
    /// Of the encoder and of the decoder; what is shown and measured then comes from these.
    averages: Option<[Average<Dev>; 2]>,
    noise: Stream,
    test_noise: Stream,
    dropout: Stream,
}

impl<Dev: Compute> Vae<Dev> {
    /// An autoencoder that has not learned yet.
    pub fn new(
        settings: Settings,
        device: Dev,
        mut encoder: Box<dyn Network<Dev>>,
        mut decoder: Box<dyn Network<Dev>>,
    ) -> Self {
        let rule = settings.optimizer;
        Self {
            encoder_optimizer: Optimizer::new(rule, "the encoder's gradient", &mut *encoder),
            decoder_optimizer: Optimizer::new(rule, "the decoder's gradient", &mut *decoder),
            averages: None,
            noise: Stream::new(settings.seed, "noise"),
            test_noise: Stream::new(settings.seed, "noise.test"),
            dropout: Stream::new(settings.seed, "dropout"),
            settings,
            device,
            encoder,
            decoder,
        }
    }

    /// With moving averages of its networks, which then draw its samples and are tested.
    #[must_use]
    pub fn averaged(self, encoder: Average<Dev>, decoder: Average<Dev>) -> Self {
        Self { averages: Some([encoder, decoder]), ..self }
    }

    fn count(&self, batch: &Minibatch) -> usize {
        batch.values.len() / self.settings.features
    }

    /// Noise for so many examples: batch `index` of the stream.
    fn noise(&self, stream: &Stream, index: u64, examples: usize) -> Vec<f32> {
        let mut noise = vec![0.0; examples * self.settings.latent_dim];
        fill_normal(&mut stream.at(index), &mut noise);
        noise
    }

    /// The gradients of mean(reconstruction + β KL) on `examples`, (n, features), with `noise`, (n, latent_dim), in step
    /// number `step` (from 0).
    ///
    /// The decoder's way back ends at z, and the encoder's begins at the posterior with what arrived there.
    ///
    /// # Errors
    /// If a loss or gradient is not finite.
    pub fn gradients(
        &mut self,
        step: u64,
        examples: &[f32],
        noise: &[f32],
    ) -> Result<Gradients<Dev>, Diverged> {
        let Settings { latent_dim, likelihood, beta, direct_convolutions, .. } = self.settings;
        let count = noise.len() / latent_dim;
        let [encoding, decoding] = [0, 1].map(|part| {
            Pass::train(self.dropout.key(2 * step + part)).with_direct_convolutions(direct_convolutions)
        });
        let shape = (count, examples.len() / count);
        let input = self.device.tensor_from_vec(examples.to_vec(), shape);
        let encoded = self.encoder.traced(input.leaky_traced(), encoding.from_data());
        let numbers = encoded.as_vec();
        let posterior = Posterior::new(&numbers, latent_dim);
        let kl = Diverged::check("the KL divergence", posterior.divergence())?;

        let z = self.device.tensor_from_vec(posterior.sample(noise), (count, latent_dim));
        let decoded = self.decoder.traced(z.leaky_trace(), decoding);
        let (reconstruction, slopes) = likelihood.reconstruction(examples, &decoded.as_vec(), count);
        let reconstruction = Diverged::check("the reconstruction's loss", reconstruction)?;
        let mut gradients = weighted_sum(decoded, slopes).backward();
        let (decoder, decoder_norm) = self.decoder_optimizer.gradients(&mut *self.decoder, &mut gradients)?;
        let at_z = Dev::take_flat_gradient(&mut gradients, &z);
        drop(gradients);

        let slopes = posterior.slopes(&at_z, noise, beta);
        let mut gradients = weighted_sum(encoded, slopes).backward();
        let (encoder, encoder_norm) = self.encoder_optimizer.gradients(&mut *self.encoder, &mut gradients)?;
        let norm = encoder_norm.hypot(decoder_norm);
        Ok(Gradients { encoder, decoder, norm, terms: Terms { reconstruction, kl } })
    }

    /// The posterior's numbers for these examples, in evaluation mode.
    fn encode(&mut self, examples: &[f32], count: usize) -> Vec<f32> {
        let network = self.averages.as_mut().map_or(&mut self.encoder, |[encoder, _]| &mut encoder.network);
        outputs_of(&self.device, &mut **network, examples.to_vec(), count)
    }

    /// The decoder's outputs for these latent vectors, in evaluation mode.
    fn decode(&mut self, latents: Vec<f32>) -> Vec<f32> {
        let count = latents.len() / self.settings.latent_dim;
        let network = self.averages.as_mut().map_or(&mut self.decoder, |[_, decoder]| &mut decoder.network);
        outputs_of(&self.device, &mut **network, latents, count)
    }
}

impl<Dev: Compute> Learner for Vae<Dev> {
    fn batches_per_step(&self) -> usize {
        1
    }

    fn set_length(&mut self, length: Length) {
        self.encoder_optimizer.set_length(length);
        self.decoder_optimizer.set_length(length);
    }

    fn step(&mut self, step: u64, batches: &[Minibatch]) -> Result<Vec<f64>, Diverged> {
        let [batch] = batches else { unreachable!("one batch a step") };
        let noise = self.noise(&self.noise, step, self.count(batch));
        let Gradients { encoder, decoder, norm, terms } = self.gradients(step, &batch.values, &noise)?;
        self.encoder_optimizer.step(&mut *self.encoder, &encoder);
        self.decoder_optimizer.step(&mut *self.decoder, &decoder);
        if let Some([encoder, decoder]) = &mut self.averages {
            encoder.follow(&mut *self.encoder, step);
            decoder.follow(&mut *self.decoder, step);
        }
        Ok(vec![terms.reconstruction, terms.kl, norm, terms.elbo()])
    }

    /// The bound over the test split, always with the same noise; NaN without one.
    fn measure(&mut self, data: &dyn Data) -> Vec<f64> {
        let count = data.test_examples();
        let mut sum = 0.0;
        for (index, batch) in (0..).zip(test_parts(data)) {
            let numbers = self.encode(&batch.values, self.count(&batch));
            let posterior = Posterior::new(&numbers, self.settings.latent_dim);
            let noise = self.noise(&self.test_noise, index, self.count(&batch));
            let decoded = self.decode(posterior.sample(&noise));
            let (reconstruction, _) =
                self.settings.likelihood.reconstruction(&batch.values, &decoded, self.count(&batch));
            let terms = Terms { reconstruction, kl: posterior.divergence() };
            sum += terms.elbo() * self.count(&batch) as f64;
        }
        vec![sum / count as f64]
    }

    /// The means of p(x | z).
    fn sample(&mut self, latents: &[f32], _: &[u32]) -> Vec<f32> {
        let mut examples = self.decode(latents.to_vec());
        self.settings.likelihood.mean(&mut examples);
        examples
    }

    /// The first `count` test examples, and the means of p(x | z) at the means of q(z | x).
    fn exhibit(&mut self, data: &dyn Data, count: usize) -> Option<Exhibit> {
        let batch = data.test(0..count.min(data.test_examples()));
        let numbers = self.encode(&batch.values, self.count(&batch));
        let means = Posterior::new(&numbers, self.settings.latent_dim).means();
        let outputs = self.sample(&means, &[]);
        Some(Exhibit::Reconstructions { inputs: batch.values, outputs })
    }

    fn state(&mut self) -> Vec<Array> {
        let mut state = arrays("encoder", &mut *self.encoder);
        state.extend(arrays("decoder", &mut *self.decoder));
        if let Some([encoder, decoder]) = &mut self.averages {
            state.extend(arrays("average.encoder", &mut *encoder.network));
            state.extend(arrays("average.decoder", &mut *decoder.network));
        }
        state.extend(self.encoder_optimizer.state("optimizer.encoder"));
        state.extend(self.decoder_optimizer.state("optimizer.decoder"));
        state
    }

    fn restore(&mut self, steps: u64, find: &mut Find<'_>) -> Result<(), String> {
        restore("encoder", &mut *self.encoder, find)?;
        restore("decoder", &mut *self.decoder, find)?;
        if let Some([encoder, decoder]) = &mut self.averages {
            restore("average.encoder", &mut *encoder.network, find)?;
            restore("average.decoder", &mut *decoder.network, find)?;
        }
        self.encoder_optimizer.restore("optimizer.encoder", steps, find)?;
        self.decoder_optimizer.restore("optimizer.decoder", steps, find)
    }
}

#[cfg(test)]
mod tests;
