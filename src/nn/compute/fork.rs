//! Where a chain of layers parts in two branches, and where they meet again.

use super::{Compute, Link, contiguous, read};
use crate::nn::{Batch, Dual, Pass};
use atelier_kernels::memory::{copied, unspecified};
use atelier_kernels::sum::{add, sum};
use dfdx::prelude::Cpu;
use dfdx::shapes::HasShape;
use dfdx::tensor::{CpuError, Gradients, PutTape, SplitTape, Tape, Tensor, TensorFromVec, WithEmptyTape};

/// A value on its way through a branch, and what the operations on it need to know of the way back.
#[derive(Debug)]
pub struct Branch<Dev: Compute, T> {
    /// The value.
    pub value: Tensor<Batch, f32, Dev, T>,
    /// Where its gradient is put, if it is the last operation's output.
    link: Option<Link>,
    /// From which example on its gradient is wanted, if at all.
    wanted: Option<usize>,
}

impl<Dev: Compute, T: Tape<f32, Dev>> Branch<Dev, T> {
    /// A value whose gradient goes by way of dfdx's list of gradients.
    fn new(value: Tensor<Batch, f32, Dev, T>, wanted: Option<usize>) -> Self {
        Self { value, link: None, wanted }
    }

    /// Takes the value through the layers of the branch. Nothing that comes after the branches may be computed in them.
    pub(in crate::nn) fn through(
        self,
        pass: &mut Pass,
        layers: impl FnOnce(Tensor<Batch, f32, Dev, T>, &mut Pass) -> Tensor<Batch, f32, Dev, T>,
    ) -> Self {
        (pass.last, pass.input_gradient) = (self.link, self.wanted);
        pass.offer(|_, _| {});
        let value = layers(self.value, pass);
        Self { value, link: pass.last.take(), wanted: pass.input_gradient }
    }

    /// [`through`](Self::through) for a value and its tangent.
    pub(in crate::nn) fn both_through(
        x: Self,
        v: Self,
        pass: &mut Pass,
        layers: impl FnOnce(
            Tensor<Batch, f32, Dev, T>,
            Tensor<Batch, f32, Dev, T>,
            &mut Pass,
        ) -> Dual<Batch, Dev, T>,
    ) -> (Self, Self) {
        let mut twin = pass.twin();
        (twin.last, twin.input_gradient) = (v.link, v.wanted);
        pass.rejoin(twin);
        let mut along = None;
        let y = x.through(pass, |x, pass| {
            let (y, tangent) = layers(x, v.value, pass);
            along = Some(tangent);
            y
        });
        let along = along.expect("the layers were taken");
        let twin = pass.twin();
        (y, Self { value: along, link: twin.last, wanted: twin.input_gradient })
    }
}

/// Two readers of one value: both on every device's own tape, which adds their gradients.
pub(super) fn fork<Dev: Compute, T: Tape<f32, Dev>>(
    x: Tensor<Batch, f32, Dev, T>,
    pass: &Pass,
) -> [Branch<Dev, T>; 2] {
    let second = x.with_empty_tape();
    [x, second].map(|value| Branch::new(value, pass.input_gradient))
}

/// The sum of two values, from dfdx's own operation.
pub(super) fn join<Dev: Compute, T: Tape<f32, Dev>>(
    branches: [Branch<Dev, T>; 2],
    pass: &mut Pass,
) -> Tensor<Batch, f32, Dev, T> {
    let [first, second] = branches;
    pass.input_gradient = first.wanted.or(second.wanted).map(|_| 0);
    first.value + second.value
}

