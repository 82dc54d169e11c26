use super::*;
use crate::architecture::{Examples, networks};
use crate::config::Experiment;
use crate::learner::Optimizer;
use crate::networks::build;
use crate::nn::{Batch, Pass, read, weighted_sum};
use crate::random::{Stream, fill_normal};
use dfdx::prelude::Cpu;
use dfdx::tensor::{Tensor, TensorFromVec, Trace};
use dfdx::tensor_ops::Backward;
use std::collections::BTreeMap;
use std::path::Path;

/// The discriminator of `experiments/tiny.toml`.
fn discriminator() -> Box<dyn Network<Cpu>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/tiny.toml");
    let experiment = Experiment::load(&file, &[], std::iter::empty()).unwrap().experiment;
    let networks = networks(&experiment.architecture, Examples::from(&experiment.dataset)).unwrap();
    build(
        networks.get("discriminator").unwrap(),
        Cpu::default(),
        experiment.training.initialization,
        Stream::new(1, "weights"),
    )
    .unwrap()
}

/// The trainable arrays: name, shape and values.
fn arrays(network: &mut dyn Network<Cpu>) -> Vec<Array> {
    let mut arrays = Vec::new();
    network.visit(&mut |parameter| {
        if parameter.trainable {
            let (name, shape) = (parameter.name.clone(), parameter.shape.clone());
            arrays.push(Array { name, shape, values: parameter.to_vec() });
        }
    });
    arrays
}

/// The largest singular value of an (inputs, outputs) matrix, by the eigenvalues of WᵀW: power iterations in f64 until nothing moves.
fn largest_singular_value(array: &Array) -> f64 {
    let columns = *array.shape.last().unwrap();
    let mut u = vec![1.0f64; columns];
    let mut value = 0.0;
    for _ in 0..3000 {
        let rows = array.values.chunks_exact(columns);
        let mut next = vec![0.0f64; columns];
        for row in rows {
            let along: f64 = row.iter().zip(&u).map(|(&w, u)| f64::from(w) * u).sum();
            next.iter_mut().zip(row).for_each(|(next, &w)| *next += along * f64::from(w));
        }
        let norm = next.iter().map(|x| x * x).sum::<f64>().sqrt();
        u = next.iter().map(|x| x / norm).collect();
        value = norm.sqrt();
    }
    value
}

#[test]
fn normalised_weights_have_the_largest_singular_value_one() {
    let mut network = discriminator();
    let before = arrays(&mut *network);
    let mut constraint = SpectralNorm::new(5, &mut *network);
    // One iteration a step finds it, where the weights stand still.
    for _ in 0..500 {
        Constraint::<Cpu>::before_step(&mut constraint, &mut *network);
        constraint.after_step(&mut *network);
    }
    for (before, after) in before.iter().zip(arrays(&mut *network)) {
        if before.shape.len() < 2 {
            assert_eq!(before.values, after.values, "{} is a bias", before.name);
            continue;
        }
        let (sigma, one) = (largest_singular_value(before), largest_singular_value(&after));
        assert!((one - 1.0).abs() < 1e-4, "{}: {one}", before.name);
        for (raw, normalised) in before.values.iter().zip(&after.values) {
            assert!((f64::from(*raw) / sigma - f64::from(*normalised)).abs() < 1e-4, "{}", before.name);
        }
    }
}

/// The gradient with respect to W, against a central difference of a loss of W / σ(W) with v and u held.
#[test]
fn the_gradient_goes_through_the_norm() {
    let mut network = discriminator();
    let mut constraint = SpectralNorm::new(5, &mut *network);
    let mut values = vec![0.0; 4 * 784];
    fill_normal(&mut Stream::new(2, "x").at(0), &mut values);
    let x: Tensor<Batch, f32, Cpu> = Cpu::default().tensor_from_vec(values, (4, 784));
    let slopes = vec![0.3, -0.7, 1.1, 0.2];
    let logits = network.traced(x.leaky_trace(), Pass::train(3));
    let mut gradients = weighted_sum(logits, slopes.clone()).backward();
    let mut gradients = Optimizer::take(&mut *network, &mut gradients);
    constraint.pull_back(&mut *network, &mut gradients);

    let places: Vec<usize> = constraint.weights.iter().map(|weight| weight.index).collect();
    assert_eq!(places.len(), 3);
    for which in places {
        let gradient: &[f32] = read(&gradients[which]);
        let mut direction = vec![0.0; gradient.len()];
        fill_normal(&mut Stream::new(4, "direction").at(which as u64), &mut direction);
        let expected: f64 = gradient.iter().zip(&direction).map(|(&g, &d)| f64::from(g) * f64::from(d)).sum();
        let h = 2e-4;
        let mut at = |by: f32| {
            let weight = constraint.weights.iter_mut().find(|weight| weight.index == which).unwrap();
            let kept = weight.raw.clone();
            weight.raw.iter_mut().zip(&direction).for_each(|(w, d)| *w += by * d);
            weight.find_sigma();
            let moved = weight.normalised();
            weight.raw = kept;
            weight.find_sigma();
            let old = weight.normalised();
            set(&mut *network, which, &moved);
            let logits = network.forward(x.clone(), Pass::train(3)).as_vec();
            set(&mut *network, which, &old);
            logits.iter().zip(&slopes).map(|(&l, &s)| f64::from(l) * f64::from(s)).sum::<f64>()
        };
        let slope = (at(h) - at(-h)) / f64::from(2.0 * h);
        assert!(
            (slope - expected).abs() < 2e-2 * (0.1 + expected.abs()),
            "weight {which}: {slope} and {expected}"
        );
    }
}

