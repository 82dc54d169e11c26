//! Discrete Fourier transforms of N × N points, N small, of many channels side by side.
//!
//! Real numbers only come in and go out, so half of the frequencies tell everything: those with column frequency 0 (and N/2) need row
//! frequencies 0 to N/2 only, others all N. Positions count from the centre, −h to h: then even and odd parts (`x[d] ± x[−d]`) halve the
//! multiplications. What is beyond the L = 2h + 1 positions is zero, and is neither stored nor computed.

use std::f64::consts::TAU;

use pulp::{Simd, WithSimd};

use super::layout::{BLOCK, Block, Grid, Layout, PANEL, Taps};
use super::product::{load, store};
use crate::parallel::{Shared, dispatch};
use crate::prefetch::{prefetch, prefetch_to_write};

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

/// Repeats a block for every number of a list that meets the condition, with the number as a constant: the compiler leaves loops of this
/// size as loops, and then keeps all arrays in memory (measured: two times slower for 8 × 8 points).
macro_rules! unroll {
    ($i:ident in [$($value:literal)+] if $condition:expr => $body:block) => {
        $({
            const VALUE: usize = $value;
            let $i = VALUE;
            if $condition $body
        })+
    };
}

/// Where the L × L positions of a block of channels are.
#[derive(Clone, Copy)]
struct Positions<P> {
    first: P,
    row_step: usize,
    column_step: usize,
    /// From a position to the one that is read there next, in another image.
    next: usize,
}

/// L × L positions of one block of channels: for blocks that are not whole, or lie nowhere in one piece.
#[repr(align(64))]
struct Square([f32; LARGEST * LARGEST * BLOCK]);

/// The most positions on an axis.
const LARGEST: usize = 2 * SIDE - 1;

impl Square {
    fn new() -> Self {
        Self([0.0; LARGEST * LARGEST * BLOCK])
    }

    /// The channels at one position.
    fn at<const L: usize>(&mut self, row: usize, column: usize) -> &mut [f32] {
        &mut self.0[(row * L + column) * BLOCK..][..BLOCK]
    }

    /// From channel `lane` on.
    #[inline(always)]
    fn read<const L: usize>(&self, lane: usize) -> Positions<*const f32> {
        Positions { first: self.0[lane..].as_ptr(), row_step: L * BLOCK, column_step: BLOCK, next: 0 }
    }

