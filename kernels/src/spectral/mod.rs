//! Convolutions in the frequency domain, where they need less arithmetic than direct ones.
//!
//! A convolution of P × P images is a product per frequency: (images × input channels)·(input channels × output channels), complex. For 5×5
//! kernels of stride 1 on 7 × 7 images that is 121 real multiplications per pair of channels instead of 841 to 1,225.
//!
//! - Stride 2 becomes stride 1 on a coarse grid whose channels are the pixels below one output pixel (`layout::Grid`).
//! - A real transform of N × N points with N = P + (largest lag) is enough: only the P central outputs are wanted, and what wraps around
//!   falls beyond them. The same holds for the gradient of the weights. Errors are some 1e-6 (L2), against 2e-7 of direct convolution.
//! - A complex product takes three real multiplications instead of four, and in the gradients of weights seven products take the place of eight
//!   (`product`, `strassen`).
//! - While products are computed, memory is asked for what the transforms after them read and write (`product::Next`).
//! - The transforms of x and dy that the forward and the data gradient's passes make are kept for the weight gradient ([`Spectrum`]).
//!
//! As in [`crate::conv`], a transposed convolution is the data gradient of the convolution that it transposes.

#[cfg(target_arch = "x86_64")]
mod avx512;
mod layout;
mod product;
mod strassen;
mod transform;

use layout::{BLOCK, Grid, Layout, PANEL, TILE, Taps};
use product::{Left, Lines, Next, Product};
use transform::{Direction, Images, Kernel, Points, Table};

use crate::conv::Conv;
use crate::matmul::transpose;
use crate::memory::unspecified;
use crate::parallel::{Shared, for_each_task, instructions, vectorized, with_scratch};

/// A convolution by way of its frequencies: what depends on the sizes alone.
#[derive(Clone, Debug)]
pub struct Spectral {
    conv: Conv,
    input: Grid,
    output: Grid,
    points: Points,
    taps: Taps,
    table: Table,
}

/// The frequencies of a batch of images: of one side, input or output, of one convolution.
pub struct Spectrum {
    values: Vec<f32>,
    layout: Layout,
}

impl Spectrum {
    /// Multiplies the last images' numbers with these factors, one each.
    pub fn scale_last(&mut self, factors: &[f32]) {
        if factors.is_empty() {
            return;
        }
        let layout = self.layout;
        assert!(factors.len() <= layout.rows, "{} factors for {} images", factors.len(), layout.rows);
        let (first, values) = (layout.rows - factors.len(), Shared::new(&mut self.values));
        for_each_task(layout.frequencies(), |frequency| {
            let (start, complex) = layout.frequency(frequency);
            let step = layout.row_step(complex);
            for panel in 0..layout.channels.div_ceil(PANEL) {
                let start = start + panel * layout.panel_step(complex) + first * step;
                // SAFETY: each task has its own frequency.
                let rows = unsafe { values.slice(start, factors.len() * step) };
                vectorized(
                    #[inline(always)]
                    || {
                        for (row, &factor) in rows.chunks_exact_mut(step).zip(factors) {
                            row.iter_mut().for_each(|value| *value *= factor);
                        }
                    },
                );
            }
        });
    }
}

/// What is done to a part of the target while it is in the cache: given the first element's index in the whole, and the part, whole images.
pub type Finish<'a> = &'a (dyn Fn(usize, &mut [f32]) + Sync);

/// With fewer tasks than this for each thread, some threads would wait long for the last ones.
const TASKS_A_THREAD: usize = 8;
/// Below this number of channels a convolution stays direct: a block would be half empty.
const FEW_CHANNELS: usize = 8;
/// How many direct multiplications cost what one complex product's share does, then what transforms of images and of weights add to that: fitted
/// to 210 shapes (see `docs/performance.md`).
const EXPENSE: [f64; 3] = [1.7, 10.0, 30.0];

