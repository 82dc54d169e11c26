//! Two-dimensional convolution over channels-last images, with TensorFlow's "same" padding.
//!
//! `y[b, r, c, o] = Σ_{i, j, k} x[b, r·stride + i − pad_top, c·stride + j − pad_left, k] · w[i, j, k, o]`, with x zero outside of the image.
//! Images are (batch, height, width, channels) and weights (kernel, kernel, in_channels, out_channels), both row-major, as in
//! TensorFlow. It is a cross-correlation, as in every deep-learning framework.
//!
//! # Transposed convolution
//!
//! A transposed convolution is the transpose of a convolution's matrix, so it needs no kernels of its own. Describe the convolution that it
//! transposes (its `height`, `width` and `in_channels` are those of the transposed convolution's *output*), then
//! - its forward pass is [`conv_data_gradient`] (from the small images `dy` to the large images `dx`),
//! - its data gradient is [`conv_forward`],
//! - its weight gradient is [`conv_weight_gradient`] with the two image arguments exchanged in meaning: `x` is the gradient of its output, `dy` is
//!   its input.
//!
//! TensorFlow's `Conv2DTranspose` stores its kernel as (height, width, out, in), which is exactly this convolution's kernel.
//!
//! # Method
//!
//! Direct, without patches: at one output pixel, the images of the batch are the rows of a matrix product whose inner dimension are the
//! taps that lie within the image (for 5×5 on 7×7 that leaves out a third of the nominal work). Where the product would have few
//! columns (one to a few channels), all taps are computed as columns of one product and then summed where they belong (`conv_taps`).

use std::ops::Range;

use rayon::prelude::*;

use crate::conv_taps;
use crate::matmul::{
    Destination, Left, Product, Segment, for_each_pass, pack_panel, packed_length, panel_width, transpose,
};
use crate::parallel::{Shared, for_each_task, with_scratch};

pub use crate::conv_weights::conv_weight_gradient;

/// Images that share one pass over the weights: a multiple of the rows of every processor's register tile.
const IMAGES: usize = 48;

/// The sizes of a convolution; see the [module](self).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv {
    /// Number of images.
    pub batch: usize,
    /// Rows of an input image.
    pub height: usize,
    /// Columns of an input image.
    pub width: usize,
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// Side of the square kernel, at least 1.
    pub kernel: usize,
    /// Step of the output pixels on the input, at least 1.
    pub stride: usize,
}

impl Conv {
    /// Rows of an output image: `ceil(height / stride)`.
    pub fn out_height(&self) -> usize {
        self.height.div_ceil(self.stride)
    }

    /// Columns of an output image: `ceil(width / stride)`.
    pub fn out_width(&self) -> usize {
        self.width.div_ceil(self.stride)
    }

    /// Rows of zeros above the image: half of the padding, rounded down, so that the larger half is below.
    pub fn pad_top(&self) -> usize {
        self.padding(self.height)
    }

    /// Columns of zeros left of the image: half of the padding, rounded down, so that the larger half is to the right.
    pub fn pad_left(&self) -> usize {
        self.padding(self.width)
    }

    /// Elements of the input, (batch, height, width, in_channels).
    pub fn input_len(&self) -> usize {
        self.batch * self.input_image()
    }

    /// Elements of the output, (batch, out_height, out_width, out_channels).
    pub fn output_len(&self) -> usize {
        self.batch * self.output_image()
    }

    /// Elements of the weights, (kernel, kernel, in_channels, out_channels).
    pub fn weight_len(&self) -> usize {
        self.kernel * self.kernel * self.in_channels * self.out_channels
    }

    fn padding(&self, size: usize) -> usize {
        ((size.div_ceil(self.stride) - 1) * self.stride + self.kernel).saturating_sub(size) / 2
    }

    pub(crate) fn input_image(&self) -> usize {
        self.height * self.width * self.in_channels
    }

    pub(crate) fn output_image(&self) -> usize {
        self.out_height() * self.out_width() * self.out_channels
    }

