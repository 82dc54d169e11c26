use super::compute::{Compute, Operation, Saved, Wanted};
use super::{Batch, Builder, Dual, Layer, Mode, Parameter, Pass};
use crate::config::architecture::layers::Layer as Words;
use atelier_kernels::dropout::{dropout, dropout_backward};
use dfdx::prelude::Device;
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{Tape, Tensor};
use dfdx::tensor_ops::ReshapeTo;

/// Inverted dropout (Srivastava et al. 2014): in training, each value is 0 with probability `rate` and x / (1 - rate)
/// otherwise; in evaluation it is x. Any shape.
///
/// Which values fall follows from the pass's key alone, so backward draws the mask again instead of keeping it.
#[derive(Debug)]
pub struct Dropout {
    rate: f32,
}

impl Dropout {
    fn apply<X: Shape, Dev: Compute, T: Tape<f32, Dev>>(
        &self,
        x: Tensor<X, f32, Dev, T>,
        key: u64,
        pass: &mut Pass,
    ) -> Tensor<X, f32, Dev, T> {
        let shape = *x.shape();
        let batch = shape.concrete()[0];
        let features = shape.num_elements() / batch.max(1);
        let operation = DropoutOperation { rate: self.rate, key, features };
        Dev::apply(operation, x.reshape_like(&(batch, features)), &mut [], pass).reshape_like(&shape)
    }

    fn is_on(&self, pass: &Pass) -> bool {
        pass.mode == Mode::Train && self.rate > 0.0
    }
}

impl<X: Shape, Dev: Compute> Layer<X, Dev> for Dropout {
    type Output = X;

    fn build(builder: &mut Builder<'_, Dev>) -> Self {
        let Words::Dropout(rate) = *builder.next_layer() else {
            panic!("types and words come from one list")
        };
        Self { rate }
    }

    fn forward<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<X, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Tensor<X, f32, Dev, T> {
        let key = pass.next_dropout_key();
        if self.is_on(pass) { self.apply(x, key, pass) } else { x }
    }

    fn tangent<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<X, f32, Dev, T>,
        v: Tensor<X, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Dual<X, Dev, T> {
        let key = pass.next_dropout_key();
        if self.is_on(pass) { (self.apply(x, key, pass), self.apply(v, key, pass)) } else { (x, v) }
    }

    fn visit(&mut self, _: &mut dyn FnMut(&mut Parameter<Dev>)) {}
}

struct DropoutOperation {
    rate: f32,
    key: u64,
    features: usize,
}

impl Operation for DropoutOperation {
    fn features(&self) -> usize {
        self.features
    }

    fn forward(&mut self, _: usize, x: &[f32], _: &[&[f32]], y: &mut [f32]) {
        dropout(x, self.rate, self.key, y);
    }

    fn backward(&mut self, _: usize, saved: Saved<'_>, wanted: Wanted<'_>) {
        if let Some(dx) = wanted.x {
            dropout_backward(saved.dy, self.rate, self.key, dx);
        }
    }

    fn composed<Dev: Device<f32>, T: Tape<f32, Dev>>(
        self,
        x: Tensor<Batch, f32, Dev, T>,
        _: &mut [&mut Tensor<(usize,), f32, Dev>],
    ) -> Tensor<Batch, f32, Dev, T> {
        let shape = *x.shape();
        let ones = vec![1.0; shape.num_elements()];
        let mut mask = vec![0.0; ones.len()];
        dropout(&ones, self.rate, self.key, &mut mask);
        let mask = x.device().tensor_from_vec(mask, shape);
        x * mask
    }
}
