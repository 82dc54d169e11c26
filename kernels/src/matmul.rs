//! The matrix product that the dense and convolution kernels are made of.
//!
//! One block is `C[m, n] (+)= Σ_k A[m, k]·B[k, n]` where k runs through *segments*: pieces of A and B that are reached with a constant step. A
//! convolution is such a product for one pixel of many images: its padded taps are simply not in the list, and nothing is copied
//! into patches. The inner loop keeps a tile of C in registers, broadcasts A and reads B in vectors of the widest kind.

use std::cell::RefCell;

use pulp::{Simd, WithSimd};

use crate::parallel::{Shared, dispatch, vectorized};
use crate::prefetch::{LINE, prefetch, prefetch_to_write};

/// Vectors of B and C side by side in one tile.
const TILE_VECTORS: usize = 2;
/// Rows in a tile where there are 32 vector registers: 24 of them accumulate.
const TILE_ROWS_LARGE: usize = 12;
/// Rows in a tile where there are 16 vector registers: 12 of them accumulate.
const TILE_ROWS_SMALL: usize = 6;

/// The inner dimension after which a tile goes back to memory: B's share (64 KiB for 512 × 32) stays in the second-level cache
/// while the rows pass, and short sums keep the rounding errors small.
pub(crate) const PASS: usize = 512;

/// A piece of the inner dimension.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    /// Offset of its first element within a row of A.
    pub(crate) a: usize,
    /// Offset of its first row within B's panel.
    pub(crate) b: usize,
    /// Number of steps.
    pub(crate) length: usize,
}

/// A list of single steps of the inner dimension: the offsets of A's column and of B's row.
#[derive(Default)]
pub(crate) struct Steps {
    list: Vec<(u32, u32)>,
    last: (u32, u32),
}

impl Steps {
    /// Empties the list, without giving back its memory.
    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.last = (0, 0);
    }

    /// Adds `count` steps, each so much further in A and B than the one before, from these offsets on.
    pub(crate) fn push(&mut self, count: usize, (a, a_step): (usize, usize), (b, b_step): (usize, usize)) {
        let Some(most) = count.checked_sub(1) else { return };
        let last = (offset(a + most * a_step), offset(b + most * b_step));
        let (a, a_step, b, b_step) = (a as u32, a_step as u32, b as u32, b_step as u32);
        self.list.extend((0..count as u32).map(|i| (a + i * a_step, b + i * b_step)));
        self.last = (self.last.0.max(last.0), self.last.1.max(last.1));
    }
}

fn offset(offset: usize) -> u32 {
    u32::try_from(offset).expect("fewer than 2^32 floats in one operand")
}

/// How A is stored and where the inner dimension runs.
#[derive(Clone, Copy)]
pub(crate) enum Left<'a> {
    /// Rows are `stride` apart and the inner dimension is contiguous within the segments.
    Rows { stride: usize, segments: &'a [Segment] },
    /// Rows are adjacent elements, as in the transpose of a row-major matrix; each step of the inner dimension has a place of its own.
    Columns { steps: &'a Steps },
}

/// One block of a product; see the module's description.
#[derive(Clone, Copy)]
pub(crate) struct Product<'a> {
    /// A from its first row on.
    pub(crate) a: &'a [f32],
    pub(crate) left: Left<'a>,
    /// B: panels of [`panel_width`] columns.
    pub(crate) b: &'a [f32],
    /// Distance of two panels.
    pub(crate) b_panel: usize,
    /// Distance of two rows of a panel, within a segment.
    pub(crate) b_step: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// How far behind A's rows others follow that the next product reads, and that are asked for meanwhile.
    pub(crate) ahead: Option<usize>,
}

/// Where a product goes.
#[derive(Clone, Copy)]
pub(crate) struct Destination<'a> {
    pub(crate) c: Shared<'a>,
    /// Offset of the block's first element.
    pub(crate) start: usize,
    /// Distance of two rows.
    pub(crate) stride: usize,
    /// Whether the product is added to what is there.
    pub(crate) add: bool,
    /// Whether the rows, with what follows on their right, are in no cache yet: while a panel is computed, the next one's place is asked for.
    pub(crate) cold: bool,
}