fn set(network: &mut dyn Network<Cpu>, which: usize, values: &[f32]) {
    let mut index = 0;
    network.visit(&mut |parameter| {
        if parameter.trainable {
            if index == which {
                parameter.set(values);
            }
            index += 1;
        }
    });
}

#[test]
fn restored_spectral_norms_go_on_to_the_last_bit() {
    let (mut one, mut other) = (discriminator(), discriminator());
    let mut first = SpectralNorm::new(5, &mut *one);
    let step = |constraint: &mut SpectralNorm, network: &mut dyn Network<Cpu>| {
        constraint.before_step(network);
        network.visit(&mut |parameter| {
            let moved: Vec<f32> = parameter.to_vec().iter().map(|w| 1.01 * w + 0.001).collect();
            parameter.set(&moved);
        });
        constraint.after_step(network);
    };
    step(&mut first, &mut *one);
    let saved: BTreeMap<String, Vec<f32>> =
        Constraint::<Cpu>::state(&first).into_iter().map(|array| (array.name, array.values)).collect();
    let mut second = SpectralNorm::new(99, &mut *other);
    Constraint::<Cpu>::restore(&mut second, &mut |name, _| {
        saved.get(name).cloned().ok_or_else(|| name.to_owned())
    })
    .unwrap();
    step(&mut first, &mut *one);
    step(&mut second, &mut *other);
    let weights = |network: &mut dyn Network<Cpu>| {
        arrays(network).into_iter().filter(|array| array.shape.len() > 1).collect::<Vec<_>>()
    };
    assert_eq!(weights(&mut *one), weights(&mut *other));
    assert_eq!(Constraint::<Cpu>::state(&first), Constraint::<Cpu>::state(&second));
}

#[test]
fn clipped_weights_lie_within_the_bound_and_those_that_did_stay() {
    let mut network = discriminator();
    let before = arrays(&mut *network);
    let bound = 0.02f32;
    let mut constraint = WeightClipping { bound };
    constraint.after_step(&mut *network);
    let mut clipped = 0;
    for (before, after) in before.iter().zip(arrays(&mut *network)) {
        for (before, after) in before.values.iter().zip(after.values) {
            assert_eq!(after, before.max(-bound).min(bound));
            clipped += usize::from(after != *before);
        }
    }
    assert!(clipped > 0);
}

/// Column by column, in f64, with the indices of each array's shape.
#[test]
fn long_columns_are_shortened_to_the_bound_and_others_stay() {
    let mut network = discriminator();
    let before = arrays(&mut *network);
    let bound = 1.0;
    let mut constraint = MaxNorm { bound };
    constraint.after_step(&mut *network);
    let (mut shortened, mut kept) = (0, 0);
    for (before, after) in before.iter().zip(arrays(&mut *network)) {
        if before.shape.len() < 2 {
            assert_eq!(before.values, after.values, "{} is a bias", before.name);
            continue;
        }
        let columns = *before.shape.last().unwrap();
        for column in 0..columns {
            let of = |array: &Array| -> Vec<f64> {
                array.values.iter().skip(column).step_by(columns).map(|&w| f64::from(w)).collect()
            };
            let (old, new) = (of(before), of(&after));
            let norm = old.iter().map(|w| w * w).sum::<f64>().sqrt();
            let factor = if norm > f64::from(bound) { f64::from(bound) / norm } else { 1.0 };
            *(if norm > f64::from(bound) { &mut shortened } else { &mut kept }) += 1;
            for (old, new) in old.iter().zip(&new) {
                assert!((old * factor - new).abs() < 1e-6, "{} column {column}: {old} {new}", before.name);
            }
        }
    }
    assert!(shortened > 0 && kept > 0, "{shortened} {kept}");
}
