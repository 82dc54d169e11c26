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
mod initialization;
mod parameter;
mod reshape;

use dfdx::shapes::{Const, Shape};
use dfdx::tensor::{Tape, Tensor};

pub use crate::config::training::Initialization;
pub use activation::{LeakyRelu, Relu, Sigmoid, Tanh};
pub use batch_norm::BatchNorm;
pub use compute::{Change, Compute, Operation, read};
pub use conv::{Conv, ConvTranspose};
pub use dense::Dense;
pub use dropout::Dropout;
pub use initialization::Fans;
pub use parameter::{Builder, Parameter};
pub use reshape::Reshape;

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

/// One pass through a network: what the layers need to know besides their input.
#[derive(Clone, Debug)]
pub struct Pass {
    /// Training or evaluation.
    pub mode: Mode,
    /// Whether the parameters' gradients are wanted. A generator's step needs the discriminator's input gradient only.
    pub parameter_gradients: bool,
    /// Whether the gradient of the layer's input is wanted: not for data, which nothing can learn from.
    pub input_gradient: bool,
    /// Whether values between layers have more than one reader, as they have beside a tangent.
    shared_inputs: bool,
    /// Whether layers are computed from dfdx's operations even where there are kernels.
    composed: bool,
    /// Where dropout's masks come from; passes with one key drop the same values.
    key: u64,
    dropouts: u64,
}

impl Pass {
    /// A training pass whose dropout masks follow from `key`, with all gradients.
    pub fn train(key: u64) -> Self {
        Self {
            mode: Mode::Train,
            parameter_gradients: true,
            input_gradient: true,
            shared_inputs: false,
            composed: false,
            key,
            dropouts: 0,
        }
    }

    /// An evaluation pass.
    pub fn evaluate() -> Self {
        Self { mode: Mode::Evaluate, ..Self::train(0) }
    }

    /// The same without the parameters' gradients.
    pub fn frozen(self) -> Self {
        Self { parameter_gradients: false, ..self }
    }

    /// The same without the gradient of the network's input.
    pub fn from_data(self) -> Self {
        Self { input_gradient: false, ..self }
    }

    /// The same for a pass that carries a tangent along.
    pub fn with_tangent(self) -> Self {
        Self { shared_inputs: true, ..self }
    }

    /// The same computed from dfdx's own operations, as on a device without kernels: slow, and here for comparison.
    pub fn composed(self) -> Self {
        Self { composed: true, ..self }
    }

    /// The key of the next dropout layer.
    fn next_dropout_key(&mut self) -> u64 {
        self.dropouts += 1;
        // An odd constant (2^64 / golden ratio) spreads the layers' keys; the kernel hashes them further.
        self.key.wrapping_add(self.dropouts.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }
}

/// A layer that takes batches of shape `X`.
#[diagnostic::on_unimplemented(
    message = "the layer `{Self}` does not take `{X}`",
    label = "its input has another shape than the layer before it gives"
)]
pub trait Layer<X: Shape, Dev: Compute>: Sized {
    /// The shape of its output.
    type Output: Shape;

    /// Makes the layer with fresh parameters. A layer whose sizes contradict each other does not compile.
    fn build(builder: &mut Builder<'_, Dev>) -> Self;

    /// The output for `x`, recorded on its tape if it has one.
    fn forward<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<X, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Tensor<Self::Output, f32, Dev, T>;

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

/// Two layers, one after the other.
impl<X: Shape, Dev: Compute, A: Layer<X, Dev>, B: Layer<A::Output, Dev>> Layer<X, Dev> for (A, B) {
    type Output = B::Output;

    fn build(builder: &mut Builder<'_, Dev>) -> Self {
        let first = A::build(builder);
        (first, B::build(builder))
    }

    fn forward<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<X, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Tensor<B::Output, f32, Dev, T> {
        let between = self.0.forward(x, pass);
        self.1.forward(between, pass)
    }

    fn tangent<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<X, f32, Dev, T>,
        v: Tensor<X, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Dual<B::Output, Dev, T> {
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