    #[inline(always)]
    fn write<const L: usize>(&mut self, lane: usize) -> Positions<*mut f32> {
        Positions { first: self.0[lane..].as_mut_ptr(), row_step: L * BLOCK, column_step: BLOCK, next: 0 }
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
    unroll!(d in [1 2 3 4] if d <= h => {
        even[d] = simd.add_f32s(x[h + d], x[h - d]);
        odd[d] = simd.sub_f32s(x[h - d], x[h + d]);
    });
    let (mut re, mut im) = ([zero; FREQUENCIES], [zero; FREQUENCIES]);
    unroll!(k in [0 1 2 3 4 5] if k <= N / 2 => {
        let mut sum = even[0];
        unroll!(d in [1 2 3 4] if d <= h => {
            sum = if k == 0 || (2 * k == N && d.is_multiple_of(2)) {
                simd.add_f32s(sum, even[d])
            } else if 2 * k == N {
                simd.sub_f32s(sum, even[d])
            } else {
                simd.mul_add_e_f32s(simd.splat_f32s(table.cos[k][d]), even[d], sum)
            };
        });
        re[k] = sum;
        if k > 0 && 2 * k != N {
            let mut sum = simd.mul_f32s(simd.splat_f32s(table.sin[k][1]), odd[1]);
            unroll!(d in [2 3 4] if d <= h => {
                sum = simd.mul_add_e_f32s(simd.splat_f32s(table.sin[k][d]), odd[d], sum);
            });
            im[k] = sum;
        }
    });
    (re, im)
}

/// L × L numbers to their frequencies.
///
/// # Safety
/// Whole vectors can be read at all positions of `from` and written at all frequencies of `to`.
#[allow(unused_assignments, reason = "the counters' last values are not read")]
#[inline(always)]
unsafe fn forward<S: Simd, const N: usize, const L: usize>(
    simd: S,
    table: &Table,
    from: Positions<*const f32>,
    to: Place,
) {
    let zero = simd.splat_f32s(0.0);
    let (mut re, mut im) = ([[zero; L]; FREQUENCIES], [[zero; L]; FREQUENCIES]);
    unroll!(r in [0 1 2 3 4 5 6 7 8] if r < L => {
        let mut x = [zero; L];
        unroll!(c in [0 1 2 3 4 5 6 7 8] if c < L => {
            let at = from.first.wrapping_add(r * from.row_step + c * from.column_step);
            prefetch(at.wrapping_add(from.next));
            // SAFETY: the caller's promise.
            x[c] = unsafe { load::<S>(at) };
        });
        let (row_re, row_im) = axis::<S, N, L>(simd, table, &x);
        unroll!(k in [0 1 2 3 4 5] if k <= N / 2 => {
            re[k][r] = row_re[k];
            im[k][r] = row_im[k];
        });
    });
    let (mut real, mut complex) = (0, 0);
    macro_rules! put {
        ($re:expr, $im:expr) => {
            let at = to.complex(complex);
            // SAFETY: the caller's promise.
            unsafe {
                store::<S>(at, $re);
                store::<S>(at.wrapping_add(PANEL), $im);
            }
            // Stores wait for each other's cache lines; the next row's are asked for before they are needed.
            prefetch_to_write(at.wrapping_add(2 * PANEL));
            prefetch_to_write(at.wrapping_add(3 * PANEL));
            complex += 1;
        };
    }
    unroll!(k in [0 1 2 3 4 5] if k <= N / 2 => {
        let (rr, ri) = axis::<S, N, L>(simd, table, &re[k]);
        if k == 0 || 2 * k == N {
            // SAFETY: the caller's promise.
            unsafe { store::<S>(to.real(real), rr[0]) };
            real += 1;
            if N.is_multiple_of(2) {
                // SAFETY: the caller's promise.
                unsafe { store::<S>(to.real(real), rr[N / 2]) };
                real += 1;
            }
            unroll!(f in [1 2 3 4] if 2 * f < N => {
                put!(rr[f], ri[f]);
            });
        } else {
            let (ir, ii) = axis::<S, N, L>(simd, table, &im[k]);
            put!(rr[0], ir[0]);
            unroll!(f in [1 2 3 4] if 2 * f < N => {
                put!(simd.sub_f32s(rr[f], ii[f]), simd.add_f32s(ri[f], ir[f]));
                put!(simd.add_f32s(rr[f], ii[f]), simd.sub_f32s(ir[f], ri[f]));
            });
            if N.is_multiple_of(2) {
                put!(rr[N / 2], ir[N / 2]);
            }
        }
    });
}

/// The L × L numbers of these frequencies. If they are COLD, in no near cache, the next row's are asked for.
///
/// # Safety
/// Whole vectors can be read at all frequencies of `from` and written at all positions of `to`.
#[allow(unused_assignments, reason = "the counters' last values are not read")]
#[inline(always)]
unsafe fn inverse<S: Simd, const N: usize, const L: usize, const COLD: bool>(
    simd: S,
    table: &Table,
    from: Place,
    to: Positions<*mut f32>,
) {
    let zero = simd.splat_f32s(0.0);
    macro_rules! put {
        ($r:expr, $c:expr, $vector:expr) => {
            let at = to.first.wrapping_add($r * to.row_step + $c * to.column_step);
            prefetch_to_write(at.wrapping_add(to.next));
            // SAFETY: the caller's promise.
            unsafe { store::<S>(at, $vector) };
        };
    }
    let h = L / 2;
    // After the transform of the rows: by row and column frequency.
    let (mut zr, mut zi) = ([[zero; FREQUENCIES]; L], [[zero; FREQUENCIES]; L]);
    let (mut real, mut complex) = (0, 0);
    macro_rules! next_real {
        () => {{
            real += 1;
            // SAFETY: the caller's promise.
            unsafe { load::<S>(from.real(real - 1)) }
        }};
    }
    macro_rules! next {
        () => {{
            let at = from.complex(complex);
            if COLD {
                prefetch(at.wrapping_add(2 * PANEL));
                prefetch(at.wrapping_add(3 * PANEL));
            }
            complex += 1;
            // SAFETY: the caller's promise.
            unsafe { (load::<S>(at), load::<S>(at.wrapping_add(PANEL))) }
        }};
    }
    unroll!(k in [0 1 2 3 4 5] if k <= N / 2 => {
        if k == 0 || 2 * k == N {
            let first = next_real!();
            let (mut even, mut odd) = ([first; SIDE], [zero; SIDE]);
            if N.is_multiple_of(2) {
                let last = next_real!();
                unroll!(d in [0 1 2 3 4] if d <= h => {
                    even[d] = if d % 2 == 1 { simd.sub_f32s(first, last) } else { simd.add_f32s(first, last) };
                });
            }
            unroll!(f in [1 2 3 4] if 2 * f < N => {
                let (re, im) = next!();
                let (re, im) = (simd.add_f32s(re, re), simd.add_f32s(im, im));
                even[0] = simd.add_f32s(even[0], re);
                unroll!(d in [1 2 3 4] if d <= h => {
                    even[d] = simd.mul_add_e_f32s(simd.splat_f32s(table.cos[f][d]), re, even[d]);
                    odd[d] = simd.mul_add_e_f32s(simd.splat_f32s(table.sin[f][d]), im, odd[d]);
                });
            });
            zr[h][k] = even[0];
            unroll!(d in [1 2 3 4] if d <= h => {
                zr[h + d][k] = simd.sub_f32s(even[d], odd[d]);
                zr[h - d][k] = simd.add_f32s(even[d], odd[d]);
            });
        } else {
            let (re, im) = next!();
            let (mut even_re, mut even_im) = ([re; SIDE], [im; SIDE]);
            let (mut odd_re, mut odd_im) = ([zero; SIDE], [zero; SIDE]);
            unroll!(f in [1 2 3 4] if 2 * f < N => {
                let plus = next!();
                let minus = next!();
                let sum = (simd.add_f32s(plus.0, minus.0), simd.add_f32s(plus.1, minus.1));
                let difference = (simd.sub_f32s(plus.0, minus.0), simd.sub_f32s(plus.1, minus.1));
                even_re[0] = simd.add_f32s(even_re[0], sum.0);
                even_im[0] = simd.add_f32s(even_im[0], sum.1);
                unroll!(d in [1 2 3 4] if d <= h => {
                    let (cos, sin) = (simd.splat_f32s(table.cos[f][d]), simd.splat_f32s(table.sin[f][d]));
                    even_re[d] = simd.mul_add_e_f32s(cos, sum.0, even_re[d]);
                    even_im[d] = simd.mul_add_e_f32s(cos, sum.1, even_im[d]);
                    odd_re[d] = simd.mul_add_e_f32s(sin, difference.0, odd_re[d]);
                    odd_im[d] = simd.mul_add_e_f32s(sin, difference.1, odd_im[d]);
                });
            });
            if N.is_multiple_of(2) {
                let (re, im) = next!();
                unroll!(d in [0 1 2 3 4] if d <= h => {
                    if d % 2 == 1 {
                        even_re[d] = simd.sub_f32s(even_re[d], re);
                        even_im[d] = simd.sub_f32s(even_im[d], im);
                    } else {
                        even_re[d] = simd.add_f32s(even_re[d], re);
                        even_im[d] = simd.add_f32s(even_im[d], im);
                    }
                });
            }
            (zr[h][k], zi[h][k]) = (even_re[0], even_im[0]);
            unroll!(d in [1 2 3 4] if d <= h => {
                zr[h + d][k] = simd.sub_f32s(even_re[d], odd_im[d]);
                zr[h - d][k] = simd.add_f32s(even_re[d], odd_im[d]);
                zi[h + d][k] = simd.add_f32s(even_im[d], odd_re[d]);
                zi[h - d][k] = simd.sub_f32s(even_im[d], odd_re[d]);
            });
        }
    });
    unroll!(r in [0 1 2 3 4 5 6 7 8] if r < L => {
        let (mut even, mut odd) = ([zero; SIDE], [zero; SIDE]);
        unroll!(d in [0 1 2 3 4] if d <= h => {
            even[d] = simd.mul_f32s(simd.splat_f32s(table.last_cos[0][d]), zr[r][0]);
            unroll!(k in [1 2 3 4 5] if k <= N / 2 => {
                even[d] = simd.mul_add_e_f32s(simd.splat_f32s(table.last_cos[k][d]), zr[r][k], even[d]);
                if d > 0 && 2 * k != N {
                    odd[d] = simd.mul_add_e_f32s(simd.splat_f32s(table.last_sin[k][d]), zi[r][k], odd[d]);
                }
            });
        });
        put!(r, h, even[0]);
        unroll!(d in [1 2 3 4] if d <= h => {
            put!(r, h + d, simd.sub_f32s(even[d], odd[d]));
            put!(r, h - d, simd.add_f32s(even[d], odd[d]));
        });
    });
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

/// Dispatches `$name::<'_, N, L>(task)` for the sizes that there are.
macro_rules! dispatch_sizes {
    ($name:ident, $task:expr, $sizes:expr, [$(($n:literal, $l:literal)),+]) => {
        match $sizes {
            $(($n, $l) => dispatch($name::<'_, $n, $l>($task)),)+
            sizes => unreachable!("no transform of {sizes:?}"),
        }
    };
}

macro_rules! of_images {
    ($name:ident, $with:expr, $task:expr) => {
        dispatch_sizes!(
            $name,
            $task,
            ($with.points.points, $with.points.positions),
            [(5, 5), (6, 5), (8, 7), (9, 7), (9, 9), (10, 9)]
        )
    };
}

macro_rules! of_kernels {
    ($name:ident, $with:expr, $task:expr) => {
        dispatch_sizes!(
            $name,
            $task,
            ($with.points.points, $with.points.lags),
            [(5, 3), (8, 3), (9, 3), (6, 5), (9, 5), (10, 5)]
        )
    };
}

/// Whether there is code for the transforms: without vectors they would not pay, and would take long to compile.
const fn exists<S: Simd>() -> bool {
    S::F32_LANES > 1
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
}

impl Images<'_> {
    fn check(&self, images: usize, spectrum: &Shared<'_>) {
        assert!((self.image + self.count) * self.grid.image() <= images);
        assert!(self.row + self.count <= self.layout.rows);
        assert_eq!(self.grid.blocks() * BLOCK, self.layout.channels);
        spectrum.pointer(0, self.layout.length());
    }

    /// Transforms images into rows of a spectrum.
    ///
    /// # Safety
    /// No other task reads or writes these rows meanwhile.
    pub(super) unsafe fn forward(&self, images: &[f32], spectrum: Shared<'_>) {
        self.check(images.len(), &spectrum);
        of_images!(Forward, self, Task { with: self, images: Shared::only_read(images), spectrum });
    }

    /// Transforms rows of a spectrum back into images, which are overwritten.
    ///
    /// # Safety
    /// No other task reads or writes these images meanwhile, or writes these rows of the spectrum.
    pub(super) unsafe fn inverse(&self, spectrum: Shared<'_>, images: Shared<'_>) {
        self.check(images.len(), &spectrum);
        of_images!(Inverse, self, Task { with: self, images, spectrum });
    }
}

struct Task<'a> {
    with: &'a Images<'a>,
    images: Shared<'a>,
    spectrum: Shared<'a>,
}

impl Task<'_> {
    /// Calls `each` for all blocks and images, with where the image's block starts, and its place in the spectrum.
    #[inline(always)]
    fn each(&self, mut each: impl FnMut(&Block, usize, Place)) {
        let with = self.with;
        for index in 0..with.grid.blocks() {
            let block = with.grid.block(index);
            for image in 0..with.count {
                let start = (with.image + image) * with.grid.image() + block.offset;
                // SAFETY: `Images` has checked that the spectrum has all of the layout's elements.
                let place =
                    unsafe { Place::new(self.spectrum.pointer(0, 0), &with.layout, with.row + image, index) };
                each(&block, start, place);
            }
        }
    }
}

struct Forward<'a, const N: usize, const L: usize>(Task<'a>);