/// [`fork`] where operations hand gradients on themselves, each as if it were its input's only reader: so the second reader gets
/// a value of its own, whose gradient is added to the first one's on the way back.
pub(super) fn fork_linked<T: Tape<f32, Cpu>>(
    x: Tensor<Batch, f32, Cpu, T>,
    pass: &Pass,
) -> [Branch<Cpu, T>; 2] {
    let wanted = pass.input_gradient;
    let (x, mut tape) = x.split_tape();
    let x = contiguous(x);
    let link = pass.link_to(&x).cloned();
    let (Some(from), true) = (wanted, T::OWNS_TAPE) else {
        let second = Branch { value: x.clone().put_tape(T::default()), link: None, wanted };
        return [Branch { value: x.put_tape(tape), link, wanted }, second];
    };
    let second = x.device().tensor_from_vec(copied(read(&x)), *x.shape());
    let second_link = Link { output: second.clone(), gradient: Default::default() };
    let first = Branch { value: x.clone(), link: link.clone(), wanted };
    let linked = second_link.clone();
    tape.add_backward_op(move |gradients| {
        let other = linked.take(gradients)?;
        let (batch, features) = *x.shape();
        let wanted = (batch - from) * features;
        let mut cell = link.as_ref().map(|link| link.gradient.borrow_mut());
        match cell.as_mut().and_then(|cell| cell.as_mut()) {
            Some(known) => add_last(wanted, known, &other),
            None => add_last(wanted, &mut **gradients.get_or_alloc_mut(&x)?, &other),
        }
        Ok(())
    });
    [
        Branch { value: first.value.put_tape(tape), link: first.link, wanted },
        Branch { value: second.put_tape(T::default()), link: Some(second_link), wanted },
    ]
}

/// Adds the last `wanted` numbers of `other` to those of `known`, and leaves no others: a branch may give more than is wanted.
fn add_last(wanted: usize, known: &mut Vec<f32>, other: &[f32]) {
    known.drain(..known.len() - wanted);
    add(&other[other.len() - wanted..], known);
}

/// [`join`] that hands its gradient on to both branches.
pub(super) fn join_linked<T: Tape<f32, Cpu>>(
    branches: [Branch<Cpu, T>; 2],
    pass: &mut Pass,
) -> Tensor<Batch, f32, Cpu, T> {
    let shared = pass.shared_inputs;
    let [(a, tape_a, to_a), (b, tape_b, to_b)] = branches.map(|branch| {
        let (value, tape) = branch.value.split_tape();
        let value = contiguous(value);
        let link = branch.link.filter(|link| !shared && link.leads_to(&value));
        let target = branch.wanted.is_some().then(|| Target { value: value.clone(), link });
        (value, tape, target)
    });
    let mut both = unspecified(read(&a).len());
    sum(read(&a), read(&b), &mut both);
    let y = a.device().tensor_from_vec(both, *a.shape());
    let mut tape = tape_a.merge(tape_b);
    pass.input_gradient = to_a.as_ref().or(to_b.as_ref()).map(|_| 0);
    pass.last = None;
    if T::OWNS_TAPE && pass.input_gradient.is_some() {
        let link = Link { output: y.clone(), gradient: Default::default() };
        pass.last = Some(link.clone());
        tape.add_backward_op(move |gradients| {
            let dy = link.take(gradients)?;
            if let (Some(to_a), Some(_)) = (&to_a, &to_b) {
                to_a.give(gradients, dy.clone(), shared)?;
            }
            match to_b.or(to_a) {
                Some(last) => last.give(gradients, dy, shared),
                None => Ok(()),
            }
        });
    }
    y.put_tape(tape)
}

/// Where a branch's gradient goes.
struct Target {
    value: Tensor<Batch, f32, Cpu>,
    link: Option<Link>,
}

impl Target {
    fn give(
        &self,
        gradients: &mut Gradients<f32, Cpu>,
        mut gradient: Vec<f32>,
        shared: bool,
    ) -> Result<(), CpuError> {
        match &self.link {
            Some(link) => *link.gradient.borrow_mut() = Some(gradient),
            None => {
                let known = gradients.get_or_alloc_mut(&self.value)?;
                if shared {
                    add(known, &mut gradient);
                }
                **known = gradient;
            }
        }
        Ok(())
    }
}