struct Width;
impl WithSimd for Width {
    type Output = usize;
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        TILE_VECTORS * S::F32_LANES
    }
}

/// The number of columns in a panel of B, which depends on the processor: two vectors.
pub(crate) fn panel_width() -> usize {
    dispatch(Width)
}

impl Product<'_> {
    /// Computes the block.
    ///
    /// # Safety
    /// No other task reads or writes the destination's elements meanwhile.
    pub(crate) unsafe fn write(&self, to: Destination<'_>) {
        if self.rows == 0 || self.columns == 0 {
            return;
        }
        let width = panel_width();
        let last_panel = (self.columns - 1) / width;
        let last_column = last_panel * self.b_panel + self.columns - 1 - last_panel * width;
        match self.left {
            Left::Rows { stride, segments } => {
                for segment in segments.iter().filter(|segment| segment.length > 0) {
                    let last = segment.length - 1;
                    assert!((self.rows - 1) * stride + segment.a + last < self.a.len());
                    assert!(last_column + segment.b + last * self.b_step < self.b.len());
                }
            }
            Left::Columns { steps } if !steps.list.is_empty() => {
                assert!(self.rows - 1 + (steps.last.0 as usize) < self.a.len());
                assert!(last_column + (steps.last.1 as usize) < self.b.len());
            }
            Left::Columns { .. } => {}
        }
        let extent = (self.rows - 1) * to.stride + self.columns;
        let c = to.c.pointer(to.start, extent);
        dispatch(Block { product: self, c, to });
    }
}

struct Block<'a> {
    product: &'a Product<'a>,
    c: *mut f32,
    to: Destination<'a>,
}

impl WithSimd for Block<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // SAFETY: `Product::write` has checked the bounds of every segment, row and column; what it was promised about C holds here too.
        unsafe {
            match (S::REGISTER_COUNT >= 32, self.product.left) {
                (true, Left::Rows { .. }) => self.panels::<S, TILE_ROWS_LARGE, false>(simd),
                (true, Left::Columns { .. }) => self.panels::<S, TILE_ROWS_LARGE, true>(simd),
                (false, Left::Rows { .. }) => self.panels::<S, TILE_ROWS_SMALL, false>(simd),
                (false, Left::Columns { .. }) => self.panels::<S, TILE_ROWS_SMALL, true>(simd),
            }
        }
    }
}