impl Spectral {
    /// A plan for these sizes; none if they have no transform here: a grid of over 8 × 8 (after the stride), strides over 2, lags over 2; nor
    /// do processors without vectors.
    pub fn new(conv: &Conv) -> Option<Self> {
        if conv.stride > 2 || instructions() == "scalar" {
            return None;
        }
        let (taps, lag) = Taps::new(conv)?;
        let (points, positions) = match (conv.out_height().max(conv.out_width()), lag) {
            (..=4, ..=1) => (5, 5),
            (..=4, 2) => (6, 5),
            (..=7, ..=1) => (8, 7),
            (..=7, 2) => (9, 7),
            (8, ..=1) => (9, 9),
            (8, 2) => (10, 9),
            _ => return None,
        };
        let input =
            Grid { height: conv.height, width: conv.width, channels: conv.in_channels, stride: conv.stride };
        let output = Grid {
            height: conv.out_height(),
            width: conv.out_width(),
            channels: conv.out_channels,
            stride: 1,
        };
        let points = Points { points, positions, lags: if lag == 2 { 5 } else { 3 } };
        Some(Self { conv: *conv, input, output, points, taps, table: Table::new(points.points) })
    }

    /// A plan for these sizes if it is faster than direct convolution; see `docs/performance.md` for the measurements behind the rule.
    pub fn where_it_pays(conv: &Conv) -> Option<Self> {
        Self::new(conv).filter(Self::pays)
    }

    /// The multiplications saved must outweigh the products' greater expense and the transforms: those of images, whose share falls with the
    /// numbers of channels, and those of the weights, whose share falls with the batch.
    fn pays(&self) -> bool {
        let (conv, points) = (&self.conv, self.points.points as f64);
        if conv.in_channels.min(conv.out_channels) < FEW_CHANNELS {
            return false;
        }
        let taps = |outputs: usize, taps: &dyn Fn(usize) -> std::ops::Range<usize>| -> usize {
            (0..outputs).map(|output| taps(output).len()).sum()
        };
        let direct = taps(conv.out_height(), &|row| conv.row_taps(row))
            * taps(conv.out_width(), &|column| conv.column_taps(column));
        let blocks = (self.input.blocks() * self.output.blocks() * BLOCK * BLOCK) as f64;
        let products = points * points * blocks / (conv.in_channels * conv.out_channels) as f64;
        let channels = |grid: &Grid| (grid.phases() * grid.channels) as f64;
        let images = 1.0 / channels(&self.input) + 1.0 / channels(&self.output);
        let [least, of_images, of_weights] = EXPENSE;
        direct as f64 / products > least + of_images * images + of_weights / conv.batch as f64
    }

    /// `y = x ∗ w`, as [`conv_forward`](crate::conv::conv_forward): overwrites `y`, and gives the frequencies of `x`.
    pub fn forward(&self, x: &[f32], w: &[f32], y: &mut [f32], finish: Finish<'_>) -> Spectrum {
        self.conv.check(x.len(), w.len(), y.len());
        self.pass(Direction::Forward, x, w, y, finish)
    }

    /// The gradient of the input, as [`conv_data_gradient`](crate::conv::conv_data_gradient): overwrites `dx`, and gives the frequencies of
    /// `dy`.
    pub fn data_gradient(&self, dy: &[f32], w: &[f32], dx: &mut [f32], finish: Finish<'_>) -> Spectrum {
        self.conv.check(dx.len(), w.len(), dy.len());
        with_scratch(w.len(), |transposed| {
            let (rows, columns) = (self.conv.in_channels, self.conv.out_channels);
            let all = Shared::new(transposed);
            for_each_task(self.conv.kernel * self.conv.kernel, |tap| {
                let start = tap * rows * columns;
                // SAFETY: each tap has its own place.
                let to = unsafe { all.slice(start, rows * columns) };
                transpose(&w[start..start + rows * columns], columns, rows, columns, to, rows);
            });
            self.pass(Direction::Transposed, dy, transposed, dx, finish)
        })
    }

