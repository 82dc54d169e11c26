//! Convolutions whose target has a few channels, as one product with a column per tap and channel.
//!
//! With one target channel, a product per pixel would fill one lane of a vector of sixteen. Instead each source pixel is multiplied with all
//! taps at once, `t[pixel, (i, j, k)]`, and these contributions are then added where they belong, image by image in scratch.

use crate::conv::Conv;
use crate::matmul::{
    Destination, Left, Product, Segment, for_each_pass, pack_panel, packed_length, panel_width, transpose,
};
use crate::parallel::{Shared, for_each_task, with_scratch};

/// A vector's length where it is longest: what a narrow target is padded to.
const LANES: usize = 16;

/// Whether taps as columns need less arithmetic than a product per pixel, for a source of `source` and a target of `target` pixels with
/// `channels` channels, where `taps` of the kernel meet a target pixel.
fn pays(conv: &Conv, source: usize, target: usize, taps: usize, channels: usize) -> bool {
    let as_columns = source * (conv.kernel * conv.kernel * channels).next_multiple_of(LANES);
    let per_pixel = target * taps * channels.next_multiple_of(LANES);
    channels < LANES && 2 * as_columns <= per_pixel
}

pub(crate) fn forward_pays(conv: &Conv) -> bool {
    let taps = conv.kernel * conv.kernel;
    pays(conv, conv.height * conv.width, conv.out_height() * conv.out_width(), taps, conv.out_channels)
}

pub(crate) fn data_gradient_pays(conv: &Conv) -> bool {
    let taps = (conv.kernel * conv.kernel).div_ceil(conv.stride * conv.stride);
    pays(conv, conv.out_height() * conv.out_width(), conv.height * conv.width, taps, conv.in_channels)
}

/// [`conv_forward`](crate::conv::conv_forward) by taps.
pub(crate) fn forward(conv: &Conv, x: &[f32], w: &[f32], y: &mut [f32]) {
    let (taps, channels) = (conv.kernel * conv.kernel, conv.out_channels);
    let columns = taps * channels;
    // (taps, in_channels, out_channels) -> (in_channels, taps·out_channels)
    with_scratch(conv.weight_len(), |by_channel| {
        for (tap, w) in w.chunks_exact(conv.in_channels * channels).enumerate() {
            for (k, w) in w.chunks_exact(channels).enumerate() {
                by_channel[k * columns + tap * channels..][..channels].copy_from_slice(w);
            }
        }
        let layer = ByTaps { source: x, pixels: conv.height * conv.width, inner: conv.in_channels, columns };
        layer.run(by_channel, y, conv.output_image(), &|t, y| {
            for (pixel, y) in y.chunks_exact_mut(channels).enumerate() {
                let (row, column) = (pixel / conv.out_width(), pixel % conv.out_width());
                y.fill(0.0);
                for i in conv.row_taps(row) {
                    let x_row = row * conv.stride + i - conv.pad_top();
                    for j in conv.column_taps(column) {
                        let x_column = column * conv.stride + j - conv.pad_left();
                        let start =
                            (x_row * conv.width + x_column) * columns + (i * conv.kernel + j) * channels;
                        for (y, t) in y.iter_mut().zip(&t[start..start + channels]) {
                            *y += t;
                        }
                    }
                }
            }
        });
    });
}

/// [`conv_data_gradient`](crate::conv::conv_data_gradient) by taps.
pub(crate) fn data_gradient(conv: &Conv, dy: &[f32], w: &[f32], dx: &mut [f32]) {
    let (channels, row_length) = (conv.in_channels, conv.width * conv.in_channels);
    let columns = conv.kernel * conv.kernel * channels;
    with_scratch(conv.weight_len(), |by_channel| {
        transpose(w, conv.out_channels, columns, conv.out_channels, by_channel, columns);
        let pixels = conv.out_height() * conv.out_width();
        let layer = ByTaps { source: dy, pixels, inner: conv.out_channels, columns };
        if let Some(scatter) = Scatter::new(conv) {
            return layer.run(by_channel, dx, conv.input_image(), &|t, dx| scatter.run(t, dx));
        }
        layer.run(by_channel, dx, conv.input_image(), &|t, dx| {
            dx.fill(0.0);
            for (pixel, t) in t.chunks_exact(columns).enumerate() {
                let (row, column) = (pixel / conv.out_width(), pixel % conv.out_width());
                let taps = conv.column_taps(column);
                let x_start = (column * conv.stride + taps.start - conv.pad_left()) * channels;
                for i in conv.row_taps(row) {
                    let x_row = row * conv.stride + i - conv.pad_top();
                    let t = &t
                        [(i * conv.kernel + taps.start) * channels..(i * conv.kernel + taps.end) * channels];
                    for (x, t) in dx[x_row * row_length + x_start..].iter_mut().zip(t) {
                        *x += t;
                    }
                }
            }
        });
    });
}