    pub(crate) fn check(&self, x: usize, w: usize, y: usize) {
        assert!(self.batch > 0 && self.height > 0 && self.width > 0, "an empty image batch: {self:?}");
        assert!(self.in_channels > 0 && self.out_channels > 0, "no channels: {self:?}");
        assert!(self.kernel > 0 && self.stride > 0, "kernel and stride start at 1: {self:?}");
        assert_eq!(x, self.input_len(), "elements of the input of {self:?}");
        assert_eq!(w, self.weight_len(), "elements of the weights of {self:?}");
        assert_eq!(y, self.output_len(), "elements of the output of {self:?}");
    }

    /// The kernel rows that meet the image at output row `row`.
    pub(crate) fn row_taps(&self, row: usize) -> Range<usize> {
        self.taps(row, self.height, self.pad_top())
    }

    /// The kernel columns that meet the image at output column `column`.
    pub(crate) fn column_taps(&self, column: usize) -> Range<usize> {
        self.taps(column, self.width, self.pad_left())
    }

    fn taps(&self, output: usize, size: usize, padding: usize) -> Range<usize> {
        let start = output * self.stride;
        padding.saturating_sub(start)..self.kernel.min(size + padding - start)
    }

    /// The output positions, on an axis with `outputs` of them, whose kernel covers an input position; `padded` is that position plus the
    /// padding before it. The tap is `padded − stride·output`, which falls as the output rises.
    fn covering(&self, padded: usize, outputs: usize) -> Range<usize> {
        let first = (padded + 1).saturating_sub(self.kernel).div_ceil(self.stride);
        first..(padded / self.stride + 1).min(outputs)
    }
}

/// `y = x ∗ w`: (B, H, W, C_in), (K, K, C_in, C_out) -> (B, H', W', C_out). Overwrites `y`.
pub fn conv_forward(conv: &Conv, x: &[f32], w: &[f32], y: &mut [f32]) {
    conv.check(x.len(), w.len(), y.len());
    if conv_taps::forward_pays(conv) {
        return conv_taps::forward(conv, x, w, y);
    }
    let depth = conv.kernel * conv.kernel * conv.in_channels;
    let width = panel_width();
    with_scratch(packed_length(depth, conv.out_channels), |packed| {
        pack_forward(conv, w, packed);
        let direct = Direct {
            source: x,
            source_image: conv.input_image(),
            packed,
            depth,
            channels: conv.out_channels,
            target: Shared::new(y),
            target_image: conv.output_image(),
        };
        direct.run(conv.batch, conv.out_height(), conv.out_width(), |row, column| {
            let columns = conv.column_taps(column);
            let x_column = column * conv.stride + columns.start - conv.pad_left();
            conv.row_taps(row).map(move |i| {
                let x_row = row * conv.stride + i - conv.pad_top();
                Segment {
                    a: (x_row * conv.width + x_column) * conv.in_channels,
                    b: (i * conv.kernel + columns.start) * conv.in_channels * width,
                    length: columns.len() * conv.in_channels,
                }
            })
        });
    });
}

/// The gradient of the input, `dx[b, r, c, k] = Σ dy[b, r', c', o] · w[i, j, k, o]` over `r = r'·stride + i − pad_top` and `c` alike:
/// (B, H', W', C_out), (K, K, C_in, C_out) -> (B, H, W, C_in). Overwrites `dx`.
///
/// It is also the forward pass of the transposed convolution; see the [module](self).
pub fn conv_data_gradient(conv: &Conv, dy: &[f32], w: &[f32], dx: &mut [f32]) {
    conv.check(dx.len(), w.len(), dy.len());
    if conv_taps::data_gradient_pays(conv) {
        return conv_taps::data_gradient(conv, dy, w, dx);
    }
    let depth = conv.kernel * conv.kernel * conv.out_channels;
    let width = panel_width();
    with_scratch(packed_length(depth, conv.in_channels), |packed| {
        pack_data_gradient(conv, w, packed);
        let direct = Direct {
            source: dy,
            source_image: conv.output_image(),
            packed,
            depth,
            channels: conv.in_channels,
            target: Shared::new(dx),
            target_image: conv.input_image(),
        };
        direct.run(conv.batch, conv.height, conv.width, |row, column| {
            let (padded_row, padded_column) = (row + conv.pad_top(), column + conv.pad_left());
            let columns = conv.covering(padded_column, conv.out_width());
            let (y_column, count) = (columns.start, columns.len());
            conv.covering(padded_row, conv.out_height()).filter(move |_| count > 0).map(move |y_row| {
                let tap_row = padded_row - conv.stride * y_row;
                let tap = tap_row * conv.kernel + slot(conv, padded_column - conv.stride * y_column);
                Segment {
                    a: (y_row * conv.out_width() + y_column) * conv.out_channels,
                    b: tap * conv.out_channels * width,
                    length: count * conv.out_channels,
                }
            })
        });
    });
}