    /// The frequencies of inputs, (B, H, W, C_in).
    pub fn input_spectrum(&self, x: &[f32]) -> Spectrum {
        assert_eq!(x.len(), self.conv.input_len(), "elements of the input of {:?}", self.conv);
        self.spectrum(&self.input, x)
    }

    /// The frequencies of outputs, (B, H', W', C_out).
    pub fn output_spectrum(&self, y: &[f32]) -> Spectrum {
        assert_eq!(y.len(), self.conv.output_len(), "elements of the output of {:?}", self.conv);
        self.spectrum(&self.output, y)
    }

    /// Adds the gradient of the weights, as [`conv_weight_gradient`](crate::conv::conv_weight_gradient), from the frequencies of x and dy.
    pub fn weight_gradient(&self, x: &Spectrum, dy: &Spectrum, dw: &mut [f32]) {
        assert_eq!(dw.len(), self.conv.weight_len(), "elements of the weights of {:?}", self.conv);
        let [a_layout, b_layout] = [&self.input, &self.output].map(|grid| self.layout_of(grid));
        assert_eq!((x.values.len(), dy.values.len()), (a_layout.length(), b_layout.length()), "spectra");
        let c_layout = self.kernel_layout(Direction::Forward);
        with_scratch(c_layout.length(), |gradient| {
            let c = Shared::new(gradient);
            let halved = strassen::suits(&a_layout, &b_layout);
            let all_panels = self.output.blocks().div_ceil(PANEL / BLOCK);
            let frequencies = c_layout.frequencies();
            let parts = match halved {
                true if frequencies >= TASKS_A_THREAD * rayon::current_num_threads() => 1,
                true => strassen::parts(&a_layout, &b_layout),
                false => all_panels,
            };
            for_each_task(frequencies * parts, |task| {
                let (frequency, part) = (task / parts, task % parts);
                if halved && c_layout.frequency(frequency).1 {
                    let (a, b, part) = (&x.values, &dy.values, (part, parts));
                    let gradient =
                        strassen::Gradient { a, a_layout, b, b_layout, c, c_layout, frequency, part };
                    // SAFETY: each task has its own part of a frequency.
                    unsafe { gradient.write() };
                    return;
                }
                let product = Product {
                    left: Left::ConjugateTransposed,
                    a: Shared::only_read(&x.values),
                    a_layout,
                    a_rows: (0, self.conv.batch),
                    b: &dy.values,
                    b_layout,
                    c,
                    c_layout,
                    frequency,
                    panels: (all_panels * part / parts, all_panels * (part + 1) / parts),
                    next: None,
                };
                // SAFETY: each task has its own panels.
                unsafe { product.write() };
            });
            let dw = Shared::new(dw);
            for_each_task(self.input.blocks(), |rows| {
                // SAFETY: each task has its own rows, and the products are done.
                unsafe { self.kernel(Direction::Forward, c_layout, rows).add_inverse(c, dw) };
            });
        });
    }

