use super::Unscorable;
use super::distances::{Near, Rows, visit};
use super::kernel::mean_and_deviation;
use super::sample::check_matrix;

/// Samples that the window stands on in the protocol of 2014.
pub const SAMPLES_OF_PARZEN: usize = 10_000;
/// Validation images that choose the bandwidth there: the first of them.
pub const VALIDATION_OF_PARZEN: usize = 1000;
/// Bandwidths to choose from: so many between 0.1 and 1, evenly spaced in their logarithm.
const BANDWIDTHS: usize = 10;

/// What a Parzen window says of test images.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parzen {
    /// The bandwidth σ that was chosen, 0.1 to 1, in pixels of [0, 1].
    pub sigma: f64,
    /// The mean log-likelihood of a test image, in nats.
    pub log_likelihood: f64,
    /// Its standard error: the standard deviation (divisor n) by the root of the number of test images.
    pub standard_error: f64,
}

/// The Parzen-window log-likelihood of test images (Breuleux et al. 2011), by the protocol of Goodfellow et al. 2014, section 5, as in their parzen_ll.py:
///
/// log p(x) = log mean over samples y of exp(−‖x − y‖² / 2σ²) − d log(σ √2π), for d pixels in [0, 1].
///
/// σ is the one of ten that makes the `validation` images most likely. The protocol takes [`SAMPLES_OF_PARZEN`] samples and [`VALIDATION_OF_PARZEN`]
/// validation images, whose number is the caller's choice here. High values are good, but say little in many dimensions: a model that repeats
/// cluster centres of the training images beats the data's own (Theis et al. 2016, section 3.5). It is here to compare with the numbers of 2014.
///
/// Each of the three is a matrix (images, `width`). Fails where one is empty, of another shape, or leaves [0, 1].
pub fn parzen(samples: &[f32], validation: &[f32], test: &[f32], width: usize) -> Result<Parzen, Unscorable> {
    for (what, pixels) in [("samples", samples), ("validation images", validation), ("test images", test)] {
        check_pixels(what, pixels, width)?;
    }
    let [samples, validation, test] = [samples, validation, test].map(|pixels| Rows::new(pixels, width));
    let exponent = |step: usize| step as f64 / (BANDWIDTHS - 1) as f64 - 1.0;
    let sigmas: Vec<f64> = (0..BANDWIDTHS).map(|step| 10f64.powf(exponent(step))).collect();
    let chosen = log_likelihoods(&samples, &validation, &sigmas);
    let means = chosen.iter().map(|values| mean_and_deviation(values)[0]);
    // Of equal ones the first, as argmax does.
    let (sigma, _) = sigmas.iter().zip(means).fold((sigmas[0], f64::NEG_INFINITY), |best, (&sigma, mean)| {
        if mean > best.1 { (sigma, mean) } else { best }
    });
    let found = log_likelihoods(&samples, &test, &[sigma]).remove(0);
    let [log_likelihood, deviation] = mean_and_deviation(&found);
    Ok(Parzen { sigma, log_likelihood, standard_error: deviation / (found.len() as f64).sqrt() })
}

fn check_pixels(what: &'static str, pixels: &[f32], width: usize) -> Result<(), Unscorable> {
    if pixels.is_empty() {
        return Err(Unscorable::TooFew { what: "a Parzen window", found: 0, least: 1 });
    }
    check_matrix(what, pixels, pixels.len() / width.max(1), width)?;
    match pixels.iter().position(|pixel| !(0.0..=1.0).contains(pixel)) {
        None => Ok(()),
        Some(at) => Err(Unscorable::Range { what, row: at / width, column: at % width, value: pixels[at] }),
    }
}

/// log p of every image, for each bandwidth.
fn log_likelihoods(samples: &Rows<'_>, images: &Rows<'_>, sigmas: &[f64]) -> Vec<Vec<f64>> {
    let sums = visit(
        images,
        samples,
        || vec![LogSum::default(); sigmas.len()],
        |sums, near| {
            for (sum, sigma) in sums.iter_mut().zip(sigmas) {
                sum.add(near, *sigma);
            }
        },
    );
    let constant = |sigma: f64| images.width() as f64 * (sigma * std::f64::consts::TAU.sqrt()).ln();
    let log_mean = |sum: &LogSum| sum.log() - (samples.count() as f64).ln();
    let of_sigma =
        |(at, &sigma): (usize, &f64)| sums.iter().map(|sums| log_mean(&sums[at]) - constant(sigma)).collect();
    sigmas.iter().enumerate().map(of_sigma).collect()
}

/// The logarithm of a sum of exponentials, as it grows.
#[derive(Clone)]
struct LogSum {
    /// The greatest exponent so far.
    greatest: f64,
    /// The sum of exp(exponent − greatest).
    sum: f64,
}

impl Default for LogSum {
    fn default() -> Self {
        Self { greatest: f64::NEG_INFINITY, sum: 0.0 }
    }
}

impl LogSum {
    /// Adds exp(−distance² / 2σ²) for some distances.
    fn add(&mut self, near: &Near<'_>, sigma: f64) {
        let scale = -0.5 / (sigma * sigma);
        let nearest = near.approximate.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = self.greatest.max(nearest * scale);
        let terms: f64 = near.approximate.iter().map(|distance| (distance * scale - greatest).exp()).sum();
        self.sum = self.sum * (self.greatest - greatest).exp() + terms;
        self.greatest = greatest;
    }

    fn log(&self) -> f64 {
        self.greatest + self.sum.ln()
    }
}
