//! Sums over the rows of (rows, channels) matrices, which biases and batch normalisation need.
//!
//! Rows are taken in chunks whose size depends on the matrix alone. A chunk's sums are `f32` sums of few terms; the chunks' results are
//! combined in `f64`, in their order.

use std::ops::Range;

use crate::parallel::{CHUNK, Shared, for_each_task, vectorized, with_scratch};

/// Columns of one task.
const COLUMNS: usize = 512;
/// Columns whose chunks are combined together.
const COMBINED: usize = 64;
/// Columns whose sums stay in registers, and what is taken at a time of the rest.
const WIDE: usize = 32;
const NARROW: usize = 8;

/// How a matrix is cut into chunks.
#[derive(Clone, Copy)]
pub(crate) struct Chunks {
    pub(crate) rows: usize,
    pub(crate) channels: usize,
    chunk: usize,
}

impl Chunks {
    pub(crate) fn new(elements: usize, channels: usize) -> Self {
        assert!(
            channels > 0 && elements > 0 && elements.is_multiple_of(channels),
            "{elements} elements in {channels} channels"
        );
        let chunk = (CHUNK / channels.min(COLUMNS)).clamp(32, 256);
        Self { rows: elements / channels, channels, chunk }
    }

    fn number(&self) -> usize {
        self.rows.div_ceil(self.chunk)
    }

    /// Rows of chunk `index`.
    pub(crate) fn size(&self, index: usize) -> usize {
        self.chunk.min(self.rows - index * self.chunk)
    }

    /// Calls `task(chunk's rows, columns' start, columns' number)` for all pieces of the matrix.
    pub(crate) fn for_each(&self, task: impl Fn(usize, Range<usize>, Range<usize>) + Sync + Send) {
        let blocks = self.channels.div_ceil(COLUMNS);
        for_each_task(self.number() * blocks, |index| {
            let (chunk, first) = (index / blocks, index % blocks * COLUMNS);
            let row = chunk * self.chunk;
            task(chunk, row..row + self.size(chunk), first..(first + COLUMNS).min(self.channels));
        });
    }

    /// Reduces the rows to `N` numbers per column and chunk, then gives each column's numbers of all chunks to `combine`.
    ///
    /// `reduce(rows, columns, sums)` sets the `N` slices of one number per column; `combine(first, partial)` gets the columns from
    /// `first` on and, for each chunk in order, N times that many numbers.
    pub(crate) fn reduce<const N: usize>(
        &self,
        reduce: impl Fn(Range<usize>, Range<usize>, [&mut [f32]; N]) + Sync + Send,
        combine: impl Fn(Range<usize>, &Partial<'_, N>) + Sync + Send,
    ) {
        with_scratch(self.number() * N * self.channels, |partial| {
            let shared = Shared::new(partial);
            self.for_each(|chunk, rows, columns| {
                let sums = std::array::from_fn(|n| {
                    let start = (chunk * N + n) * self.channels + columns.start;
                    // SAFETY: each chunk, number and block of columns has its own place.
                    unsafe { shared.slice(start, columns.len()) }
                });
                reduce(rows, columns, sums);
            });
            let partial = Partial { chunks: *self, partial };
            for_each_task(self.channels.div_ceil(COMBINED), |block| {
                let first = block * COMBINED;
                combine(first..(first + COMBINED).min(self.channels), &partial);
            });
        });
    }
}

/// `N` numbers per chunk and column.
pub(crate) struct Partial<'a, const N: usize> {
    chunks: Chunks,
    partial: &'a [f32],
}

impl<const N: usize> Partial<'_, N> {
    /// The chunks' numbers of rows, and their `N` numbers for the columns.
    pub(crate) fn of(&self, columns: Range<usize>) -> impl Iterator<Item = (usize, [&[f32]; N])> + Clone {
        (0..self.chunks.number()).map(move |chunk| {
            let numbers = std::array::from_fn(|n| {
                let start = (chunk * N + n) * self.chunks.channels;
                &self.partial[start + columns.start..start + columns.end]
            });
            (self.chunks.size(chunk), numbers)
        })
    }

    /// The sum of number `n` over the chunks, column by column, in order.
    pub(crate) fn total(&self, n: usize, columns: Range<usize>) -> [f64; COMBINED] {
        let mut total = [0.0; COMBINED];
        for (_, numbers) in self.of(columns) {
            for (total, &number) in total.iter_mut().zip(numbers[n]) {
                *total += f64::from(number);
            }
        }
        total
    }
}

