use super::compute::Compute;
use super::pick::{Windows, largest, largest_along};
use super::{Builder, Dense, Dual, Image, Layer, Parameter, Pass};
use dfdx::shapes::{Const, HasShape};
use dfdx::tensor::{Tape, Tensor};
use dfdx::tensor_ops::ReshapeTo;

/// Maxout (Goodfellow et al. 2013, "Maxout Networks", section 3): y_u = max_j (x W + b)_{u P + j}, j from 0 to P - 1.
///
/// x: (B, H, W, C), W: (H·W·C, U·P), b: (U·P), y: (B, 1, 1, U). `UP` is U·P, which a type cannot multiply. Of equal pieces the first one
/// has the gradient.
///
/// ```compile_fail
/// # use atelier::nn::{Builder, Initialization, Layer, Maxout};
/// # use atelier::random::Stream;
/// # let words = [atelier::config::architecture::Layer::Flatten];
/// # let mut builder = Builder::new(dfdx::prelude::Cpu::default(), &words, Initialization::HeNormal, Stream::new(0, "weights"));
/// type Wrong = Maxout<1, 1, 4, 3, 2, 5, dfdx::prelude::Cpu>; // 3 units of 2 pieces are 6 maps, not 5
/// Wrong::build(&mut builder);
/// ```
///
/// ```
/// # use atelier::nn::{Builder, Initialization, Layer, Maxout};
/// # use atelier::random::Stream;
/// # let words = [atelier::config::architecture::Layer::Flatten];
/// # let mut builder = Builder::new(dfdx::prelude::Cpu::default(), &words, Initialization::HeNormal, Stream::new(0, "weights"));
/// type Right = Maxout<1, 1, 4, 3, 2, 6, dfdx::prelude::Cpu>;
/// Right::build(&mut builder);
/// ```
#[derive(Debug)]
pub struct Maxout<
    const H: usize,
    const W: usize,
    const C: usize,
    const U: usize,
    const P: usize,
    const UP: usize,
    Dev: Compute,
> {
    maps: Dense<H, W, C, UP, true, Dev>,
}

fn pieces(units: usize, pieces: usize) -> Windows {
    Windows { size: pieces, indices: (0..(units * pieces) as u32).collect() }
}

impl<
    const H: usize,
    const W: usize,
    const C: usize,
    const U: usize,
    const P: usize,
    const UP: usize,
    Dev: Compute,
> Layer<Image<H, W, C>, Dev> for Maxout<H, W, C, U, P, UP, Dev>
{
    type Output = Image<1, 1, U>;

    fn build(builder: &mut Builder<'_, Dev>) -> Self {
        const {
            if U * P != UP {
                const_panic::concat_panic!("maxout: ", U, " units of ", P, " pieces are not ", UP, " maps");
            }
        }
        Self { maps: Dense::build(builder) }
    }

    fn forward<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<Image<H, W, C>, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Tensor<Self::Output, f32, Dev, T> {
        // What comes after the largest piece must not be done to each of them.
        pass.offer(|_, _| {});
        let maps = self.maps.forward(x, pass);
        let batch = maps.shape().0;
        largest(maps.reshape_like(&(batch, UP)), pieces(U, P), pass)
            .reshape_like(&(batch, Const, Const, Const))
    }

    fn tangent<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<Image<H, W, C>, f32, Dev, T>,
        v: Tensor<Image<H, W, C>, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Dual<Self::Output, Dev, T> {
        pass.offer(|_, _| {});
        let (maps, along) = self.maps.tangent(x, v, pass);
        let batch = maps.shape().0;
        let flat = (batch, UP);
        let (y, along) =
            largest_along(maps.reshape_like(&flat), along.reshape_like(&flat), pieces(U, P), pass);
        let shape = (batch, Const, Const, Const);
        (y.reshape_like(&shape), along.reshape_like(&shape))
    }

    fn visit(&mut self, visitor: &mut dyn FnMut(&mut Parameter<Dev>)) {
        self.maps.visit(visitor);
    }
}
