//! Layers with compile-time shapes over dfdx's tensors and tape.
//!
//! A layer's sizes are const generics, and a network is a nest of pairs of layers: that the output of one is the input
//! of the next is proved by the compiler. What a layer computes is an [`Operation`], which knows sizes at run time only,
//! so that its code is compiled once and not once per architecture; it has two readings, `atelier_kernels` on the CPU
//! and a composition of dfdx's own operations on every other device.
//!
//! Images are channels-last, `(B, H, W, C)`; a vector is an image of one pixel.

mod activation;
mod batch_norm;
mod compute;
mod conv;
mod dense;
mod dropout;
mod epilogue;
mod initialization;
mod labels;
mod layer_norm;
mod max_pool;
mod maxout;
mod parameter;
mod pass;
mod pick;
mod pool;
mod reshape;
mod residual;
mod weighted_sum;

use dfdx::shapes::{Const, Shape};
use dfdx::tensor::{Tape, Tensor};

pub use crate::config::training::Initialization;
pub use activation::{LeakyRelu, Relu, Sigmoid, Tanh};
pub use batch_norm::BatchNorm;
pub use compute::{Branch, Change, Compute, Operation, read};
pub use conv::{Conv, ConvTranspose};
pub use dense::Dense;
pub use dropout::Dropout;
pub use initialization::Fans;
pub use labels::{LabelEmbedding, LabelProjection};
pub use layer_norm::LayerNorm;
pub use max_pool::MaxPool;
pub use maxout::Maxout;
use parameter::unlearned;
pub use parameter::{Builder, Parameter};
pub use pass::{Elementwise, ExampleWeights, Memory, Pass};
pub use pool::{AveragePool, SumPool, Upsample};
pub use reshape::Reshape;
pub use residual::{Identity, Residual};
pub use weighted_sum::weighted_sum;

/// A batch of images: `(B, H, W, C)` with B known at run time.
pub type Image<const H: usize, const W: usize, const C: usize> = (usize, Const<H>, Const<W>, Const<C>);

/// A batch as the rest of the program sees it: `(B, features)`.
pub type Batch = (usize, usize);

/// Whether batch norm uses the batch's statistics and dropout drops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Batch statistics (which also move the running ones); dropout on.
    Train,
    /// Running statistics; dropout off.
    Evaluate,
}

/// A layer that takes batches of shape `X`.
#[diagnostic::on_unimplemented(
    message = "the layer `{Self}` does not take `{X}`",
    label = "its input has another shape than the layer before it gives"
)]
pub trait Layer<X: Shape, Dev: Compute>: Sized {
    /// The shape of its output.
    type Output: Shape;

    /// Whether in training an example's output depends on that example alone, and not on the others of its batch.
    const INDEPENDENT: bool = true;

    /// How many classes the labels that it reads are of; 0 if it reads none.
    const CLASSES: usize = 0;

    /// Whether its derivative depends on where it is taken other than by jumps, as a tanh's does and a leaky ReLU's does not: the gradient of a
    /// tangent then goes back through the primal pass, too.
    const CURVED: bool = false;

    /// Makes the layer with fresh parameters. A layer whose sizes contradict each other does not compile.
    fn build(builder: &mut Builder<'_, Dev>) -> Self;

    /// The output for `x`, recorded on its tape if it has one.
    fn forward<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<X, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Tensor<Self::Output, f32, Dev, T>;

    /// What this layer and those after it in a row do to each number by itself, added to `list`: the layer before may do it in the same pass
    /// over memory, and these layers then let their input through. Returns whether the row may go on after this layer.
    fn elementwise(&self, _: &Pass, _: &mut Vec<Elementwise>) -> bool {
        false
    }

    /// The output together with its derivative along `v`: (f(x), J(x) v), with the same masks and statistics for both.
    ///
    /// The derivative is itself recorded, as a function of `v`, of the parameters and, where it depends on it, of `x`:
    /// this is what makes exact gradient penalties possible on a first-order tape.
    fn tangent<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<X, f32, Dev, T>,
        v: Tensor<X, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Dual<Self::Output, Dev, T>;

    /// Visits the parameters, always in the same order.
    fn visit(&mut self, visitor: &mut dyn FnMut(&mut Parameter<Dev>));
}

/// A value and its derivative along a direction.
pub type Dual<Y, Dev, T> = (Tensor<Y, f32, Dev, T>, Tensor<Y, f32, Dev, T>);

/// The classes that two layers read labels of: they must agree.
const fn either_or_none(a: usize, b: usize) -> usize {
    if a != 0 && b != 0 && a != b {
        const_panic::concat_panic!("labels of ", a, " classes in one layer, and of ", b, " in another");
    }
    if a > b { a } else { b }
}

/// Lets the layer that is next know what `after`, which follows it, does element by element.
fn offer<X: Shape, Dev: Compute>(after: &impl Layer<X, Dev>, pass: &mut Pass) {
    if Dev::HAS_KERNELS {
        pass.offer(|pass, list| {
            after.elementwise(pass, list);
        });
    }
}

/// Two layers, one after the other.
impl<X: Shape, Dev: Compute, A: Layer<X, Dev>, B: Layer<A::Output, Dev>> Layer<X, Dev> for (A, B) {
    type Output = B::Output;

    const INDEPENDENT: bool = A::INDEPENDENT && B::INDEPENDENT;

    const CURVED: bool = A::CURVED || B::CURVED;

    const CLASSES: usize = either_or_none(A::CLASSES, B::CLASSES);

    fn build(builder: &mut Builder<'_, Dev>) -> Self {
        let first = A::build(builder);
        (first, B::build(builder))
    }

    fn forward<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<X, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Tensor<B::Output, f32, Dev, T> {
        offer::<A::Output, Dev>(&self.1, pass);
        let between = self.0.forward(x, pass);
        self.1.forward(between, pass)
    }

    fn elementwise(&self, pass: &Pass, list: &mut Vec<Elementwise>) -> bool {
        self.0.elementwise(pass, list) && self.1.elementwise(pass, list)
    }

    fn tangent<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<X, f32, Dev, T>,
        v: Tensor<X, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Dual<B::Output, Dev, T> {
        offer::<A::Output, Dev>(&self.1, pass);
        let (between, along) = self.0.tangent(x, v, pass);
        self.1.tangent(between, along, pass)
    }

    fn visit(&mut self, visitor: &mut dyn FnMut(&mut Parameter<Dev>)) {
        self.0.visit(visitor);
        self.1.visit(visitor);
    }
}

#[cfg(test)]
mod tests;
