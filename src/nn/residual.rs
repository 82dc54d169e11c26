use super::compute::{Branch, Compute};
use super::{Batch, Builder, Dual, Layer, Parameter, Pass, either_or_none};
use crate::config::architecture::layers::Layer as Words;
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{Tape, Tensor};
use dfdx::tensor_ops::ReshapeTo;

/// The sum of two branches that read one input (He et al. 2016): y = F(x) + G(x), where G may be the [`Identity`].
///
/// Both branches give the same shape, or it does not compile. It treats examples independently if both do.
#[derive(Debug)]
pub struct Residual<F, G> {
    layers: F,
    shortcut: G,
}

/// x itself: the shortcut of a residual block that has no layers.
#[derive(Debug)]
pub struct Identity;

impl<X: Shape, Dev: Compute> Layer<X, Dev> for Identity {
    type Output = X;

    fn build(_: &mut Builder<'_, Dev>) -> Self {
        Self
    }

    fn forward<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<X, f32, Dev, T>,
        _: &mut Pass,
    ) -> Tensor<X, f32, Dev, T> {
        x
    }

    fn tangent<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<X, f32, Dev, T>,
        v: Tensor<X, f32, Dev, T>,
        _: &mut Pass,
    ) -> Dual<X, Dev, T> {
        (x, v)
    }

    fn visit(&mut self, _: &mut dyn FnMut(&mut Parameter<Dev>)) {}
}

impl<X: Shape, Dev: Compute, F: Layer<X, Dev>, G: Layer<X, Dev, Output = F::Output>> Layer<X, Dev>
    for Residual<F, G>
{
    type Output = F::Output;

    const INDEPENDENT: bool = F::INDEPENDENT && G::INDEPENDENT;

    const CURVED: bool = F::CURVED || G::CURVED;

    const CLASSES: usize = either_or_none(F::CLASSES, G::CLASSES);

    fn build(builder: &mut Builder<'_, Dev>) -> Self {
        let Words::Residual(words) = builder.next_layer() else {
            panic!("types and words come from one list")
        };
        let layers = builder.branch("layers", &words.layers, F::build);
        let shortcut = builder.branch("shortcut", &words.shortcut, G::build);
        Self { layers, shortcut }
    }

    fn forward<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<X, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Tensor<Self::Output, f32, Dev, T> {
        let shape = *x.shape();
        let [first, second] = Dev::fork(flat(x), pass);
        let mut output = None;
        let first = first.through(pass, |x, pass| {
            let y = self.layers.forward(x.reshape_like(&shape), pass);
            output = Some(*y.shape());
            flat(y)
        });
        let second =
            second.through(pass, |x, pass| flat(self.shortcut.forward(x.reshape_like(&shape), pass)));
        let output = output.expect("the first branch was taken");
        Dev::join([first, second], pass).reshape_like(&output)
    }

    fn tangent<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<X, f32, Dev, T>,
        v: Tensor<X, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Dual<Self::Output, Dev, T> {
        let shape = *x.shape();
        let (twin, mut output) = (pass.twin(), None);
        let ([x, x_again], [v, v_again]) = (Dev::fork(flat(x), pass), Dev::fork(flat(v), &twin));
        let first = Branch::both_through(x, v, pass, |x, v, pass| {
            let (y, along) = self.layers.tangent(x.reshape_like(&shape), v.reshape_like(&shape), pass);
            output = Some(*y.shape());
            (flat(y), flat(along))
        });
        let second = Branch::both_through(x_again, v_again, pass, |x, v, pass| {
            let (y, along) = self.shortcut.tangent(x.reshape_like(&shape), v.reshape_like(&shape), pass);
            (flat(y), flat(along))
        });
        let output = output.expect("the first branch was taken");
        let mut twin = pass.twin();
        let y = Dev::join([first.0, second.0], pass).reshape_like(&output);
        let along = Dev::join([first.1, second.1], &mut twin).reshape_like(&output);
        pass.rejoin(twin);
        (y, along)
    }

    fn visit(&mut self, visitor: &mut dyn FnMut(&mut Parameter<Dev>)) {
        self.layers.visit(visitor);
        self.shortcut.visit(visitor);
    }
}

/// (B, …) -> (B, features).
fn flat<X: Shape, Dev: Compute, T: Tape<f32, Dev>>(x: Tensor<X, f32, Dev, T>) -> Tensor<Batch, f32, Dev, T> {
    let batch = x.shape().concrete()[0];
    let features = x.shape().num_elements() / batch.max(1);
    x.reshape_like(&(batch, features))
}
