use super::compute::{Compute, Operation, Saved, Wanted};
use super::{Batch, Builder, Dual, Elementwise, Layer, Mode, Parameter, Pass};
use crate::config::architecture::layers::Layer as Words;
use atelier_kernels::epilogue::{self as kernels, Epilogue};
use dfdx::prelude::Device;
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{Tape, Tensor};
use dfdx::tensor_ops::ReshapeTo;

/// Inverted dropout (Srivastava et al. 2014): in training, each value is 0 with probability `rate` and x / (1 - rate)
/// otherwise; in evaluation it is x. Any shape.
///
/// Which values fall follows from the pass's key alone. A dropped one is -0, which tells the backward pass.
#[derive(Debug)]
pub struct Dropout {
    rate: f32,
}

impl Dropout {
    fn apply<X: Shape, Dev: Compute, T: Tape<f32, Dev>>(
        &self,
        x: Tensor<X, f32, Dev, T>,
        (key, first_example): (u64, usize),
        pass: &mut Pass,
    ) -> Tensor<X, f32, Dev, T> {
        let shape = *x.shape();
        let batch = shape.concrete()[0];
        let features = shape.num_elements() / batch.max(1);
        let dropout = kernels::Dropout { rate: self.rate, key, first: first_example * features };
        let operation =
            DropoutOperation { epilogue: Epilogue { slope: None, dropout: Some(dropout) }, features };
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
        let mask = pass.next_dropout();
        if !self.is_on(pass) || pass.is_absorbed() { x } else { self.apply(x, mask, pass) }
    }

    fn elementwise(&self, pass: &Pass, list: &mut Vec<Elementwise>) -> bool {
        if self.is_on(pass) {
            // One at most: the key of a second would be another.
            if list.iter().any(|step| matches!(step, Elementwise::Dropout { .. })) {
                return false;
            }
            list.push(Elementwise::Dropout { rate: self.rate, key: pass.dropout_key() });
        }
        true
    }

    fn tangent<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<X, f32, Dev, T>,
        v: Tensor<X, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Dual<X, Dev, T> {
        let mask = pass.next_dropout();
        if !self.is_on(pass) || pass.is_absorbed() {
            return (x, v);
        }
        let mut twin = pass.twin();
        let both = (self.apply(x, mask, pass), self.apply(v, mask, &mut twin));
        pass.rejoin(twin);
        both
    }

    fn visit(&mut self, _: &mut dyn FnMut(&mut Parameter<Dev>)) {}
}

struct DropoutOperation {
    epilogue: Epilogue,
    features: usize,
}

impl Operation for DropoutOperation {
    fn features(&self) -> usize {
        self.features
    }

    fn forward(&mut self, _: usize, x: &[f32], _: &[&[f32]], y: &mut [f32]) {
        y.copy_from_slice(x);
        self.epilogue.apply(None, self.features, y);
    }

    fn backward(&mut self, _: usize, saved: Saved<'_>, wanted: Wanted<'_>) -> Option<Vec<f32>> {
        let Saved { y, mut dy, .. } = saved;
        wanted.x?;
        self.epilogue.backward(y, &mut dy);
        Some(dy)
    }

    fn composed<Dev: Device<f32>, T: Tape<f32, Dev>>(
        self,
        x: Tensor<Batch, f32, Dev, T>,
        _: &mut [&mut Tensor<(usize,), f32, Dev>],
    ) -> Tensor<Batch, f32, Dev, T> {
        let shape = *x.shape();
        let mut mask = vec![1.0; shape.num_elements()];
        self.epilogue.apply(None, self.features, &mut mask);
        let mask = x.device().tensor_from_vec(mask, shape);
        x * mask
    }
}
