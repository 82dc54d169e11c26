//! Discrete Fourier transforms of N × N points, N small, of many channels side by side.
//!
//! Real numbers only come in and go out, so half of the frequencies tell everything: those with column frequency 0 (and N/2) need row
//! frequencies 0 to N/2 only, others all N. Positions count from the centre, −h to h: then even and odd parts (`x[d] ± x[−d]`) halve the
//! multiplications. What is beyond the L = 2h + 1 positions is zero, and is neither stored nor computed.

use std::f64::consts::TAU;

use pulp::{Simd, WithSimd};

use super::layout::{BLOCK, Block, Grid, Layout, MOST_LAG, PANEL, Taps};
use super::product::{load, store};
use crate::parallel::{Shared, dispatch};

/// The most frequencies of one axis, N/2 + 1 for N = 10 or 11, and the most positions on one side, h = 4, with the centre.
const FREQUENCIES: usize = 6;
const SIDE: usize = 5;

/// cos and sin of 2πkd/N, by frequency k and position d; in `last_…` times what a frequency counts for in the inverse.
#[derive(Clone, Debug)]
pub(super) struct Table {
    cos: [[f32; SIDE]; FREQUENCIES],
    sin: [[f32; SIDE]; FREQUENCIES],
    last_cos: [[f32; SIDE]; FREQUENCIES],
    last_sin: [[f32; SIDE]; FREQUENCIES],
}

impl Table {
    pub(super) fn new(points: usize) -> Self {
        let zero = [[0.0; SIDE]; FREQUENCIES];
        let mut table = Self { cos: zero, sin: zero, last_cos: zero, last_sin: zero };
        for k in 0..=points / 2 {
            // A frequency and its conjugate, which is not stored, count twice.
            let weight = if k == 0 || 2 * k == points { 1.0 } else { 2.0 } / (points * points) as f64;
            for d in 0..SIDE {
                let angle = TAU * ((k * d) % points) as f64 / points as f64;
                table.cos[k][d] = angle.cos() as f32;
                table.sin[k][d] = angle.sin() as f32;
                table.last_cos[k][d] = (angle.cos() * weight) as f32;
                table.last_sin[k][d] = (angle.sin() * weight) as f32;
            }
        }
        table
    }
}

/// Where one block of one row has its frequencies: the first real and complex one, and the distances between them.
#[derive(Clone, Copy)]
struct Place {
    real: *mut f32,
    real_step: usize,
    complex: *mut f32,
    complex_step: usize,
}

impl Place {
    /// # Safety
    /// `spectrum` has all of the layout's elements.
    #[inline(always)]
    unsafe fn new(spectrum: *mut f32, layout: &Layout, row: usize, block: usize) -> Self {
        Self {
            real: spectrum.wrapping_add(layout.start(false) + layout.place(row, block, false)),
            real_step: layout.step(false),
            complex: spectrum.wrapping_add(layout.start(true) + layout.place(row, block, true)),
            complex_step: layout.step(true),
        }
    }

    /// The same `lanes` channels further.
    #[inline(always)]
    fn further(self, lanes: usize) -> Self {
        Self { real: self.real.wrapping_add(lanes), complex: self.complex.wrapping_add(lanes), ..self }
    }

    #[inline(always)]
    fn real(self, index: usize) -> *mut f32 {
        self.real.wrapping_add(index * self.real_step)
    }

    #[inline(always)]
    fn complex(self, index: usize) -> *mut f32 {
        self.complex.wrapping_add(index * self.complex_step)
    }
}

