//! Dense layers: `y[b, o] = Σ_i x[b, i] · w[i, o]` with weights (in, out), as in TensorFlow.

use std::cell::RefCell;
use std::ops::Range;

use crate::matmul::{
    Destination, Left, PASS, Product, Segment, Steps, packed_length, panel_width, transpose,
};
use crate::parallel::{Shared, for_each_task, with_scratch};
use crate::prefetch::{LINE, prefetch};

/// Columns of one task: a multiple of every panel's width.
const COLUMNS: usize = 64;
const MANY_COLUMNS: usize = 256;
/// Rows of one task, where the columns alone do not give enough tasks, and else: multiples of every register tile's rows.
const FEW_ROWS: usize = 48;
const MANY_ROWS: usize = 264;
/// Tasks that are enough to balance.
const TASKS: usize = 16;
/// How many rows before it is copied a row is asked for.
const ROWS_AHEAD: usize = 8;
/// Rows of a block of the weights' gradient.
const GRADIENT_ROWS: usize = 84;

thread_local! {
    static STEPS: RefCell<Vec<Steps>> = const { RefCell::new(Vec::new()) };
}

/// The sizes of a dense layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dense {
    /// Number of examples.
    pub batch: usize,
    /// Features of an example.
    pub inputs: usize,
    /// Units.
    pub outputs: usize,
}

impl Dense {
    fn check(&self, x: usize, w: usize, y: usize) {
        assert!(self.batch > 0 && self.inputs > 0 && self.outputs > 0, "an empty layer: {self:?}");
        assert_eq!(x, self.batch * self.inputs, "elements of the input of {self:?}");
        assert_eq!(w, self.inputs * self.outputs, "elements of the weights of {self:?}");
        assert_eq!(y, self.batch * self.outputs, "elements of the output of {self:?}");
    }
}

/// `y = x · w`: (B, I), (I, O) -> (B, O). Overwrites `y`.
pub fn dense_forward(dense: &Dense, x: &[f32], w: &[f32], y: &mut [f32]) {
    dense.check(x.len(), w.len(), y.len());
    let outputs = dense.outputs;
    multiply(x, dense.inputs, y, outputs, |inner, first, count, packed| {
        pack(&w[inner.start * outputs..], outputs, first, count, inner.len(), packed);
    });
}

/// The gradient of the input, `dx = dy · wᵀ`: (B, O), (I, O) -> (B, I). Overwrites `dx`.
pub fn dense_data_gradient(dense: &Dense, dy: &[f32], w: &[f32], dx: &mut [f32]) {
    dense.check(dx.len(), w.len(), dy.len());
    let (inputs, outputs, width) = (dense.inputs, dense.outputs, panel_width());
    multiply(dy, outputs, dx, inputs, |inner, first, count, packed| {
        for (panel, to) in packed.chunks_exact_mut(inner.len() * width).enumerate() {
            let done = panel * width;
            let block = &w[(first + done) * outputs + inner.start..];
            transpose(block, outputs, width.min(count - done), inner.len(), to, width);
        }
    });
}