impl<const N: usize, const L: usize> WithSimd for Forward<'_, N, L> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if !exists::<S>() {
            return unreachable_without_vectors();
        }
        let Task { with, images, .. } = self.0;
        let (row_step, column_step) = (with.grid.row_step(), with.grid.column_step());
        let (mut square, mut of_block) = (Square::new(), usize::MAX);
        self.0.each(
            #[inline(always)]
            |block, start, place| {
                let whole = block.rows == L && block.columns == L && block.count == BLOCK;
                if !whole {
                    // Blocks differ in what they leave at zero.
                    if of_block != block.offset {
                        (square, of_block) = (Square::new(), block.offset);
                    }
                    for (r, c) in block.positions() {
                        // SAFETY: within the image, whose bounds `Images` has checked; nobody writes it.
                        let from =
                            unsafe { images.slice(start + r * row_step + c * column_step, block.count) };
                        copy_channels(from, square.at::<L>(r, c));
                    }
                }
                for lane in (0..BLOCK).step_by(S::F32_LANES) {
                    let from = match whole {
                        true => Positions {
                            first: images.pointer(start + lane, 0).cast_const(),
                            row_step,
                            column_step,
                            next: with.grid.image(),
                        },
                        false => square.read::<L>(lane),
                    };
                    // SAFETY: bounds as above; the rows of the spectrum are this task's alone.
                    unsafe { forward::<S, N, L>(simd, with.table, from, place.further(lane)) };
                }
            },
        );
    }
}