/// L real numbers, counted from the centre, to N/2 + 1 frequencies: real and imaginary parts.
#[inline(always)]
fn axis<S: Simd, const N: usize, const L: usize>(
    simd: S,
    table: &Table,
    x: &[S::f32s; L],
) -> ([S::f32s; FREQUENCIES], [S::f32s; FREQUENCIES]) {
    let zero = simd.splat_f32s(0.0);
    let h = L / 2;
    let (mut even, mut odd) = ([zero; SIDE], [zero; SIDE]);
    even[0] = x[h];
    for d in 1..=h {
        even[d] = simd.add_f32s(x[h + d], x[h - d]);
        odd[d] = simd.sub_f32s(x[h - d], x[h + d]);
    }
    let (mut re, mut im) = ([zero; FREQUENCIES], [zero; FREQUENCIES]);
    for k in 0..=N / 2 {
        re[k] = even[0];
        for d in 1..=h {
            re[k] = if k == 0 {
                simd.add_f32s(re[k], even[d])
            } else if 2 * k == N {
                if d % 2 == 1 { simd.sub_f32s(re[k], even[d]) } else { simd.add_f32s(re[k], even[d]) }
            } else {
                simd.mul_add_e_f32s(simd.splat_f32s(table.cos[k][d]), even[d], re[k])
            };
        }
        if k > 0 && 2 * k != N {
            im[k] = simd.mul_f32s(simd.splat_f32s(table.sin[k][1]), odd[1]);
            for d in 2..=h {
                im[k] = simd.mul_add_e_f32s(simd.splat_f32s(table.sin[k][d]), odd[d], im[k]);
            }
        }
    }
    (re, im)
}

/// L × L numbers that `at` gives by row and column to their frequencies.
///
/// # Safety
/// Whole vectors can be written at all frequencies of `to`.
#[inline(always)]
unsafe fn forward<S: Simd, const N: usize, const L: usize>(
    simd: S,
    table: &Table,
    at: impl Fn(usize, usize) -> S::f32s,
    to: Place,
) {
    let zero = simd.splat_f32s(0.0);
    let (mut re, mut im) = ([[zero; L]; FREQUENCIES], [[zero; L]; FREQUENCIES]);
    for r in 0..L {
        let mut x = [zero; L];
        for (c, x) in x.iter_mut().enumerate() {
            *x = at(r, c);
        }
        let (row_re, row_im) = axis::<S, N, L>(simd, table, &x);
        for k in 0..=N / 2 {
            re[k][r] = row_re[k];
            im[k][r] = row_im[k];
        }
    }
    let (mut real, mut complex) = (0, 0);
    let mut put = |re, im| {
        let at = to.complex(complex);
        // SAFETY: the caller's promise.
        unsafe {
            store::<S>(at, re);
            store::<S>(at.wrapping_add(PANEL), im);
        }
        complex += 1;
    };
    for k in 0..=N / 2 {
        let (rr, ri) = axis::<S, N, L>(simd, table, &re[k]);
        if k == 0 || 2 * k == N {
            // SAFETY: the caller's promise.
            unsafe { store::<S>(to.real(real), rr[0]) };
            real += 1;
            if N % 2 == 0 {
                // SAFETY: the caller's promise.
                unsafe { store::<S>(to.real(real), rr[N / 2]) };
                real += 1;
            }
            for f in 1..=(N - 1) / 2 {
                put(rr[f], ri[f]);
            }
        } else {
            let (ir, ii) = axis::<S, N, L>(simd, table, &im[k]);
            put(rr[0], ir[0]);
            for f in 1..=(N - 1) / 2 {
                put(simd.sub_f32s(rr[f], ii[f]), simd.add_f32s(ri[f], ir[f]));
                put(simd.add_f32s(rr[f], ii[f]), simd.sub_f32s(ir[f], ri[f]));
            }
            if N % 2 == 0 {
                put(rr[N / 2], ir[N / 2]);
            }
        }
    }
}

