use super::compute::{Compute, Operation, Saved, Wanted};
use super::{Batch, Builder, Dual, Image, Layer, Mode, Parameter, Pass};
use crate::config::architecture::layers::{BatchNorm as Words, Layer as LayerWords};
use atelier_kernels::batch_norm::{
    Affine, BatchStatistics, batch_norm_backward_evaluation, batch_norm_backward_training,
    batch_norm_forward_evaluation, batch_norm_forward_training, update_running_statistic,
};
use dfdx::prelude::Device;
use dfdx::shapes::{Axis, HasShape};
use dfdx::tensor::{Tape, Tensor, WithEmptyTape};
use dfdx::tensor_ops::{BroadcastTo, MeanTo, ReshapeTo};

/// Batch normalisation (Ioffe & Szegedy 2015): γ (x - μ) / √(σ² + ε) + β, per channel over batch and positions.
///
/// (B, H, W, C) -> (B, H, W, C). In training μ and σ² are the batch's (σ² biased), and the running ones of a network that learns (not
/// those of one that is frozen) become m old + (1 - m) new; in evaluation they are the running ones. m and ε are those of its words. A batch norm after a dense layer sees an image of one
/// pixel, and so normalises every unit.
#[derive(Debug)]
pub struct BatchNorm<const H: usize, const W: usize, const C: usize, Dev: Compute> {
    gamma: Parameter<Dev>,
    beta: Parameter<Dev>,
    running_mean: Parameter<Dev>,
    running_variance: Parameter<Dev>,
    words: Words,
}

impl<const H: usize, const W: usize, const C: usize, Dev: Compute> Layer<Image<H, W, C>, Dev>
    for BatchNorm<H, W, C, Dev>
{
    type Output = Image<H, W, C>;

    const INDEPENDENT: bool = false;

    const CURVED: bool = true;

    fn build(builder: &mut Builder<'_, Dev>) -> Self {
        let &LayerWords::BatchNorm(words) = builder.next_layer() else {
            unreachable!("a type and its words have the same layers")
        };
        Self {
            words,
            gamma: builder.vector("gamma", C, 1.0),
            beta: builder.vector("beta", C, 0.0),
            running_mean: builder.statistic("running_mean", C, 0.0),
            running_variance: builder.statistic("running_variance", C, 1.0),
        }
    }

    fn forward<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<Image<H, W, C>, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Tensor<Self::Output, f32, Dev, T> {
        let shape = *x.shape();
        let operation = BatchNormOperation {
            pixels: H * W,
            channels: C,
            mode: pass.mode,
            learns: pass.parameter_gradients,
            slope: pass.absorb_slope().unwrap_or(1.0),
            words: self.words,
            statistics: BatchStatistics::default(),
            running: Vec::new(),
        };
        let mut parameters =
            [&mut self.gamma, &mut self.beta, &mut self.running_mean, &mut self.running_variance];
        Dev::apply(operation, x.reshape_like(&(shape.0, H * W * C)), &mut parameters, pass)
            .reshape_like(&shape)
    }

    /// From dfdx's operations, in evaluation and in training; in training the batch's statistics move along.
    fn tangent<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<Image<H, W, C>, f32, Dev, T>,
        v: Tensor<Image<H, W, C>, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Dual<Self::Output, Dev, T> {
        let shape = *x.shape();
        let rows = (shape.0 * H * W, C);
        let primal = x.retaped::<T>().reshape_like(&rows);
        let v = v.reshape_like(&rows);
        let gamma = || self.gamma.value.retaped::<T>().broadcast_like::<_, Axis<0>>(&rows);
        let along = match pass.mode {
            Mode::Evaluate => {
                let variance = self.running_variance.value.clone();
                v * (gamma() / (variance + self.words.epsilon).sqrt().broadcast_like::<_, Axis<0>>(&rows))
            }
            Mode::Train => {
                let (centred, root) = standardise(primal, self.words.epsilon);
                let normal = centred / root.with_empty_tape().broadcast_like::<_, Axis<0>>(&rows);
                let v =
                    v.with_empty_tape() - v.mean::<(usize,), Axis<0>>().broadcast_like::<_, Axis<0>>(&rows);
                let onto = (v.with_empty_tape() * normal.with_empty_tape()).mean::<(usize,), Axis<0>>();
                (v - normal * onto.broadcast_like::<_, Axis<0>>(&rows))
                    / root.broadcast_like::<_, Axis<0>>(&rows)
                    * gamma()
            }
        };
        // The slope that follows would have to be in both.
        pass.offer(|_, _| {});
        (self.forward(x, pass), along.reshape_like(&shape))
    }

    fn visit(&mut self, visitor: &mut dyn FnMut(&mut Parameter<Dev>)) {
        visitor(&mut self.gamma);
        visitor(&mut self.beta);
        visitor(&mut self.running_mean);
        visitor(&mut self.running_variance);
    }
}

