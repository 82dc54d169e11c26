use super::compute::{Compute, Operation, Saved, Wanted};
use super::conv::gather_pixels;
use super::{Batch, Builder, Dual, Image, Layer, Parameter, Pass};
use atelier_kernels::memory::unspecified;
use dfdx::prelude::Device;
use dfdx::shapes::{Axis, Const, HasShape};
use dfdx::tensor::{Tape, Tensor};
use dfdx::tensor_ops::{ReshapeTo, SumTo};
use rayon::prelude::*;

/// The mean of each 2×2 pixels, per channel: (B, H, W, C) -> (B, HO, WO, C) with HO = H / 2, WO = W / 2, where H and W are even.
///
/// ```compile_fail
/// # use atelier::nn::{AveragePool, Builder, Initialization, Layer};
/// # use atelier::random::Stream;
/// # let words = [atelier::config::architecture::Layer::AveragePool];
/// # let mut builder = Builder::new(dfdx::prelude::Cpu::default(), &words, Initialization::HeNormal, Stream::new(0, "weights"));
/// type Wrong = AveragePool<7, 8, 3, 3, 4>; // 7 rows cannot be halved
/// Wrong::build(&mut builder);
/// ```
///
/// ```
/// # use atelier::nn::{AveragePool, Builder, Initialization, Layer};
/// # use atelier::random::Stream;
/// # let words = [atelier::config::architecture::Layer::AveragePool];
/// # let mut builder = Builder::new(dfdx::prelude::Cpu::default(), &words, Initialization::HeNormal, Stream::new(0, "weights"));
/// type Right = AveragePool<6, 8, 3, 3, 4>;
/// Right::build(&mut builder);
/// ```
#[derive(Debug)]
pub struct AveragePool<const H: usize, const W: usize, const C: usize, const HO: usize, const WO: usize>;

/// Each pixel as 2×2 of them (nearest neighbour): (B, H, W, C) -> (B, HO, WO, C) with HO = 2 H, WO = 2 W.
#[derive(Debug)]
pub struct Upsample<const H: usize, const W: usize, const C: usize, const HO: usize, const WO: usize>;

/// The sum of each channel over all positions: (B, H, W, C) -> (B, 1, 1, C) (Miyato et al. 2018, the discriminators of appendix B.4).
#[derive(Debug)]
pub struct SumPool<const H: usize, const W: usize, const C: usize>;

/// Refuses to compile what does not halve.
pub(super) const fn assert_halves(word: &str, from: [usize; 2], to: [usize; 2]) {
    if from[0] != 2 * to[0] || from[1] != 2 * to[1] {
        const_panic::concat_panic!(display: word, display: ": ", from[0], display: "×", from[1], display: " does not give ", to[0], display: "×", to[1]);
    }
}

/// For each pixel of an image of half the sides, its 2×2 pixels in this one.
pub(super) fn windows([height, width, _]: [usize; 3]) -> Vec<usize> {
    let mut index = Vec::with_capacity(height * width);
    for row in (0..height).step_by(2) {
        for column in (0..width).step_by(2) {
            for pixel in [(row, column), (row, column + 1), (row + 1, column), (row + 1, column + 1)] {
                index.push(pixel.0 * width + pixel.1);
            }
        }
    }
    index
}

/// Which linear map, at run time.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Map {
    Average,
    Upsample,
    Sum,
}

/// Implements a layer without parameters from its linear map: its tangent is the map itself.
macro_rules! pool {
    ($name:ident<$($size:ident),*>, [$ho:expr, $wo:expr], $map:expr, $check:expr) => {
        impl<$(const $size: usize,)* Dev: Compute> Layer<Image<H, W, C>, Dev> for $name<$($size),*> {
            type Output = Image<$ho, $wo, C>;

            fn build(builder: &mut Builder<'_, Dev>) -> Self {
                const { $check }
                builder.next_layer();
                Self
            }

            fn forward<T: Tape<f32, Dev>>(
                &mut self,
                x: Tensor<Image<H, W, C>, f32, Dev, T>,
                pass: &mut Pass,
            ) -> Tensor<Self::Output, f32, Dev, T> {
                let batch = x.shape().0;
                let pool = Pool { map: $map, input: [H, W, C], outputs: $ho * $wo * C };
                Dev::apply(pool, x.reshape_like(&(batch, H * W * C)), &mut [], pass)
                    .reshape_like(&(batch, Const, Const, Const))
            }

            fn tangent<T: Tape<f32, Dev>>(
                &mut self,
                x: Tensor<Image<H, W, C>, f32, Dev, T>,
                v: Tensor<Image<H, W, C>, f32, Dev, T>,
                pass: &mut Pass,
            ) -> Dual<Self::Output, Dev, T> {
                let mut twin = pass.twin();
                let both = (self.forward(x, pass), self.forward(v, &mut twin));
                pass.rejoin(twin);
                both
            }

            fn visit(&mut self, _: &mut dyn FnMut(&mut Parameter<Dev>)) {}
        }
    };
}

pool!(AveragePool<H, W, C, HO, WO>, [HO, WO], Map::Average, assert_halves("average-pool", [H, W], [HO, WO]));
pool!(Upsample<H, W, C, HO, WO>, [HO, WO], Map::Upsample, assert_halves("upsample", [HO, WO], [H, W]));
pool!(SumPool<H, W, C>, [1, 1], Map::Sum, {});