/// The L × L numbers of these frequencies, each given to `put` with its row and column.
///
/// # Safety
/// Whole vectors can be read at all frequencies of `from`.
#[inline(always)]
unsafe fn inverse<S: Simd, const N: usize, const L: usize>(
    simd: S,
    table: &Table,
    from: Place,
    mut put: impl FnMut(usize, usize, S::f32s),
) {
    let zero = simd.splat_f32s(0.0);
    let h = L / 2;
    // After the transform of the rows: by row and column frequency.
    let (mut zr, mut zi) = ([[zero; FREQUENCIES]; L], [[zero; FREQUENCIES]; L]);
    let (mut real, mut complex) = (0, 0);
    // SAFETY: the caller's promise.
    let mut next_real = || unsafe {
        real += 1;
        load::<S>(from.real(real - 1))
    };
    // SAFETY: the caller's promise.
    let mut next = || unsafe {
        let at = from.complex(complex);
        complex += 1;
        (load::<S>(at), load::<S>(at.wrapping_add(PANEL)))
    };
    for k in 0..=N / 2 {
        if k == 0 || 2 * k == N {
            let first = next_real();
            let (mut even, mut odd) = ([first; SIDE], [zero; SIDE]);
            if N % 2 == 0 {
                let last = next_real();
                for (d, even) in even.iter_mut().enumerate().take(h + 1) {
                    *even = if d % 2 == 1 { simd.sub_f32s(first, last) } else { simd.add_f32s(first, last) };
                }
            }
            for f in 1..=(N - 1) / 2 {
                let (re, im) = next();
                let (re, im) = (simd.add_f32s(re, re), simd.add_f32s(im, im));
                even[0] = simd.add_f32s(even[0], re);
                for d in 1..=h {
                    even[d] = simd.mul_add_e_f32s(simd.splat_f32s(table.cos[f][d]), re, even[d]);
                    odd[d] = simd.mul_add_e_f32s(simd.splat_f32s(table.sin[f][d]), im, odd[d]);
                }
            }
            zr[h][k] = even[0];
            for d in 1..=h {
                zr[h + d][k] = simd.sub_f32s(even[d], odd[d]);
                zr[h - d][k] = simd.add_f32s(even[d], odd[d]);
            }
        } else {
            let (re, im) = next();
            let (mut even_re, mut even_im) = ([re; SIDE], [im; SIDE]);
            let (mut odd_re, mut odd_im) = ([zero; SIDE], [zero; SIDE]);
            for f in 1..=(N - 1) / 2 {
                let (plus, minus) = (next(), next());
                let sum = (simd.add_f32s(plus.0, minus.0), simd.add_f32s(plus.1, minus.1));
                let difference = (simd.sub_f32s(plus.0, minus.0), simd.sub_f32s(plus.1, minus.1));
                even_re[0] = simd.add_f32s(even_re[0], sum.0);
                even_im[0] = simd.add_f32s(even_im[0], sum.1);
                for d in 1..=h {
                    let (cos, sin) = (simd.splat_f32s(table.cos[f][d]), simd.splat_f32s(table.sin[f][d]));
                    even_re[d] = simd.mul_add_e_f32s(cos, sum.0, even_re[d]);
                    even_im[d] = simd.mul_add_e_f32s(cos, sum.1, even_im[d]);
                    odd_re[d] = simd.mul_add_e_f32s(sin, difference.0, odd_re[d]);
                    odd_im[d] = simd.mul_add_e_f32s(sin, difference.1, odd_im[d]);
                }
            }
            if N % 2 == 0 {
                let (re, im) = next();
                for d in 0..=h {
                    if d % 2 == 1 {
                        even_re[d] = simd.sub_f32s(even_re[d], re);
                        even_im[d] = simd.sub_f32s(even_im[d], im);
                    } else {
                        even_re[d] = simd.add_f32s(even_re[d], re);
                        even_im[d] = simd.add_f32s(even_im[d], im);
                    }
                }
            }
            (zr[h][k], zi[h][k]) = (even_re[0], even_im[0]);
            for d in 1..=h {
                zr[h + d][k] = simd.sub_f32s(even_re[d], odd_im[d]);
                zr[h - d][k] = simd.add_f32s(even_re[d], odd_im[d]);
                zi[h + d][k] = simd.add_f32s(even_im[d], odd_re[d]);
                zi[h - d][k] = simd.sub_f32s(even_im[d], odd_re[d]);
            }
        }
    }
    for r in 0..L {
        let (mut even, mut odd) = ([zero; SIDE], [zero; SIDE]);
        for d in 0..=h {
            even[d] = simd.mul_f32s(simd.splat_f32s(table.last_cos[0][d]), zr[r][0]);
            for k in 1..=N / 2 {
                even[d] = simd.mul_add_e_f32s(simd.splat_f32s(table.last_cos[k][d]), zr[r][k], even[d]);
                if d > 0 && 2 * k != N {
                    odd[d] = simd.mul_add_e_f32s(simd.splat_f32s(table.last_sin[k][d]), zi[r][k], odd[d]);
                }
            }
        }
        put(r, h, even[0]);
        for d in 1..=h {
            put(r, h + d, simd.sub_f32s(even[d], odd[d]));
            put(r, h - d, simd.add_f32s(even[d], odd[d]));
        }
    }
}