/// Adds the contributions of one image's pixels where they belong, for the usual kernels: sums of pixels that lie side by side stay in registers.
struct Scatter<'a> {
    conv: &'a Conv,
    /// The function for these sizes: from contributions to the image with its padding.
    add_rows: fn(&Conv, &[f32], &mut [f32]),
}

impl<'a> Scatter<'a> {
    /// None for other kernels than 3×3 to 5×5 of stride 2, and other images than those with 1 or 3 channels.
    fn new(conv: &'a Conv) -> Option<Self> {
        let add_rows = match (conv.kernel, conv.in_channels, conv.stride) {
            (3, 1, 2) => add_rows::<3, 2>,
            (4, 1, 2) => add_rows::<4, 2>,
            (5, 1, 2) => add_rows::<5, 2>,
            (3, 3, 2) => add_rows::<9, 6>,
            (4, 3, 2) => add_rows::<12, 6>,
            (5, 3, 2) => add_rows::<15, 6>,
            _ => return None,
        };
        Some(Self { conv, add_rows })
    }

    fn run(&self, t: &[f32], image: &mut [f32]) {
        let conv = self.conv;
        // Kernels are not smaller than the stride, so with the padding all pixels are covered.
        let size = |outputs: usize| (outputs - 1) * conv.stride + conv.kernel;
        let (rows, length) = (size(conv.out_height()), size(conv.out_width()) * conv.in_channels);
        with_scratch(rows * length, |padded| {
            padded.fill(0.0);
            (self.add_rows)(conv, t, padded);
            let within = padded.chunks_exact(length).skip(conv.pad_top());
            for (to, from) in image.chunks_exact_mut(conv.width * conv.in_channels).zip(within) {
                to.copy_from_slice(&from[conv.pad_left() * conv.in_channels..][..to.len()]);
            }
        });
    }
}

/// A kernel row's contributions are `LENGTH` numbers, and those of the next pixel lie `SHIFT` further.
fn add_rows<const LENGTH: usize, const SHIFT: usize>(conv: &Conv, t: &[f32], padded: &mut [f32]) {
    let (columns, pixel) = (conv.out_width(), conv.kernel * LENGTH);
    let length = (columns - 1) * SHIFT + LENGTH;
    for (row, t) in t.chunks_exact(columns * pixel).enumerate() {
        for i in 0..conv.kernel {
            let to = &mut padded[(row * conv.stride + i) * length..][..length];
            let mut sums = [0.0; LENGTH];
            for (column, t) in t.chunks_exact(pixel).enumerate() {
                let t = &t[i * LENGTH..(i + 1) * LENGTH];
                for (sum, t) in sums.iter_mut().zip(t) {
                    *sum += t;
                }
                for (to, sum) in to[column * SHIFT..][..SHIFT].iter_mut().zip(&sums) {
                    *to += sum;
                }
                sums = std::array::from_fn(|n| if n + SHIFT < LENGTH { sums[n + SHIFT] } else { 0.0 });
            }
            for (to, sum) in to[columns * SHIFT..].iter_mut().zip(&sums) {
                *to += sum;
            }
        }
    }
}

/// A product of all pixels of a source with all taps.
struct ByTaps<'a> {
    source: &'a [f32],
    /// Pixels of a source image.
    pixels: usize,
    /// Channels of the source.
    inner: usize,
    /// Taps times channels of the target.
    columns: usize,
}

impl ByTaps<'_> {
    /// Computes the contributions `t` (pixels, columns) of each image and has `gather` make the target image of them.
    fn run(
        &self,
        weights: &[f32],
        target: &mut [f32],
        target_image: usize,
        gather: &(dyn Fn(&[f32], &mut [f32]) + Sync),
    ) {
        let (width, source_image) = (panel_width(), self.pixels * self.inner);
        with_scratch(packed_length(self.inner, self.columns), |packed| {
            for (panel, to) in packed.chunks_exact_mut(self.inner * width).enumerate() {
                let first = panel * width;
                pack_panel(weights, self.columns, first, width.min(self.columns - first), to);
            }
            let (packed, images, shared) = (&*packed, self.source.len() / source_image, Shared::new(target));
            for_each_task(images, |image| {
                with_scratch(self.pixels * self.columns, |t| {
                    let whole = Segment { a: 0, b: 0, length: self.inner };
                    for_each_pass(std::iter::once(whole), 1, width, |number, segments| {
                        let product = Product {
                            a: &self.source[image * source_image..],
                            left: Left::Rows { stride: self.inner, segments },
                            b: packed,
                            b_panel: self.inner * width,
                            b_step: width,
                            rows: self.pixels,
                            columns: self.columns,
                            ahead: (image + 1 < images).then_some(source_image),
                        };
                        let to = Destination {
                            c: Shared::new(t),
                            start: 0,
                            stride: self.columns,
                            add: number > 0,
                            cold: false,
                        };
                        // SAFETY: `t` belongs to this task.
                        unsafe { product.write(to) }
                    });
                    // SAFETY: this task alone writes this image.
                    gather(t, unsafe { shared.slice(image * target_image, target_image) });
                });
            });
        });
    }
}
