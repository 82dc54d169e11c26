use super::{Builder, Compute, Dual, Image, Layer, Parameter, Pass};
use dfdx::shapes::{Const, HasShape};
use dfdx::tensor::{Tape, Tensor};
use dfdx::tensor_ops::ReshapeTo;

/// The same numbers in another shape: (B, H, W, C) -> (B, HO, WO, CO). No data moves.
///
/// ```compile_fail
/// # use atelier::nn::{Builder, Initialization, Layer, Reshape};
/// # use atelier::random::Stream;
/// # let words = [atelier::config::architecture::Layer::Flatten];
/// # let mut builder = Builder::new(dfdx::prelude::Cpu::default(), &words, Initialization::HeNormal, Stream::new(0, "weights"));
/// type Wrong = Reshape<1, 1, 100, 7, 7, 3>; // 100 numbers are not 7×7×3
/// Wrong::build(&mut builder);
/// ```
///
/// ```
/// # use atelier::nn::{Builder, Initialization, Layer, Reshape};
/// # use atelier::random::Stream;
/// # let words = [atelier::config::architecture::Layer::Flatten];
/// # let mut builder = Builder::new(dfdx::prelude::Cpu::default(), &words, Initialization::HeNormal, Stream::new(0, "weights"));
/// type Right = Reshape<1, 1, 147, 7, 7, 3>;
/// Right::build(&mut builder);
/// ```
#[derive(Debug)]
pub struct Reshape<
    const H: usize,
    const W: usize,
    const C: usize,
    const HO: usize,
    const WO: usize,
    const CO: usize,
>;

impl<
    const H: usize,
    const W: usize,
    const C: usize,
    const HO: usize,
    const WO: usize,
    const CO: usize,
    Dev: Compute,
> Layer<Image<H, W, C>, Dev> for Reshape<H, W, C, HO, WO, CO>
{
    type Output = Image<HO, WO, CO>;

    fn build(builder: &mut Builder<'_, Dev>) -> Self {
        const {
            if H * W * C != HO * WO * CO {
                const_panic::concat_panic!(
                    "reshape: ",
                    HO,
                    "×",
                    WO,
                    "×",
                    CO,
                    " has another number of values than ",
                    H,
                    "×",
                    W,
                    "×",
                    C
                );
            }
        }
        builder.next_layer();
        Self
    }

    fn forward<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<Image<H, W, C>, f32, Dev, T>,
        _: &mut Pass,
    ) -> Tensor<Self::Output, f32, Dev, T> {
        let batch = x.shape().0;
        x.reshape_like(&(batch, Const, Const, Const))
    }

    fn tangent<T: Tape<f32, Dev>>(
        &mut self,
        x: Tensor<Image<H, W, C>, f32, Dev, T>,
        v: Tensor<Image<H, W, C>, f32, Dev, T>,
        pass: &mut Pass,
    ) -> Dual<Self::Output, Dev, T> {
        (self.forward(x, pass), self.forward(v, pass))
    }

    fn visit(&mut self, _: &mut dyn FnMut(&mut Parameter<Dev>)) {}
}
