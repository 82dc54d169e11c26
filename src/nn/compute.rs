//! The seam to dfdx's tape: with its submodule the only file that touches its internals.

mod fork;

use super::{Batch, Parameter, Pass};
use atelier_kernels::memory::unspecified;
use atelier_kernels::sum::add;
use dfdx::prelude::{Cpu, Device};
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{CpuError, Gradients, NoneTape, PutTape, SplitTape, Tape, Tensor, TensorFromVec};
use dfdx::tensor_ops::ReshapeTo;
use std::cell::RefCell;
use std::rc::Rc;

pub use fork::Branch;

/// What a layer computes, with sizes at run time, from `(B, features)` to `(B, features')`.
pub trait Operation: Sized + 'static {
    /// Whether its output is all that anything else needs to know of its forward pass.
    const RECALLED: bool = true;

    /// How many numbers of output one example has.
    fn features(&self) -> usize;

    /// Writes `y` from `x` and `parameters`, all row-major. New values of running statistics go into
    /// [`Operation::statistics`].
    fn forward(&mut self, batch: usize, x: &[f32], parameters: &[&[f32]], y: &mut [f32]);

    /// New values for the last parameters, if `forward` moved running statistics.
    fn statistics(&mut self) -> Vec<Vec<f32>> {
        Vec::new()
    }

    /// Gradients, given that of the output: adds those of the parameters, and returns that of the input if it is wanted, from the first
    /// wanted example or from the first of all on.
    fn backward(&mut self, batch: usize, saved: Saved<'_>, wanted: Wanted<'_>) -> Option<Vec<f32>>;

    /// The same from dfdx's own operations, for devices without kernels of ours.
    fn composed<Dev: Device<f32>, T: Tape<f32, Dev>>(
        self,
        x: Tensor<Batch, f32, Dev, T>,
        parameters: &mut [&mut Tensor<(usize,), f32, Dev>],
    ) -> Tensor<Batch, f32, Dev, T>;
}

/// What the forward pass saw and made, and the gradient of its output.
pub struct Saved<'a> {
    /// Input.
    pub x: &'a [f32],
    /// Output.
    pub y: &'a [f32],
    /// The parameters at the time of the forward pass.
    pub parameters: &'a [&'a [f32]],
    /// Gradient of the loss with respect to the output: free to be changed, and to become that of the input.
    pub dy: Vec<f32>,
}

/// The gradients that are wanted.
pub struct Wanted<'a> {
    /// With respect to the input, from this example on.
    pub x: Option<usize>,
    /// With respect to each trainable parameter, empty if none is wanted: added to.
    pub parameters: &'a mut [Vec<f32>],
    /// What the last examples' parts of these are multiplied with, one number each; those of the examples before are taken as they are.
    pub weights: &'a [f32],
}

/// Where the gradient of an operation's output is put by the operation that reads it: directly, and not by way of dfdx's list of
/// gradients, which would fill each one with zeros first.
#[derive(Clone, Debug)]
pub(super) struct Link {
    output: Tensor<Batch, f32, Cpu>,
    gradient: Rc<RefCell<Option<Vec<f32>>>>,
}

impl Link {
    /// Whether `x` is the operation's output: the numbers themselves, which the link keeps alive, so that none other can be in their place.
    pub(super) fn leads_to(&self, x: &Tensor<Batch, f32, Cpu>) -> bool {
        let (output, x) = (read(&self.output), read(x));
        !x.is_empty() && std::ptr::eq(output, x)
    }

    /// Takes the gradient out, whichever way it came. Nothing asks for it again.
    fn take(&self, gradients: &mut Gradients<f32, Cpu>) -> Result<Vec<f32>, CpuError> {
        match self.gradient.take() {
            Some(gradient) => Ok(gradient),
            None => Ok(std::mem::take(&mut **gradients.get_or_alloc_mut(&self.output)?)),
        }
    }
}

/// How a value changes, given a gradient and what is remembered of it: (value, gradient, memory).
pub type Change<'a> = dyn FnMut(&mut [f32], &[f32], &mut [&mut [f32]]) + 'a;

