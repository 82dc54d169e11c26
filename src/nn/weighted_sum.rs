use super::compute::{Compute, Operation, Saved, Wanted};
use super::{Batch, Pass};
use atelier_kernels::epilogue::scale_rows;
use dfdx::prelude::Device;
use dfdx::shapes::{Axis, HasShape, Rank0};
use dfdx::tensor::{Tape, Tensor};
use dfdx::tensor_ops::{ReshapeTo, SumTo};

/// Σ x · slopes, (B, F) and as many numbers -> one: the scalar whose gradient with respect to each element of `x` is its slope.
pub fn weighted_sum<Dev: Compute, T: Tape<f32, Dev>>(
    x: Tensor<Batch, f32, Dev, T>,
    slopes: Vec<f32>,
) -> Tensor<Rank0, f32, Dev, T> {
    let (batch, features) = *x.shape();
    assert_eq!(slopes.len(), batch * features, "one slope for each element");
    Dev::apply(WeightedSum { slopes, features }, x, &mut [], &mut Pass::train(0)).sum()
}

struct WeightedSum {
    slopes: Vec<f32>,
    features: usize,
}

impl Operation for WeightedSum {
    fn features(&self) -> usize {
        1
    }

    fn forward(&mut self, _: usize, x: &[f32], _: &[&[f32]], y: &mut [f32]) {
        let rows = x.chunks_exact(self.features).zip(self.slopes.chunks_exact(self.features));
        for (y, (x, slopes)) in y.iter_mut().zip(rows) {
            *y = x.iter().zip(slopes).map(|(x, slope)| x * slope).sum();
        }
    }

    fn backward(&mut self, _: usize, saved: Saved<'_>, wanted: Wanted<'_>) -> Option<Vec<f32>> {
        wanted.x?;
        let mut dx = std::mem::take(&mut self.slopes);
        scale_rows(&saved.dy, &mut dx);
        Some(dx)
    }

    fn composed<Dev: Device<f32>, T: Tape<f32, Dev>>(
        self,
        x: Tensor<Batch, f32, Dev, T>,
        _: &mut [&mut Tensor<(usize,), f32, Dev>],
    ) -> Tensor<Batch, f32, Dev, T> {
        let shape = *x.shape();
        let slopes = x.device().tensor_from_vec(self.slopes, shape);
        (x * slopes).sum::<(usize,), Axis<1>>().reshape_like(&(shape.0, 1))
    }
}
