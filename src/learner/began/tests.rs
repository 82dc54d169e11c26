use super::super::testing::{Stripes, assert_resumes, fresh, load, train};
use super::*;
use crate::architecture::Networks;
use crate::nn::read;
use dfdx::prelude::Cpu;

const SETS: [&str; 1] = ["training.batch_size=8"];

fn began(file: &str, sets: &[&str], seed: u64) -> Began<Cpu> {
    let (mut experiment, networks) = load(file, &[&SETS[..], sets].concat());
    experiment.seed = seed;
    let Networks::Began { generator: shape, discriminator } = &networks else { panic!("{networks:?}") };
    let (mut generator, discriminator) = (fresh(&experiment, shape), fresh(&experiment, discriminator));
    let average = experiment.training.ema.map(|ema| {
        Average::new(ema, experiment.training.batch_size, fresh(&experiment, shape), &mut *generator)
    });
    Began::new(Settings::of(&experiment), Cpu::default(), generator, discriminator, average)
}

#[test]
fn a_restored_began_goes_on_to_the_last_bit() {
    for (file, sets) in [
        ("tiny_began.toml", &["objective.lambda_k=0.5"][..]),
        (
            "tiny_began.toml",
            &[
                "objective.update=alternating",
                "objective.gamma=0.9",
                "objective.lambda_k=0.1",
                "training.ema={ decay = 0.9 }",
            ],
        ),
        ("methods/began_fashion.toml", &["optimizer.name=rmsprop", "optimizer.momentum=0.5"]),
    ] {
        let make = |seed| -> Box<dyn Learner> { Box::new(began(file, sets, seed)) };
        assert_resumes(&make, &format!("{file} {sets:?}"));
    }
}

/// What the columns say of a step agrees with each other, and k with what they say of the steps before.
#[test]
fn the_columns_are_those_of_the_algorithm() {
    for sets in [&[][..], &["objective.update=alternating"]] {
        let sets = [sets, &["objective.gamma=0.75", "objective.lambda_k=0.2"]].concat();
        let mut learner = began("tiny_began.toml", &sets, 0);
        let rows = train(&mut learner, 0..60);
        let (mut k, mut moved) = (0.0_f64, 0);
        for row in &rows {
            let [d_loss, g_loss, real, fake, seen, d_norm, g_norm, convergence] = row[..] else {
                panic!("{row:?}")
            };
            assert!((seen - k).abs() < 1e-5, "{seen} instead of {k}");
            assert!((d_loss - (real - seen * fake)).abs() < 1e-12);
            assert!((convergence - (real + (0.75 * real - g_loss).abs())).abs() < 1e-12);
            assert_eq!(g_loss == fake, !sets.contains(&"objective.update=alternating"));
            assert!(d_norm > 0.0 && g_norm > 0.0);
            k = (seen + 0.2 * (0.75 * real - g_loss)).clamp(0.0, 1.0);
            moved += usize::from(k > 0.0);
        }
        assert!(moved > 10, "k has left 0 in {moved} steps");
        // Stripes are learned, and the discriminator reconstructs them the better.
        assert!(rows[59][2] < 0.7 * rows[0][2], "{rows:?}");
    }
}

fn weights(learner: &mut Began<Cpu>, prefix: &str) -> Vec<f32> {
    let is_one = |array: &Array| array.name.starts_with(prefix);
    learner.state().into_iter().filter(is_one).flat_map(|array| array.values).collect()
}

fn assert_near(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6, "{found} instead of {expected}");
    }
}