/// A device that layers can be computed on.
pub trait Compute: Device<f32> + TensorFromVec<f32> {
    /// Whether operations are computed by kernels of ours; else they are composed of dfdx's.
    const HAS_KERNELS: bool;

    /// Applies an operation and records it on the tape of `x`, if it has one.
    fn apply<O: Operation, T: Tape<f32, Self>>(
        operation: O,
        x: Tensor<Batch, f32, Self, T>,
        parameters: &mut [&mut Parameter<Self>],
        pass: &mut Pass,
    ) -> Tensor<Batch, f32, Self, T>;

    /// Gives a value to two branches of layers. Each reads it as if it were the only one, and its gradient is the sum of both.
    fn fork<T: Tape<f32, Self>>(x: Tensor<Batch, f32, Self, T>, pass: &Pass) -> [Branch<Self, T>; 2];

    /// The sum of what two branches give.
    fn join<T: Tape<f32, Self>>(
        branches: [Branch<Self, T>; 2],
        pass: &mut Pass,
    ) -> Tensor<Batch, f32, Self, T>;

    /// Takes the gradient of a parameter out of `gradients`.
    fn take_gradient(
        gradients: &mut Gradients<f32, Self>,
        of: &Tensor<(usize,), f32, Self>,
    ) -> Tensor<(usize,), f32, Self>;

    /// Takes the gradient of a batch out of `gradients`, or the part of it that was asked for.
    fn take_flat_gradient(gradients: &mut Gradients<f32, Self>, of: &Tensor<Batch, f32, Self>) -> Vec<f32>;

    /// Σ x², in double precision and a fixed order.
    fn sum_of_squares(tensor: &Tensor<(usize,), f32, Self>) -> f64;

    /// Lets `update` change `value` and `state`, arrays of one length, given a gradient of the same length.
    fn update(
        value: &mut Tensor<(usize,), f32, Self>,
        gradient: &Tensor<(usize,), f32, Self>,
        state: &mut [Tensor<(usize,), f32, Self>],
        update: &mut Change<'_>,
    );
}

impl Compute for Cpu {
    const HAS_KERNELS: bool = true;

    fn apply<O: Operation, T: Tape<f32, Self>>(
        mut operation: O,
        x: Tensor<Batch, f32, Self, T>,
        parameters: &mut [&mut Parameter<Self>],
        pass: &mut Pass,
    ) -> Tensor<Batch, f32, Self, T> {
        if pass.composed {
            return composed(operation, x, parameters);
        }
        let (x, mut tape) = x.split_tape();
        let x = contiguous(x);
        let batch = x.shape().0;
        if O::RECALLED
            && let Some(y) = pass.recall((batch, operation.features()))
        {
            return y.put_tape(tape);
        }
        let values: Vec<_> = parameters.iter().map(|parameter| parameter.value.clone()).collect();
        let mut y = unspecified(batch * operation.features());
        let slices: Vec<_> = values.iter().map(read).collect();
        operation.forward(batch, read(&x), &slices, &mut y);
        let statistics = operation.statistics();
        let first = parameters.len() - statistics.len();
        for (parameter, new) in parameters[first..].iter_mut().zip(statistics) {
            let length = new.len();
            parameter.value = x.device().tensor_from_vec(new, (length,));
        }
        let y = x.device().tensor_from_vec(y, (batch, operation.features()));
        if O::RECALLED {
            pass.remember(&y);
        }

        let wants_x = pass.input_gradient;
        let wants_parameters = pass.parameter_gradients && !parameters.is_empty();
        // Whatever comes after a layer that learns must hand its gradient back to it.
        pass.input_gradient = (wants_x.is_some() || wants_parameters).then_some(0);
        if T::OWNS_TAPE && pass.input_gradient.is_some() {
            let trainable = parameters.iter().filter(|parameter| parameter.trainable).count();
            let shared = pass.shared_inputs;
            let weights = pass.example_weights.clone();
            let before = pass.link_to(&x).map(|link| link.gradient.clone());
            let link = Link { output: y.clone(), gradient: Rc::default() };
            pass.last = Some(link.clone());
            tape.add_backward_op(move |gradients| {
                // Buffers are taken out, so that several can be borrowed at once, and put back when they are filled.
                let dy = link.take(gradients)?;
                let mut dparameters = Vec::new();
                if wants_parameters {
                    for value in &values[..trainable] {
                        dparameters.push(std::mem::take(&mut **gradients.get_or_alloc_mut(value)?));
                    }
                }
                let slices: Vec<_> = values.iter().map(read).collect();
                let dx = operation.backward(
                    batch,
                    Saved { x: read(&x), y: read(&link.output), parameters: &slices, dy },
                    Wanted {
                        x: wants_x,
                        parameters: &mut dparameters,
                        weights: weights.as_ref().map_or(&[], |weights| {
                            weights.get().expect("examples are weighed before the way back")
                        }),
                    },
                );
                if let (Some(mut dx), Some(first)) = (dx, wants_x) {
                    let features = x.shape().1;
                    dx.drain(..dx.len() - (batch - first) * features);
                    match before {
                        Some(before) => *before.borrow_mut() = Some(dx),
                        None => {
                            let known = gradients.get_or_alloc_mut(&x)?;
                            // In a chain the input has this one reader, and its gradient is still zero; beside a tangent it is not.
                            if shared {
                                add(known, &mut dx);
                            }
                            **known = dx;
                        }
                    }
                }
                for (value, gradient) in values.iter().zip(dparameters) {
                    **gradients.get_or_alloc_mut(value)? = gradient;
                }
                Ok(())
            });
        }
        y.put_tape(tape)
    }

