//! `gaussian-ring` and `gaussian-grid`: mixtures of narrow Gaussians in the plane, on which lost modes can be counted.

use super::dice::Dice;
use super::{Dataset, Error, Pixels, Split};
use crate::random::Stream;

/// Training points unless the experiment says otherwise.
pub const TRAINING_POINTS: usize = 50_000;
/// Test points.
pub const TEST_POINTS: usize = 10_000;

/// Where the Gaussians of a mixture are.
#[derive(Clone, Debug, PartialEq)]
pub struct Modes {
    /// The centre of each Gaussian, (x, y); the index is the label.
    pub centres: Vec<[f32; 2]>,
    /// The standard deviation along each axis.
    pub std: f32,
}

/// Equally likely Gaussians on a circle around the origin. The defaults are those of "Unrolled Generative Adversarial
/// Networks" (Metz et al. 2017, appendix A): 8 Gaussians, radius 2, standard deviation 0.02. (PacGAN's ring has radius 1
/// and 0.01.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ring {
    /// The number of Gaussians, 1 to 256.
    pub modes: usize,
    /// The circle's radius, above 0.
    pub radius: f32,
    /// The standard deviation of each Gaussian along each axis, at least 0.
    pub std: f32,
}

impl Default for Ring {
    fn default() -> Self {
        Self { modes: 8, radius: 2.0, std: 0.02 }
    }
}

/// Equally likely Gaussians on a square grid around the origin. The defaults are those of VEEGAN (Srivastava et al. 2017)
/// as PacGAN (Lin et al. 2018, section 4.1) states them: 25 Gaussians at (−4 + 2i, −4 + 2j), standard deviation 0.05.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// The number of Gaussians: a square number, 1 to 256.
    pub modes: usize,
    /// The distance between neighbours, above 0.
    pub spacing: f32,
    /// The standard deviation of each Gaussian along each axis, at least 0.
    pub std: f32,
}

impl Default for Grid {
    fn default() -> Self {
        Self { modes: 25, spacing: 2.0, std: 0.05 }
    }
}

impl Ring {
    /// The centres, counter-clockwise from (radius, 0).
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] for a value out of range.
    pub fn modes(&self) -> Result<Modes, Error> {
        check("gaussian-ring", self.modes, ("radius", self.radius), self.std)?;
        let centre = |index: usize| {
            let angle = 2.0 * std::f64::consts::PI * index as f64 / self.modes as f64;
            [libm::cos(angle), libm::sin(angle)].map(|part| (f64::from(self.radius) * part) as f32)
        };
        Ok(Modes { centres: (0..self.modes).map(centre).collect(), std: self.std })
    }

    /// Points of shape (1, 1, 2); the label is the index of the Gaussian.
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] for a value out of range.
    pub fn dataset(&self, seed: u64, train: usize, test: usize) -> Result<Dataset, Error> {
        Ok(mixture("gaussian-ring", self.modes()?, seed, train, test))
    }
}

impl Grid {
    /// The centres, row by row from the lowest left.
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] for a value out of range.
    pub fn modes(&self) -> Result<Modes, Error> {
        check("gaussian-grid", self.modes, ("spacing", self.spacing), self.std)?;
        let side = self.modes.isqrt();
        if side * side != self.modes {
            return Err(Error::Parameter {
                dataset: "gaussian-grid",
                reason: format!("`modes` is {}, but must be a square number such as 9, 16 or 25", self.modes),
            });
        }
        let place = |step: usize| self.spacing * (step as f32 - (side - 1) as f32 / 2.0);
        let centre = |index: usize| [place(index % side), place(index / side)];
        Ok(Modes { centres: (0..self.modes).map(centre).collect(), std: self.std })
    }

    /// Points of shape (1, 1, 2); the label is the index of the Gaussian.
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] for a value out of range.
    pub fn dataset(&self, seed: u64, train: usize, test: usize) -> Result<Dataset, Error> {
        Ok(mixture("gaussian-grid", self.modes()?, seed, train, test))
    }
}

fn check(dataset: &'static str, modes: usize, extent: (&str, f32), std: f32) -> Result<(), Error> {
    let reason = if !(1..=256).contains(&modes) {
        format!("`modes` is {modes}, but must be from 1 to 256")
    } else if !(extent.1 > 0.0 && extent.1.is_finite()) {
        format!("`{}` is {}, but must be a number greater than 0", extent.0, extent.1)
    } else if !(std >= 0.0 && std.is_finite()) {
        format!("`std` is {std}, but must be a number of at least 0")
    } else {
        return Ok(());
    };
    Err(Error::Parameter { dataset, reason })
}