/// A product per pixel: the images are the rows, the taps within the image times the source's channels the inner dimension.
struct Direct<'a> {
    source: &'a [f32],
    source_image: usize,
    packed: &'a [f32],
    /// Rows of a panel: taps times source channels.
    depth: usize,
    /// Channels of the target.
    channels: usize,
    target: Shared<'a>,
    target_image: usize,
}

impl Direct<'_> {
    /// Computes all pixels of a (`batch`, `height`, `width`, channels) target; `segments` lists what reaches a pixel.
    fn run<I: Iterator<Item = Segment>>(
        &self,
        batch: usize,
        height: usize,
        width: usize,
        segments: impl Fn(usize, usize) -> I + Sync + Send,
    ) {
        for_each_task(batch.div_ceil(IMAGES) * height, |task| {
            let (first, row) = (task / height * IMAGES, task % height);
            let stride = self.source_image;
            let product = Product {
                a: &self.source[first * self.source_image..],
                left: Left::Rows { stride, segments: &[] },
                b: self.packed,
                b_panel: self.depth * panel_width(),
                b_step: panel_width(),
                rows: IMAGES.min(batch - first),
                columns: self.channels,
                ahead: None,
            };
            for column in 0..width {
                for_each_pass(segments(row, column), 1, panel_width(), |number, segments| {
                    let to = Destination {
                        c: self.target,
                        start: first * self.target_image + (row * width + column) * self.channels,
                        stride: self.target_image,
                        add: number > 0,
                        cold: true,
                    };
                    // SAFETY: this task alone writes the pixels of row `row` of its images.
                    unsafe { Product { left: Left::Rows { stride, segments }, ..product }.write(to) }
                });
            }
        });
    }
}

/// Packs the weights as (kernel·kernel·in_channels) × out_channels.
fn pack_forward(conv: &Conv, w: &[f32], packed: &mut [f32]) {
    let (channels, width) = (conv.out_channels, panel_width());
    let depth = conv.kernel * conv.kernel * conv.in_channels;
    packed.par_chunks_mut(depth * width).enumerate().for_each(|(panel, to)| {
        let first = panel * width;
        pack_panel(w, channels, first, width.min(channels - first), to);
    });
}

/// Packs the transposed weights as (kernel·kernel·out_channels) × in_channels, the taps of a kernel row in the order of [`slot`].
fn pack_data_gradient(conv: &Conv, w: &[f32], packed: &mut [f32]) {
    let (channels, width) = (conv.in_channels, panel_width());
    let depth = conv.kernel * conv.kernel * conv.out_channels;
    packed.par_chunks_mut(depth * width).enumerate().for_each(|(panel, to)| {
        let first = panel * width;
        for (i, j) in (0..conv.kernel).flat_map(|i| (0..conv.kernel).map(move |j| (i, j))) {
            let from = &w[((i * conv.kernel + j) * channels + first) * conv.out_channels..];
            let to = &mut to[(i * conv.kernel + slot(conv, j)) * conv.out_channels * width..];
            transpose(from, conv.out_channels, width.min(channels - first), conv.out_channels, to, width);
        }
    });
}

/// The place of kernel column `tap` among those of its row, when the columns that meet the same input pixel are brought together, in the
/// order of the output pixels that they belong to: so that these are one contiguous piece of both the output row and the weights.
fn slot(conv: &Conv, tap: usize) -> usize {
    let phase = tap % conv.stride;
    let of_phase = |phase: usize| (conv.kernel.saturating_sub(phase)).div_ceil(conv.stride);
    (0..phase).map(of_phase).sum::<usize>() + of_phase(phase) - 1 - tap / conv.stride
}
