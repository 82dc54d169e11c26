use super::*;
use crate::architecture::{Examples, networks};
use crate::config::Experiment;
use crate::networks::{Network, build};
use crate::random::{Stream, fill_uniform};
use dfdx::prelude::Cpu;
use std::collections::BTreeMap;
use std::path::Path;

const BATCH: usize = 4;

/// The GAN of `experiments/tiny.toml` with these settings on top.
fn gan(sets: &[&str]) -> Gan<Cpu> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/tiny.toml");
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    let experiment = Experiment::load(&file, &sets, std::iter::empty()).unwrap().experiment;
    let networks = networks(&experiment.architecture, Examples::from(&experiment.dataset)).unwrap();
    let fresh = |network, name| -> Box<dyn Network<Cpu>> {
        build(network, Cpu::default(), experiment.training.initialization, Stream::new(1, name)).unwrap()
    };
    let (generator_shape, discriminator) =
        (networks.get("generator").unwrap(), networks.get("discriminator").unwrap());
    let mut generator = fresh(generator_shape, "weights.generator");
    let average = experiment
        .training
        .ema
        .map(|ema| Average::new(ema.decay as f32, fresh(generator_shape, "other"), &mut *generator));
    let settings = Settings { batch_size: BATCH, seed: 3, ..Settings::of(&experiment) };
    Gan::new(settings, Cpu::default(), generator, fresh(discriminator, "weights.discriminator"), average)
}

/// Batches of the given step, as a training loop would bring them.
fn batches(gan: &Gan<Cpu>, step: u64) -> Vec<Minibatch> {
    let batch = |part| {
        let mut images = vec![0.0; BATCH * 784];
        fill_uniform(&mut Stream::new(step, "images").at(part), -1.0, 1.0, &mut images);
        Minibatch { values: images, labels: None }
    };
    (0..gan.batches_per_step() as u64).map(batch).collect()
}

fn train(gan: &mut Gan<Cpu>, steps: std::ops::Range<u64>) -> Vec<Vec<f64>> {
    steps.map(|step| gan.step(step, &batches(gan, step)).unwrap()).collect()
}

fn state(gan: &mut Gan<Cpu>) -> BTreeMap<String, Array> {
    gan.state().into_iter().map(|array| (array.name.clone(), array)).collect()
}

const KINDS: [&[&str]; 4] = [
    &[],
    &["training.ema={ decay = 0.9 }", "optimizer.name=rmsprop", "optimizer.momentum=0.5"],
    &["objective.update=alternating", "objective.discriminator_steps=2", "objective.loss=minimax"],
    &["objective.update=alternating", "optimizer.name=sgd", "optimizer.momentum=0.9"],
];

#[test]
fn a_restored_learner_goes_on_to_the_last_bit() {
    for sets in KINDS {
        let mut whole = gan(sets);
        let expected = train(&mut whole, 0..5);
        let mut first = gan(sets);
        train(&mut first, 0..3);
        let saved = state(&mut first);
        let mut second = gan(&[sets, &["seed=99"]].concat());
        second
            .restore(3, &mut |name, shape| {
                let array = saved.get(name).ok_or("missing")?;
                assert_eq!(array.shape, shape);
                Ok(array.values.clone())
            })
            .unwrap();
        assert_eq!(train(&mut second, 3..5), expected[3..], "{sets:?}");
        assert_eq!(state(&mut second), state(&mut whole), "{sets:?}");
    }
}

#[test]
fn the_average_follows_weights_and_statistics_and_is_sampled_from() {
    let mut gan = gan(&["training.ema={ decay = 0.75 }"]);
    let before = state(&mut gan);
    train(&mut gan, 0..1);
    let after = state(&mut gan);
    let mut compared = 0;
    for (name, weights) in &after {
        let Some(rest) = name.strip_prefix("generator.") else { continue };
        let average = &after[&format!("average.{rest}")].values;
        for ((average, old), new) in average.iter().zip(&before[name].values).zip(&weights.values) {
            assert!((average - (0.75 * old + 0.25 * new)).abs() < 1e-6, "{name}");
            compared += 1;
        }
    }
    assert!(compared > 10_000);
    assert!(after["generator.1.running_mean"] != before["generator.1.running_mean"]);

    let latents = vec![0.5; 50];
    let with_average = gan.sample(&latents);
    gan.restore(1, &mut |name, _| {
        let source =
            name.strip_prefix("average.").map_or(name.to_owned(), |rest| format!("generator.{rest}"));
        Ok(after[&source].values.clone())
    })
    .unwrap();
    assert_ne!(gan.sample(&latents), with_average);
}