/// The first `count` lanes of a vector, the rest zero.
///
/// # Safety
/// They can be read.
#[inline(always)]
unsafe fn load_some<S: Simd>(simd: S, from: *const f32, count: usize) -> S::f32s {
    // The plain mask: what `mask_between_m32s` gives may call a function in the loop.
    let mask = simd.mask_between_m32s(0, count as u32).mask().into();
    // SAFETY: the caller's promise.
    unsafe { simd.mask_load_ptr_f32s(mask, from) }
}

/// Writes the first `count` lanes of a vector.
///
/// # Safety
/// They can be written, and nothing else uses them meanwhile.
#[inline(always)]
unsafe fn store_some<S: Simd>(simd: S, to: *mut f32, count: usize, vector: S::f32s) {
    let mask = simd.mask_between_m32s(0, count as u32).mask().into();
    // SAFETY: the caller's promise.
    unsafe { simd.mask_store_ptr_f32s(mask, to, vector) }
}

/// The sizes of a transform which are known to the compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Points {
    /// N, on each axis.
    pub(super) points: usize,
    /// Positions of an image, odd.
    pub(super) positions: usize,
    /// Positions of a kernel: its lags, odd.
    pub(super) lags: usize,
}

/// Runs `$call::<S, N, L>` for the sizes that there are.
macro_rules! with_points {
    ($self:ident, $simd:ident, $sizes:expr, $call:ident, [$(($n:literal, $l:literal)),+]) => {
        // SAFETY: what makes these tasks checks the bounds and is promised the rest.
        unsafe {
            match $sizes {
                $(($n, $l) => $self.$call::<S, $n, $l>($simd),)+
                sizes => unreachable!("no transform of {sizes:?}"),
            }
        }
    };
}

/// A transform between images and rows of a spectrum.
#[derive(Clone, Copy)]
pub(super) struct Images<'a> {
    pub(super) table: &'a Table,
    pub(super) points: Points,
    pub(super) grid: &'a Grid,
    pub(super) layout: Layout,
    /// The first image, and its row in the spectrum.
    pub(super) image: usize,
    pub(super) row: usize,
    pub(super) count: usize,
    /// Blocks of channels.
    pub(super) blocks: (usize, usize),
}

impl Images<'_> {
    fn check(&self, images: usize, spectrum: &Shared<'_>) {
        assert!((self.image + self.count) * self.grid.image() <= images);
        assert!(self.row + self.count <= self.layout.rows && self.blocks.1 <= self.grid.blocks());
        assert_eq!(self.grid.blocks() * BLOCK, self.layout.channels);
        spectrum.pointer(0, self.layout.length());
    }

    /// Transforms images into rows of a spectrum.
    ///
    /// # Safety
    /// No other task reads or writes these rows' blocks meanwhile.
    pub(super) unsafe fn forward(&self, images: &[f32], spectrum: Shared<'_>) {
        self.check(images.len(), &spectrum);
        dispatch(Forward { with: self, images: images.as_ptr(), spectrum: spectrum.pointer(0, 0) });
    }

    /// Transforms rows of a spectrum back into images, which are overwritten.
    ///
    /// # Safety
    /// No other task reads or writes these images' blocks meanwhile, or writes these rows of the spectrum.
    pub(super) unsafe fn inverse(&self, spectrum: Shared<'_>, images: Shared<'_>) {
        self.check(images.len(), &spectrum);
        dispatch(Inverse { with: self, spectrum: spectrum.pointer(0, 0), images: images.pointer(0, 0) });
    }
}

