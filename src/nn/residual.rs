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
        let wanted = pass.input_gradient;
        let (xs, vs) = (Dev::fork(flat(x), pass), Dev::fork(flat(v), pass));
        let [[x, x_again], [v, v_again]] =
            [xs, vs].map(|branches| branches.map(|branch| branch.value.reshape_like(&shape)));
        let (y, along) = self.layers.tangent(x, v, pass);
        let output = *y.shape();
        let first = std::mem::replace(&mut pass.input_gradient, wanted);
        let (y_too, along_too) = self.shortcut.tangent(x_again, v_again, pass);
        let second = pass.input_gradient;
        let mut add = |a, b| {
            let branches = [Branch::new(flat(a), first), Branch::new(flat(b), second)];
            Dev::join(branches, pass).reshape_like(&output)
        };
        (add(y, y_too), add(along, along_too))
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
