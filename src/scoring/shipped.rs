//! The feature extractors that the program ships with, so that scores can be compared between machines. Each was trained by its file in
//! `experiments/extractors/`; the tests hold hashes and accuracies against the files.

use super::{Error, Extractor};
use std::path::Path;

/// A feature extractor that is part of the program.
#[derive(Debug)]
pub struct Shipped {
    /// The data set that it belongs to, as experiment files call it.
    pub dataset: &'static str,
    /// The experiment that made it.
    pub experiment: &'static str,
    /// SHA-256 of its file.
    pub sha256: &'static str,
    /// The file.
    pub bytes: &'static [u8],
}

macro_rules! shipped {
    ($($dataset:literal by $experiment:literal is $sha256:literal;)*) => {
        /// All of them.
        pub(super) const ALL: &[Shipped] = &[$(Shipped {
            dataset: $dataset,
            experiment: concat!("experiments/extractors/", $experiment, ".toml"),
            sha256: $sha256,
            bytes: include_bytes!(concat!("shipped/", $dataset, ".safetensors")),
        }),*];
    };
}

shipped! {
    "fashion-mnist" by "extractor_fashion" is "7587abfa2c88fa2f989f4a8efd19e486e4e8b4d5745e5691b9fb5d753689cdf1";
    "mnist" by "extractor_mnist" is "ff48ddb7904f5073cb5ea7ef33fbd7ea045561c2b18f3fb1f41ab8c701bc35e9";
    "silhouettes" by "extractor_silhouettes" is "a98ab121ce9ceaa08aa10a4d5d2131096c2d6f75f4f822e5bbb7bf7f8b9e8924";
}

impl Shipped {
    /// The extractor itself.
    ///
    /// # Errors
    /// If the program was built without its network.
    pub fn extractor(&self) -> Result<Extractor, Error> {
        Extractor::from_bytes(Path::new(self.experiment), self.bytes)
    }
}

/// The extractor of this data set, if the program has one.
pub fn shipped(dataset: &str) -> Option<&'static Shipped> {
    ALL.iter().find(|shipped| shipped.dataset == dataset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture::extractor;
    use crate::config::Experiment;
    use crate::config::architecture::layers::Shape;
    use crate::config::dataset::Dataset;
    use crate::data::{Pixels, SEED, Scale, silhouettes};
    use crate::evaluation::Sample;
    use crate::networks;
    use crate::nn::{Initialization, Pass};
    use crate::random::Stream;
    use crate::record::Checkpoint;
    use dfdx::prelude::Cpu;
    use dfdx::tensor::TensorFromVec;

    #[test]
    fn every_file_is_small_and_is_the_one_that_is_told_of() {
        for shipped in ALL {
            let extractor = shipped.extractor().unwrap();
            assert_eq!(extractor.sha256(), shipped.sha256, "{}", shipped.dataset);
            assert!(shipped.bytes.len() < 1_000_000, "{}", shipped.dataset);
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(shipped.experiment);
            let experiment = Experiment::load(&file, &[], std::iter::empty()).unwrap().experiment;
            let about = extractor.about();
            assert_eq!(
                (&about.experiment, &about.dataset[..]),
                (&experiment.name, experiment.dataset.name())
            );
            assert_eq!(Dataset::named(shipped.dataset).unwrap().shape(), about.shape);
            assert!(about.test_accuracy > 0.92, "{}: {}", shipped.dataset, about.test_accuracy);
        }
    }

    /// The whole classifier as training computes it, against the trunk and the head of our own.
    #[test]
    fn the_probabilities_are_the_classifiers_own() {
        let shipped = shipped("silhouettes").unwrap();
        let dataset = silhouettes::dataset(SEED, 600, 1);
        let (Pixels::Bytes(pixels), Some(labels)) = (dataset.train.pixels(), dataset.train.labels()) else {
            panic!("silhouettes are bytes with labels")
        };
        let found: Sample = shipped.extractor().unwrap().look(pixels).unwrap();
        assert_eq!((found.count, found.width, found.classes), (600, 128, 10));

        let network = extractor(Shape::image(28, 28, 1), 10).unwrap();
        let weights = Stream::new(0, "weights");
        let mut whole =
            networks::build(&network, Cpu::default(), Initialization::GlorotUniform, weights).unwrap();
        let path = Path::new("shipped");
        let mut checkpoint = Checkpoint::from_bytes(path, shipped.bytes).unwrap();
        whole.visit(&mut |parameter| {
            let name = format!("classifier.{}", parameter.name);
            parameter.set(&checkpoint.take(path, &name, &parameter.shape).unwrap());
        });
        let values: Vec<f32> = pixels.iter().map(|&byte| Scale::Unit.to_number(byte)).collect();
        let images = Cpu::default().tensor_from_vec(values, (600, 784));
        let logits = whole.forward(images, Pass::evaluate()).as_vec();
        let mut right = 0;
        for ((logits, probabilities), &label) in
            logits.chunks_exact(10).zip(found.probabilities.chunks_exact(10)).zip(labels)
        {
            let sum: f64 = logits.iter().map(|&logit| f64::from(logit).exp()).sum();
            for (&logit, &probability) in logits.iter().zip(probabilities) {
                assert!((f64::from(logit).exp() / sum - f64::from(probability)).abs() < 1e-5);
            }
            let best = (0..10).max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b])).unwrap();
            right += usize::from(best == usize::from(label));
        }
        assert!(right > 590, "{right} of 600");
    }

    #[test]
    fn a_damaged_file_is_told_and_not_used() {
        let bytes = shipped("mnist").unwrap().bytes;
        let path = Path::new("x.safetensors");
        let told = |bytes: &[u8]| Extractor::from_bytes(path, bytes).unwrap_err().to_string();
        assert!(told(&bytes[..bytes.len() - 1]).contains("x.safetensors"));
        let mut changed = bytes.to_vec();
        changed[400_000] ^= 1;
        assert!(told(&changed).contains("checksum"));
        // One that is sound, but of something else.
        let mut other = Checkpoint::from_bytes(path, bytes).unwrap();
        other.tensors.remove("classifier.0.weight");
        assert!(told(&other.to_bytes()).contains("classifier.0.weight"));
        other.metadata.insert("height".into(), "36".into());
        assert!(
            told(&other.to_bytes()).contains("built without the feature extractor for images of 36×28×1")
        );
        other.metadata.insert("height".into(), "2".into());
        assert!(told(&other.to_bytes()).contains("there is no feature extractor for these images"));
    }
}