/// With plain gradient descent, an alternating step is the discriminator's half of a simultaneous one, and then, on the next latent vectors, the
/// generator's half of another.
#[test]
fn an_alternating_step_is_two_halves_of_simultaneous_ones() {
    const DESCENT: [&str; 3] = ["optimizer.name=sgd", "optimizer.learning_rate=0.5", "objective.lambda_k=0"];
    let set_k = |learner: &mut Began<Cpu>| learner.k = 0.25;
    let mut alternating =
        began("tiny_began.toml", &[&DESCENT[..], &["objective.update=alternating"]].concat(), 0);
    let mut halves = began("tiny_began.toml", &DESCENT, 0);
    set_k(&mut alternating);
    set_k(&mut halves);
    let before = weights(&mut halves, "discriminator.");
    let batch = Stripes.training(&(0..8).collect::<Vec<_>>());
    let row = alternating.step(0, std::slice::from_ref(&batch)).unwrap();
    for (index, is_discriminator) in [(0, true), (1, false)] {
        let latents = halves.players.latents(index);
        let mut found = halves.gradients(index, &latents, &batch).unwrap();
        let silenced = if is_discriminator { &mut found.generator } else { &mut found.discriminator };
        silenced.iter_mut().for_each(|gradient| *gradient = gradient.clone() * 0.0);
        halves.apply(&found);
        let Errors { real, fake, generator, .. } = found.errors;
        match is_discriminator {
            true => assert!((row[2] - real).abs() < 1e-6 && (row[3] - fake).abs() < 1e-6, "{row:?}"),
            false => assert!((row[1] - generator).abs() < 1e-6, "{row:?}"),
        }
    }
    for player in ["discriminator.", "generator."] {
        let (found, expected) = (weights(&mut alternating, player), weights(&mut halves, player));
        assert_near(&found, &expected);
    }
    assert_ne!(weights(&mut halves, "discriminator."), before);
}

/// Each player's gradient leads down its own loss, at its slope: what a small step along it wins is the step times the squared norm.
#[test]
fn gradients_lead_down_the_players_own_losses() {
    const STEP: f64 = 1e-2;
    let step = format!("optimizer.learning_rate={STEP}");
    let mut learner = began("tiny_began.toml", &["optimizer.name=sgd", &step], 0);
    learner.k = 0.5;
    let batch = Stripes.training(&(0..8).collect::<Vec<_>>());
    let latents = learner.players.latents(0);
    let loss = |errors: &Errors| errors.real - 0.5 * errors.fake;
    for is_discriminator in [true, false] {
        let mut found = learner.gradients(0, &latents, &batch).unwrap();
        let (kept, silenced) = match is_discriminator {
            true => (&found.discriminator, &mut found.generator),
            false => (&found.generator, &mut found.discriminator),
        };
        let square: f64 = kept.iter().flat_map(read).map(|g| f64::from(*g).powi(2)).sum();
        silenced.iter_mut().for_each(|gradient| *gradient = gradient.clone() * 0.0);
        let before = found.errors;
        learner.apply(&found);
        let after = learner.gradients(0, &latents, &batch).unwrap().errors;
        let won = match is_discriminator {
            true => loss(&before) - loss(&after),
            false => before.generator - after.generator,
        };
        let expected = STEP * square;
        assert!((won / expected - 1.0).abs() < 0.1, "{won:e} instead of {expected:e}");
    }
}

#[test]
fn pictures_come_to_look_like_what_they_are_of() {
    let mut learner = began("tiny_began.toml", &[], 0);
    let far = |learner: &mut Began<Cpu>| {
        let Some(Exhibit::Reconstructions { inputs, outputs }) = learner.exhibit(&Stripes, 20) else {
            panic!("reconstructions")
        };
        assert_eq!((inputs.len(), outputs.len()), (20 * 784, 20 * 784));
        inputs.iter().zip(&outputs).map(|(a, b)| f64::from(a - b).abs()).sum::<f64>()
    };
    let before = far(&mut learner);
    train(&mut learner, 0..200);
    let after = far(&mut learner);
    assert!(after < 0.7 * before, "{before} {after}");
}

#[test]
fn a_loss_that_is_no_number_is_told() {
    for update in ["objective.update=simultaneous", "objective.update=alternating"] {
        let mut learner = began("tiny_began.toml", &[update], 0);
        let mut batch = Stripes.training(&(0..8).collect::<Vec<_>>());
        batch.values[0] = f32::NAN;
        let diverged = learner.step(0, &[batch]).unwrap_err();
        assert!(diverged.to_string().contains("became NaN"), "{diverged}");
    }
}
