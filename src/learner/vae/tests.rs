use super::super::testing::{Stripes, assert_resumes, fresh, load, train};
use super::*;
use crate::architecture::Networks;
use dfdx::prelude::Cpu;

const GAUSSIAN: &str = "objective.likelihood={ gaussian = { std = 0.5 } }";

fn vae(file: &str, sets: &[&str], seed: u64) -> Vae<Cpu> {
    let (mut experiment, networks) = load(file, sets);
    experiment.seed = seed;
    let Networks::Vae { encoder, decoder } = &networks else { panic!("{networks:?}") };
    let average = |shape, of: &mut dyn Network<Cpu>| {
        experiment.training.ema.map(|ema| Average::new(ema, 8, fresh(&experiment, shape), of))
    };
    let (mut first, mut second) = (fresh(&experiment, encoder), fresh(&experiment, decoder));
    let averages = average(encoder, &mut *first).zip(average(decoder, &mut *second));
    let vae = Vae::new(Settings::of(&experiment), Cpu::default(), first, second);
    match averages {
        Some((encoder, decoder)) => vae.averaged(encoder, decoder),
        None => vae,
    }
}

#[test]
fn a_restored_autoencoder_goes_on_to_the_last_bit() {
    for (file, sets) in [
        ("tiny_vae.toml", &[][..]),
        (
            "tiny_vae.toml",
            &[GAUSSIAN, "objective.beta=4", "optimizer.name=rmsprop", "optimizer.momentum=0.5"],
        ),
        ("vae_conv_fashion.toml", &[]),
        ("tiny_vae.toml", &["training.ema={ half_life = 16, warm_up = true }"]),
    ] {
        let make = |seed| -> Box<dyn Learner> { Box::new(vae(file, sets, seed)) };
        assert_resumes(&make, &format!("{file} {sets:?}"));
    }
}

#[test]
fn the_bound_rises_and_pictures_come_to_look_like_what_they_are_of() {
    for sets in [&[][..], &[GAUSSIAN]] {
        let mut learner = vae("tiny_vae.toml", sets, 0);
        let far = |learner: &mut Vae<Cpu>| {
            let Some(Exhibit::Reconstructions { inputs, outputs }) = learner.exhibit(&Stripes, 20) else {
                panic!("reconstructions")
            };
            assert_eq!((inputs.len(), outputs.len()), (20 * 784, 20 * 784));
            inputs.iter().zip(&outputs).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>()
        };
        let before = (learner.measure(&Stripes), far(&mut learner));
        let rows = train(&mut learner, 0..200);
        let after = (learner.measure(&Stripes), far(&mut learner));
        assert!(after.0[0] > before.0[0] + 20.0, "{before:?} {after:?}");
        assert!(after.1 < 0.7 * before.1, "{before:?} {after:?}");
        // Reconstruction, KL, norm, ELBO.
        let last = &rows[199];
        assert!((last[3] + last[0] + last[1]).abs() < 1e-9 && last[1] > 0.0, "{last:?}");
    }
}

/// With a large β the posterior comes close to the prior, and says nothing about the example.
#[test]
fn beta_weighs_the_divergence() {
    let kl = |beta: &str| {
        let mut learner = vae("tiny_vae.toml", &[beta], 0);
        train(&mut learner, 0..150).pop().unwrap()[1]
    };
    let (free, strict) = (kl("objective.beta=0.1"), kl("objective.beta=1000"));
    assert!(free > 3.0 && strict < 0.3, "{free} {strict}");
}

#[test]
fn samples_are_means_in_the_datas_range() {
    for (sets, low) in [(&[][..], 0.0), (&[GAUSSIAN], 0.0), (&[GAUSSIAN, "dataset.range=symmetric"], -1.0)] {
        let mut learner = vae("tiny_vae.toml", sets, 0);
        let latents: Vec<f32> = (0..400).map(|index| 10.0 * ((index as f32) * 0.7).sin()).collect();
        let samples = learner.sample(&latents, &[]);
        assert_eq!(samples.len(), 100 * 784);
        let lowest = samples.iter().copied().fold(f32::MAX, f32::min);
        let highest = samples.iter().copied().fold(f32::MIN, f32::max);
        assert!(lowest >= low && highest <= 1.0 && (lowest < 0.0) == (low < 0.0), "{lowest} {highest}");
    }
}

#[test]
fn a_loss_that_is_no_number_is_told() {
    let mut learner = vae("tiny_vae.toml", &[], 0);
    let mut batch = Stripes.training(&[0, 1]);
    batch.values[0] = f32::NAN;
    let diverged = learner.step(0, &[batch]).unwrap_err();
    assert!(diverged.to_string().contains("became NaN"), "{diverged}");
}

/// In f64, by the formula, from the weights after each step.
#[test]
fn samples_and_tests_come_from_the_average() {
    let mut learner = vae("tiny_vae.toml", &["training.ema={ decay = 0.75 }"], 0);
    let weights = |learner: &mut Vae<Cpu>, prefix: &str| -> Vec<f64> {
        let state = learner.state().into_iter().filter(|array| array.name.starts_with(prefix));
        state.flat_map(|array| array.values).map(f64::from).collect()
    };
    for name in ["encoder.", "decoder."] {
        assert_eq!(weights(&mut learner, name), weights(&mut learner, &format!("average.{name}")));
    }
    let mut expected = ["encoder.", "decoder."].map(|name| weights(&mut learner, name));
    for step in 0..4 {
        train(&mut learner, step..step + 1);
        for (average, name) in expected.iter_mut().zip(["encoder.", "decoder."]) {
            let new = weights(&mut learner, name);
            average.iter_mut().zip(new).for_each(|(average, new)| *average = 0.75 * *average + 0.25 * new);
        }
    }
    for (expected, name) in expected.iter().zip(["average.encoder.", "average.decoder."]) {
        let found = weights(&mut learner, name);
        assert_eq!(found.len(), expected.len());
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{name}");
    }
    // The same networks without averages, given the averaged weights, say the same.
    let saved: Vec<Array> = learner.state();
    let mut plain = vae("tiny_vae.toml", &[], 0);
    plain
        .restore(4, &mut |name, _| {
            let averaged = format!("average.{name}");
            let found = saved.iter().find(|array| array.name == averaged);
            let found = found.or_else(|| saved.iter().find(|array| array.name == name));
            Ok(found.ok_or("missing")?.values.clone())
        })
        .unwrap();
    let latents: Vec<f32> = (0..40).map(|index| (index as f32).sin()).collect();
    assert_eq!(learner.sample(&latents, &[]), plain.sample(&latents, &[]));
    assert_eq!(learner.measure(&Stripes), plain.measure(&Stripes));
    assert_eq!(learner.exhibit(&Stripes, 3), plain.exhibit(&Stripes, 3));
}