struct Pool {
    map: Map,
    input: [usize; 3],
    outputs: usize,
}

/// Images of some height and width, and of twice both: the small one's pixel gets the sum of its 2×2 pixels, times `scale`.
fn gather_squares(small: [usize; 3], scale: f32, from: &[f32], to: &mut [f32]) {
    let [height, width, channels] = small;
    let row = 2 * width * channels;
    let images =
        to.par_chunks_exact_mut(height * width * channels).zip(from.par_chunks_exact(2 * height * row));
    images.for_each(|(to, from)| {
        for (to, from) in to.chunks_exact_mut(width * channels).zip(from.chunks_exact(2 * row)) {
            let (upper, lower) = from.split_at(row);
            let pairs = upper.chunks_exact(2 * channels).zip(lower.chunks_exact(2 * channels));
            for (to, (upper, lower)) in to.chunks_exact_mut(channels).zip(pairs) {
                for (k, to) in to.iter_mut().enumerate() {
                    let square = (upper[k] + upper[channels + k]) + (lower[k] + lower[channels + k]);
                    *to = scale * square;
                }
            }
        }
    });
}

/// The transpose of [`gather_squares`]: each pixel of the small image, times `scale`, in its 2×2 pixels.
fn spread_squares(small: [usize; 3], scale: f32, from: &[f32], to: &mut [f32]) {
    let [height, width, channels] = small;
    let row = 2 * width * channels;
    let images =
        from.par_chunks_exact(height * width * channels).zip(to.par_chunks_exact_mut(2 * height * row));
    images.for_each(|(from, to)| {
        for (from, to) in from.chunks_exact(width * channels).zip(to.chunks_exact_mut(2 * row)) {
            let (upper, lower) = to.split_at_mut(row);
            for (from, pair) in from.chunks_exact(channels).zip(upper.chunks_exact_mut(2 * channels)) {
                for (k, from) in from.iter().enumerate() {
                    pair[k] = scale * from;
                    pair[channels + k] = scale * from;
                }
            }
            lower.copy_from_slice(upper);
        }
    });
}

impl Pool {
    /// The shape of the smaller image, where one is half of the other.
    fn small(&self) -> [usize; 3] {
        let [height, width, channels] = self.input;
        match self.map {
            Map::Average => [height / 2, width / 2, channels],
            Map::Upsample | Map::Sum => self.input,
        }
    }
}

impl Operation for Pool {
    fn features(&self) -> usize {
        self.outputs
    }

    fn forward(&mut self, _: usize, x: &[f32], _: &[&[f32]], y: &mut [f32]) {
        match self.map {
            Map::Average => gather_squares(self.small(), 0.25, x, y),
            Map::Upsample => spread_squares(self.small(), 1.0, x, y),
            Map::Sum => {
                let features = self.input.iter().product();
                let images = y.par_chunks_exact_mut(self.outputs).zip(x.par_chunks_exact(features));
                images.for_each(|(y, x)| {
                    y.fill(0.0);
                    for pixel in x.chunks_exact(self.outputs) {
                        y.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += value);
                    }
                });
            }
        }
    }

    fn backward(&mut self, batch: usize, saved: Saved<'_>, wanted: Wanted<'_>) -> Option<Vec<f32>> {
        let first = wanted.x?;
        let dy = &saved.dy[first * self.outputs..];
        let features: usize = self.input.iter().product();
        let mut dx = unspecified((batch - first) * features);
        match self.map {
            Map::Average => spread_squares(self.small(), 0.25, dy, &mut dx),
            Map::Upsample => gather_squares(self.small(), 1.0, dy, &mut dx),
            Map::Sum => {
                let images = dx.par_chunks_exact_mut(features).zip(dy.par_chunks_exact(self.outputs));
                images.for_each(|(dx, dy)| {
                    dx.chunks_exact_mut(self.outputs).for_each(|pixel| pixel.copy_from_slice(dy));
                });
            }
        }
        Some(dx)
    }

    fn composed<Dev: Device<f32>, T: Tape<f32, Dev>>(
        self,
        x: Tensor<Batch, f32, Dev, T>,
        _: &mut [&mut Tensor<(usize,), f32, Dev>],
    ) -> Tensor<Batch, f32, Dev, T> {
        let batch = x.shape().0;
        let [height, width, channels] = self.input;
        let pixels = x.reshape_like(&(batch, height * width, channels));
        let y = match self.map {
            Map::Average => {
                let squares = gather_pixels(pixels, windows(self.input));
                squares
                    .reshape_like(&(batch * height * width / 4, 4, channels))
                    .sum::<(usize, usize), Axis<1>>()
                    * 0.25
            }
            Map::Upsample => {
                let rows = (0..2 * height).flat_map(|row| (0..2 * width).map(move |column| (row, column)));
                let index = rows.map(|(row, column)| row / 2 * width + column / 2).collect();
                gather_pixels(pixels, index).reshape_like(&(batch * 4 * height * width, channels))
            }
            Map::Sum => pixels.sum::<(usize, usize), Axis<1>>(),
        };
        y.reshape_like(&(batch, self.outputs))
    }
}
