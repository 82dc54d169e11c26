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
/// Numbers of a block of columns, all rows of it, which stay in a core's cache from being reduced to being read again.
const CACHED: usize = 1 << 16;
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

    fn rows_of(&self, chunk: usize) -> Range<usize> {
        let row = chunk * self.chunk;
        row..row + self.size(chunk)
    }

    /// Calls `task(chunk's rows, columns' start, columns' number)` for all pieces of the matrix.
    pub(crate) fn for_each(&self, task: impl Fn(usize, Range<usize>, Range<usize>) + Sync + Send) {
        let blocks = self.channels.div_ceil(COLUMNS);
        for_each_task(self.number() * blocks, |index| {
            let (chunk, first) = (index / blocks, index % blocks * COLUMNS);
            task(chunk, self.rows_of(chunk), first..(first + COLUMNS).min(self.channels));
        });
    }

    /// [`Chunks::reduce`], then `apply(rows, columns)` for all pieces of the matrix, whose columns are combined by then.
    ///
    /// A matrix of few rows is taken through all three a block of columns at a time, while the block is in the cache.
    pub(crate) fn reduce_then<const N: usize>(
        &self,
        reduce: impl Fn(Range<usize>, Range<usize>, [&mut [f32]; N]) + Sync + Send,
        combine: impl Fn(Range<usize>, &Partial<'_, N>) + Sync + Send,
        apply: impl Fn(Range<usize>, Range<usize>) + Sync + Send,
    ) {
        let width = CACHED / self.rows / COMBINED * COMBINED;
        if width < COMBINED || self.channels < 4 * width {
            self.reduce(reduce, combine);
            return self.for_each(|_, rows, columns| apply(rows, columns));
        }
        for_each_task(self.channels.div_ceil(width), |block| {
            let columns = block * width..((block + 1) * width).min(self.channels);
            with_scratch(self.number() * N * columns.len(), |numbers| {
                let chunks = numbers.chunks_exact_mut(N * columns.len()).enumerate();
                for (chunk, numbers) in chunks {
                    let mut each = numbers.chunks_exact_mut(columns.len());
                    let sums = std::array::from_fn(|_| each.next().expect("N pieces"));
                    reduce(self.rows_of(chunk), columns.clone(), sums);
                }
                let partial =
                    Partial { chunks: *self, first: columns.start, columns: columns.len(), numbers };
                for first in columns.clone().step_by(COMBINED) {
                    combine(first..(first + COMBINED).min(columns.end), &partial);
                }
            });
            apply(0..self.rows, columns);
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
            let partial = Partial { chunks: *self, first: 0, columns: self.channels, numbers: partial };
            for_each_task(self.channels.div_ceil(COMBINED), |block| {
                let first = block * COMBINED;
                combine(first..(first + COMBINED).min(self.channels), &partial);
            });
        });
    }
}

/// `N` numbers per chunk and column, of some columns from `first` on.
pub(crate) struct Partial<'a, const N: usize> {
    chunks: Chunks,
    first: usize,
    columns: usize,
    numbers: &'a [f32],
}

impl<const N: usize> Partial<'_, N> {
    /// The chunks' numbers of rows, and their `N` numbers for the columns.
    pub(crate) fn of(&self, columns: Range<usize>) -> impl Iterator<Item = (usize, [&[f32]; N])> + Clone {
        (0..self.chunks.number()).map(move |chunk| {
            let numbers = std::array::from_fn(|n| {
                let start = (chunk * N + n) * self.columns;
                &self.numbers[start + columns.start - self.first..start + columns.end - self.first]
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
///
/// # Safety
/// Meanwhile nobody writes to these rows and columns of the matrices.
#[inline(always)]
pub(crate) unsafe fn add_rows<const M: usize, const K: usize, const N: usize>(
    rows: Range<usize>,
    columns: Range<usize>,
    stride: usize,
    matrices: [Shared<'_>; M],
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
        // SAFETY: the caller's promise, passed on.
        unsafe {
            match width {
                WIDE => add_block::<M, K, N, WIDE>(place, matrices, of_column, sums, value),
                NARROW => add_block::<M, K, N, NARROW>(place, matrices, of_column, sums, value),
                _ => add_block::<M, K, N, 1>(place, matrices, of_column, sums, value),
            }
        }
        done += width;
    }
}

struct Place {
    rows: Range<usize>,
    stride: usize,
    column: usize,
}

/// # Safety
/// As for [`add_rows`].
#[inline(always)]
unsafe fn add_block<const M: usize, const K: usize, const N: usize, const WIDTH: usize>(
    place: Place,
    matrices: [Shared<'_>; M],
    of_column: [&[f32]; K],
    sums: [&mut [f32]; N],
    value: impl Fn([f32; M], [f32; K]) -> [f32; N] + Copy,
) {
    let fixed: [[f32; WIDTH]; K] = of_column.map(|numbers| std::array::from_fn(|j| numbers[j]));
    let mut totals = [[0.0; WIDTH]; N];
    for row in place.rows {
        let start = row * place.stride + place.column;
        // SAFETY: nobody writes to these rows and columns, as the caller promises.
        let lines = matrices.map(|matrix| unsafe { matrix.read(start, WIDTH) });
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
                // SAFETY: the matrix is borrowed, so nobody writes to it.
                || unsafe {
                    add_rows(rows, columns, channels, [Shared::only_read(matrix)], [], [sums], |[x], []| [x]);
                },
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
