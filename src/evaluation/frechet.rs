use nalgebra::{DMatrix, Dyn};
use rayon::prelude::*;

use super::{Metric, Reference, Sample, Score, Unscorable};
use crate::random::Stream;

/// Rows that are factorised at a time, at least; so many times the width are, too.
const ROWS: usize = 1024;
const WIDTHS: usize = 4;

/// The Fréchet distance between the normal approximations of two distributions' features (Dowson and Landau 1982; on the features of a network, Heusel et
/// al. 2017, equation 6):
///
/// F = ‖μ₁ − μ₂‖² + tr(S₁ + S₂ − 2 (S₁^½ S₂ S₁^½)^½), with the mean μ and the covariance S (divisor N − 1).
///
/// At least 0, and 0 is best; in the features' unit, squared. It sees two moments of the features only: a copy of the training set scores best. And it
/// depends on the number of examples (fewer, larger), so numbers compare at equal counts only.
///
/// Deviation: the features are those of the data set's own classifier and not of the Inception network, so this is no FID.
pub(super) struct Frechet;

impl Score for Frechet {
    fn metric(&self) -> Metric {
        Metric::Frechet
    }

    fn score(&self, reference: &Reference, samples: &Sample, _: &Stream) -> Result<Vec<f64>, Unscorable> {
        reference.check(samples)?;
        Ok(vec![reference.normal().distance(&Normal::of(samples))])
    }
}

/// A mean and a covariance S = FᵀF.
#[derive(Debug)]
pub(super) struct Normal {
    /// μ, one number per feature.
    mean: Vec<f64>,
    /// F (r, features), where r is at most the number of features and of examples.
    factor: DMatrix<f64>,
}

impl Normal {
    /// Those of the sample's features.
    ///
    /// F is the triangle of a QR decomposition of the centred rows: unlike the root of a covariance, it is as accurate as the features, and is the same for
    /// fewer examples than features, where the covariance is singular.
    pub(super) fn of(sample: &Sample) -> Self {
        let (count, width) = (sample.count, sample.width);
        let mut mean = vec![0.0; width];
        for row in sample.features.chunks_exact(width) {
            for (mean, &x) in mean.iter_mut().zip(row) {
                *mean += f64::from(x);
            }
        }
        mean.iter_mut().for_each(|mean| *mean /= count as f64);
        let scale = 1.0 / ((count - 1) as f64).sqrt();
        let centred = |(at, &x): (usize, &f32)| (f64::from(x) - mean[at % width]) * scale;
        // Rows in blocks of a fixed size, then the blocks' triangles one below the other: the same bytes whatever the threads.
        let rows = ROWS.max(WIDTHS * width);
        let blocks: Vec<DMatrix<f64>> = sample
            .features
            .par_chunks(rows * width)
            .map(|block| {
                let values = block.iter().enumerate().map(centred);
                triangle(DMatrix::from_row_iterator(block.len() / width, width, values))
            })
            .collect();
        let height = blocks.iter().map(DMatrix::nrows).sum();
        let mut stacked = DMatrix::zeros_generic(Dyn(height), Dyn(width));
        let mut first = 0;
        for block in &blocks {
            stacked.rows_mut(first, block.nrows()).copy_from(block);
            first += block.nrows();
        }
        Self { mean, factor: triangle(stacked) }
    }

    /// F, see [`Frechet`]. The eigenvalues of S₁^½ S₂ S₁^½ are those of S₁ S₂ = F₁ᵀF₁ F₂ᵀF₂, and but for zeros those of A Aᵀ with A = F₁F₂ᵀ: the trace of
    /// the root is the sum of A's singular values, which come from the singular value decomposition without the square's loss of digits.
    fn distance(&self, other: &Self) -> f64 {
        let apart: f64 = self.mean.iter().zip(&other.mean).map(|(a, b)| (a - b).powi(2)).sum();
        let spread = self.factor.norm_squared() + other.factor.norm_squared();
        let common = (&self.factor * other.factor.transpose()).singular_values().sum();
        // Rounding takes equal distributions a little below 0.
        (apart + spread - 2.0 * common).max(0.0)
    }
}

/// R of a QR decomposition; a matrix that is not higher than wide is left as it is.
fn triangle(matrix: DMatrix<f64>) -> DMatrix<f64> {
    if matrix.nrows() > matrix.ncols() { matrix.qr().unpack_r() } else { matrix }
}