struct Inverse<'a, const N: usize, const L: usize>(Task<'a>);

impl<const N: usize, const L: usize> WithSimd for Inverse<'_, N, L> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if !exists::<S>() {
            return unreachable_without_vectors();
        }
        let Task { with, images, .. } = self.0;
        let (row_step, column_step) = (with.grid.row_step(), with.grid.column_step());
        let mut square = Square::new();
        self.0.each(
            #[inline(always)]
            |block, start, place| {
                let whole = block.rows == L && block.columns == L && block.count == BLOCK;
                for lane in (0..BLOCK).step_by(S::F32_LANES) {
                    let to = match whole {
                        true => Positions {
                            first: images.pointer(start + lane, 0),
                            row_step,
                            column_step,
                            next: with.grid.image(),
                        },
                        false => square.write::<L>(lane),
                    };
                    // SAFETY: `Images` has checked the bounds; the images are this task's alone.
                    unsafe { inverse::<S, N, L, false>(simd, with.table, place.further(lane), to) };
                }
                if !whole {
                    for (r, c) in block.positions() {
                        // SAFETY: as above.
                        let to = unsafe { images.slice(start + r * row_step + c * column_step, block.count) };
                        to.copy_from_slice(&square.at::<L>(r, c)[..block.count]);
                    }
                }
            },
        );
    }
}

