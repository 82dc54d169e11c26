//! Learners of the tiny experiments, and data for them.

use super::{Array, Data, Learner, Minibatch};
use crate::architecture::{Examples, Network as Shape, Networks, networks};
use crate::config::Experiment;
use crate::networks::{Network, build};
use crate::random::{Stream, fill_uniform};
use dfdx::prelude::Cpu;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// An experiment of the repository with these settings on top, and its networks' shapes.
pub(super) fn load(file: &str, sets: &[&str]) -> (Experiment, Networks) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments").join(file);
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    let experiment = Experiment::load(&file, &sets, std::iter::empty()).unwrap().experiment;
    let shapes = networks(&experiment.architecture, Examples::from(&experiment.dataset)).unwrap();
    (experiment, shapes)
}

/// A network with fresh weights.
pub(super) fn fresh(experiment: &Experiment, shape: &Shape) -> Box<dyn Network<Cpu>> {
    let weights = Stream::new(experiment.seed, "weights");
    build(shape, Cpu::default(), experiment.training.initialization, weights).unwrap()
}

/// Noise for images of 28×28 in [0, 1], whose class is which of ten stripes is white.
pub(super) struct Stripes;

impl Stripes {
    fn example(index: usize) -> (Vec<f32>, u8) {
        let mut image = vec![0.0; 784];
        fill_uniform(&mut Stream::new(9, "stripes").at(index as u64), 0.0, 0.5, &mut image);
        let class = index % 10;
        image[class * 56..class * 56 + 56].fill(1.0);
        (image, class as u8)
    }
}

impl Data for Stripes {
    fn training(&self, indices: &[usize]) -> Minibatch {
        let (values, labels): (Vec<_>, Vec<_>) = indices.iter().map(|&index| Self::example(index)).unzip();
        Minibatch { values: values.concat(), labels: Some(labels) }
    }

    fn test_examples(&self) -> usize {
        300
    }

    fn test(&self, indices: Range<usize>) -> Minibatch {
        self.training(&indices.map(|index| 100_000 + index).collect::<Vec<_>>())
    }
}

/// Steps on eight examples each.
pub(super) fn train(learner: &mut dyn Learner, steps: Range<u64>) -> Vec<Vec<f64>> {
    let step = |step: u64| {
        let first = 8 * step as usize;
        let batch = Stripes.training(&(first..first + 8).collect::<Vec<_>>());
        learner.step(step, &[batch]).unwrap()
    };
    steps.map(step).collect()
}

pub(super) fn state(learner: &mut dyn Learner) -> BTreeMap<String, Array> {
    learner.state().into_iter().map(|array| (array.name.clone(), array)).collect()
}

/// Trains one learner without a break and another that takes over from a third's state: both must come to the same.
pub(super) fn assert_resumes(make: &dyn Fn(u64) -> Box<dyn Learner>, what: &str) {
    let mut whole = make(3);
    let expected = train(&mut *whole, 0..5);
    let mut first = make(3);
    train(&mut *first, 0..3);
    let measured = first.measure(&Stripes);
    let saved = state(&mut *first);
    let mut second = make(3);
    let mut taken = 0;
    second
        .restore(3, &mut |name, shape| {
            let array = saved.get(name).ok_or("missing")?;
            assert_eq!(array.shape, shape);
            taken += 1;
            Ok(array.values.clone())
        })
        .unwrap();
    assert_eq!(taken, saved.len(), "{what}");
    assert_eq!(second.measure(&Stripes), measured, "{what}");
    assert_eq!(train(&mut *second, 3..5), expected[3..], "{what}");
    assert_eq!(state(&mut *second), state(&mut *whole), "{what}");
    // Measuring changes nothing, and the values are as many as the columns.
    whole.measure(&Stripes);
    assert_eq!(state(&mut *second), state(&mut *whole), "{what}");
    assert!(state(&mut *make(3)) != state(&mut *make(4)), "{what}");
}