impl Block<'_> {
    /// # Safety
    /// As for `with_simd`: everything that the product reaches is in bounds, and C belongs to this task.
    #[inline(always)]
    unsafe fn panels<S: Simd, const ROWS: usize, const COLUMNS_OF_A: bool>(&self, simd: S) {
        let product = self.product;
        let width = TILE_VECTORS * S::F32_LANES;
        for (panel, first) in (0..product.columns).step_by(width).enumerate() {
            let columns = width.min(product.columns - first);
            let b = product.b.as_ptr().wrapping_add(panel * product.b_panel);
            let tail = columns % S::F32_LANES;
            // SAFETY: the caller's promise.
            unsafe {
                match (columns.div_ceil(S::F32_LANES), tail == 0) {
                    (1, true) => self.rows::<S, ROWS, 1, COLUMNS_OF_A, false>(simd, b, first, tail),
                    (1, false) => self.rows::<S, ROWS, 1, COLUMNS_OF_A, true>(simd, b, first, tail),
                    (_, true) => self.rows::<S, ROWS, 2, COLUMNS_OF_A, false>(simd, b, first, tail),
                    (_, false) => self.rows::<S, ROWS, 2, COLUMNS_OF_A, true>(simd, b, first, tail),
                }
            }
        }
    }

    /// # Safety
    /// As for `panels`.
    #[inline(always)]
    unsafe fn rows<
        S: Simd,
        const ROWS: usize,
        const VECTORS: usize,
        const COLUMNS_OF_A: bool,
        const TAIL: bool,
    >(
        &self,
        simd: S,
        b: *const f32,
        first: usize,
        tail: usize,
    ) {
        let rows = self.product.rows;
        let mut row = 0;
        macro_rules! tile {
            ($count:literal) => {
                // SAFETY: rows `row..row + $count` exist.
                unsafe { self.tile::<S, $count, VECTORS, COLUMNS_OF_A, TAIL>(simd, b, row, first, tail) }
            };
        }
        while rows - row >= ROWS {
            // SAFETY: rows `row..row + ROWS` exist.
            unsafe { self.tile::<S, ROWS, VECTORS, COLUMNS_OF_A, TAIL>(simd, b, row, first, tail) };
            row += ROWS;
        }
        match rows - row {
            0 => {}
            1 => tile!(1),
            2 => tile!(2),
            3 => tile!(3),
            4 => tile!(4),
            5 => tile!(5),
            6 if ROWS > 6 => tile!(6),
            7 if ROWS > 6 => tile!(7),
            8 if ROWS > 6 => tile!(8),
            9 if ROWS > 6 => tile!(9),
            10 if ROWS > 6 => tile!(10),
            11 if ROWS > 6 => tile!(11),
            _ => unreachable!("a tile has at most 12 rows"),
        }
    }

    /// # Safety
    /// As for `panels`; the rows from `row` to `row + ROWS` exist.
    #[inline(always)]
    unsafe fn tile<
        S: Simd,
        const ROWS: usize,
        const VECTORS: usize,
        const COLUMNS_OF_A: bool,
        const TAIL: bool,
    >(
        &self,
        simd: S,
        b: *const f32,
        row: usize,
        first: usize,
        tail: usize,
    ) {
        let product = self.product;
        let lanes = S::F32_LANES;
        // The plain mask: what `mask_between_m32s` gives may call a function in the loop.
        let mask = simd.mask_between_m32s(0, tail as u32).mask().into();
        let load = |pointer: *const f32, j: usize| -> S::f32s {
            // SAFETY: lane by lane in bounds: `Product::write` has checked the last column of the last row.
            unsafe {
                if TAIL && j == VECTORS - 1 {
                    simd.mask_load_ptr_f32s(mask, pointer.add(lanes * j))
                } else {
                    pointer.add(lanes * j).cast::<S::f32s>().read_unaligned()
                }
            }
        };
        if self.to.cold {
            for i in 0..ROWS {
                let next = self.c.wrapping_add((row + i) * self.to.stride + first + VECTORS * lanes);
                for j in 0..VECTORS {
                    prefetch_to_write(next.wrapping_add(j * lanes));
                }
            }
        }
        let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
        macro_rules! step {
            ($a:expr, $b:expr, $row_stride:expr) => {
                let mut right = [simd.splat_f32s(0.0); VECTORS];
                for (j, right) in right.iter_mut().enumerate() {
                    *right = load($b, j);
                }
                for (i, sums) in sums.iter_mut().enumerate() {
                    // SAFETY: `Product::write` has checked the last element of the last row.
                    let left = simd.splat_f32s(unsafe { *$a.wrapping_add(i * $row_stride) });
                    for (sum, right) in sums.iter_mut().zip(right) {
                        *sum = simd.mul_add_e_f32s(left, right, *sum);
                    }
                }
            };
        }
        match product.left {
            Left::Rows { stride, segments } if !COLUMNS_OF_A => {
                let a = product.a.as_ptr().wrapping_add(row * stride);
                if let Some(ahead) = product.ahead {
                    for line in (0..ROWS * stride).step_by(LINE) {
                        prefetch(a.wrapping_add(ahead + line));
                    }
                }
                for segment in segments {
                    let (a, b) = (a.wrapping_add(segment.a), b.wrapping_add(segment.b));
                    for k in 0..segment.length {
                        step!(a.wrapping_add(k), b.wrapping_add(k * product.b_step), stride);
                    }
                }
            }
            Left::Columns { steps } if COLUMNS_OF_A => {
                let a = product.a.as_ptr().wrapping_add(row);
                for &(to_a, to_b) in &steps.list {
                    step!(a.wrapping_add(to_a as usize), b.wrapping_add(to_b as usize), 1);
                }
            }
            _ => unreachable!("the caller chose the tile by the layout"),
        }
        for (i, sums) in sums.iter().enumerate() {
            let c = self.c.wrapping_add((row + i) * self.to.stride + first);
            for (j, &sum) in sums.iter().enumerate() {
                let sum = if self.to.add { simd.add_f32s(load(c, j), sum) } else { sum };
                let pointer = c.wrapping_add(lanes * j);
                // SAFETY: within the extent that `Product::write` has checked; the mask leaves out what is beyond the last column.
                unsafe {
                    if TAIL && j == VECTORS - 1 {
                        simd.mask_store_ptr_f32s(mask, pointer, sum);
                    } else {
                        pointer.cast::<S::f32s>().write_unaligned(sum);
                    }
                }
            }
        }
    }
}

