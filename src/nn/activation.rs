use super::compute::{Compute, Operation, Saved, Wanted};
use super::{Batch, Builder, Dual, Elementwise, Layer, Parameter, Pass, unlearned};
use crate::config::architecture::layers::Layer as Words;
use atelier_kernels::activation;
use dfdx::prelude::Device;
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{PutTape, SplitTape, Tape, Tensor, WithEmptyTape};
use dfdx::tensor_ops::{ChooseFrom, ReshapeTo, TryGt};

/// max(x, slope·x), slope in [0, 1] (Maas et al. 2013). Any shape.
#[derive(Debug)]
pub struct LeakyRelu {
    slope: f32,
}

/// max(x, 0). Any shape.
#[derive(Debug)]
pub struct Relu;

/// Hyperbolic tangent. Any shape.
#[derive(Debug)]
pub struct Tanh;

/// Logistic sigmoid 1 / (1 + e⁻ˣ). Any shape.
#[derive(Debug)]
pub struct Sigmoid;

/// Which function, at run time.
#[derive(Clone, Copy, Debug)]
enum Function {
    LeakyRelu(f32),
    Tanh,
    Sigmoid,
}

fn apply<X: Shape, Dev: Compute, T: Tape<f32, Dev>>(
    function: Function,
    x: Tensor<X, f32, Dev, T>,
    pass: &mut Pass,
) -> Tensor<X, f32, Dev, T> {
    let shape = *x.shape();
    let batch = shape.concrete()[0];
    let features = shape.num_elements() / batch.max(1);
    Dev::apply(Activation { function, features }, x.reshape_like(&(batch, features)), &mut [], pass)
        .reshape_like(&shape)
}

/// The tangent of a piecewise linear function: v times the slope at x, which is constant between the kinks.
fn along_pieces<X: Shape, Dev: Compute, T: Tape<f32, Dev>>(
    slope: f32,
    x: Tensor<X, f32, Dev>,
    v: Tensor<X, f32, Dev, T>,
    pass: &mut Pass,
) -> Tensor<X, f32, Dev, T> {
    let shape = *v.shape();
    let batch = shape.concrete()[0];
    let features = shape.num_elements() / batch.max(1);
    let mut primal = unlearned(x);
    Dev::apply(Slopes { slope, features }, v.reshape_like(&(batch, features)), &mut [&mut primal], pass)
        .reshape_like(&shape)
}

/// v times the slope of a leaky ReLU at x, which is its parameter.
struct Slopes {
    slope: f32,
    features: usize,
}

impl Operation for Slopes {
    fn features(&self) -> usize {
        self.features
    }

    fn forward(&mut self, _: usize, v: &[f32], parameters: &[&[f32]], y: &mut [f32]) {
        activation::leaky_relu_along(parameters[0], v, self.slope, y);
    }

    fn backward(&mut self, _: usize, saved: Saved<'_>, wanted: Wanted<'_>) -> Option<Vec<f32>> {
        let Saved { parameters, mut dy, .. } = saved;
        wanted.x?;
        activation::leaky_relu_backward(parameters[0], &mut dy, self.slope);
        Some(dy)
    }

    fn composed<Dev: Device<f32>, T: Tape<f32, Dev>>(
        self,
        v: Tensor<Batch, f32, Dev, T>,
        parameters: &mut [&mut Tensor<(usize,), f32, Dev>],
    ) -> Tensor<Batch, f32, Dev, T> {
        let x = parameters[0].clone().reshape_like(v.shape());
        let (ones, slopes) = (x.device().ones_like(&x), x.device().ones_like(&x) * self.slope);
        v * x.gt(0.0f32).choose(ones, slopes)
    }
}