fn unreachable_without_vectors() {
    unreachable!("a plan is made only where there are vectors");
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
        of_kernels!(
            KernelForward,
            self,
            KernelTask { with: self, weights: Shared::only_read(weights), spectrum }
        );
    }

    /// Transforms back and adds to `weights`, `(taps, in, out)`; forward direction only.
    ///
    /// # Safety
    /// No other task reads or writes the weights of these rows meanwhile, or writes these rows of the spectrum.
    pub(super) unsafe fn add_inverse(&self, spectrum: Shared<'_>, weights: Shared<'_>) {
        assert!(self.direction == Direction::Forward);
        self.check(weights.len(), &spectrum);
        of_kernels!(KernelInverse, self, KernelTask { with: self, weights, spectrum });
    }
}

struct KernelTask<'a> {
    with: &'a Kernel<'a>,
    weights: Shared<'a>,
    spectrum: Shared<'a>,
}

impl KernelTask<'_> {
    /// Calls `each` for all rows and blocks of columns, with their place in the spectrum.
    #[inline(always)]
    fn each<const L: usize>(&self, mut each: impl FnMut(RowTaps<'_>, Place)) {
        let with = self.with;
        let (rows_grid, columns_grid) = with.grids();
        let row_block = rows_grid.block(with.rows);
        let mut list = [(0, 0, 0); LARGEST * LARGEST];
        for index in 0..columns_grid.blocks() {
            let columns = columns_grid.block(index);
            let phase = match with.direction {
                Direction::Forward => row_block.phase,
                Direction::Transposed => columns.phase,
            };
            let mut taps = 0;
            for (r, c) in (0..L).flat_map(|r| (0..L).map(move |c| (r, c))) {
                let lag = |position: usize| position as isize - (L / 2) as isize;
                let tap = match with.direction {
                    Direction::Forward => with.taps.at(phase, -lag(r), -lag(c)),
                    Direction::Transposed => with.taps.at(phase, lag(r), lag(c)),
                };
                if let Some(tap) = tap {
                    let row = tap * rows_grid.channels + row_block.channel;
                    list[taps] = (r, c, row * columns_grid.channels + columns.channel);
                    taps += 1;
                }
            }
            for row in 0..BLOCK {
                // SAFETY: `Kernel` has checked that the spectrum has all of the layout's elements.
                let place = unsafe {
                    Place::new(self.spectrum.pointer(0, 0), &with.layout, with.rows * BLOCK + row, index)
                };
                // Rows that fill up a block have no taps: what they meet is zero, but they must be numbers.
                let taps = if row < row_block.count { &list[..taps] } else { &[] };
                each(
                    RowTaps {
                        other_taps: row == 0 || row == row_block.count,
                        columns: columns.count,
                        taps,
                        offset: row * columns_grid.channels,
                    },
                    place,
                );
            }
        }
    }
}

