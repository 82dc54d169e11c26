//! Products of spectra, one frequency at a time: `C = A·B`, real or complex.
//!
//! A complex product takes three real multiplications (Gauss): with a = a′ + ia″, b = b′ + ib″ and
//! k₁ = (a′ + a″)·b′, k₂ = a′·(b″ − b′), k₃ = a″·(b″ + b′), it is (k₁ − k₃) + i(k₁ + k₂). The three sums run through the whole inner
//! dimension in registers, and the few additions use units that stand idle otherwise: 1.4 times the rate of four multiplications
//! where this was measured. With conj(a) the signs of a″ turn: k₁ = (a′ − a″)·b′, and (k₁ + k₃) + i(k₁ + k₂).

#[cfg(target_arch = "x86_64")]
use std::any::TypeId;

use pulp::{Simd, WithSimd};

#[cfg(target_arch = "x86_64")]
use super::avx512;
use super::layout::{BLOCK, Layout, PANEL};
use crate::parallel::{Shared, dispatch};
use crate::prefetch::{LINE, prefetch, prefetch_to_write};

/// Rows of a register tile.
pub(super) const ROWS: usize = 4;

/// Which way the left operand is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// C's rows are A's rows, and the inner dimension are A's channels.
    Rows,
    /// C's rows are A's channels, conjugated, and the inner dimension are A's rows.
    ConjugateTransposed,
}

/// One frequency's product, or some of its columns.
#[derive(Clone, Copy)]
pub(super) struct Product<'a> {
    pub(super) left: Left,
    /// Only read.
    pub(super) a: Shared<'a>,
    pub(super) a_layout: Layout,
    /// A's rows that take part.
    pub(super) a_rows: (usize, usize),
    pub(super) b: &'a [f32],
    pub(super) b_layout: Layout,
    pub(super) c: Shared<'a>,
    pub(super) c_layout: Layout,
    pub(super) frequency: usize,
    /// C's panels of columns.
    pub(super) panels: (usize, usize),
    pub(super) next: Option<&'a Next>,
}

/// Memory that the transforms after these products touch for the first time. It is asked for while products are computed, some lines with each run
/// of the inner dimension: products find all that they need in the caches, transforms would wait.
#[derive(Clone, Copy)]
pub(super) struct Next {
    pub(super) read: Lines,
    pub(super) write: Lines,
    /// Whether A's rows after these products' own will be written, as many.
    pub(super) rows: bool,
    /// The first frequency whose products ask for `read` and `write`: asked for too early, they would be gone from the second-level cache again.
    pub(super) from: usize,
}

/// Cache lines that lie in one piece.
#[derive(Clone, Copy)]
pub(super) struct Lines {
    first: *const f32,
    count: usize,
    per_run: usize,
}

impl Lines {
    /// Those of `length` floats, to be asked for in so many runs.
    pub(super) fn new(first: *const f32, length: usize, runs: usize) -> Self {
        let count = length.div_ceil(LINE);
        Self { first, count, per_run: count.div_ceil(runs.max(1)) }
    }

    #[inline(always)]
    fn each(&self, run: usize, ask: impl Fn(*const f32)) {
        let end = self.count.min((run + 1) * self.per_run);
        (run * self.per_run..end).for_each(|line| ask(self.first.wrapping_add(line * LINE)));
    }
}

impl Product<'_> {
    /// Computes it: overwrites C's panels, from their first row on as many as there are.
    ///
    /// # Safety
    /// No other task reads or writes these panels, or writes A's rows, meanwhile.
    pub(super) unsafe fn write(&self) {
        let (rows, inner) = self.sizes();
        let (first, last) = self.a_rows;
        assert!(first <= last && last <= self.a_layout.rows && rows <= self.c_layout.rows);
        assert!(inner <= self.b_layout.rows && self.b_layout.channels == self.c_layout.channels);
        assert!(self.panels.1 * PANEL < self.c_layout.channels + PANEL);
        assert!(self.frequency < self.c_layout.frequencies());
        assert!(self.b.len() >= self.b_layout.length());
        self.a.pointer(0, self.a_layout.length());
        self.c.pointer(0, self.c_layout.length());
        dispatch(Tiles(self));
    }

    /// C's rows and the inner dimension.
    fn sizes(&self) -> (usize, usize) {
        let rows = self.a_rows.1 - self.a_rows.0;
        match self.left {
            Left::Rows => (rows, self.a_layout.channels),
            Left::ConjugateTransposed => (self.a_layout.channels, rows),
        }
    }
}

