//! The gradient of a convolution's weights.
//!
//! For kernel row i, the product `dw[i, (j, k), o] += Σ_{b, r, c} x[b, r·stride + i − pad_top, (c·stride + j − pad_left, k)] · dy[b, r, c, o]` has the
//! output pixels of all images as its inner dimension. x is read where it lies: the inputs of neighbouring kernel columns j are
//! contiguous. dy is packed, some rows of pixels at a time, and used for all kernel columns.

use std::cell::RefCell;
use std::ops::Range;

use crate::conv::Conv;
use crate::matmul::{Destination, Left, Product, Steps, pack_panel, packed_length, panel_width};
use crate::parallel::{CHUNK, Shared, for_each_task, with_scratch};
use crate::prefetch::{LINE, prefetch};

/// Input channels of one task: few, so that their gradient for all kernel rows and columns stays in the second-level cache.
const BLOCK: usize = 48;
/// What every register tile's rows divide, or are.
const TILE: usize = 12;
/// The least number of tasks; a gradient with fewer blocks is computed in parts of the batch, which are then added.
const TASKS: usize = 16;
/// The largest number of floats of all parts.
const LARGEST: usize = 1 << 22;
/// Output pixels that are taken together: their panel of dy (16 KiB for 128 × 32) stays in the first-level cache while the rows of the
/// gradient pass; without panels, as many as give a long inner dimension.
const PIXELS: usize = 128;
const UNPACKED_PIXELS: usize = 512;
/// Rows of a product which are enough to fill a register tile.
const ENOUGH_ROWS: usize = 36;
/// Rows of the gradient with which copying dy is worth its time.
const ENOUGH_USES: usize = 100;

thread_local! {
    static LISTS: RefCell<Vec<Vec<Steps>>> = const { RefCell::new(Vec::new()) };
}

/// Adds the gradient of the weights to `dw`: (B, H, W, C_in), (B, H', W', C_out) -> (K, K, C_in, C_out).
///
/// It is also the weight gradient of the transposed convolution; see the [module](crate::conv).
pub fn conv_weight_gradient(conv: &Conv, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    conv.check(x.len(), dw.len(), dy.len());
    let plan = Plan::new(conv);
    let (length, tasks) = (dw.len(), plan.blocks);
    if plan.parts == 1 && !plan.exchanged {
        let all = Shared::new(dw);
        return for_each_task(tasks, |task| plan.task(x, dy, 0, task, Gradient { all, start: 0 }));
    }
    with_scratch(plan.parts * length, |partial| {
        let all = Shared::new(partial);
        for_each_task(plan.parts * tasks, |task| {
            let (part, task) = (task / tasks, task % tasks);
            plan.task(x, dy, part, task, Gradient { all, start: part * length });
        });
        add_parts(&plan, partial, dw);
    });
}

/// Adds the parts to the gradient in their order.
fn add_parts(plan: &Plan, partial: &[f32], dw: &mut [f32]) {
    let (length, outputs) = (dw.len(), plan.conv.out_channels);
    let inputs = length / outputs;
    let all = Shared::new(dw);
    for_each_task(length.div_ceil(CHUNK), |task| {
        let start = task * CHUNK;
        // SAFETY: the chunks of different tasks do not overlap.
        let dw = unsafe { all.slice(start, CHUNK.min(length - start)) };
        for part in partial.chunks_exact(length) {
            if plan.exchanged {
                for (index, dw) in (start..).zip(dw.iter_mut()) {
                    *dw += part[index % outputs * inputs + index / outputs];
                }
            } else {
                for (dw, part) in dw.iter_mut().zip(&part[start..]) {
                    *dw += part;
                }
            }
        }
    });
}

/// How the work is cut into tasks, a function of the sizes alone. A task has one kernel row and one block of input channels.
struct Plan<'a> {
    conv: &'a Conv,
    /// Blocks of the input channels.
    blocks: usize,
    /// Parts of the batch, each with a gradient of its own.
    parts: usize,
    /// Rows of output pixels (of one image or of several) that are taken together.
    pixel_rows: usize,
    /// With few output channels these are the rows of the product, not its columns, and the parts hold (out_channels, kernel, kernel,
    /// in_channels).
    exchanged: bool,
    /// Whether neighbouring kernel columns are taken together, because the product would else have few rows.
    joined: bool,
    /// Whether dy is copied into panels, so that what is read together lies together.
    packs: bool,
}

