//! The seam between compile time and run time: every network that this program was built with, behind one trait.
//!
//! Above this line training code sees `(batch, features)` tensors and a `Box<dyn Network>`, so it is compiled once and
//! not once per architecture.

use crate::architecture;
use crate::nn::{Batch, Builder, Compute, Dual, Image, Initialization, Layer, Parameter, Pass};
use crate::random::Stream;
use dfdx::shapes::{Const, HasShape, Shape};
use dfdx::tensor::{OwnedTape, Tape, Tensor};
use dfdx::tensor_ops::ReshapeTo;

/// A batch that records what is done to it.
pub type Traced<Dev> = Tensor<Batch, f32, Dev, OwnedTape<f32, Dev>>;

/// A network of any shape.
pub trait Network<Dev: Compute> {
    /// (B, inputs) -> (B, outputs), without a tape.
    fn forward(&mut self, x: Tensor<Batch, f32, Dev>, pass: Pass) -> Tensor<Batch, f32, Dev>;

    /// (B, inputs) -> (B, outputs), recorded on the tape of `x`.
    fn traced(&mut self, x: Traced<Dev>, pass: Pass) -> Traced<Dev>;

    /// Output and its derivative along `v`, both (B, outputs), recorded as a function of `x`, `v` and the parameters.
    fn tangent(&mut self, x: Traced<Dev>, v: Traced<Dev>, pass: Pass) -> (Traced<Dev>, Traced<Dev>);

    /// Whether in training an example's output depends on that example alone, and not on the others of its batch.
    fn treats_examples_independently(&self) -> bool;

    /// Whether the gradient of a tangent depends on the primal pass: see [`Layer::CURVED`].
    fn is_curved(&self) -> bool;

    /// How many classes the labels that it reads are of, if it reads any: see [`Layer::CLASSES`].
    fn classes(&self) -> Option<usize>;

    /// Visits every parameter and running statistic, always in the same order.
    fn visit(&mut self, visitor: &mut dyn FnMut(&mut Parameter<Dev>));
}

/// Layers with their input's shape, which `(batch, features)` has lost.
struct Built<const H: usize, const W: usize, const C: usize, L>(L);

impl<const H: usize, const W: usize, const C: usize, L> Built<H, W, C, L> {
    fn unfold<Dev: Compute, T: Tape<f32, Dev>>(
        x: Tensor<Batch, f32, Dev, T>,
    ) -> Tensor<Image<H, W, C>, f32, Dev, T> {
        let batch = x.shape().0;
        x.reshape_like(&(batch, Const, Const, Const))
    }

    fn fold<Y: Shape, Dev: Compute, T: Tape<f32, Dev>>(
        y: Tensor<Y, f32, Dev, T>,
    ) -> Tensor<Batch, f32, Dev, T> {
        let shape = *y.shape();
        let batch = shape.concrete()[0];
        y.reshape_like(&(batch, shape.num_elements() / batch.max(1)))
    }
}

impl<const H: usize, const W: usize, const C: usize, Dev: Compute, L: Layer<Image<H, W, C>, Dev>> Network<Dev>
    for Built<H, W, C, L>
{
    fn forward(&mut self, x: Tensor<Batch, f32, Dev>, mut pass: Pass) -> Tensor<Batch, f32, Dev> {
        Self::fold(self.0.forward(Self::unfold(x), &mut pass))
    }

    fn traced(&mut self, x: Traced<Dev>, mut pass: Pass) -> Traced<Dev> {
        Self::fold(self.0.forward(Self::unfold(x), &mut pass))
    }

    fn tangent(&mut self, x: Traced<Dev>, v: Traced<Dev>, pass: Pass) -> (Traced<Dev>, Traced<Dev>) {
        let (y, along): Dual<_, Dev, _> =
            self.0.tangent(Self::unfold(x), Self::unfold(v), &mut pass.with_tangent(L::CURVED));
        (Self::fold(y), Self::fold(along))
    }

    fn treats_examples_independently(&self) -> bool {
        L::INDEPENDENT
    }

    fn is_curved(&self) -> bool {
        L::CURVED
    }

    fn classes(&self) -> Option<usize> {
        (L::CLASSES > 0).then_some(L::CLASSES)
    }

    fn visit(&mut self, visitor: &mut dyn FnMut(&mut Parameter<Dev>)) {
        self.0.visit(visitor);
    }
}

/// A network of this shape with fresh weights, or `None` if this program was built without it.
///
/// Weights are drawn from `weights` as `initialization` says.
pub fn build<Dev: Compute>(
    network: &architecture::Network,
    device: Dev,
    initialization: Initialization,
    weights: Stream,
) -> Option<Box<dyn Network<Dev>>> {
    let mut builder = Builder::new(device, network.layers(), initialization, weights);
    generated::construct(&network.key(), &mut builder)
}

/// Whether this program was built with a network of this shape.
pub fn holds(network: &architecture::Network) -> bool {
    generated::KEYS.contains(&network.key().as_str())
}

/// Layers as a network of any shape.
pub(crate) fn boxed<
    const H: usize,
    const W: usize,
    const C: usize,
    Dev: Compute,
    L: Layer<Image<H, W, C>, Dev> + 'static,
>(
    builder: &mut Builder<'_, Dev>,
) -> Box<dyn Network<Dev>> {
    Box::new(Built::<H, W, C, L>(L::build(builder)))
}

/// Written by `build.rs` from the files in `experiments/`.
mod generated {
    use super::{Network, boxed};
    use crate::nn::*;

    include!(concat!(env!("OUT_DIR"), "/networks.rs"));
}