struct Forward<'a> {
    with: &'a Images<'a>,
    images: *const f32,
    spectrum: *mut f32,
}

impl WithSimd for Forward<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Points { points, positions, .. } = self.with.points;
        with_points!(
            self,
            simd,
            (points, positions),
            run,
            [(5, 5), (6, 5), (8, 7), (9, 7), (9, 9), (10, 9)]
        );
    }
}

impl Forward<'_> {
    /// # Safety
    /// As for [`Images::forward`], with checked bounds.
    #[inline(always)]
    unsafe fn run<S: Simd, const N: usize, const L: usize>(&self, simd: S) {
        let with = self.with;
        let (row_step, column_step) = (with.grid.row_step(), with.grid.column_step());
        for index in with.blocks.0..with.blocks.1 {
            let block = with.grid.block(index);
            let whole = block.rows == L && block.columns == L && block.count == BLOCK;
            for image in 0..with.count {
                let start = (with.image + image) * with.grid.image() + block.offset;
                // SAFETY: bounds and exclusiveness by the caller's promise.
                unsafe {
                    let to = Place::new(self.spectrum, &with.layout, with.row + image, index);
                    for lane in (0..BLOCK).step_by(S::F32_LANES) {
                        let from = self.images.wrapping_add(start + lane);
                        let at = |r: usize, c: usize| from.wrapping_add(r * row_step + c * column_step);
                        let to = to.further(lane);
                        if whole {
                            forward::<S, N, L>(simd, with.table, |r, c| load::<S>(at(r, c)), to);
                        } else {
                            let count = lanes_of::<S>(&block, lane);
                            let some = |r, c| match r < block.rows && c < block.columns {
                                true if count == S::F32_LANES => load::<S>(at(r, c)),
                                true => load_some::<S>(simd, at(r, c), count),
                                false => simd.splat_f32s(0.0),
                            };
                            forward::<S, N, L>(simd, with.table, some, to);
                        }
                    }
                }
            }
        }
    }
}

/// How many lanes of the vector at `lane` are channels of the block.
#[inline(always)]
fn lanes_of<S: Simd>(block: &Block, lane: usize) -> usize {
    block.count.saturating_sub(lane).min(S::F32_LANES)
}

struct Inverse<'a> {
    with: &'a Images<'a>,
    spectrum: *mut f32,
    images: *mut f32,
}

impl WithSimd for Inverse<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Points { points, positions, .. } = self.with.points;
        with_points!(
            self,
            simd,
            (points, positions),
            run,
            [(5, 5), (6, 5), (8, 7), (9, 7), (9, 9), (10, 9)]
        );
    }
}

impl Inverse<'_> {
    /// # Safety
    /// As for [`Images::inverse`], with checked bounds.
    #[inline(always)]
    unsafe fn run<S: Simd, const N: usize, const L: usize>(&self, simd: S) {
        let with = self.with;
        let (row_step, column_step) = (with.grid.row_step(), with.grid.column_step());
        for index in with.blocks.0..with.blocks.1 {
            let block = with.grid.block(index);
            let whole = block.rows == L && block.columns == L && block.count == BLOCK;
            for image in 0..with.count {
                let start = (with.image + image) * with.grid.image() + block.offset;
                // SAFETY: bounds and exclusiveness by the caller's promise.
                unsafe {
                    let from = Place::new(self.spectrum, &with.layout, with.row + image, index);
                    for lane in (0..BLOCK).step_by(S::F32_LANES) {
                        let to = self.images.wrapping_add(start + lane);
                        let at = |r: usize, c: usize| to.wrapping_add(r * row_step + c * column_step);
                        let from = from.further(lane);
                        if whole {
                            inverse::<S, N, L>(simd, with.table, from, |r, c, v| store::<S>(at(r, c), v));
                        } else {
                            let count = lanes_of::<S>(&block, lane);
                            inverse::<S, N, L>(simd, with.table, from, |r, c, v| {
                                if r < block.rows && c < block.columns {
                                    if count == S::F32_LANES {
                                        store::<S>(at(r, c), v);
                                    } else {
                                        store_some::<S>(simd, at(r, c), count, v);
                                    }
                                }
                            });
                        }
                    }
                }
            }
        }
    }
}

