//! Squared Euclidean distances between the rows of two matrices, in f64, block by block: never the whole matrix.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};
use rayon::prelude::*;

/// Rows on the left side of a block: those of one task.
const LEFT: usize = 128;
/// Rows on the right side: a block of distances takes 512 KiB.
const RIGHT: usize = 512;
/// Partial sums of one exact distance: as many as keep a processor's vectors busy.
const LANES: usize = 8;

/// Rows of equal width.
pub(super) struct Rows<'a> {
    values: &'a [f32],
    width: usize,
    /// The rows' squared lengths.
    norms: Vec<f64>,
}

impl<'a> Rows<'a> {
    /// The rows of a matrix (count, `width`); `width` is at least 1 and divides the length.
    pub(super) fn new(values: &'a [f32], width: usize) -> Self {
        let norm = |row: &[f32]| row.iter().map(|&x| f64::from(x).powi(2)).sum();
        Self { values, width, norms: values.chunks_exact(width).map(norm).collect() }
    }

    pub(super) fn count(&self) -> usize {
        self.norms.len()
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn row(&self, index: usize) -> &'a [f32] {
        &self.values[index * self.width..][..self.width]
    }
}

/// The squared distances of a row to some of the rows of the other side.
///
/// They come from ‖a‖² + ‖b‖² − 2ab, which loses digits where the rows are long and near each other. Whoever compares one with a threshold asks
/// [`Near::is_below`], which recomputes what is too near to it.
pub(super) struct Near<'a> {
    left: &'a Rows<'a>,
    right: &'a Rows<'a>,
    /// The row.
    pub(super) row: usize,
    /// The first of the other side's rows.
    pub(super) first: usize,
    /// The squared distances to that one and those that follow.
    pub(super) approximate: &'a [f64],
}

impl Near<'_> {
    /// The squared distance to the row `first + offset` as the sum of squared differences, whose relative error is a few roundings: 0 for a copy, and the
    /// same bits in both directions.
    pub(super) fn exact(&self, offset: usize) -> f64 {
        squared_distance(self.left.row(self.row), self.right.row(self.first + offset))
    }

    /// Whether the exact squared distance to the row `first + offset` is below `threshold`.
    pub(super) fn is_below(&self, offset: usize, threshold: f64) -> bool {
        let difference = self.approximate[offset] - threshold;
        // Nothing is nearer than 0. A collapsed generator has many such thresholds.
        if threshold <= 0.0 {
            return false;
        }
        if difference.abs() > self.error(offset) {
            return difference < 0.0;
        }
        self.exact(offset) < threshold
    }

    /// A bound on the error of an approximate distance: the width's share of roundings in norms and product, with room for the order of the sums.
    fn error(&self, offset: usize) -> f64 {
        let norms = self.left.norms[self.row] + self.right.norms[self.first + offset];
        2.0 * (self.left.width + 4) as f64 * f64::EPSILON * norms
    }
}

/// ‖a − b‖².
fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    let square = |(&a, &b): (&f32, &f32)| (f64::from(a) - f64::from(b)).powi(2);
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for (sum, pair) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += square(pair);
        }
    }
    sums.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(square).sum::<f64>()
}

