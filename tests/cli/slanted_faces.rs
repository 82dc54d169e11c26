//! The smallest GAN must succeed for ten seeds of ten, by its weights.

use crate::support::{Workshop, run_of};
use atelier::data::{self, Pixels};
use safetensors::SafeTensors;

/// Whether a pixel of the flat face lies on the diagonal.
const DIAGONAL: [bool; 4] = [true, false, false, true];

/// How far the mean face may be from the data's.
const TOLERANCE: f64 = 0.15;

struct Generator {
    weight: [f64; 4],
    bias: [f64; 4],
}

impl Generator {
    fn read(bytes: &[u8]) -> Self {
        let tensors = SafeTensors::deserialize(bytes).expect("a checkpoint");
        let four = |name: &str| -> [f64; 4] {
            let data = tensors.tensor(name).expect(name).data().to_vec();
            let numbers: Vec<f64> =
                data.as_chunks().0.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes))).collect();
            numbers.try_into().expect("four numbers")
        };
        Self { weight: four("generator.0.weight"), bias: four("generator.0.bias") }
    }

    /// sigmoid(w z + b).
    fn face(&self, z: f64) -> [f64; 4] {
        std::array::from_fn(|pixel| 1.0 / (1.0 + (-(self.weight[pixel] * z + self.bias[pixel])).exp()))
    }

    /// The mean over z uniform in [0, 1].
    fn mean(&self) -> [f64; 4] {
        const POINTS: usize = 1000;
        let mut mean = [0.0; 4];
        for point in 0..POINTS {
            let face = self.face((point as f64 + 0.5) / POINTS as f64);
            for (mean, pixel) in mean.iter_mut().zip(face) {
                *mean += pixel / POINTS as f64;
            }
        }
        mean
    }
}

/// The mean of the data's pixels.
fn data_mean() -> [f64; 4] {
    let dataset = data::slanted_faces::dataset(data::SEED, 1000, 1);
    let Pixels::Floats(values) = dataset.train.pixels() else { panic!("faces are numbers") };
    let mut mean = [0.0; 4];
    for (index, value) in values.iter().enumerate() {
        mean[index % 4] += f64::from(*value) / (values.len() / 4) as f64;
    }
    mean
}

#[test]
fn ten_seeds_of_ten() {
    let expected = data_mean();
    for (pixel, mean) in expected.iter().enumerate() {
        assert!((mean - if DIAGONAL[pixel] { 0.875 } else { 0.125 }).abs() < 0.02, "{expected:?}");
    }
    let shop = Workshop::new();
    let mut failures = Vec::new();
    for seed in 0..10 {
        let out = format!("out{seed}");
        let set = format!("seed={seed}");
        shop.atelier(run_of("slanted_faces.toml", &out, &[&set])).arguments(["--quiet"]).done().expect(0);
        let run = shop.only_run(&out);
        assert!(run.join("faces.png").is_file());
        let generator = Generator::read(
            &std::fs::read(run.join("checkpoints/latest.safetensors")).expect("a checkpoint"),
        );
        let is_slanted = |face: [f64; 4]| (0..4).all(|pixel| (face[pixel] > 0.5) == DIAGONAL[pixel]);
        let mean = generator.mean();
        let is_near = mean.iter().zip(expected).all(|(mean, expected)| (mean - expected).abs() <= TOLERANCE);
        println!("seed {seed}: mean face {mean:.3?}");
        if ![0.0, 0.5, 1.0].into_iter().all(|z| is_slanted(generator.face(z))) || !is_near {
            failures.push(format!(
                "seed {seed}: faces {:.3?} {:.3?} {:.3?}, mean {mean:.3?} in place of {expected:.3?}",
                generator.face(0.0),
                generator.face(0.5),
                generator.face(1.0)
            ));
        }
    }
    assert!(failures.is_empty(), "{} of 10 failed:\n{}", failures.len(), failures.join("\n"));
}