/// Each player's step must lower its own loss: the generator's is that of the discriminator it played against.
#[test]
fn steps_go_downhill() {
    let mut gan = gan(&["optimizer.name=sgd", "optimizer.learning_rate=0.01"]);
    let (latents, real) = (vec![0.3; BATCH * 50], batches(&gan, 0).remove(0).values);
    let before = gan.gradients(0, &latents, &real).unwrap();
    let only = |gan: &mut Gan<Cpu>, generator: bool| {
        let mut gradients = gan.gradients(0, &latents, &real).unwrap();
        let (kept, silenced) = match generator {
            true => (&gradients.generator, &mut gradients.discriminator),
            false => (&gradients.discriminator, &mut gradients.generator),
        };
        assert!(!kept.is_empty());
        for gradient in silenced {
            *gradient = gradient.clone() * 0.0;
        }
        gan.apply(&gradients);
        gan.gradients(0, &latents, &real).unwrap().losses
    };
    assert!(only(&mut gan, false).d_loss < before.losses.d_loss);
    let between = gan.gradients(0, &latents, &real).unwrap().losses.g_loss;
    assert!(only(&mut gan, true).g_loss < between);
}

#[test]
fn a_loss_that_is_no_number_is_told() {
    let mut gan = gan(&[]);
    let mut images = batches(&gan, 0);
    images[0].values[0] = f32::NAN;
    let diverged = gan.step(0, &images).unwrap_err();
    assert!(diverged.to_string().contains("loss became NaN"), "{diverged}");
}

/// A wide enough GAN that its middle convolutions go by their frequencies.
const WIDE: &[&str] = &["architecture.width=16", "architecture.latent_dim=100"];

/// Different latent vectors of the right length.
fn latents(gan: &Gan<Cpu>) -> Vec<f32> {
    let mut latents = vec![0.0; BATCH * gan.latent_dim()];
    fill_uniform(&mut Stream::new(8, "latents").at(0), -1.0, 1.0, &mut latents);
    latents
}

fn apart(a: &[Gradient<Cpu>], b: &[Gradient<Cpu>]) -> f64 {
    assert_eq!(a.len(), b.len());
    let (mut difference, mut size) = (0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        for (a, b) in crate::nn::read(a).iter().zip(crate::nn::read(b)) {
            difference += (f64::from(*a) - f64::from(*b)).powi(2);
            size += f64::from(*b).powi(2);
        }
    }
    // Of numbers near the smallest that there are, no digits can be compared.
    difference.sqrt() / size.sqrt().max(1e-30)
}

/// Puts the discriminator's last bias, and so every logit, `by` higher or lower.
fn shift_logits(gan: &mut Gan<Cpu>, by: f32) {
    let state = state(gan);
    let last = state.keys().rfind(|name| name.starts_with("discriminator.")).unwrap();
    let bias = last.replace("weight", "bias");
    gan.restore(0, &mut |name, _| {
        let values = state[name].values.clone();
        Ok(if name == bias { values.iter().map(|value| value + by).collect() } else { values })
    })
    .unwrap();
}

/// One way back through the discriminator gives both players what two ways give, whatever the loss, dropout's masks included; also where a
/// saturated loss makes one player's slopes tiny beside the other's.
#[test]
fn one_way_back_serves_both_players() {
    for sets in [&[][..], WIDE] {
        for loss in ["minimax", "non-saturating"] {
            for by in [0.0, 20.0, -20.0, 80.0, -80.0] {
                let loss_set = format!("objective.loss={loss}");
                let mut gan = gan(&[sets, &[loss_set.as_str()]].concat());
                shift_logits(&mut gan, by);
                let (latents, real) = (latents(&gan), batches(&gan, 0).remove(0).values);
                let shared = gan.shared_gradients(0, &latents, &real).unwrap();
                let separate = gan.separate_gradients(0, &latents, &real).unwrap();
                let what = format!("{loss} with logits shifted by {by}, {sets:?}");
                assert_eq!(shared.losses.d_loss, separate.losses.d_loss, "{what}");
                assert_eq!(shared.losses.g_loss, separate.losses.g_loss, "{what}");
                let (d, g) = (
                    apart(&shared.discriminator, &separate.discriminator),
                    apart(&shared.generator, &separate.generator),
                );
                assert!(d < 2e-6 && g < 2e-6, "{what}: {d:e} and {g:e}");
            }
        }
    }
}

#[test]
fn direct_convolutions_give_the_same_gradients_but_for_rounding() {
    let gradients = |set: &str| {
        let mut gan = gan(&[WIDE, &[set]].concat());
        let (latents, real) = (latents(&gan), batches(&gan, 0).remove(0).values);
        gan.gradients(0, &latents, &real).unwrap()
    };
    let (fastest, direct) =
        (gradients("training.convolution=fastest"), gradients("training.convolution=direct"));
    for (fastest, direct) in
        [(&fastest.generator, &direct.generator), (&fastest.discriminator, &direct.discriminator)]
    {
        let apart = apart(fastest, direct);
        assert!(apart > 0.0 && apart < 1e-5, "{apart:e}: the same way, or another result");
    }
}