/// The combined columns of [`Chunks::reduce`] are at most this many.
pub(crate) const BLOCK: usize = COMBINED;

/// Sets `sums[n][c] = Σ_r value([m₀[r, c], m₁[r, c], …], [k₀[c], k₁[c], …])[n]` over the `rows` and `columns` of matrices m with
/// rows of `stride`; `of_column` are the k, from the first of these columns on.
///
/// Call it inside of [`vectorized`]. Sums of some columns at a time stay in registers while the rows pass.
#[inline(always)]
pub(crate) fn add_rows<const M: usize, const K: usize, const N: usize>(
    rows: Range<usize>,
    columns: Range<usize>,
    stride: usize,
    matrices: [&[f32]; M],
    of_column: [&[f32]; K],
    mut sums: [&mut [f32]; N],
    value: impl Fn([f32; M], [f32; K]) -> [f32; N] + Copy,
) {
    let mut done = 0;
    while done < columns.len() {
        let place = Place { rows: rows.clone(), stride, column: columns.start + done };
        let rest = columns.len() - done;
        let width = if rest >= WIDE {
            WIDE
        } else if rest >= NARROW {
            NARROW
        } else {
            1
        };
        let sums = sums.each_mut().map(|sums| &mut sums[done..done + width]);
        let of_column = of_column.map(|numbers| &numbers[done..done + width]);
        match width {
            WIDE => add_block::<M, K, N, WIDE>(place, matrices, of_column, sums, value),
            NARROW => add_block::<M, K, N, NARROW>(place, matrices, of_column, sums, value),
            _ => add_block::<M, K, N, 1>(place, matrices, of_column, sums, value),
        }
        done += width;
    }
}

struct Place {
    rows: Range<usize>,
    stride: usize,
    column: usize,
}

#[inline(always)]
fn add_block<const M: usize, const K: usize, const N: usize, const WIDTH: usize>(
    place: Place,
    matrices: [&[f32]; M],
    of_column: [&[f32]; K],
    sums: [&mut [f32]; N],
    value: impl Fn([f32; M], [f32; K]) -> [f32; N] + Copy,
) {
    let fixed: [[f32; WIDTH]; K] = of_column.map(|numbers| std::array::from_fn(|j| numbers[j]));
    let mut totals = [[0.0; WIDTH]; N];
    for row in place.rows {
        let start = row * place.stride + place.column;
        let lines = matrices.map(|matrix| &matrix[start..start + WIDTH]);
        for j in 0..WIDTH {
            let values = value(lines.map(|line| line[j]), fixed.each_ref().map(|numbers| numbers[j]));
            for n in 0..N {
                totals[n][j] += values[n];
            }
        }
    }
    for (sums, totals) in sums.into_iter().zip(totals) {
        sums.copy_from_slice(&totals);
    }
}

/// Adds the sums of the columns to `sums`.
pub(crate) fn add_column_sums(matrix: &[f32], sums: &mut [f32]) {
    let chunks = Chunks::new(matrix.len(), sums.len());
    let channels = chunks.channels;
    let shared = Shared::new(sums);
    chunks.reduce(
        |rows, columns, [sums]| {
            vectorized(
                #[inline(always)]
                || add_rows(rows, columns, channels, [matrix], [], [sums], |[x], []| [x]),
            );
        },
        |columns, partial| {
            // SAFETY: each block of columns is combined by one task.
            let sums = unsafe { shared.slice(columns.start, columns.len()) };
            for (sum, total) in sums.iter_mut().zip(partial.total(0, columns)) {
                *sum = (f64::from(*sum) + total) as f32;
            }
        },
    );
}