/// (R, C) -> x - μ as (R, C), and √(σ² + ε) as (C).
#[allow(clippy::type_complexity)]
fn standardise<Dev: Device<f32>, T: Tape<f32, Dev>>(
    x: Tensor<Batch, f32, Dev, T>,
    epsilon: f32,
) -> (Tensor<Batch, f32, Dev, T>, Tensor<(usize,), f32, Dev, T>) {
    let rows = *x.shape();
    let mean = x.with_empty_tape().mean::<(usize,), Axis<0>>();
    let centred = x - mean.broadcast_like::<_, Axis<0>>(&rows);
    let variance = centred.with_empty_tape().square().mean::<(usize,), Axis<0>>();
    (centred, (variance + epsilon).sqrt())
}

struct BatchNormOperation {
    pixels: usize,
    channels: usize,
    mode: Mode,
    /// Whether the network is learning: only then do the running statistics move.
    learns: bool,
    /// Of the leaky ReLU that follows and is computed at once; 1 if none is.
    slope: f32,
    words: Words,
    statistics: BatchStatistics,
    /// New running statistics.
    running: Vec<Vec<f32>>,
}

impl Operation for BatchNormOperation {
    fn features(&self) -> usize {
        self.pixels * self.channels
    }

    fn forward(&mut self, _: usize, x: &[f32], parameters: &[&[f32]], y: &mut [f32]) {
        let [gamma, beta, running_mean, running_variance] = parameters else {
            unreachable!("four parameters")
        };
        let affine = Affine { gamma, beta, slope: self.slope };
        match self.mode {
            Mode::Train => {
                batch_norm_forward_training(x, affine, self.words.epsilon, y, &mut self.statistics);
                if self.learns {
                    self.running = vec![running_mean.to_vec(), running_variance.to_vec()];
                    let batch = [&self.statistics.mean, &self.statistics.variance];
                    for (running, batch) in self.running.iter_mut().zip(batch) {
                        update_running_statistic(running, batch, self.words.momentum);
                    }
                }
            }
            Mode::Evaluate => batch_norm_forward_evaluation(
                x,
                affine,
                running_mean,
                running_variance,
                self.words.epsilon,
                y,
                &mut self.statistics,
            ),
        }
    }

    fn statistics(&mut self) -> Vec<Vec<f32>> {
        std::mem::take(&mut self.running)
    }

    fn backward(&mut self, _: usize, saved: Saved<'_>, wanted: Wanted<'_>) -> Option<Vec<f32>> {
        let Saved { x, parameters, mut dy, .. } = saved;
        // The kernels give all three gradients at once; what is not wanted falls into a bin.
        let mut bin = [vec![0.0; self.channels], vec![0.0; self.channels]];
        let (dgamma, dbeta) = match (wanted.parameters, &mut bin) {
            ([dgamma, dbeta], _) | (_, [dgamma, dbeta]) => (dgamma, dbeta),
        };
        assert!(wanted.weights.is_empty(), "a batch norm does not treat examples independently");
        let affine = Affine { gamma: parameters[0], beta: parameters[1], slope: self.slope };
        let gradients = match self.mode {
            Mode::Train => batch_norm_backward_training,
            Mode::Evaluate => batch_norm_backward_evaluation,
        };
        gradients(x, &mut dy, affine, &self.statistics, dgamma, dbeta);
        Some(dy)
    }

    fn composed<Dev: Device<f32>, T: Tape<f32, Dev>>(
        self,
        x: Tensor<Batch, f32, Dev, T>,
        parameters: &mut [&mut Tensor<(usize,), f32, Dev>],
    ) -> Tensor<Batch, f32, Dev, T> {
        let (batch, features) = *x.shape();
        let rows = (batch * self.pixels, self.channels);
        let x = x.reshape_like(&rows);
        let [gamma, beta, running_mean, running_variance] = parameters else {
            unreachable!("four parameters")
        };
        let (centred, root) = match self.mode {
            Mode::Train => {
                if self.learns {
                    let data: Tensor<Batch, f32, Dev> = x.retaped();
                    let mean = data.clone().mean::<(usize,), Axis<0>>();
                    let centred = data - mean.clone().broadcast_like::<_, Axis<0>>(&rows);
                    let variance = centred.square().mean::<(usize,), Axis<0>>();
                    let momentum = self.words.momentum;
                    let moved = |old: &Tensor<(usize,), f32, Dev>, new| {
                        old.clone() * momentum + new * (1.0 - momentum)
                    };
                    **running_mean = moved(running_mean, mean);
                    **running_variance = moved(running_variance, variance);
                }
                standardise(x, self.words.epsilon)
            }
            Mode::Evaluate => {
                let root = (running_variance.retaped::<T>() + self.words.epsilon).sqrt();
                (x - running_mean.retaped::<T>().broadcast_like::<_, Axis<0>>(&rows), root)
            }
        };
        let normal = centred / root.broadcast_like::<_, Axis<0>>(&rows);
        let y = normal * gamma.retaped::<T>().broadcast_like::<_, Axis<0>>(&rows)
            + beta.retaped::<T>().broadcast_like::<_, Axis<0>>(&rows);
        y.reshape_like(&(batch, features))
    }
}
