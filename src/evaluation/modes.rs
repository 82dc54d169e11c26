use crate::data::Modes;

/// Samples that modes are counted on: as many as PacGAN takes.
pub const SAMPLES_OF_MODES: usize = 2500;
/// Standard deviations within which a sample is of high quality.
const HIGH_QUALITY: f64 = 3.0;

/// How samples in the plane lie over a mixture of Gaussians.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coverage {
    /// Modes with at least one sample of high quality, 0 to their number.
    pub modes: usize,
    /// The share of samples of high quality, 0 to 1: those within three standard deviations of the nearest mode. Of the mixture's own it is 1 - exp(-9/2) = 0.989.
    pub high_quality: f64,
}

/// Modes covered and the share of samples of high quality (Srivastava et al. 2017, VEEGAN, section 5.1; Lin et al. 2018, PacGAN, section 4.1, on
/// [`SAMPLES_OF_MODES`] samples).
pub fn coverage(samples: &[[f32; 2]], modes: &Modes) -> Coverage {
    let mut covered = vec![false; modes.centres.len()];
    let mut high = 0;
    for sample in samples {
        let distance = |centre: &[f32; 2]| {
            let [x, y] = [0, 1].map(|axis| f64::from(sample[axis]) - f64::from(centre[axis]));
            x.hypot(y)
        };
        let nearest = modes.centres.iter().map(distance).enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((mode, distance)) = nearest
            && distance <= HIGH_QUALITY * f64::from(modes.std)
        {
            covered[mode] = true;
            high += 1;
        }
    }
    Coverage {
        modes: covered.iter().filter(|covered| **covered).count(),
        high_quality: f64::from(high) / samples.len().max(1) as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::points::Ring;
    use crate::data::{Pixels, SEED};

    #[test]
    fn samples_are_counted_where_they_lie() {
        let modes = Modes { centres: vec![[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]], std: 1.0 };
        // At the edge of the first, beyond it, in the second, and nowhere.
        let samples = [[0.0, 3.0], [0.0, 3.01], [10.0, -1.0], [9.0, 1.0], [50.0, 50.0], [f32::NAN, 0.0]];
        assert_eq!(coverage(&samples, &modes), Coverage { modes: 2, high_quality: 0.5 });
        assert_eq!(coverage(&[], &modes), Coverage { modes: 0, high_quality: 0.0 });
    }

    #[test]
    fn the_data_themselves_cover_every_mode() {
        let dataset = Ring::default().dataset(SEED, 20_000, 1).unwrap();
        let Pixels::Floats(values) = dataset.train.pixels() else { panic!("points are floats") };
        let found = coverage(values.as_chunks().0, &Ring::default().modes().unwrap());
        assert_eq!(found.modes, 8);
        assert!((found.high_quality - (1.0 - (-4.5f64).exp())).abs() < 3e-3, "{}", found.high_quality);
    }
}
