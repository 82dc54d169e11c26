use nalgebra::{DMatrix, DMatrixView};
use rand::seq::index;
use rayon::prelude::*;

use super::distances::matrix;
use super::{Metric, Reference, Sample, Score, Unscorable};
use crate::random::Stream;

/// Pairs of subsets.
const SUBSETS: u64 = 100;
/// Examples of a subset, at most; and at most half of what there is, so that subsets differ.
const SUBSET: usize = 1000;

/// The kernel distance: the unbiased estimate of the squared maximum mean discrepancy with the kernel k(x, y) = (x·y / d + 1)³ on features of width d,
/// mean and standard deviation over pairs of subsets that are drawn without replacement (Bińkowski et al. 2018, "Demystifying MMD GANs",
/// section 4; the estimate is equation 3 of Gretton et al. 2012).
///
/// 0 is best; being unbiased, it is below 0 now and then, and its mean does not depend on the number of examples.
///
/// Deviation: the features are those of the data set's own classifier and not of the Inception network, so this is no KID. The standard
/// deviation is that of one subset's estimate (divisor n), not of the mean.
pub(super) struct Kernel;

impl Score for Kernel {
    fn metric(&self) -> Metric {
        Metric::Kernel
    }

    fn score(
        &self,
        reference: &Reference,
        samples: &Sample,
        randomness: &Stream,
    ) -> Result<Vec<f64>, Unscorable> {
        reference.check(samples)?;
        let fewest = reference.sample().count.min(samples.count);
        let size = (fewest / 2).clamp(2, SUBSET);
        let estimates: Vec<f64> = (0..SUBSETS)
            .into_par_iter()
            .map(|subset| {
                let mut generator = randomness.at(subset);
                let mut draw = |from: &Sample| rows(from, index::sample(&mut generator, from.count, size));
                let (reference, samples) = (draw(reference.sample()), draw(samples));
                discrepancy(&reference, &samples, reference.len() / size)
            })
            .collect();
        Ok(mean_and_deviation(&estimates).into())
    }
}

/// Mean and standard deviation (divisor n).
pub(super) fn mean_and_deviation(values: &[f64]) -> [f64; 2] {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    // In units of the greatest, whose square may be too large for f64: a cubic kernel on large features gets there.
    let unit = values.iter().map(|value| (value - mean).abs()).fold(f64::MIN_POSITIVE, f64::max);
    let variance = values.iter().map(|value| ((value - mean) / unit).powi(2)).sum::<f64>() / count;
    [mean, variance.sqrt() * unit]
}

/// The features of these examples, row by row.
pub(super) fn rows(sample: &Sample, chosen: impl IntoIterator<Item = usize>) -> Vec<f64> {
    let row = |index: usize| &sample.features[index * sample.width..][..sample.width];
    chosen.into_iter().flat_map(row).map(|&x| f64::from(x)).collect()
}

/// The unbiased estimate for two sets of at least two rows of `width` numbers each.
pub(super) fn discrepancy(xs: &[f64], ys: &[f64], width: usize) -> f64 {
    let (m, n) = ((xs.len() / width) as f64, (ys.len() / width) as f64);
    let (within_x, diagonal_x) = kernel_sums(xs, xs, width);
    let (within_y, diagonal_y) = kernel_sums(ys, ys, width);
    let (between, _) = kernel_sums(xs, ys, width);
    (within_x - diagonal_x) / (m * (m - 1.0)) + (within_y - diagonal_y) / (n * (n - 1.0))
        - 2.0 * between / (m * n)
}

/// The sum of the kernel over all pairs of rows, and over pairs of equal index.
fn kernel_sums(xs: &[f64], ys: &[f64], width: usize) -> (f64, f64) {
    let (m, n) = (xs.len() / width, ys.len() / width);
    let products: DMatrix<f64> = matrix(xs.iter().copied(), width) * DMatrixView::from_slice(ys, width, n);
    let kernel = |product: &f64| (product / width as f64 + 1.0).powi(3);
    // Column by column, so that a sum's rounding errors stay small.
    let all = products.column_iter().map(|column| column.iter().map(kernel).sum::<f64>()).sum();
    let diagonal = (0..m.min(n)).map(|i| kernel(&products[(i, i)])).sum();
    (all, diagonal)
}