    /// One pass from a source through weights, in the order that the direction wants, to a target.
    fn pass(
        &self,
        direction: Direction,
        source: &[f32],
        weights: &[f32],
        target: &mut [f32],
        finish: Finish<'_>,
    ) -> Spectrum {
        let (from, to) = match direction {
            Direction::Forward => (&self.input, &self.output),
            Direction::Transposed => (&self.output, &self.input),
        };
        let (a_layout, b_layout) = (self.layout_of(from), self.kernel_layout(direction));
        let mut spectrum = Spectrum { values: unspecified(a_layout.length()), layout: a_layout };
        with_scratch(b_layout.length(), |kernel| {
            let b = Shared::new(kernel);
            for_each_task(from.blocks(), |rows| {
                // SAFETY: each task has its own rows.
                unsafe { self.kernel(direction, b_layout, rows).forward(weights, b) };
            });
            let kernel = &*kernel;
            let (a, target) = (Shared::new(&mut spectrum.values), Shared::new(target));
            for_each_task(self.conv.batch.div_ceil(TILE), |tile| {
                let images = self.tile(from, a_layout, tile);
                let (first, count) = (images.image, images.count);
                let c_layout = Layout::new(self.points.points, TILE, to.blocks());
                with_scratch(c_layout.length(), |products| {
                    let c = Shared::new(products);
                    // SAFETY: this task alone uses these rows of the spectrum, these images and this scratch memory.
                    unsafe {
                        images.forward(source, a);
                        let next = self.next(&images, to, source, target);
                        let product = Product {
                            left: Left::Rows,
                            a,
                            a_layout,
                            a_rows: (first, first + count),
                            b: kernel,
                            b_layout,
                            c,
                            c_layout,
                            frequency: 0,
                            panels: (0, to.blocks().div_ceil(PANEL / BLOCK)),
                            next: Some(&next),
                        };
                        for frequency in 0..c_layout.frequencies() {
                            Product { frequency, ..product }.write();
                        }
                        let images = Images { grid: to, layout: c_layout, row: 0, ..images };
                        images.inverse(c, target);
                        finish(first * to.image(), target.slice(first * to.image(), count * to.image()));
                    }
                });
            });
        });
        spectrum
    }

    /// What a tile of images needs next: its part of the target, then the next tile's images and rows of the spectrum.
    fn next(&self, images: &Images<'_>, to: &Grid, source: &[f32], target: Shared<'_>) -> Next {
        let Images { grid: from, layout, image: first, count, .. } = *images;
        let frequencies = layout.frequencies();
        let start = frequencies / 2;
        let panels = |grid: &Grid| grid.blocks().div_ceil(PANEL / BLOCK);
        let runs = (frequencies - start) * panels(to) * panels(from);
        let coming = source.chunks(TILE * from.image()).nth(first / TILE + 1).unwrap_or_default();
        Next {
            read: Lines::new(coming.as_ptr(), coming.len(), runs),
            write: Lines::new(target.pointer(first * to.image(), 0), count * to.image(), runs),
            rows: !coming.is_empty(),
            from: start,
        }
    }

    fn spectrum(&self, grid: &Grid, images: &[f32]) -> Spectrum {
        let layout = self.layout_of(grid);
        let mut spectrum = Spectrum { values: unspecified(layout.length()), layout };
        let values = Shared::new(&mut spectrum.values);
        for_each_task(self.conv.batch.div_ceil(TILE), |tile| {
            // SAFETY: each task has its own rows.
            unsafe { self.tile(grid, layout, tile).forward(images, values) };
        });
        spectrum
    }

    /// The images of a tile, and their rows in a spectrum of the whole batch.
    fn tile<'a>(&'a self, grid: &'a Grid, layout: Layout, tile: usize) -> Images<'a> {
        let first = tile * TILE;
        let count = TILE.min(self.conv.batch - first);
        Images { table: &self.table, points: self.points, grid, layout, image: first, row: first, count }
    }

    fn layout_of(&self, grid: &Grid) -> Layout {
        Layout::new(self.points.points, self.conv.batch, grid.blocks())
    }

    fn kernel_layout(&self, direction: Direction) -> Layout {
        let (rows, columns) = match direction {
            Direction::Forward => (self.input.blocks(), self.output.blocks()),
            Direction::Transposed => (self.output.blocks(), self.input.blocks()),
        };
        Layout::new(self.points.points, rows * BLOCK, columns)
    }

    fn kernel(&self, direction: Direction, layout: Layout, rows: usize) -> Kernel<'_> {
        Kernel {
            table: &self.table,
            points: self.points,
            taps: &self.taps,
            input: &self.input,
            output: &self.output,
            direction,
            layout,
            rows,
        }
    }
}