/// Which way a kernel's spectrum is needed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// Rows are the input's channels, columns the output's. A convolution's output is a sum over x[r + ℓ], so lags are mirrored.
    Forward,
    /// Rows are the output's channels, columns the input's; lags as they are.
    Transposed,
}

/// A transform of a block of rows of a kernel.
#[derive(Clone, Copy)]
pub(super) struct Kernel<'a> {
    pub(super) table: &'a Table,
    pub(super) points: Points,
    pub(super) taps: &'a Taps,
    /// The input's grid and the output's, whose channels the kernel connects.
    pub(super) input: &'a Grid,
    pub(super) output: &'a Grid,
    pub(super) direction: Direction,
    pub(super) layout: Layout,
    /// The block of rows.
    pub(super) rows: usize,
}

impl Kernel<'_> {
    fn check(&self, weights: usize, spectrum: &Shared<'_>) {
        let (rows, columns) = self.grids();
        assert!(self.rows < rows.blocks() && rows.blocks() * BLOCK == self.layout.rows);
        assert_eq!(columns.blocks() * BLOCK, self.layout.channels);
        assert_eq!(self.output.stride, 1, "only the input has phases");
        assert_eq!(weights % (self.input.channels * self.output.channels), 0);
        spectrum.pointer(0, self.layout.length());
    }

    /// Those of the rows and of the columns.
    fn grids(&self) -> (&Grid, &Grid) {
        match self.direction {
            Direction::Forward => (self.input, self.output),
            Direction::Transposed => (self.output, self.input),
        }
    }

    /// Transforms weights: `(taps, in, out)` in the forward direction, `(taps, out, in)` in the transposed one.
    ///
    /// # Safety
    /// No other task reads or writes these rows of the spectrum meanwhile.
    pub(super) unsafe fn forward(&self, weights: &[f32], spectrum: Shared<'_>) {
        self.check(weights.len(), &spectrum);
        dispatch(KernelForward { with: self, weights, spectrum: spectrum.pointer(0, 0) });
    }

    /// Transforms back and adds to `weights`, `(taps, in, out)`; forward direction only.
    ///
    /// # Safety
    /// No other task reads or writes the weights of these rows meanwhile, or writes these rows of the spectrum.
    pub(super) unsafe fn add_inverse(&self, spectrum: Shared<'_>, weights: Shared<'_>) {
        assert!(self.direction == Direction::Forward);
        self.check(weights.len(), &spectrum);
        dispatch(KernelInverse { with: self, spectrum: spectrum.pointer(0, 0), weights });
    }

    /// Where each lag's tap starts in the weights of one row and block of columns, by the position of the transform.
    #[inline(always)]
    fn starts<const L: usize>(&self, row: usize, columns: &Block, row_block: &Block) -> [[Option<usize>; L]; L] {
        let (rows_grid, columns_grid) = self.grids();
        let phase = match self.direction {
            Direction::Forward => row_block.phase,
            Direction::Transposed => columns.phase,
        };
        let mut starts = [[None; L]; L];
        for (r, starts) in starts.iter_mut().enumerate() {
            for (c, start) in starts.iter_mut().enumerate() {
                let position = |at: usize| at as isize - (L / 2) as isize;
                let (r, c) = (position(r), position(c));
                let tap = match self.direction {
                    Direction::Forward => self.taps.at(phase, -r, -c),
                    Direction::Transposed => self.taps.at(phase, r, c),
                };
                *start = tap.map(|tap| {
                    (tap * rows_grid.channels + row_block.channel + row) * columns_grid.channels
                        + columns.channel
                });
            }
        }
        starts
    }
}