thread_local! {
    static LISTS: RefCell<Vec<Vec<Segment>>> = const { RefCell::new(Vec::new()) };
}

/// Joins segments that continue each other, splits them into passes of at most [`PASS`] steps and gives each to `pass`, with its number.
///
/// `a_step` and `b_step` are what one step of the inner dimension adds to a segment's offsets. Without any step there is one pass
/// without segments, so that the product is written as zero.
pub(crate) fn for_each_pass(
    segments: impl Iterator<Item = Segment>,
    a_step: usize,
    b_step: usize,
    mut pass: impl FnMut(usize, &[Segment]),
) {
    let mut list = LISTS.with_borrow_mut(Vec::pop).unwrap_or_default();
    let (mut number, mut filled) = (0, 0);
    for mut segment in segments {
        while segment.length > 0 {
            let taken = segment.length.min(PASS - filled);
            match list.last_mut() {
                Some(Segment { a, b, length })
                    if *a + *length * a_step == segment.a && *b + *length * b_step == segment.b =>
                {
                    *length += taken;
                }
                _ => list.push(Segment { length: taken, ..segment }),
            }
            segment.a += taken * a_step;
            segment.b += taken * b_step;
            segment.length -= taken;
            filled += taken;
            if filled == PASS {
                pass(number, &list);
                list.clear();
                (number, filled) = (number + 1, 0);
            }
        }
    }
    if filled > 0 || number == 0 {
        pass(number, &list);
    }
    list.clear();
    LISTS.with_borrow_mut(|lists| lists.push(list));
}

/// The floats that `rows` × `columns` take as panels.
pub(crate) fn packed_length(rows: usize, columns: usize) -> usize {
    rows * columns.next_multiple_of(panel_width())
}

/// Copies columns `first..first + count` of a matrix with rows of `stride` into one panel; what is missing to its width stays unset.
pub(crate) fn pack_panel(matrix: &[f32], stride: usize, first: usize, count: usize, panel: &mut [f32]) {
    let width = panel_width();
    for (row, to) in panel.chunks_exact_mut(width).enumerate() {
        let start = row * stride + first;
        to[..count].copy_from_slice(&matrix[start..start + count]);
    }
}

/// Transposes: `to[j·to_stride + i] = from[i·from_stride + j]` for i below `rows` and j below `columns`.
pub(crate) fn transpose(
    from: &[f32],
    from_stride: usize,
    rows: usize,
    columns: usize,
    to: &mut [f32],
    to_stride: usize,
) {
    vectorized(
        #[inline(always)]
        || {
            for row in (0..rows).step_by(SIDE) {
                for column in (0..columns).step_by(SIDE) {
                    let (height, width) = (SIDE.min(rows - row), SIDE.min(columns - column));
                    let from = &from[row * from_stride + column..];
                    let to = &mut to[column * to_stride + row..];
                    if height == SIDE && width == SIDE {
                        transpose_square(from, from_stride, to, to_stride);
                        continue;
                    }
                    for j in 0..width {
                        for i in 0..height {
                            to[j * to_stride + i] = from[i * from_stride + j];
                        }
                    }
                }
            }
        },
    );
}