    fn fork<T: Tape<f32, Self>>(x: Tensor<Batch, f32, Self, T>, pass: &Pass) -> [Branch<Self, T>; 2] {
        if pass.composed { fork::fork(x, pass) } else { fork::fork_linked(x, pass) }
    }

    fn join<T: Tape<f32, Self>>(
        branches: [Branch<Self, T>; 2],
        pass: &mut Pass,
    ) -> Tensor<Batch, f32, Self, T> {
        if pass.composed { fork::join(branches, pass) } else { fork::join_linked(branches, pass) }
    }

    fn take_gradient(
        gradients: &mut Gradients<f32, Self>,
        of: &Tensor<(usize,), f32, Self>,
    ) -> Tensor<(usize,), f32, Self> {
        let buffer = gradients.get_or_alloc_mut(of).unwrap_or_else(|error| panic!("out of memory: {error}"));
        let gradient = std::mem::take(&mut **buffer);
        let length = gradient.len();
        of.device().tensor_from_vec(gradient, (length,))
    }

    fn take_flat_gradient(gradients: &mut Gradients<f32, Self>, of: &Tensor<Batch, f32, Self>) -> Vec<f32> {
        let buffer = gradients.get_or_alloc_mut(of).unwrap_or_else(|error| panic!("out of memory: {error}"));
        std::mem::take(&mut **buffer)
    }

    fn sum_of_squares(tensor: &Tensor<(usize,), f32, Self>) -> f64 {
        atelier_kernels::reduce::sum_of_squares(read(tensor))
    }

    fn update(
        value: &mut Tensor<(usize,), f32, Self>,
        gradient: &Tensor<(usize,), f32, Self>,
        state: &mut [Tensor<(usize,), f32, Self>],
        update: &mut Change<'_>,
    ) {
        let mut state: Vec<_> = state.iter_mut().map(write).collect();
        update(write(value), read(gradient), &mut state);
    }
}

#[cfg(feature = "cuda")]
impl Compute for dfdx::prelude::Cuda {
    const HAS_KERNELS: bool = false;

    fn apply<O: Operation, T: Tape<f32, Self>>(
        operation: O,
        x: Tensor<Batch, f32, Self, T>,
        parameters: &mut [&mut Parameter<Self>],
        _: &mut Pass,
    ) -> Tensor<Batch, f32, Self, T> {
        composed(operation, x, parameters)
    }

    fn fork<T: Tape<f32, Self>>(x: Tensor<Batch, f32, Self, T>, pass: &Pass) -> [Branch<Self, T>; 2] {
        fork::fork(x, pass)
    }

    fn join<T: Tape<f32, Self>>(
        branches: [Branch<Self, T>; 2],
        pass: &mut Pass,
    ) -> Tensor<Batch, f32, Self, T> {
        fork::join(branches, pass)
    }