struct KernelForward<'a> {
    with: &'a Kernel<'a>,
    weights: &'a [f32],
    spectrum: *mut f32,
}

const _: () = assert!(MOST_LAG == 2, "the sizes of kernels' transforms below");

impl WithSimd for KernelForward<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Points { points, lags, .. } = self.with.points;
        with_points!(
            self,
            simd,
            (points, lags),
            run,
            [(5, 3), (8, 3), (9, 3), (6, 5), (9, 5), (10, 5)]
        );
    }
}

impl KernelForward<'_> {
    /// # Safety
    /// As for [`Kernel::forward`], with checked bounds.
    #[inline(always)]
    unsafe fn run<S: Simd, const N: usize, const L: usize>(&self, simd: S) {
        let with = self.with;
        let (rows_grid, columns_grid) = with.grids();
        let row_block = rows_grid.block(with.rows);
        for row in 0..BLOCK {
            for index in 0..columns_grid.blocks() {
                let columns = columns_grid.block(index);
                // Rows that fill up a block are zero: what they meet is zero too, but must be a number.
                let starts = match row < row_block.count {
                    true => with.starts::<L>(row, &columns, &row_block),
                    false => [[None; L]; L],
                };
                // SAFETY: the caller's promise about the spectrum.
                unsafe {
                    let to = Place::new(self.spectrum, &with.layout, with.rows * BLOCK + row, index);
                    for lane in (0..BLOCK).step_by(S::F32_LANES) {
                        let count = lanes_of::<S>(&columns, lane);
                        let at = |r: usize, c: usize| match starts[r][c] {
                            Some(start) if count > 0 => {
                                let from = self.weights[start + lane..][..count].as_ptr();
                                if count == S::F32_LANES {
                                    load::<S>(from)
                                } else {
                                    load_some::<S>(simd, from, count)
                                }
                            }
                            _ => simd.splat_f32s(0.0),
                        };
                        forward::<S, N, L>(simd, with.table, at, to.further(lane));
                    }
                }
            }
        }
    }
}

struct KernelInverse<'a> {
    with: &'a Kernel<'a>,
    spectrum: *mut f32,
    weights: Shared<'a>,
}

impl WithSimd for KernelInverse<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Points { points, lags, .. } = self.with.points;
        with_points!(
            self,
            simd,
            (points, lags),
            run,
            [(5, 3), (8, 3), (9, 3), (6, 5), (9, 5), (10, 5)]
        );
    }
}

impl KernelInverse<'_> {
    /// # Safety
    /// As for [`Kernel::add_inverse`], with checked bounds.
    #[inline(always)]
    unsafe fn run<S: Simd, const N: usize, const L: usize>(&self, simd: S) {
        let with = self.with;
        let (rows_grid, columns_grid) = with.grids();
        let row_block = rows_grid.block(with.rows);
        for row in 0..row_block.count {
            for index in 0..columns_grid.blocks() {
                let columns = columns_grid.block(index);
                let starts = with.starts::<L>(row, &columns, &row_block);
                // SAFETY: the caller's promise about the spectrum and the weights.
                unsafe {
                    let from = Place::new(self.spectrum, &with.layout, with.rows * BLOCK + row, index);
                    for lane in (0..BLOCK).step_by(S::F32_LANES) {
                        let count = lanes_of::<S>(&columns, lane);
                        inverse::<S, N, L>(simd, with.table, from.further(lane), |r, c, v| {
                            let Some(start) = starts[r][c] else { return };
                            let to = self.weights.pointer(start + lane.min(columns.count), count);
                            if count == S::F32_LANES {
                                store::<S>(to, simd.add_f32s(load::<S>(to), v));
                            } else if count > 0 {
                                let sum = simd.add_f32s(load_some::<S>(simd, to, count), v);
                                store_some::<S>(simd, to, count, sum);
                            }
                        });
                    }
                }
            }
        }
    }
}