/// Implements an activation without parameters from its function and its tangent.
macro_rules! activation {
    ($name:ident, $curved:literal, $build:expr, $function:expr, $along:expr $(, $elementwise:expr)?) => {
        impl<X: Shape, Dev: Compute> Layer<X, Dev> for $name {
            type Output = X;

            const CURVED: bool = $curved;

            fn build(builder: &mut Builder<'_, Dev>) -> Self {
                $build(builder.next_layer())
            }

            fn forward<T: Tape<f32, Dev>>(
                &mut self,
                x: Tensor<X, f32, Dev, T>,
                pass: &mut Pass,
            ) -> Tensor<X, f32, Dev, T> {
                $(
                    let _ = $elementwise;
                    if pass.is_absorbed() {
                        return x;
                    }
                )?
                apply($function(self), x, pass)
            }

            $(
                fn elementwise(&self, _: &Pass, list: &mut Vec<Elementwise>) -> bool {
                    list.push(Elementwise::LeakyRelu($elementwise(self)));
                    true
                }
            )?

            fn tangent<T: Tape<f32, Dev>>(
                &mut self,
                x: Tensor<X, f32, Dev, T>,
                v: Tensor<X, f32, Dev, T>,
                pass: &mut Pass,
            ) -> Dual<X, Dev, T> {
                $(
                    let _ = $elementwise;
                    if pass.is_absorbed() {
                        return (x, v);
                    }
                )?
                let mut twin = pass.twin();
                let primal: Tensor<X, f32, Dev> = x.retaped();
                let y = apply($function(self), x, pass);
                let along = $along(self, primal, y.retaped(), v, &mut twin);
                pass.rejoin(twin);
                (y, along)
            }

            fn visit(&mut self, _: &mut dyn FnMut(&mut Parameter<Dev>)) {}
        }
    };
}

activation!(
    LeakyRelu,
    false,
    |words: &Words| {
        let Words::LeakyRelu(slope) = *words else { panic!("types and words come from one list") };
        LeakyRelu { slope }
    },
    |this: &LeakyRelu| Function::LeakyRelu(this.slope),
    |this: &LeakyRelu, x, _: Tensor<X, f32, Dev, T>, v, pass| along_pieces(this.slope, x, v, pass),
    |this: &LeakyRelu| this.slope
);
activation!(
    Relu,
    false,
    |_| Relu,
    |_: &Relu| Function::LeakyRelu(0.0),
    |_: &Relu, x, _: Tensor<X, f32, Dev, T>, v, pass| along_pieces(0.0, x, v, pass),
    |_: &Relu| 0.0
);
// The tangents of the smooth ones depend on y, and say so on the tape: y's gradient flows into the forward pass.
activation!(
    Tanh,
    true,
    |_| Tanh,
    |_: &Tanh| Function::Tanh,
    |_: &Tanh, _, y: Tensor<X, f32, Dev, T>, v, _: &mut Pass| v * (y.square().negate() + 1.0)
);
activation!(
    Sigmoid,
    true,
    |_| Sigmoid,
    |_: &Sigmoid| Function::Sigmoid,
    |_: &Sigmoid, _, y: Tensor<X, f32, Dev, T>, v, _: &mut Pass| v * (y.with_empty_tape() - y.square())
);

struct Activation {
    function: Function,
    features: usize,
}

impl Operation for Activation {
    fn features(&self) -> usize {
        self.features
    }

    fn forward(&mut self, _: usize, x: &[f32], _: &[&[f32]], y: &mut [f32]) {
        match self.function {
            Function::LeakyRelu(slope) => activation::leaky_relu(x, slope, y),
            Function::Tanh => activation::tanh(x, y),
            Function::Sigmoid => activation::sigmoid(x, y),
        }
    }

    fn backward(&mut self, _: usize, saved: Saved<'_>, wanted: Wanted<'_>) -> Option<Vec<f32>> {
        let Saved { x, y, mut dy, .. } = saved;
        wanted.x?;
        match self.function {
            Function::LeakyRelu(slope) => activation::leaky_relu_backward(x, &mut dy, slope),
            Function::Tanh => activation::tanh_backward(y, &mut dy),
            Function::Sigmoid => activation::sigmoid_backward(y, &mut dy),
        }
        Some(dy)
    }

    fn composed<Dev: Device<f32>, T: Tape<f32, Dev>>(
        self,
        x: Tensor<Batch, f32, Dev, T>,
        _: &mut [&mut Tensor<(usize,), f32, Dev>],
    ) -> Tensor<Batch, f32, Dev, T> {
        match self.function {
            Function::LeakyRelu(slope) => {
                let (x, tape) = x.split_tape();
                let ones = x.device().ones_like(&x);
                let mask = x.gt(0.0f32).choose(ones.clone(), ones * slope);
                x.put_tape(tape) * mask
            }
            Function::Tanh => x.tanh(),
            Function::Sigmoid => x.sigmoid(),
        }
    }
}