/// The taps of one row and block of columns.
struct RowTaps<'a> {
    /// Whether the row before had others.
    other_taps: bool,
    /// How many columns there are.
    columns: usize,
    /// The positions of the lags that have a tap, and where the weights of the block's first row start.
    taps: &'a [(usize, usize, usize)],
    /// From there to those of this row.
    offset: usize,
}

struct KernelForward<'a, const N: usize, const L: usize>(KernelTask<'a>);

impl<const N: usize, const L: usize> WithSimd for KernelForward<'_, N, L> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if !exists::<S>() {
            return unreachable_without_vectors();
        }
        let KernelTask { with, weights, .. } = self.0;
        let mut square = Square::new();
        self.0.each::<L>(
            #[inline(always)]
            |row, place| {
                if row.other_taps {
                    square = Square::new();
                }
                for &(r, c, start) in row.taps {
                    // SAFETY: in bounds, as the slice checks; nobody writes the weights.
                    let from = unsafe { weights.slice(start + row.offset, row.columns) };
                    copy_channels(from, square.at::<L>(r, c));
                }
                for lane in (0..BLOCK).step_by(S::F32_LANES) {
                    // SAFETY: the square is whole; the rows of the spectrum are this task's alone.
                    unsafe {
                        forward::<S, N, L>(simd, with.table, square.read::<L>(lane), place.further(lane))
                    };
                }
            },
        );
    }
}

struct KernelInverse<'a, const N: usize, const L: usize>(KernelTask<'a>);

impl<const N: usize, const L: usize> WithSimd for KernelInverse<'_, N, L> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if !exists::<S>() {
            return unreachable_without_vectors();
        }
        let KernelTask { with, weights, .. } = self.0;
        let mut square = Square::new();
        self.0.each::<L>(
            #[inline(always)]
            |row, place| {
                for lane in (0..BLOCK).step_by(S::F32_LANES) {
                    // SAFETY: the square is whole; nobody writes the spectrum.
                    unsafe {
                        inverse::<S, N, L, true>(
                            simd,
                            with.table,
                            place.further(lane),
                            square.write::<L>(lane),
                        )
                    };
                }
                for &(r, c, start) in row.taps {
                    // SAFETY: in bounds, as the slice checks; the weights of these rows are this task's alone.
                    let to = unsafe { weights.slice(start + row.offset, row.columns) };
                    add_channels(square.at::<L>(r, c), to);
                }
            },
        );
    }
}

/// Copies the first channels of a block; a whole block in one piece.
#[inline(always)]
fn copy_channels(from: &[f32], to: &mut [f32]) {
    match from.len() {
        BLOCK => to[..BLOCK].copy_from_slice(&from[..BLOCK]),
        count => to[..count].copy_from_slice(from),
    }
}

/// Adds the first channels of a block.
#[inline(always)]
fn add_channels(from: &[f32], to: &mut [f32]) {
    match to.len() {
        BLOCK => to[..BLOCK].iter_mut().zip(&from[..BLOCK]).for_each(|(to, from)| *to += from),
        _ => to.iter_mut().zip(from).for_each(|(to, from)| *to += from),
    }
}
