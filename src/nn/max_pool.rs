use super::compute::Compute;
use super::pick::{Windows, largest, largest_along};
use super::pool::{assert_halves, windows};
use super::{Builder, Dual, Image, Layer, Parameter, Pass};
use dfdx::shapes::{Const, HasShape};
use dfdx::tensor::{Tape, Tensor};
use dfdx::tensor_ops::ReshapeTo;

/// The largest of each 2×2 pixels, per channel: (B, H, W, C) -> (B, HO, WO, C) with HO = H / 2, WO = W / 2, where H and W are even.
///
/// `y[r, c, k] = max x[2 r + i, 2 c + j, k]` over i, j in {0, 1}; of equal pixels the first in row-major order has the gradient.
#[derive(Debug)]
pub struct MaxPool<const H: usize, const W: usize, const C: usize, const HO: usize, const WO: usize>;

/// The 2×2 pixels of each output number.
fn squares(input: [usize; 3]) -> Windows {
    let channels = input[2];
    let mut indices = Vec::with_capacity(input.iter().product());
    for square in windows(input).chunks_exact(4) {
        for k in 0..channels {
            indices.extend(square.iter().map(|pixel| (pixel * channels + k) as u32));
        }
    }
    Windows { size: 4, indices }
}

impl<const H: usize, const W: usize, const C: usize, const HO: usize, const WO: usize, Dev: Compute>
    Layer<Image<H, W, C>, Dev> for MaxPool<H, W, C, HO, WO>
{
    type Output = Image<HO, WO, C>;

    fn build(builder: &mut Builder<'_, Dev>) -> Self {
        const { assert_halves("max-pool", [H, W], [HO, WO]) }
        builder.next_layer();
        Self
    }

    fn forward<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<Image<H, W, C>, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Tensor<Self::Output, f32, Dev, T> {
        let batch = x.shape().0;
        largest(x.reshape_like(&(batch, H * W * C)), squares([H, W, C]), pass)
            .reshape_like(&(batch, Const, Const, Const))
    }

    fn tangent<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<Image<H, W, C>, f32, Dev, T>,
        v: Tensor<Image<H, W, C>, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Dual<Self::Output, Dev, T> {
        let batch = x.shape().0;
        let flat = (batch, H * W * C);
        let (y, along) =
            largest_along(x.reshape_like(&flat), v.reshape_like(&flat), squares([H, W, C]), pass);
        let shape = (batch, Const, Const, Const);
        (y.reshape_like(&shape), along.reshape_like(&shape))
    }

    fn visit(&mut self, _: &mut dyn FnMut(&mut Parameter<Dev>)) {}
}
