use super::compute::{Compute, Operation, Saved, Wanted};
use super::{Batch, Builder, Dual, Fans, Image, Layer, Parameter, Pass};
use atelier_kernels::memory::unspecified;
use dfdx::prelude::Device;
use dfdx::shapes::{Axis, Const, HasShape};
use dfdx::tensor::{Tape, Tensor};
use dfdx::tensor_ops::{BroadcastTo, GatherTo, ReshapeTo, SumTo, TryConcatAlong};
use std::rc::Rc;

/// Appends a learned vector for the example's class: y = [x, e_label] (Mirza & Osindero 2014, with an embedding in place of their dense layer on
/// one-hot vectors, which is the same).
///
/// x: (B, 1, 1, C), e: (K, W), y: (B, 1, 1, O) with O = C + W; the labels are the pass's. e is drawn as the weight of a dense layer from K inputs
/// to W outputs.
#[derive(Debug)]
pub struct LabelEmbedding<const C: usize, const K: usize, const W: usize, const O: usize, Dev: Compute> {
    embedding: Parameter<Dev>,
}

/// A logit with a projection on the example's class: y = w·h + b + e_label·h (Miyato & Koyama 2018, equation 4 with a linear ψ).
///
/// h: (B, H, W, C), w: (H·W·C, 1), b: (1), e: (K, H·W·C), y: (B, 1, 1, 1); the labels are the pass's. e is drawn as the weight of a dense layer
/// from H·W·C inputs to K outputs.
#[derive(Debug)]
pub struct LabelProjection<const H: usize, const W: usize, const C: usize, const K: usize, Dev: Compute> {
    weight: Parameter<Dev>,
    bias: Parameter<Dev>,
    embedding: Parameter<Dev>,
}

impl<const C: usize, const K: usize, const W: usize, const O: usize, Dev: Compute>
    LabelEmbedding<C, K, W, O, Dev>
{
    fn apply<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<Image<1, 1, C>, f32, Dev, T>,
        appended: Appended,
        pass: &mut Pass,
    ) -> Tensor<Image<1, 1, O>, f32, Dev, T> {
        let batch = x.shape().0;
        let labels = pass.labels(batch, K);
        let operation = EmbeddingOperation { labels, inputs: C, width: W, appended };
        let mut parameters = Vec::from_iter((appended == Appended::Embedding).then_some(&mut self.embedding));
        Dev::apply(operation, x.reshape_like(&(batch, C)), &mut parameters, pass)
            .reshape_like(&(batch, Const, Const, Const))
    }
}

impl<const C: usize, const K: usize, const W: usize, const O: usize, Dev: Compute> Layer<Image<1, 1, C>, Dev>
    for LabelEmbedding<C, K, W, O, Dev>
{
    type Output = Image<1, 1, O>;

    const CLASSES: usize = K;

    fn build(builder: &mut Builder<'_, Dev>) -> Self {
        const {
            if C + W != O {
                const_panic::concat_panic!("label-embedding: ", C, " and ", W, " numbers are not ", O);
            }
        }
        builder.next_layer();
        Self { embedding: builder.drawn("embedding", &[K, W], Fans { fan_in: K, fan_out: W }) }
    }

    fn forward<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<Image<1, 1, C>, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Tensor<Self::Output, f32, Dev, T> {
        self.apply(x, Appended::Embedding, pass)
    }

    fn tangent<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<Image<1, 1, C>, f32, Dev, T>,
        v: Tensor<Image<1, 1, C>, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Dual<Self::Output, Dev, T> {
        let mut twin = pass.twin();
        let both = (self.apply(x, Appended::Embedding, pass), self.apply(v, Appended::Zeros, &mut twin));
        pass.rejoin(twin);
        both
    }

    fn visit(&mut self, visitor: &mut dyn FnMut(&mut Parameter<Dev>)) {
        visitor(&mut self.embedding);
    }
}