/// Adds the gradient of the weights, `xᵀ · dy`, to `dw`: (B, I), (B, O) -> (I, O).
pub fn dense_weight_gradient(dense: &Dense, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    dense.check(x.len(), dw.len(), dy.len());
    // With one output, (I, 1) is (1, I) in memory: let the inputs be the columns of the product, so that they fill the vectors.
    let (left, rows, right, columns) =
        if dense.outputs == 1 { (dy, 1, x, dense.inputs) } else { (x, dense.inputs, dy, dense.outputs) };
    let row_blocks = (rows / GRADIENT_ROWS).max(1);
    let column_block = if columns >= TASKS * MANY_COLUMNS {
        MANY_COLUMNS
    } else if row_blocks < TASKS {
        COLUMNS
    } else {
        2 * COLUMNS
    };
    let column_blocks = columns.div_ceil(column_block);
    let (width, shared) = (panel_width(), Shared::new(dw));
    for_each_task(row_blocks * column_blocks, |task| {
        let (row_block, first) = (task % row_blocks, task / row_blocks * column_block);
        let row = row_block * GRADIENT_ROWS;
        let end = if row_block + 1 == row_blocks { rows } else { row + GRADIENT_ROWS };
        let count = column_block.min(columns - first);
        let mut steps = STEPS.with_borrow_mut(Vec::pop).unwrap_or_default();
        for start in (0..dense.batch).step_by(PASS) {
            let images = start..(start + PASS).min(dense.batch);
            steps.clear();
            steps.push(images.len(), (0, rows), (0, width));
            with_scratch(packed_length(images.len(), count), |packed| {
                pack(&right[start * columns..], columns, first, count, images.len(), packed);
                let product = Product {
                    a: &left[start * rows + row..],
                    left: Left::Columns { steps: &steps },
                    b: packed,
                    b_panel: images.len() * width,
                    b_step: width,
                    rows: end - row,
                    columns: count,
                    ahead: None,
                };
                let to = Destination {
                    c: shared,
                    start: row * columns + first,
                    stride: columns,
                    add: true,
                    cold: true,
                };
                // SAFETY: this task alone writes its block.
                unsafe { product.write(to) }
            });
        }
        STEPS.with_borrow_mut(|lists| lists.push(steps));
    });
}

/// Packs columns `first..first + count` of a matrix into panels of `depth` rows: row by row, as each may be on a page of its own.
fn pack(matrix: &[f32], stride: usize, first: usize, count: usize, depth: usize, packed: &mut [f32]) {
    let width = panel_width();
    for row in 0..depth {
        let from = &matrix[row * stride + first..][..count];
        for line in (0..count).step_by(LINE) {
            prefetch(from.as_ptr().wrapping_add(ROWS_AHEAD * stride + line));
        }
        for (panel, from) in from.chunks(width).enumerate() {
            packed[(panel * depth + row) * width..][..from.len()].copy_from_slice(from);
        }
    }
}

/// `c = a · b` for a (rows, inner) and b (inner, columns); `pack(k, first, count, packed)` gives the rows k of `count` of b's columns from `first` on, in
/// panels.
fn multiply(
    a: &[f32],
    inner: usize,
    c: &mut [f32],
    columns: usize,
    pack: impl Fn(Range<usize>, usize, usize, &mut [f32]) + Sync + Send,
) {
    let rows = a.len() / inner;
    let column_block = if columns < TASKS * MANY_COLUMNS { COLUMNS } else { MANY_COLUMNS };
    let column_blocks = columns.div_ceil(column_block);
    let row_block = if column_blocks < TASKS { FEW_ROWS } else { MANY_ROWS };
    let (width, shared) = (panel_width(), Shared::new(c));
    for_each_task(rows.div_ceil(row_block) * column_blocks, |task| {
        let (row, first) = (task / column_blocks * row_block, task % column_blocks * column_block);
        let count = column_block.min(columns - first);
        for start in (0..inner).step_by(PASS) {
            let depth = PASS.min(inner - start);
            with_scratch(packed_length(depth, count), |packed| {
                pack(start..start + depth, first, count, packed);
                let product = Product {
                    a: &a[row * inner + start..],
                    left: Left::Rows { stride: inner, segments: &[Segment { a: 0, b: 0, length: depth }] },
                    b: packed,
                    b_panel: depth * width,
                    b_step: width,
                    rows: row_block.min(rows - row),
                    columns: count,
                    ahead: None,
                };
                let to = Destination {
                    c: shared,
                    start: row * columns + first,
                    stride: columns,
                    add: start > 0,
                    cold: true,
                };
                // SAFETY: this task alone writes its block.
                unsafe { product.write(to) }
            });
        }
    });
}