/// A state for each row of `left`, which starts as `start` says and sees the row's distances to all of `right`, in order. The same bytes whatever the
/// threads.
pub(super) fn visit<T: Send>(
    left: &Rows<'_>,
    right: &Rows<'_>,
    start: impl Fn() -> T + Sync,
    see: impl Fn(&mut T, &Near<'_>) + Sync,
) -> Vec<T> {
    assert_eq!(left.width, right.width, "distances between rows of one width");
    let width = left.width;
    let task = |first_row: usize| {
        let rows = LEFT.min(left.count() - first_row);
        let mut states: Vec<T> = (0..rows).map(|_| start()).collect();
        let a: Vec<f64> = wide(&left.values[first_row * width..][..rows * width]).collect();
        let mut block = vec![0.0; rows * RIGHT];
        for first in (0..right.count()).step_by(RIGHT) {
            let columns = RIGHT.min(right.count() - first);
            let b = matrix(wide(&right.values[first * width..][..columns * width]), width);
            let block = &mut block[..rows * columns];
            // A row's distances lie side by side: nalgebra's columns.
            DMatrixViewMut::from_slice(block, columns, rows).gemm(
                -2.0,
                &b,
                &DMatrixView::from_slice(&a, width, rows),
                0.0,
            );
            for ((offset, state), distances) in
                states.iter_mut().enumerate().zip(block.chunks_exact_mut(columns))
            {
                let row = first_row + offset;
                for (distance, norm) in distances.iter_mut().zip(&right.norms[first..]) {
                    *distance = (*distance + norm + left.norms[row]).max(0.0);
                }
                see(state, &Near { left, right, row, first, approximate: distances });
            }
        }
        states
    };
    let firsts: Vec<usize> = (0..left.count()).step_by(LEFT).collect();
    firsts.into_par_iter().map(task).collect::<Vec<_>>().into_iter().flatten().collect()
}

fn wide(values: &[f32]) -> impl ExactSizeIterator<Item = f64> {
    values.iter().map(|&value| f64::from(value))
}

/// A matrix (rows, `width`) of numbers that come row by row.
///
/// It is copied to nalgebra's order, column by column: a view of rows of numbers would do as well, but nalgebra 0.35 takes the length of a column of such a
/// view for that of the memory under it, and writes beyond the product's end where this has few rows.
pub(super) fn matrix(numbers: impl ExactSizeIterator<Item = f64>, width: usize) -> DMatrix<f64> {
    DMatrix::from_row_iterator(numbers.len() / width, width, numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Stream, fill_normal};

    fn drawn(index: u64, length: usize) -> Vec<f32> {
        let mut values = vec![0.0; length];
        fill_normal(&mut Stream::new(1, "distances").at(index), &mut values);
        values
    }

    #[test]
    fn blocks_give_the_distances_of_a_plain_loop() {
        // More than one block on both sides, with incomplete last ones, and a width that lanes do not divide.
        let (width, left, right) = (11, drawn(0, 11 * 150), drawn(1, 11 * 1100));
        let (left, right) = (Rows::new(&left, width), Rows::new(&right, width));
        let found = visit(&left, &right, Vec::new, |seen: &mut Vec<f64>, near| {
            assert_eq!(seen.len(), near.first);
            for (offset, approximate) in near.approximate.iter().enumerate() {
                assert!((approximate - near.exact(offset)).abs() <= near.error(offset));
            }
            seen.extend(near.approximate);
        });
        assert_eq!((found.len(), right.count()), (150, 1100));
        for (i, row) in found.iter().enumerate() {
            assert_eq!(row.len(), 1100);
            for (j, distance) in row.iter().enumerate() {
                let plain = left.row(i).iter().zip(right.row(j));
                let plain: f64 = plain.map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum();
                assert!((distance - plain).abs() < 1e-12 * (1.0 + plain), "{i} {j}: {distance} {plain}");
            }
        }
    }

    /// Far from the origin, ‖a‖² + ‖b‖² − 2ab knows nothing of small distances: the comparison does.
    #[test]
    fn a_comparison_survives_cancellation() {
        let left: Vec<f32> = drawn(2, 100).into_iter().map(|x| x * 1e6).collect();
        let moved = |at: usize| {
            let mut row = left.clone();
            row[at] = row[at].next_up();
            (f64::from(row[at] - left[at]).powi(2), row)
        };
        let ((near, nearer_row), (far, farther_row)) = (moved(0), moved(1));
        let right = [nearer_row, farther_row, left.clone()].concat();
        let (left, right) = (Rows::new(&left, 100), Rows::new(&right, 100));
        visit(
            &left,
            &right,
            || (),
            |(), block| {
                for (offset, distance) in [near, far, 0.0].into_iter().enumerate() {
                    assert_eq!(block.exact(offset), distance);
                    assert!(!block.is_below(offset, distance));
                    assert!(block.is_below(offset, distance * (1.0 + 1e-9) + 1e-9));
                    assert!(!block.is_below(offset, 0.0));
                }
                // The approximation alone would be wrong by more than the distance.
                let error = |(offset, found): (usize, &f64)| (found - block.exact(offset)).abs();
                assert!(block.approximate.iter().enumerate().map(error).fold(0.0, f64::max) > near);
            },
        );
    }
}