struct Tiles<'a>(&'a Product<'a>);

impl WithSimd for Tiles<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let complex = self.0.a_layout.frequency(self.0.frequency).1;
        // SAFETY: `Product::write` has checked the sizes; what it was promised about C holds here too.
        unsafe {
            match (self.0.left, complex) {
                (Left::Rows, true) => self.run::<S, true, true>(simd),
                (Left::Rows, false) => self.run::<S, true, false>(simd),
                (Left::ConjugateTransposed, true) => self.run::<S, false, true>(simd),
                (Left::ConjugateTransposed, false) => self.run::<S, false, false>(simd),
            }
        }
    }
}

/// The operands of one register tile, each from its first element on.
#[derive(Clone, Copy)]
pub(super) struct Tile<'a> {
    pub(super) a: *const f32,
    pub(super) b: *const f32,
    pub(super) c: *mut f32,
    pub(super) inner: usize,
    /// From one run of A's inner dimension to the next, where it has several: a run is a panel of channels.
    pub(super) a_run: usize,
    /// What is brought into the second-level cache meanwhile: as many rows of a panel as the inner dimension has.
    pub(super) ahead: *const f32,
    pub(super) next: Option<Share<'a>>,
}

/// What one tile asks for of what comes next.
#[derive(Clone, Copy)]
pub(super) struct Share<'a> {
    next: &'a Next,
    /// How many runs have asked for lines before; none if it is too early for that.
    runs: Option<usize>,
    /// Some of A's next rows, counted from the tile's first.
    rows: (usize, usize),
}

impl Share<'_> {
    /// For the run of a complex tile that starts at `a`.
    #[inline(always)]
    pub(super) fn ask(&self, run: usize, a: *const f32) {
        if let Some(before) = self.runs {
            self.next.read.each(before + run, prefetch);
            self.next.write.each(before + run, |line| prefetch_to_write(line.cast_mut()));
        }
        let (first, end) = self.rows;
        for line in (first * 2 * PANEL..end * 2 * PANEL).step_by(LINE) {
            prefetch_to_write(a.cast_mut().wrapping_add(line));
        }
    }
}

impl Tiles<'_> {
    /// # Safety
    /// As for `with_simd`.
    #[inline(always)]
    unsafe fn run<S: Simd, const BY_ROWS: bool, const COMPLEX: bool>(&self, simd: S) {
        let product = self.0;
        let (rows, inner) = product.sizes();
        let a = product.a.pointer(product.a_layout.frequency(product.frequency).0, 0).cast_const();
        let b = product.b.as_ptr().wrapping_add(product.b_layout.frequency(product.frequency).0);
        let c = product.c.pointer(product.c_layout.frequency(product.frequency).0, 0);
        let a_row = product.a_layout.row_step(COMPLEX);
        let a = a.wrapping_add(product.a_rows.0 * a_row);
        let panels = product.panels.1 - product.panels.0;
        let share = |panel: usize| {
            let next = product.next.filter(|_| BY_ROWS && COMPLEX)?;
            let frequencies = product.frequency.checked_sub(next.from);
            let part = rows.div_ceil(panels);
            let row = |panel: usize| if next.rows { rows + rows.min(panel * part) } else { rows };
            Some(Share {
                next,
                runs: frequencies.map(|before| (before * panels + panel) * inner.div_ceil(PANEL)),
                rows: (row(panel), row(panel + 1)),
            })
        };
        for panel in product.panels.0..product.panels.1 {
            let columns = PANEL.min(product.c_layout.channels - panel * PANEL);
            let b = b.wrapping_add(panel * product.b_layout.panel_step(COMPLEX));
            let c = c.wrapping_add(panel * product.c_layout.panel_step(COMPLEX));
            let wide = wide::<S>(columns);
            let step = if wide { 2 * S::F32_LANES } else { S::F32_LANES };
            for column in (0..columns).step_by(step) {
                let mut row = 0;
                while row < rows {
                    let count = ROWS.min(rows - row);
                    let a = if BY_ROWS {
                        a.wrapping_add(row * a_row)
                    } else {
                        let panel_start = row / PANEL * product.a_layout.panel_step(COMPLEX);
                        a.wrapping_add(panel_start + row % PANEL)
                    };
                    // The operand that is read next for the first time: B's next panel (after the last one, the next frequency's), or A's.
                    let last = if BY_ROWS {
                        row + count == rows && column + step >= columns
                    } else {
                        (row + count).is_multiple_of(PANEL)
                    };
                    let ahead = match last {
                        true if BY_ROWS => b.wrapping_add(product.b_layout.panel_step(COMPLEX)),
                        true => a.wrapping_add(product.a_layout.panel_step(COMPLEX) - row % PANEL),
                        false => std::ptr::null(),
                    };
                    let tile = Tile {
                        next: if row == 0 && column == 0 { share(panel - product.panels.0) } else { None },
                        ahead,
                        a,
                        b: b.wrapping_add(column),
                        c: c.wrapping_add(row * product.c_layout.row_step(COMPLEX) + column),
                        inner,
                        a_run: product.a_layout.panel_step(COMPLEX),
                    };
                    // SAFETY: the tile's rows and columns exist.
                    unsafe {
                        match (count, wide) {
                            (4, true) => tile.compute::<S, 4, 2, BY_ROWS, COMPLEX>(simd),
                            (4, false) => tile.compute::<S, 4, 1, BY_ROWS, COMPLEX>(simd),
                            (3, true) => tile.compute::<S, 3, 2, BY_ROWS, COMPLEX>(simd),
                            (3, false) => tile.compute::<S, 3, 1, BY_ROWS, COMPLEX>(simd),
                            (2, true) => tile.compute::<S, 2, 2, BY_ROWS, COMPLEX>(simd),
                            (2, false) => tile.compute::<S, 2, 1, BY_ROWS, COMPLEX>(simd),
                            (_, true) => tile.compute::<S, 1, 2, BY_ROWS, COMPLEX>(simd),
                            (_, false) => tile.compute::<S, 1, 1, BY_ROWS, COMPLEX>(simd),
                        }
                    }
                    row += count;
                }
            }
        }
    }
}