impl<const H: usize, const W: usize, const C: usize, const K: usize, Dev: Compute>
    LabelProjection<H, W, C, K, Dev>
{
    fn apply<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<Image<H, W, C>, f32, Dev, T>,
        with_bias: bool,
        pass: &mut Pass,
    ) -> Tensor<Image<1, 1, 1>, f32, Dev, T> {
        let batch = x.shape().0;
        let operation = ProjectionOperation { labels: pass.labels(batch, K), features: H * W * C };
        let mut parameters = vec![&mut self.weight, &mut self.embedding];
        parameters.extend(with_bias.then_some(&mut self.bias));
        Dev::apply(operation, x.reshape_like(&(batch, H * W * C)), &mut parameters, pass)
            .reshape_like(&(batch, Const, Const, Const))
    }
}

impl<const H: usize, const W: usize, const C: usize, const K: usize, Dev: Compute> Layer<Image<H, W, C>, Dev>
    for LabelProjection<H, W, C, K, Dev>
{
    type Output = Image<1, 1, 1>;

    const CLASSES: usize = K;

    fn build(builder: &mut Builder<'_, Dev>) -> Self {
        builder.next_layer();
        let features = H * W * C;
        let weight = builder.weight(&[features, 1], Fans { fan_in: features, fan_out: 1 });
        let embedding = builder.drawn("embedding", &[K, features], Fans { fan_in: features, fan_out: K });
        Self { weight, bias: builder.vector("bias", 1, 0.0), embedding }
    }

    fn forward<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<Image<H, W, C>, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Tensor<Self::Output, f32, Dev, T> {
        self.apply(x, true, pass)
    }

    fn tangent<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<Image<H, W, C>, f32, Dev, T>,
        v: Tensor<Image<H, W, C>, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Dual<Self::Output, Dev, T> {
        let mut twin = pass.twin();
        let both = (self.apply(x, true, pass), self.apply(v, false, &mut twin));
        pass.rejoin(twin);
        both
    }

    fn visit(&mut self, visitor: &mut dyn FnMut(&mut Parameter<Dev>)) {
        visitor(&mut self.weight);
        visitor(&mut self.bias);
        visitor(&mut self.embedding);
    }
}

/// What comes after the input: the vector of the class, or, in a tangent, its derivative.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Appended {
    Embedding,
    Zeros,
}

struct EmbeddingOperation {
    labels: Rc<[u32]>,
    inputs: usize,
    width: usize,
    appended: Appended,
}

impl Operation for EmbeddingOperation {
    fn features(&self) -> usize {
        self.inputs + self.width
    }

    fn forward(&mut self, _: usize, x: &[f32], parameters: &[&[f32]], y: &mut [f32]) {
        let rows = x.chunks_exact(self.inputs).zip(&*self.labels);
        for (y, (x, &label)) in y.chunks_exact_mut(self.inputs + self.width).zip(rows) {
            let (copy, appended) = y.split_at_mut(self.inputs);
            copy.copy_from_slice(x);
            match parameters {
                [embedding] => appended.copy_from_slice(row(embedding, label, self.width)),
                _ => appended.fill(0.0),
            }
        }
    }

    fn backward(&mut self, batch: usize, saved: Saved<'_>, wanted: Wanted<'_>) -> Option<Vec<f32>> {
        let features = self.inputs + self.width;
        if let [gradient] = wanted.parameters {
            let unweighted = batch - wanted.weights.len();
            for (example, (dy, &label)) in saved.dy.chunks_exact(features).zip(&*self.labels).enumerate() {
                let weight = example.checked_sub(unweighted).map_or(1.0, |index| wanted.weights[index]);
                add_scaled(weight, &dy[self.inputs..], row_mut(gradient, label, self.width));
            }
        }
        let rows = saved.dy.chunks_exact(features).skip(wanted.x?);
        Some(rows.flat_map(|dy| &dy[..self.inputs]).copied().collect())
    }

    fn composed<Dev: Device<f32>, T: Tape<f32, Dev>>(
        self,
        x: Tensor<Batch, f32, Dev, T>,
        parameters: &mut [&mut Tensor<(usize,), f32, Dev>],
    ) -> Tensor<Batch, f32, Dev, T> {
        let (batch, width) = (x.shape().0, self.width);
        match (self.appended, parameters) {
            (Appended::Embedding, [embedding]) => {
                (x, rows_of(embedding.retaped::<T>(), &self.labels, width)).concat_along(Axis::<1>)
            }
            _ => {
                let zeros: Tensor<Batch, f32, Dev> = x.device().zeros_like(&(batch, width));
                (x, zeros).concat_along(Axis::<1>)
            }
        }
    }
}