/// The gradient that a task adds to: from `start` on in `all`.
#[derive(Clone, Copy)]
struct Gradient<'a> {
    all: Shared<'a>,
    start: usize,
}

/// A kernel row's product for output columns which all see the same kernel columns.
struct Piece {
    /// Kernel row.
    i: usize,
    /// Output columns.
    columns: Range<usize>,
    /// Kernel column times input channels plus input channel: rows of the gradient in kernel row `i`.
    rows: Range<usize>,
}

impl<'a> Plan<'a> {
    fn new(conv: &'a Conv) -> Self {
        let exchanged = conv.out_channels < 8 && conv.out_channels < conv.kernel * conv.in_channels;
        let joined = exchanged || conv.in_channels < ENOUGH_ROWS;
        let blocks = if joined { 1 } else { (conv.in_channels + BLOCK / 2) / BLOCK };
        // Copying dy pays if it is then used often.
        let packs = !exchanged && conv.kernel * conv.kernel * conv.in_channels >= ENOUGH_USES;
        let pixels = if packs { PIXELS } else { UNPACKED_PIXELS };
        let pixel_rows = (pixels / conv.out_width()).max(1);
        // Whole images where several go into a pass: then its lists of steps serve the next one too.
        let whole = pixel_rows / conv.out_height() * conv.out_height();
        let pixel_rows = if packs || whole == 0 { pixel_rows } else { whole };
        let passes = (conv.batch * conv.out_height()).div_ceil(pixel_rows);
        let parts = TASKS.div_ceil(blocks).min(passes).min((LARGEST / conv.weight_len()).max(1));
        Self { conv, blocks, parts, pixel_rows, exchanged, joined, packs }
    }

    /// Computes one kernel row of one block from one part of the batch: adds it to `gradient` if that is the result, else sets it.
    fn task(&self, x: &[f32], dy: &[f32], part: usize, block: usize, gradient: Gradient<'_>) {
        let conv = self.conv;
        let bound = |block: usize| {
            let exact = conv.in_channels * block / self.blocks;
            if block == self.blocks { exact } else { (exact + TILE / 2) / TILE * TILE }
        };
        let channels = bound(block)..bound(block + 1);
        if self.parts > 1 || self.exchanged {
            for tap in 0..conv.kernel * conv.kernel {
                self.clear(gradient, tap * conv.in_channels, channels.clone());
            }
        }
        let pieces = (0..conv.kernel).flat_map(|i| self.pieces(i, channels.clone()));
        let number = pieces.clone().count();
        let total = conv.batch * conv.out_height();
        let passes = total.div_ceil(self.pixel_rows);
        let (width, columns) = (panel_width(), conv.out_channels);
        let mut lists = LISTS.with_borrow_mut(Vec::pop).unwrap_or_default();
        // The first row within its image, and the number of rows, that the lists are for.
        let mut listed = None;
        for pass in passes * part / self.parts..passes * (part + 1) / self.parts {
            let pixel_rows = pass * self.pixel_rows..total.min((pass + 1) * self.pixel_rows);
            let pixels = pixel_rows.len() * conv.out_width();
            let dy = &dy[pixel_rows.start * conv.out_width() * columns..][..pixels * columns];
            let (image, row) = (pixel_rows.start / conv.out_height(), pixel_rows.start % conv.out_height());
            let x = &x[image * conv.input_image()..];
            if listed != Some((row, pixel_rows.len())) {
                let rows = row..row + pixel_rows.len();
                let stride = if self.packs { width } else { columns };
                for (index, piece) in pieces.clone().enumerate() {
                    if index == lists.len() {
                        lists.push(Steps::default());
                    }
                    self.list_steps(&piece, &rows, stride, &mut lists[index]);
                }
                listed = Some((row, pixel_rows.len()));
            }
            if !self.packs {
                for (n, (piece, steps)) in pieces.clone().zip(&lists).enumerate() {
                    // The next pass's pixels, some with each piece.
                    for line in (dy.len() * n / number..dy.len() * (n + 1) / number).step_by(LINE) {
                        prefetch(dy.as_ptr().wrapping_add(dy.len() + line));
                    }
                    let (a, b) = if self.exchanged { (dy, x) } else { (x, dy) };
                    self.add(a, b, width, &piece, steps, gradient);
                }
            } else {
                with_scratch(packed_length(pixels, columns), |packed| {
                    for (panel, to) in packed.chunks_exact_mut(pixels * width).enumerate() {
                        pack_panel(dy, columns, panel * width, width.min(columns - panel * width), to);
                    }
                    for (piece, steps) in pieces.clone().zip(&lists) {
                        self.add(x, packed, pixels * width, &piece, steps, gradient);
                    }
                });
            }
        }
        LISTS.with_borrow_mut(|kept| kept.push(lists));
    }