const _: () = assert!(BLOCK.is_multiple_of(ROWS), "a tile of A's channels never crosses a panel");

impl Tile<'_> {
    /// # Safety
    /// All elements that the tile reaches are in bounds, and C's belong to this task.
    #[inline(always)]
    pub(super) unsafe fn compute<
        S: Simd,
        const COUNT: usize,
        const VECTORS: usize,
        const BY_ROWS: bool,
        const COMPLEX: bool,
    >(
        self,
        simd: S,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            // The tile that nearly all of the time is spent in.
            #[cfg(target_arch = "x86_64")]
            if COMPLEX
                && (COUNT, VECTORS) == (avx512::ROWS, 2)
                && TypeId::of::<S>() == TypeId::of::<pulp::x86::V4>()
            {
                return avx512::complex::<BY_ROWS>(self);
            }
            if COMPLEX {
                self.complex::<S, COUNT, VECTORS, BY_ROWS>(simd);
            } else {
                self.real::<S, COUNT, VECTORS, BY_ROWS>(simd);
            }
        }
    }

    /// # Safety
    /// As for `compute`.
    #[inline(always)]
    unsafe fn complex<S: Simd, const COUNT: usize, const VECTORS: usize, const BY_ROWS: bool>(self, simd: S) {
        let lanes = S::F32_LANES;
        let (row_step, step) = if BY_ROWS { (2 * PANEL, 1) } else { (1, 2 * PANEL) };
        let zero = simd.splat_f32s(0.0);
        let mut k1 = [[zero; VECTORS]; COUNT];
        let (mut k2, mut k3) = (k1, k1);
        let (mut b, mut ahead) = (self.b, self.ahead);
        let (mut done, mut run) = (0, self.a);
        while done < self.inner {
            let length = if BY_ROWS { PANEL.min(self.inner - done) } else { self.inner };
            if let Some(next) = &self.next {
                next.ask(done / PANEL, run);
            }
            let mut a = run;
            for _ in 0..length {
                if !ahead.is_null() {
                    prefetch(ahead);
                    prefetch(ahead.wrapping_add(16));
                    prefetch(ahead.wrapping_add(32));
                    prefetch(ahead.wrapping_add(48));
                    ahead = ahead.wrapping_add(2 * PANEL);
                }
                let mut real = [zero; VECTORS];
                let (mut difference, mut sum) = (real, real);
                for j in 0..VECTORS {
                    // SAFETY: the caller's promise, here and below.
                    unsafe {
                        real[j] = load::<S>(b.wrapping_add(lanes * j));
                        let imaginary = load::<S>(b.wrapping_add(PANEL + lanes * j));
                        difference[j] = simd.sub_f32s(imaginary, real[j]);
                        sum[j] = simd.add_f32s(imaginary, real[j]);
                    }
                }
                for i in 0..COUNT {
                    // SAFETY: the caller's promise.
                    let (re, im) = unsafe {
                        let a = a.wrapping_add(i * row_step);
                        (simd.splat_f32s(*a), simd.splat_f32s(*a.wrapping_add(PANEL)))
                    };
                    let both = if BY_ROWS { simd.add_f32s(re, im) } else { simd.sub_f32s(re, im) };
                    for j in 0..VECTORS {
                        k2[i][j] = simd.mul_add_e_f32s(re, difference[j], k2[i][j]);
                    }
                    for j in 0..VECTORS {
                        k3[i][j] = simd.mul_add_e_f32s(im, sum[j], k3[i][j]);
                    }
                    for j in 0..VECTORS {
                        k1[i][j] = simd.mul_add_e_f32s(both, real[j], k1[i][j]);
                    }
                }
                a = a.wrapping_add(step);
                b = b.wrapping_add(2 * PANEL);
            }
            done += length;
            run = run.wrapping_add(self.a_run);
        }
        for i in 0..COUNT {
            for j in 0..VECTORS {
                let (k1, k2, k3) = (k1[i][j], k2[i][j], k3[i][j]);
                let real = if BY_ROWS { simd.sub_f32s(k1, k3) } else { simd.add_f32s(k1, k3) };
                let c = self.c.wrapping_add(i * 2 * PANEL + lanes * j);
                // SAFETY: the caller's promise.
                unsafe {
                    store::<S>(c, real);
                    store::<S>(c.wrapping_add(PANEL), simd.add_f32s(k1, k2));
                }
            }
        }
    }

    /// # Safety
    /// As for `compute`.
    #[inline(always)]
    unsafe fn real<S: Simd, const COUNT: usize, const VECTORS: usize, const BY_ROWS: bool>(self, simd: S) {
        let lanes = S::F32_LANES;
        let (row_step, step) = if BY_ROWS { (PANEL, 1) } else { (1, PANEL) };
        let mut sums = [[simd.splat_f32s(0.0); VECTORS]; COUNT];
        let mut b = self.b;
        let (mut done, mut run) = (0, self.a);
        while done < self.inner {
            let length = if BY_ROWS { PANEL.min(self.inner - done) } else { self.inner };
            let mut a = run;
            for _ in 0..length {
                for (i, sums) in sums.iter_mut().enumerate() {
                    // SAFETY: the caller's promise.
                    let left = simd.splat_f32s(unsafe { *a.wrapping_add(i * row_step) });
                    for (j, sum) in sums.iter_mut().enumerate() {
                        // SAFETY: the caller's promise.
                        let right = unsafe { load::<S>(b.wrapping_add(lanes * j)) };
                        *sum = simd.mul_add_e_f32s(left, right, *sum);
                    }
                }
                a = a.wrapping_add(step);
                b = b.wrapping_add(PANEL);
            }
            done += length;
            run = run.wrapping_add(self.a_run);
        }
        for (i, sums) in sums.iter().enumerate() {
            for (j, &sum) in sums.iter().enumerate() {
                // SAFETY: the caller's promise.
                unsafe { store::<S>(self.c.wrapping_add(i * PANEL + lanes * j), sum) };
            }
        }
    }
}

/// Whether a register tile has two vectors of columns: where there are registers for it, and whole pairs of vectors.
#[inline(always)]
pub(super) fn wide<S: Simd>(columns: usize) -> bool {
    S::REGISTER_COUNT >= 32 && columns.is_multiple_of(2 * S::F32_LANES)
}

/// # Safety
/// A whole vector can be read there.
#[inline(always)]
pub(super) unsafe fn load<S: Simd>(from: *const f32) -> S::f32s {
    // SAFETY: the caller's promise; the type of a vector has no invalid bits.
    unsafe { from.cast::<S::f32s>().read_unaligned() }
}

/// # Safety
/// A whole vector can be written there, and nothing else uses the place meanwhile.
#[inline(always)]
pub(super) unsafe fn store<S: Simd>(to: *mut f32, vector: S::f32s) {
    // SAFETY: the caller's promise.
    unsafe { to.cast::<S::f32s>().write_unaligned(vector) }
}
