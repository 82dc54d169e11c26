use std::sync::OnceLock;

use super::Unscorable;
use super::distances::Rows;
use super::frechet::Normal;
use super::manifold::{self, NEIGHBOURS};

/// How far from 1 the sum of a classifier's probabilities may be: softmax in f32, over many classes.
const ROUNDING: f64 = 1e-3;

/// Images or points as metrics see them.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Number of examples, at least 2.
    pub count: usize,
    /// (count, width), row by row: a classifier's penultimate activations, or the points themselves. Finite.
    pub features: Vec<f32>,
    /// Numbers that an example has, at least 1.
    pub width: usize,
    /// (count, classes), row by row, each row a distribution; empty where there is no classifier.
    pub probabilities: Vec<f32>,
    /// Number of classes; 0 where there is no classifier.
    pub classes: usize,
    /// Nobody but [`Sample::new`] makes one, so that what it checks can be relied upon.
    _checked: Checked,
}

#[derive(Clone, Debug)]
struct Checked;

impl Sample {
    /// The examples with these `features` (count, width) and class `probabilities` (count, classes). Fails where they are fewer than two, not of
    /// these shapes, or not finite, and where a row of probabilities is no distribution.
    pub fn new(
        count: usize,
        features: Vec<f32>,
        width: usize,
        probabilities: Vec<f32>,
        classes: usize,
    ) -> Result<Self, Unscorable> {
        if count < 2 {
            return Err(Unscorable::TooFew { what: "a score", found: count, least: 2 });
        }
        check_matrix("features", &features, count, width)?;
        if classes > 0 || !probabilities.is_empty() {
            check_matrix("class probabilities", &probabilities, count, classes)?;
            for (row, numbers) in probabilities.chunks_exact(classes).enumerate() {
                let sum: f64 = numbers.iter().map(|&p| f64::from(p)).sum();
                let least = numbers.iter().copied().fold(f32::INFINITY, f32::min);
                if least < 0.0 || (sum - 1.0).abs() > ROUNDING {
                    return Err(Unscorable::NoDistribution { row, least, sum });
                }
            }
        }
        Ok(Self { count, features, width, probabilities, classes, _checked: Checked })
    }

    /// The features, for distances.
    pub(super) fn rows(&self) -> Rows<'_> {
        Rows::new(&self.features, self.width)
    }

    /// The class probabilities, row by row, for the metric of this word.
    pub(super) fn distributions(
        &self,
        metric: &'static str,
    ) -> Result<impl Iterator<Item = &[f32]>, Unscorable> {
        if self.classes == 0 {
            return Err(Unscorable::NoClasses { metric });
        }
        Ok(self.probabilities.chunks_exact(self.classes))
    }
}

/// Fails unless these are `rows` finite rows of at least one number.
pub(super) fn check_matrix(
    what: &'static str,
    numbers: &[f32],
    rows: usize,
    columns: usize,
) -> Result<(), Unscorable> {
    if columns == 0 || rows.checked_mul(columns) != Some(numbers.len()) {
        return Err(Unscorable::Length { what, found: numbers.len(), rows, columns });
    }
    match numbers.iter().position(|number| !number.is_finite()) {
        None => Ok(()),
        Some(at) => {
            let value = numbers[at];
            Err(Unscorable::NotFinite { what, row: at / columns, column: at % columns, value })
        }
    }
}

/// The real examples, and what is computed of them once, when it is first asked for.
#[derive(Debug)]
pub struct Reference {
    sample: Sample,
    normal: OnceLock<Normal>,
    squared_radii: OnceLock<Vec<f64>>,
}

impl Reference {
    /// The examples that samples are compared with.
    pub fn new(sample: Sample) -> Self {
        Self { sample, normal: OnceLock::new(), squared_radii: OnceLock::new() }
    }

    /// The examples themselves.
    pub fn sample(&self) -> &Sample {
        &self.sample
    }

    /// The normal approximation of the features.
    pub(super) fn normal(&self) -> &Normal {
        self.normal.get_or_init(|| Normal::of(&self.sample))
    }

    /// The squared distance of every example to its [`NEIGHBOURS`]-th nearest other one; there are more than that.
    pub(super) fn squared_radii(&self) -> &[f64] {
        self.squared_radii.get_or_init(|| manifold::squared_radii(&self.sample.rows(), NEIGHBOURS))
    }

    /// Fails where the samples' features are not of the reference's kind.
    pub(super) fn check(&self, samples: &Sample) -> Result<(), Unscorable> {
        if samples.width == self.sample.width {
            return Ok(());
        }
        let (samples, reference) = (samples.width, self.sample.width);
        Err(Unscorable::Widths { what: "features", samples, reference })
    }
}