    /// The pieces of kernel row `i` for a block of `channels`.
    fn pieces(&self, i: usize, channels: Range<usize>) -> impl Iterator<Item = Piece> + Clone {
        let conv = self.conv;
        // With few channels, neighbouring kernel columns are taken together, so that the product has enough rows.
        let span = if self.joined { conv.kernel } else { 1 };
        (0..conv.kernel).step_by(span).flat_map(move |first| {
            let channels = channels.clone();
            let taps = move |column: usize| {
                let taps = conv.column_taps(column);
                taps.start.max(first)..taps.end.min(first + span)
            };
            let starts =
                (0..conv.out_width()).filter(move |&column| column == 0 || taps(column) != taps(column - 1));
            starts.filter(move |&start| !taps(start).is_empty()).map(move |start| {
                let end = (start..conv.out_width()).find(|&column| taps(column) != taps(start));
                let rows = if span == 1 {
                    first * conv.in_channels + channels.start..first * conv.in_channels + channels.end
                } else {
                    taps(start).start * conv.in_channels..taps(start).end * conv.in_channels
                };
                Piece { i, columns: start..end.unwrap_or(conv.out_width()), rows }
            })
        })
    }

    /// Zeroes the gradient's rows `row + channels`.
    fn clear(&self, gradient: Gradient<'_>, row: usize, channels: Range<usize>) {
        let conv = self.conv;
        let inputs = conv.kernel * conv.kernel * conv.in_channels;
        let (outputs, scale) = if self.exchanged { (conv.out_channels, 1) } else { (1, conv.out_channels) };
        for output in 0..outputs {
            let start = gradient.start + output * inputs + (row + channels.start) * scale;
            // SAFETY: this task alone writes its kernel row and block.
            unsafe { gradient.all.slice(start, channels.len() * scale) }.fill(0.0);
        }
    }

    /// Lists where the output pixels of a piece, in some rows of pixels, find their inputs in x and their gradients in dy, whose pixels
    /// are `y_stride` apart. Rows count from the top of the image that x starts with, and dy starts with the first of them.
    fn list_steps(&self, piece: &Piece, pixel_rows: &Range<usize>, y_stride: usize, steps: &mut Steps) {
        let conv = self.conv;
        steps.clear();
        for pixel_row in pixel_rows.clone() {
            let (image, row) = (pixel_row / conv.out_height(), pixel_row % conv.out_height());
            if !conv.row_taps(row).contains(&piece.i) {
                continue;
            }
            let x_row = image * conv.height + row * conv.stride + piece.i - conv.pad_top();
            let y_row = (pixel_row - pixel_rows.start) * conv.out_width();
            let column = piece.columns.start;
            let element = (x_row * conv.width + column * conv.stride) * conv.in_channels + piece.rows.start;
            let x = (element - conv.pad_left() * conv.in_channels, conv.stride * conv.in_channels);
            let y = ((y_row + column) * y_stride, y_stride);
            let (a, b) = if self.exchanged { (y, x) } else { (x, y) };
            steps.push(piece.columns.len(), a, b);
        }
    }

    /// Adds the product of a piece.
    fn add(
        &self,
        a: &[f32],
        b: &[f32],
        b_panel: usize,
        piece: &Piece,
        steps: &Steps,
        gradient: Gradient<'_>,
    ) {
        let conv = self.conv;
        let first = piece.i * conv.kernel * conv.in_channels + piece.rows.start;
        let (rows, columns) = (piece.rows.len(), conv.out_channels);
        let (rows, columns, start, stride) = if self.exchanged {
            (columns, rows, first, conv.kernel * conv.kernel * conv.in_channels)
        } else {
            (rows, columns, first * columns, columns)
        };
        let product =
            Product { a, left: Left::Columns { steps }, b, b_panel, b_step: 0, rows, columns, ahead: None };
        let to =
            Destination { c: gradient.all, start: gradient.start + start, stride, add: true, cold: false };
        // SAFETY: this task alone writes its kernel row and block.
        unsafe { product.write(to) }
    }
}
