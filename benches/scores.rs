//! Every metric on 10,000 samples against 10,000 reference examples: `just bench-scores`.
//!
//! The features are drawn, as their values decide nothing but a little of the neighbours' search. Seconds are those of the clock, and, where
//! others may be busy, those of all cores together.

use std::time::Instant;

use atelier::config::evaluation::Metric;
use atelier::evaluation::{
    Neighbours, Reference, SAMPLES_OF_PARZEN, Sample, Unscorable, VALIDATION_OF_PARZEN, parzen, score,
};
use atelier::random::{Stream, fill_normal, fill_uniform};

/// Samples, and as many reference examples.
const COUNT: usize = 10_000;
/// Widths of the features.
const WIDTHS: [usize; 2] = [84, 128];
const CLASSES: usize = 10;
const PIXELS: usize = 784;

fn main() -> Result<(), Unscorable> {
    for width in WIDTHS {
        println!("{COUNT} samples, {COUNT} reference examples, {width} features");
        let reference = Reference::new(sample(0, width)?);
        let samples = sample(1, width)?;
        let all = Stopwatch::start();
        for metric in Metric::ALL {
            let one = Stopwatch::start();
            score(metric).score(&reference, &samples, &Stream::new(0, "evaluation"))?;
            println!("  {:17} {}", metric.word(), one.read());
        }
        println!("  {:17} {}", "all of them", all.read());
        let one = Stopwatch::start();
        Neighbours::find(&samples.features, &reference.sample().features, width, 5)?;
        println!("  {:17} {}", "neighbours", one.read());
    }
    let [samples, validation, test] =
        [(0, SAMPLES_OF_PARZEN), (1, VALIDATION_OF_PARZEN), (2, COUNT)].map(|(index, count)| {
            let mut pixels = vec![0.0; count * PIXELS];
            fill_uniform(&mut Stream::new(0, "pixels").at(index), 0.0, 1.0, &mut pixels);
            pixels
        });
    let one = Stopwatch::start();
    parzen(&samples, &validation, &test, PIXELS)?;
    println!("Parzen window, {COUNT} test images of {PIXELS} pixels: {}", one.read());
    // Linux alone tells.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some((_, peak)) = status.lines().find_map(|line| line.split_once("VmHWM:")) {
        println!("peak memory {}", peak.trim());
    }
    Ok(())
}

/// Features as a rectified layer gives them, and class probabilities.
fn sample(index: u64, width: usize) -> Result<Sample, Unscorable> {
    let mut features = vec![0.0; COUNT * width];
    fill_normal(&mut Stream::new(0, "features").at(index), &mut features);
    features.iter_mut().for_each(|feature| *feature = feature.max(0.0));
    let mut probabilities = vec![0.0; COUNT * CLASSES];
    fill_uniform(&mut Stream::new(0, "probabilities").at(index), 0.01, 1.0, &mut probabilities);
    for row in probabilities.chunks_exact_mut(CLASSES) {
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|p| *p /= sum);
    }
    Sample::new(COUNT, features, width, probabilities, CLASSES)
}

/// Time since a moment.
struct Stopwatch {
    clock: Instant,
    cores: Option<f64>,
}

impl Stopwatch {
    fn start() -> Self {
        Self { clock: Instant::now(), cores: Self::cores() }
    }

    fn read(&self) -> String {
        let clock = format!("{:6.2} s", self.clock.elapsed().as_secs_f64());
        match (self.cores, Self::cores()) {
            (Some(before), Some(now)) => format!("{clock}, {:6.2} s of all cores", now - before),
            _ => clock,
        }
    }

    /// Seconds that all threads computed so far, in user and system mode; Linux alone tells, in hundredths.
    fn cores() -> Option<f64> {
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        // After the name, which may hold spaces: the eleventh and twelfth fields.
        let (_, fields) = stat.rsplit_once(')')?;
        let mut ticks = fields.split_whitespace().skip(11).map_while(|field| field.parse::<f64>().ok());
        Some((ticks.next()? + ticks.next()?) / 100.0)
    }
}
