use super::compute::{Compute, Operation, Saved, Wanted};
use super::{Batch, Builder, Dual, Image, Layer, Parameter, Pass};
use dfdx::prelude::Device;
use dfdx::shapes::{Axes2, Axis, HasShape};
use dfdx::tensor::{Tape, Tensor, WithEmptyTape};
use dfdx::tensor_ops::{BroadcastTo, MeanTo, ReshapeTo};

/// Added to the variance before its root: PyTorch's default (Ba et al. name none).
const EPSILON: f32 = 1e-5;

/// Layer normalisation (Ba et al. 2016): γ (x - μ) / √(σ² + ε) + β with μ and σ² (biased) over all features of an example, in training and
/// in evaluation; γ and β per channel.
///
/// (B, H, W, C) -> (B, H, W, C), γ and β: (C), ε = 10⁻⁵. It treats examples independently.
#[derive(Debug)]
pub struct LayerNorm<const H: usize, const W: usize, const C: usize, Dev: Compute> {
    gamma: Parameter<Dev>,
    beta: Parameter<Dev>,
}

impl<const H: usize, const W: usize, const C: usize, Dev: Compute> Layer<Image<H, W, C>, Dev>
    for LayerNorm<H, W, C, Dev>
{
    type Output = Image<H, W, C>;

    const CURVED: bool = true;

    fn build(builder: &mut Builder<'_, Dev>) -> Self {
        builder.next_layer();
        Self { gamma: builder.vector("gamma", C, 1.0), beta: builder.vector("beta", C, 0.0) }
    }

    fn forward<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<Image<H, W, C>, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Tensor<Self::Output, f32, Dev, T> {
        let shape = *x.shape();
        let operation = LayerNormOperation { pixels: H * W, channels: C, statistics: Vec::new() };
        let mut parameters = [&mut self.gamma, &mut self.beta];
        Dev::apply(operation, x.reshape_like(&(shape.0, H * W * C)), &mut parameters, pass)
            .reshape_like(&shape)
    }

    /// From dfdx's operations; the example's statistics move along.
    fn tangent<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<Image<H, W, C>, f32, Dev, T>,
        v: Tensor<Image<H, W, C>, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Dual<Self::Output, Dev, T> {
        let shape = *x.shape();
        let rows = (shape.0, H * W * C);
        let (centred, root) = standardise(x.retaped::<T>().reshape_like(&rows));
        let normal = centred / root.with_empty_tape().broadcast_like::<_, Axis<1>>(&rows);
        let v = v.reshape_like(&rows);
        let v = v.with_empty_tape() - v.mean::<(usize,), Axis<1>>().broadcast_like::<_, Axis<1>>(&rows);
        let onto = (v.with_empty_tape() * normal.with_empty_tape()).mean::<(usize,), Axis<1>>();
        let along = (v - normal * onto.broadcast_like::<_, Axis<1>>(&rows))
            / root.broadcast_like::<_, Axis<1>>(&rows);
        let pixels = (shape.0, H * W, C);
        let gamma = self.gamma.value.retaped::<T>().broadcast_like::<_, Axes2<0, 1>>(&pixels);
        let along = along.reshape_like(&pixels) * gamma;
        (self.forward(x, pass), along.reshape_like(&shape))
    }

    fn visit(&mut self, visitor: &mut dyn FnMut(&mut Parameter<Dev>)) {
        visitor(&mut self.gamma);
        visitor(&mut self.beta);
    }
}

/// (B, F) -> x - μ as (B, F), and √(σ² + ε) as (B).
#[allow(clippy::type_complexity)]
fn standardise<Dev: Device<f32>, T: Tape<f32, Dev>>(
    x: Tensor<Batch, f32, Dev, T>,
) -> (Tensor<Batch, f32, Dev, T>, Tensor<(usize,), f32, Dev, T>) {
    let rows = *x.shape();
    let mean = x.with_empty_tape().mean::<(usize,), Axis<1>>();
    let centred = x - mean.broadcast_like::<_, Axis<1>>(&rows);
    let root = (centred.with_empty_tape().square().mean::<(usize,), Axis<1>>() + EPSILON).sqrt();
    (centred, root)
}

struct LayerNormOperation {
    pixels: usize,
    channels: usize,
    /// Mean and 1 / root of each example.
    statistics: Vec<(f32, f32)>,
}