    fn take_gradient(
        gradients: &mut Gradients<f32, Self>,
        of: &Tensor<(usize,), f32, Self>,
    ) -> Tensor<(usize,), f32, Self> {
        // A bias that a tangent does not depend on has none yet.
        let _ = gradients.get_or_alloc_mut(of).unwrap_or_else(|error| panic!("out of memory: {error}"));
        gradients.get(of)
    }

    fn take_flat_gradient(gradients: &mut Gradients<f32, Self>, of: &Tensor<Batch, f32, Self>) -> Vec<f32> {
        gradients.get(of).as_vec()
    }

    fn sum_of_squares(tensor: &Tensor<(usize,), f32, Self>) -> f64 {
        atelier_kernels::reduce::sum_of_squares(&tensor.as_vec())
    }

    fn update(
        value: &mut Tensor<(usize,), f32, Self>,
        gradient: &Tensor<(usize,), f32, Self>,
        state: &mut [Tensor<(usize,), f32, Self>],
        update: &mut Change<'_>,
    ) {
        // The update rules run on the host: one transfer each way of some ten megabytes a step.
        let mut host = value.as_vec();
        let mut hosted: Vec<_> = state.iter().map(Tensor::as_vec).collect();
        update(
            &mut host,
            &gradient.as_vec(),
            &mut hosted.iter_mut().map(Vec::as_mut_slice).collect::<Vec<_>>(),
        );
        value.copy_from(&host);
        for (tensor, values) in state.iter_mut().zip(&hosted) {
            tensor.copy_from(values);
        }
    }
}

/// What every device can do.
fn composed<O: Operation, Dev: Compute, T: Tape<f32, Dev>>(
    operation: O,
    x: Tensor<Batch, f32, Dev, T>,
    parameters: &mut [&mut Parameter<Dev>],
) -> Tensor<Batch, f32, Dev, T> {
    let mut values: Vec<_> = parameters.iter_mut().map(|parameter| &mut parameter.value).collect();
    operation.composed(x, &mut values)
}

/// The same tensor in row-major order.
fn contiguous<S: Shape>(x: Tensor<S, f32, Cpu>) -> Tensor<S, f32, Cpu> {
    let shape = *x.shape();
    x.reshape_like(&shape)
}

/// The numbers of a row-major tensor, without a copy.
///
/// dfdx gives no such access, and copying every activation at every layer costs a tenth of a training step; but it
/// does hand out a reference to one element.
#[allow(unsafe_code)]
pub fn read<S: Shape>(tensor: &Tensor<S, f32, Cpu, NoneTape>) -> &[f32] {
    let length = tensor.shape().num_elements();
    if length == 0 {
        return &[];
    }
    let mut last = tensor.shape().concrete();
    for index in 0..S::NUM_DIMS {
        last[index] -= 1;
    }
    let first: *const f32 = &tensor[S::Concrete::default()];
    // Both ends are bounds-checked by dfdx; broadcast (repeated) or strided tensors do not span their length.
    assert_eq!(
        &raw const tensor[last],
        first.wrapping_add(length - 1),
        "only row-major tensors can be read in place"
    );
    // SAFETY: a `Cpu` tensor's elements lie in one `Vec<f32>` which the tensor keeps alive and unchanged while it is
    // borrowed; the first and the last element were just found `length - 1` apart in it, so all between are in bounds
    // and initialised.
    unsafe { std::slice::from_raw_parts(first, length) }
}

/// The numbers of a row-major vector, to be changed in place. Other tensors that share them keep the old ones.
#[allow(unsafe_code)]
fn write(tensor: &mut Tensor<(usize,), f32, Cpu, NoneTape>) -> &mut [f32] {
    let length = tensor.shape().0;
    if length == 0 {
        return &mut [];
    }
    assert_eq!(read(tensor).len(), length);
    // `IndexMut` makes the data unique first, copying it if it is shared.
    let first: *mut f32 = &mut tensor[[0]];
    // SAFETY: as in `read`; the data is now this tensor's alone, and the tensor is borrowed mutably for as long as the
    // slice lives.
    unsafe { std::slice::from_raw_parts_mut(first, length) }
}