struct ProjectionOperation {
    labels: Rc<[u32]>,
    features: usize,
}

impl Operation for ProjectionOperation {
    fn features(&self) -> usize {
        1
    }

    fn forward(&mut self, _: usize, x: &[f32], parameters: &[&[f32]], y: &mut [f32]) {
        let [weight, embedding, bias @ ..] = parameters else { unreachable!("two parameters or three") };
        let bias = bias.first().map_or(0.0, |bias| bias[0]);
        for (y, (h, &label)) in y.iter_mut().zip(x.chunks_exact(self.features).zip(&*self.labels)) {
            let both = weight.iter().zip(row(embedding, label, self.features));
            *y = h.iter().zip(both).map(|(h, (w, e))| h * (w + e)).sum::<f32>() + bias;
        }
    }

    fn backward(&mut self, batch: usize, saved: Saved<'_>, wanted: Wanted<'_>) -> Option<Vec<f32>> {
        let Saved { x, parameters, dy, .. } = saved;
        let rows = || x.chunks_exact(self.features).zip(&dy).zip(&*self.labels);
        if let [dw, de, db @ ..] = wanted.parameters {
            let unweighted = batch - wanted.weights.len();
            for (example, ((h, dy), &label)) in rows().enumerate() {
                let weight = example.checked_sub(unweighted).map_or(1.0, |index| wanted.weights[index]);
                add_scaled(weight * dy, h, dw);
                add_scaled(weight * dy, h, row_mut(de, label, self.features));
                if let [db] = &mut *db {
                    db[0] += weight * dy;
                }
            }
        }
        let first = wanted.x?;
        let mut dx = unspecified((batch - first) * self.features);
        for (dx, ((_, dy), &label)) in dx.chunks_exact_mut(self.features).zip(rows().skip(first)) {
            let both = parameters[0].iter().zip(row(parameters[1], label, self.features));
            dx.iter_mut().zip(both).for_each(|(dx, (w, e))| *dx = dy * (w + e));
        }
        Some(dx)
    }

    fn composed<Dev: Device<f32>, T: Tape<f32, Dev>>(
        self,
        x: Tensor<Batch, f32, Dev, T>,
        parameters: &mut [&mut Tensor<(usize,), f32, Dev>],
    ) -> Tensor<Batch, f32, Dev, T> {
        let shape = *x.shape();
        let [weight, embedding, bias @ ..] = parameters else { unreachable!("two parameters or three") };
        let rows = rows_of(embedding.retaped::<T>(), &self.labels, self.features);
        let both = rows + weight.retaped::<T>().broadcast_like::<_, Axis<0>>(&shape);
        let y = (x * both).sum::<(usize,), Axis<1>>();
        let y = match bias {
            [bias] => y + bias.retaped::<T>().reshape_like(&()).broadcast_like::<_, Axis<0>>(&(shape.0,)),
            _ => y,
        };
        y.reshape_like(&(shape.0, 1))
    }
}

fn row(matrix: &[f32], label: u32, width: usize) -> &[f32] {
    &matrix[label as usize * width..][..width]
}

fn row_mut(matrix: &mut [f32], label: u32, width: usize) -> &mut [f32] {
    &mut matrix[label as usize * width..][..width]
}

fn add_scaled(factor: f32, from: &[f32], to: &mut [f32]) {
    to.iter_mut().zip(from).for_each(|(sum, value)| *sum += factor * value);
}

/// The rows of a (K, width) matrix that the labels name.
fn rows_of<Dev: Device<f32>, T: Tape<f32, Dev>>(
    matrix: Tensor<(usize,), f32, Dev, T>,
    labels: &[u32],
    width: usize,
) -> Tensor<Batch, f32, Dev, T> {
    let classes = matrix.shape().0 / width;
    let index = labels.iter().map(|&label| label as usize).collect();
    let index: Tensor<(usize,), usize, Dev> = matrix.device().tensor_from_vec(index, (labels.len(),));
    matrix.reshape_like(&(classes, width)).gather(index)
}
