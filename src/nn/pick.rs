use super::compute::{Compute, Operation, Saved, Wanted};
use super::{Batch, Dual, Pass};
use dfdx::prelude::Device;
use dfdx::shapes::HasShape;
use dfdx::tensor::{Tape, Tensor};
use dfdx::tensor_ops::GatherTo;
use std::cell::OnceCell;
use std::rc::Rc;

/// Of an example's numbers, those among which each output is chosen: `size` indices per output, one after the other.
pub(super) struct Windows {
    pub(super) size: usize,
    pub(super) indices: Vec<u32>,
}

/// The largest number of each window, (B, F) -> (B, windows): of equal ones the first.
pub(super) fn largest<Dev: Compute, T: Tape<f32, Dev>>(
    x: Tensor<Batch, f32, Dev, T>,
    windows: Windows,
    pass: &mut Pass,
) -> Tensor<Batch, f32, Dev, T> {
    apply(x, windows, &Winners::default(), pass)
}

/// [`largest`] and its derivative along `v`, which is v at the places that won: constant between the kinks.
pub(super) fn largest_along<Dev: Compute, T: Tape<f32, Dev>>(
    x: Tensor<Batch, f32, Dev, T>,
    v: Tensor<Batch, f32, Dev, T>,
    windows: Windows,
    pass: &mut Pass,
) -> Dual<Batch, Dev, T> {
    let (mut twin, winners) = (pass.twin(), Winners::default());
    let (inputs, outputs) = (x.shape().1, windows.indices.len() / windows.size);
    let y = apply(x, windows, &winners, pass);
    let pick = Pick { windows: None, winners, inputs, outputs };
    let along = Dev::apply(pick, v, &mut [], &mut twin);
    pass.rejoin(twin);
    (y, along)
}

fn apply<Dev: Compute, T: Tape<f32, Dev>>(
    x: Tensor<Batch, f32, Dev, T>,
    windows: Windows,
    winners: &Winners,
    pass: &mut Pass,
) -> Tensor<Batch, f32, Dev, T> {
    let (inputs, outputs) = (x.shape().1, windows.indices.len() / windows.size);
    let pick = Pick { windows: Some(windows), winners: winners.clone(), inputs, outputs };
    Dev::apply(pick, x, &mut [], pass)
}

/// For each example and output the index of the number that it is.
type Winners = Rc<OnceCell<Vec<u32>>>;

/// Some of an example's numbers.
struct Pick {
    /// Where the winners are found; none where another operation has found them.
    windows: Option<Windows>,
    winners: Winners,
    inputs: usize,
    outputs: usize,
}

impl Pick {
    fn choose(&self, x: &[f32]) {
        let Some(windows) = &self.windows else { return };
        let choose = |example: &[f32], window: &[u32]| {
            let mut winner = window[0];
            for &index in &window[1..] {
                let (value, best) = (example[index as usize], example[winner as usize]);
                // What is not a number wins, so that it is not lost.
                if value > best || value.is_nan() {
                    winner = index;
                }
            }
            winner
        };
        let rows = x.chunks_exact(self.inputs);
        let winners = rows
            .flat_map(|example| {
                windows.indices.chunks_exact(windows.size).map(move |window| choose(example, window))
            })
            .collect();
        self.winners.set(winners).expect("an operation is applied once");
    }

    fn winners(&self) -> &[u32] {
        self.winners.get().expect("winners are found on the way forward")
    }
}

impl Operation for Pick {
    /// A tangent needs the winners.
    const RECALLED: bool = false;

    fn features(&self) -> usize {
        self.outputs
    }

    fn forward(&mut self, _: usize, x: &[f32], _: &[&[f32]], y: &mut [f32]) {
        self.choose(x);
        let rows = x.chunks_exact(self.inputs).zip(self.winners().chunks_exact(self.outputs));
        for (y, (x, winners)) in y.chunks_exact_mut(self.outputs).zip(rows) {
            for (y, &winner) in y.iter_mut().zip(winners) {
                *y = x[winner as usize];
            }
        }
    }

    fn backward(&mut self, batch: usize, saved: Saved<'_>, wanted: Wanted<'_>) -> Option<Vec<f32>> {
        let first = wanted.x?;
        let mut dx = vec![0.0; (batch - first) * self.inputs];
        let part = first * self.outputs..;
        let rows = saved.dy[part.clone()]
            .chunks_exact(self.outputs)
            .zip(self.winners()[part].chunks_exact(self.outputs));
        for (dx, (dy, winners)) in dx.chunks_exact_mut(self.inputs).zip(rows) {
            for (dy, &winner) in dy.iter().zip(winners) {
                dx[winner as usize] += dy;
            }
        }
        Some(dx)
    }

    /// The winners are found on the host.
    fn composed<Dev: Device<f32>, T: Tape<f32, Dev>>(
        self,
        x: Tensor<Batch, f32, Dev, T>,
        _: &mut [&mut Tensor<(usize,), f32, Dev>],
    ) -> Tensor<Batch, f32, Dev, T> {
        if self.windows.is_some() {
            self.choose(&x.as_vec());
        }
        let indices = self.winners().iter().map(|&index| index as usize).collect();
        let indices = x.device().tensor_from_vec(indices, (x.shape().0, self.outputs));
        x.gather(indices)
    }
}