fn mixture(name: &str, modes: Modes, seed: u64, train: usize, test: usize) -> Dataset {
    let split = |part: &str, count: usize| {
        let stream = Stream::new(seed, &format!("{name}/{part}"));
        let (labels, points): (Vec<u8>, Vec<[f32; 2]>) =
            (0..count as u64).map(|index| point(&stream, index, &modes)).unzip();
        Split::new(Pixels::Floats(points.into_flattened()), Some(labels), 2)
    };
    let (train, test) = (split("train", train), split("test", test));
    let names = (0..modes.centres.len()).map(|index| format!("mode {index}")).collect();
    let mut dataset = Dataset::new(name, (1, 1, 2), train, test, names);
    dataset.modes = Some(modes);
    dataset
}

fn point(stream: &Stream, index: u64, modes: &Modes) -> (u8, [f32; 2]) {
    let mut generator = stream.at(index);
    let mut dice = Dice::new(&mut generator);
    let mode = dice.below(modes.centres.len() as u32) as usize;
    let (centre, noise) = (modes.centres[mode], dice.normal_pair());
    let place = |axis: usize| (f64::from(centre[axis]) + f64::from(modes.std) * noise[axis]) as f32;
    (mode as u8, [place(0), place(1)])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Per mode: count, mean offset from the centre, and the offsets' variance, each over both axes.
    fn statistics(data: &Dataset) -> Vec<(f64, f64, f64)> {
        let modes = data.modes.as_ref().unwrap();
        let Pixels::Floats(values) = data.train.pixels() else { panic!("points are floats") };
        let labels = data.train.labels().unwrap();
        let mut sums = vec![(0.0, 0.0, 0.0); modes.centres.len()];
        for (point, &label) in values.chunks(2).zip(labels) {
            let (sum, centre) = (&mut sums[usize::from(label)], modes.centres[usize::from(label)]);
            for axis in 0..2 {
                let offset = f64::from(point[axis] - centre[axis]);
                sum.0 += 0.5;
                sum.1 += offset;
                sum.2 += offset * offset;
            }
        }
        sums.into_iter().map(|(n, sum, squares)| (n, sum / (2.0 * n), squares / (2.0 * n))).collect()
    }

    #[test]
    fn a_mixture_has_the_stated_modes_and_spread() {
        let ring = Ring::default().dataset(0, 40_000, 10).unwrap();
        let grid = Grid::default().dataset(0, 40_000, 10).unwrap();
        for (data, modes, std) in [(&ring, 8, 0.02), (&grid, 25, 0.05)] {
            let each = 40_000.0 / f64::from(modes);
            assert_eq!(data.shape, (1, 1, 2));
            assert_eq!(data.class_names.len(), modes as usize);
            for (count, mean, variance) in statistics(data) {
                // Five standard errors of a count, a mean and a variance.
                assert!((count - each).abs() < 5.0 * each.sqrt(), "{count} of {each}");
                assert!(mean.abs() < 5.0 * std / (2.0 * count).sqrt(), "{mean}");
                let error = 5.0 * std * std * (2.0 / (2.0 * count)).sqrt();
                assert!((variance - std * std).abs() < error, "{variance}");
            }
        }
    }

    #[test]
    fn the_centres_are_those_of_the_papers() {
        let ring = Ring::default().modes().unwrap();
        assert_eq!(ring.centres[0], [2.0, 0.0]);
        assert!((ring.centres[1][0] - 2.0_f32.sqrt()).abs() < 1e-6);
        assert!(ring.centres.iter().all(|[x, y]| ((x * x + y * y).sqrt() - 2.0).abs() < 1e-6));
        let grid = Grid::default().modes().unwrap();
        assert_eq!((grid.centres[0], grid.centres[24]), ([-4.0, -4.0], [4.0, 4.0]));
        assert_eq!(grid.centres[7], [0.0, -2.0]);
    }

    #[test]
    fn wrong_parameters_are_named() {
        let message = |result: Result<Modes, Error>| result.unwrap_err().to_string();
        assert!(message(Ring { modes: 0, ..Ring::default() }.modes()).contains("`modes` is 0"));
        assert!(message(Ring { radius: -1.0, ..Ring::default() }.modes()).contains("`radius` is -1"));
        assert!(message(Ring { std: f32::NAN, ..Ring::default() }.modes()).contains("`std` is NaN"));
        assert!(message(Grid { modes: 24, ..Grid::default() }.modes()).contains("square number"));
        assert!(message(Grid { modes: 257, ..Grid::default() }.modes()).contains("1 to 256"));
    }
}