/// Side of the squares that are transposed in registers or the first-level cache.
const SIDE: usize = 16;

#[inline(always)]
fn transpose_square(from: &[f32], from_stride: usize, to: &mut [f32], to_stride: usize) {
    let mut square = [[0.0; SIDE]; SIDE];
    for (i, row) in square.iter_mut().enumerate() {
        row.copy_from_slice(&from[i * from_stride..i * from_stride + SIDE]);
    }
    for j in 0..SIDE {
        let column: [f32; SIDE] = std::array::from_fn(|i| square[i][j]);
        to[j * to_stride..j * to_stride + SIDE].copy_from_slice(&column);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block and the number of lanes of a processor without AVX-512.
    struct Narrow<'a>(Block<'a>, usize);

    fn numbers(length: usize) -> Vec<f32> {
        (0..length).map(|i| ((i * 7919 + 13) % 101) as f32 / 50.0 - 1.0).collect()
    }

    impl Narrow<'_> {
        fn run(self) {
            #[cfg(target_arch = "x86_64")]
            if self.1 == 8 {
                let Some(avx2) = pulp::x86::V3::try_new() else { return };
                return pulp::Simd::vectorize(avx2, self.0);
            }
            self.0.with_simd(pulp::Scalar);
        }
    }

    #[test]
    fn products_without_avx512_agree_with_plain_loops() {
        let lane_counts: &[usize] = if cfg!(target_arch = "x86_64") && pulp::x86::V3::try_new().is_some() {
            &[8, <pulp::Scalar as Simd>::F32_LANES]
        } else {
            &[<pulp::Scalar as Simd>::F32_LANES]
        };
        for &lanes in lane_counts {
            for rows in 1..=14 {
                for columns in [1, 3, 8, 11, 16, 21, 40] {
                    check(lanes, rows, columns);
                }
            }
        }
    }

    fn check(lanes: usize, rows: usize, columns: usize) {
        let (depth, width) = (9, TILE_VECTORS * lanes);
        let panels = columns.div_ceil(width);
        let (by_rows, b) = (numbers(rows * depth), numbers(panels * depth * width));
        let mut by_columns = vec![0.0; rows * depth];
        transpose(&by_rows, depth, rows, depth, &mut by_columns, rows);
        let mut steps = Steps::default();
        steps.push(depth, (0, rows), (0, width));
        // The inner dimension in two pieces, of which the second comes first.
        let segments = [Segment { a: 4, b: 4 * width, length: depth - 4 }, Segment { a: 0, b: 0, length: 4 }];
        let lefts = [
            (&by_rows, Left::Rows { stride: depth, segments: &segments }),
            (&by_columns, Left::Columns { steps: &steps }),
        ];
        for (a, left) in lefts {
            let product =
                Product { a, left, b: &b, b_panel: depth * width, b_step: width, rows, columns, ahead: None };
            let mut c = numbers(rows * columns);
            let before = c.clone();
            let to =
                Destination { c: Shared::new(&mut c), start: 0, stride: columns, add: true, cold: false };
            let pointer = to.c.pointer(0, rows * columns);
            Narrow(Block { product: &product, c: pointer, to }, lanes).run();
            for (i, (&c, &before)) in c.iter().zip(&before).enumerate() {
                let (row, column) = (i / columns, i % columns);
                let b = |k: usize| b[(column / width * depth + k) * width + column % width];
                let sum: f64 =
                    (0..depth).map(|k| f64::from(by_rows[row * depth + k]) * f64::from(b(k))).sum();
                let error = (f64::from(c) - f64::from(before) - sum).abs();
                assert!(error < 1e-5, "{lanes} lanes, {rows} × {columns}, {}: {c}", product.left.name());
            }
        }
    }

    impl Left<'_> {
        fn name(&self) -> &'static str {
            match self {
                Left::Rows { .. } => "rows",
                Left::Columns { .. } => "columns",
            }
        }
    }
}