/// Σ of(a, b), in double precision and a fixed order.
fn sum(a: &[f32], b: &[f32], of: impl Fn(f32, f32) -> f32) -> f64 {
    const LANES: usize = 8;
    let mut sums = [0.0f64; LANES];
    let whole = a.len() / LANES * LANES;
    for (a, b) in a[..whole].chunks_exact(LANES).zip(b[..whole].chunks_exact(LANES)) {
        for lane in 0..LANES {
            sums[lane] += f64::from(of(a[lane], b[lane]));
        }
    }
    for (lane, (&a, &b)) in a[whole..].iter().zip(&b[whole..]).enumerate() {
        sums[lane] += f64::from(of(a, b));
    }
    sums.iter().sum()
}

impl LayerNormOperation {
    /// Adds one example's part of the gradients of γ and β, times `weight`.
    fn add_parameters(
        &self,
        (x, dy): (&[f32], &[f32]),
        (mean, scale): (f32, f32),
        weight: f32,
        gradients: &mut [Vec<f32>],
    ) {
        let [dgamma, dbeta] = gradients else { unreachable!("two parameters") };
        for (x, dy) in x.chunks_exact(self.channels).zip(dy.chunks_exact(self.channels)) {
            for (k, (x, dy)) in x.iter().zip(dy).enumerate() {
                dgamma[k] += weight * dy * ((x - mean) * scale);
                dbeta[k] += weight * dy;
            }
        }
    }
}

impl Operation for LayerNormOperation {
    fn features(&self) -> usize {
        self.pixels * self.channels
    }

    fn forward(&mut self, _: usize, x: &[f32], parameters: &[&[f32]], y: &mut [f32]) {
        let [gamma, beta] = parameters else { unreachable!("two parameters") };
        let features = self.features();
        for (x, y) in x.chunks_exact(features).zip(y.chunks_exact_mut(features)) {
            let mean = (sum(x, x, |x, _| x) / features as f64) as f32;
            let variance = sum(x, x, |x, _| (x - mean) * (x - mean)) / features as f64;
            let scale = (1.0 / (variance + f64::from(EPSILON)).sqrt()) as f32;
            self.statistics.push((mean, scale));
            for (x, y) in x.chunks_exact(self.channels).zip(y.chunks_exact_mut(self.channels)) {
                for (k, (x, y)) in x.iter().zip(y).enumerate() {
                    *y = (x - mean) * scale * gamma[k] + beta[k];
                }
            }
        }
    }

    fn backward(&mut self, batch: usize, saved: Saved<'_>, wanted: Wanted<'_>) -> Option<Vec<f32>> {
        let Saved { x, parameters, mut dy, .. } = saved;
        let (features, gamma) = (self.features(), parameters[0]);
        let unweighted = batch - wanted.weights.len();
        let rows = x.chunks_exact(features).zip(dy.chunks_exact_mut(features)).zip(&self.statistics);
        for (example, ((x, dy), &(mean, scale))) in rows.enumerate() {
            if !wanted.parameters.is_empty() {
                let weight = example.checked_sub(unweighted).map_or(1.0, |index| wanted.weights[index]);
                self.add_parameters((x, dy), (mean, scale), weight, wanted.parameters);
            }
            if wanted.x.is_none_or(|first| example < first) {
                continue;
            }
            for dy in dy.chunks_exact_mut(self.channels) {
                dy.iter_mut().zip(gamma).for_each(|(dy, gamma)| *dy *= gamma);
            }
            // The gradient without its mean and without its part along the normalised example.
            let middle = (sum(dy, dy, |dy, _| dy) / features as f64) as f32;
            let onto = (sum(dy, x, |dy, x| dy * ((x - mean) * scale)) / features as f64) as f32;
            for (dy, x) in dy.iter_mut().zip(x) {
                *dy = scale * (*dy - middle - (x - mean) * scale * onto);
            }
        }
        wanted.x.map(|_| dy)
    }

    fn composed<Dev: Device<f32>, T: Tape<f32, Dev>>(
        self,
        x: Tensor<Batch, f32, Dev, T>,
        parameters: &mut [&mut Tensor<(usize,), f32, Dev>],
    ) -> Tensor<Batch, f32, Dev, T> {
        let shape = *x.shape();
        let pixels = (shape.0, self.pixels, self.channels);
        let [gamma, beta] = parameters else { unreachable!("two parameters") };
        let (centred, root) = standardise(x);
        let normal = centred / root.broadcast_like::<_, Axis<1>>(&shape);
        let y = normal.reshape_like(&pixels) * gamma.retaped::<T>().broadcast_like::<_, Axes2<0, 1>>(&pixels)
            + beta.retaped::<T>().broadcast_like::<_, Axes2<0, 1>>(&pixels);
        y.reshape_like(&shape)
    }
}
