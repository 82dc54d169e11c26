use super::*;
use crate::architecture::{Examples, networks};
use crate::config::Experiment;
use crate::config::architecture::Latent;
use crate::networks::{Network, build};
use crate::random::{Stream, fill_uniform};
use dfdx::prelude::{Cpu, TensorFromVec};
use std::collections::BTreeMap;
use std::path::Path;

const BATCH: usize = 4;

/// An experiment with these settings on top.
fn experiment_of(file: &str, sets: &[&str]) -> Experiment {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments").join(file);
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    Experiment::load(&file, &sets, std::iter::empty()).unwrap().experiment
}

/// `experiments/tiny.toml` with these settings on top.
fn experiment(sets: &[&str]) -> Experiment {
    experiment_of("tiny.toml", sets)
}

/// Its GAN.
fn gan(sets: &[&str]) -> Gan<Cpu> {
    gan_of("tiny.toml", sets)
}

/// The GAN of any experiment on grey 28×28 images.
fn gan_of(file: &str, sets: &[&str]) -> Gan<Cpu> {
    let experiment = experiment_of(file, sets);
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
        .map(|ema| Average::new(ema, BATCH, fresh(generator_shape, "other"), &mut *generator));
    let mut settings = Settings::of(&experiment);
    settings.players = PlayerSettings { batch_size: BATCH, seed: 3, ..settings.players };
    let discriminator = fresh(discriminator, "weights.discriminator");
    let mut gan = Gan::new(settings, Cpu::default(), generator, discriminator, average);
    gan.set_length(Length { updates: 8, per_epoch: 4 });
    gan
}

/// Batches of the given step, as a training loop would bring them.
fn batches(gan: &Gan<Cpu>, step: u64) -> Vec<Minibatch> {
    let batch = |part| {
        let mut images = vec![0.0; BATCH * 784];
        fill_uniform(&mut Stream::new(step, "images").at(part), -1.0, 1.0, &mut images);
        let labels = gan.classes().map(|classes| (0..BATCH).map(|i| ((i + 1) % classes) as u8).collect());
        Minibatch { values: images, labels }
    };
    (0..gan.batches_per_step() as u64).map(batch).collect()
}

fn train(gan: &mut Gan<Cpu>, steps: std::ops::Range<u64>) -> Vec<Vec<f64>> {
    steps.map(|step| gan.step(step, &batches(gan, step)).unwrap()).collect()
}

fn state(gan: &mut Gan<Cpu>) -> BTreeMap<String, Array> {
    gan.state().into_iter().map(|array| (array.name.clone(), array)).collect()
}

const KINDS: [&[&str]; 10] = [
    &[],
    &["training.ema={ decay = 0.9 }", "optimizer.name=rmsprop", "optimizer.momentum=0.5"],
    &["objective.update=alternating", "objective.discriminator_steps=2", "objective.loss=minimax"],
    &["objective.update=alternating", "optimizer.name=sgd", "optimizer.momentum=0.9"],
    &["objective.loss=hinge", "objective.regularizer=spectral-norm"],
    &[
        "objective.update=alternating",
        "objective.discriminator_steps=2",
        "objective.loss=wasserstein",
        "objective.regularizer={ gradient-penalty = { weight = 10.0 } }",
    ],
    &["objective.loss=relativistic", "objective.regularizer={ r1-r2 = { gamma = 1.0 } }"],
    &[
        "objective.update=alternating",
        "objective.loss=relativistic",
        "objective.regularizer={ weight-clipping = { bound = 0.01 } }",
        "objective.regularizer={ max-norm = { bound = 0.5 } }",
    ],
    &[
        "optimizer.schedule={ cosine = { end = 0 } }",
        "optimizer.warm_up=2",
        "optimizer.beta2_schedule={ linear = { end = 0.99 } }",
        "optimizer.generator.clip_norm=0.5",
        "training.ema={ half_life = 16, warm_up = true }",
    ],
    &[
        "objective.update=alternating",
        "objective.discriminator_steps=2",
        "optimizer.name=sgd",
        "optimizer.schedule={ exponential = { decay = 0.5 } }",
        "optimizer.momentum_schedule={ linear = { end = 0.7, epochs = 1 } }",
    ],
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
    let with_average = gan.sample(&latents, &[]);
    gan.restore(1, &mut |name, _| {
        let source =
            name.strip_prefix("average.").map_or(name.to_owned(), |rest| format!("generator.{rest}"));
        Ok(after[&source].values.clone())
    })
    .unwrap();
    assert_ne!(gan.sample(&latents, &[]), with_average);
}

/// Each player's step must lower its own loss: the generator's is that of the discriminator it played against.
#[test]
fn steps_go_downhill() {
    let mut gan = gan(&["optimizer.name=sgd", "optimizer.learning_rate=0.01"]);
    let (latents, real) = (vec![0.3; BATCH * 50], batches(&gan, 0).remove(0));
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

/// The generator's running statistics learn from the fakes that the discriminator is shown, too.
#[test]
fn running_statistics_learn_from_all_fakes() {
    let mut taught = gan(&["objective.update=alternating", "objective.discriminator_steps=2"]);
    train(&mut taught, 0..1);
    // Three batches of fakes from the same weights, without a move.
    let mut shown = gan(&[]);
    for index in 0..3 {
        let mut latents = vec![0.0; BATCH * shown.latent_dim()];
        draw_latents(Latent::Normal, &Stream::new(3, "latents"), index, &mut latents);
        let real = batches(&shown, 0).remove(0);
        shown.gradients(index, &latents, &real).unwrap();
    }
    let statistics = |gan: &mut Gan<Cpu>| -> Vec<Array> {
        let of = |name: &str| name.starts_with("generator.") && name.contains("running");
        state(gan).into_values().filter(|array| of(&array.name)).collect()
    };
    let (taught, shown) = (statistics(&mut taught), statistics(&mut shown));
    assert!(!taught.is_empty() && statistics(&mut gan(&[])) != shown);
    assert_eq!(taught, shown);
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
        for loss in ["minimax", "non-saturating", "least-squares", "hinge", "wasserstein", "relativistic"] {
            for by in [0.0, 20.0, -20.0, 80.0, -80.0] {
                let loss_set = format!("objective.loss={loss}");
                let mut gan = gan(&[sets, &[loss_set.as_str()]].concat());
                shift_logits(&mut gan, by);
                let (latents, real) = (latents(&gan), batches(&gan, 0).remove(0));
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

/// The same through residual blocks, whose inputs have two readers, and through pools and maxout.
#[test]
fn one_way_back_leads_through_blocks_and_pools() {
    let mut gan = gan_of("tiny_layers.toml", &[]);
    let (latents, real) = (latents(&gan), batches(&gan, 0).remove(0));
    let shared = gan.shared_gradients(0, &latents, &real).unwrap();
    let separate = gan.separate_gradients(0, &latents, &real).unwrap();
    let (d, g) = (
        apart(&shared.discriminator, &separate.discriminator),
        apart(&shared.generator, &separate.generator),
    );
    assert!(d < 2e-6 && g < 2e-6, "{d:e} and {g:e}");
}

#[test]
fn direct_convolutions_give_the_same_gradients_but_for_rounding() {
    let gradients = |set: &str| {
        let mut gan = gan(&[WIDE, &[set]].concat());
        let (latents, real) = (latents(&gan), batches(&gan, 0).remove(0));
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

/// The weights of both players, one after the other.
fn weights(gan: &mut Gan<Cpu>) -> Vec<f32> {
    let is_weight = |name: &str| {
        let player = name.starts_with("generator.") || name.starts_with("discriminator.");
        player && !name.contains("running")
    };
    state(gan).into_iter().filter(|(name, _)| is_weight(name)).flat_map(|(_, array)| array.values).collect()
}

/// How far both players together go in the first step.
fn first_move(sets: &[&str]) -> (Vec<f64>, Vec<f64>) {
    let mut gan = gan(sets);
    let before = weights(&mut gan);
    let losses = train(&mut gan, 0..1).remove(0);
    let after = weights(&mut gan);
    (after.iter().zip(before).map(|(after, before)| f64::from(*after) - f64::from(before)).collect(), losses)
}

#[test]
fn a_long_gradient_is_shortened_and_logged_as_it_was() {
    let sgd = ["optimizer.name=sgd", "optimizer.learning_rate=1"];
    let length = |moved: &[f64]| moved.iter().map(|part| part * part).sum::<f64>().sqrt();
    let (free, losses) = first_move(&sgd);
    // d_gradient_norm and g_gradient_norm.
    let norms = [losses[4], losses[5]];
    assert!((length(&free) / norms[0].hypot(norms[1]) - 1.0).abs() < 1e-4);
    // Both are longer than the limit, so that each network goes just as far as it allows, in the old direction.
    let limit = norms[0].min(norms[1]) / 4.0;
    let (clipped, logged) = first_move(&[&sgd[..], &[&format!("optimizer.clip_norm={limit}")]].concat());
    assert_eq!(logged, losses);
    assert!((length(&clipped) / (limit * 2.0_f64.sqrt()) - 1.0).abs() < 1e-4, "{}", length(&clipped));
    // One that is shorter than the limit stays what it was, bit by bit.
    let longest = norms[0].max(norms[1]) * 1.01;
    assert_eq!(first_move(&[&sgd[..], &[&format!("optimizer.clip_norm={longest}")]].concat()).0, free);
    let only = format!("optimizer.generator.clip_norm={}", norms[1] / 2.0);
    let (one, _) = first_move(&[&sgd[..], &[&only]].concat());
    assert!((length(&one) / norms[0].hypot(norms[1] / 2.0) - 1.0).abs() < 1e-4);
}

/// An optimizer with every schedule against a few lines of f64, on the gradient 2w of each weight.
#[test]
fn an_optimizer_follows_its_schedules() {
    let cases = [
        ("name = 'sgd', momentum_schedule = { linear = { end = 0.8, updates = 4 } }", 0.0, 0.8),
        (
            "name = 'rmsprop', rho = 0.5, momentum_schedule = { linear = { end = 0.8, updates = 4 } }",
            0.0,
            0.8,
        ),
        ("betas = [0.5, 0.9], beta2_schedule = { linear = { end = 0.99, updates = 4 } }", 0.9, 0.99),
    ];
    for (keys, start, end) in cases {
        let set = format!(
            "optimizer={{ learning_rate = 0.01, warm_up = 2, schedule = {{ linear = {{ end = 0, updates = 8 }} }}, {keys} }}"
        );
        let experiment = experiment(&[&set]);
        let networks = networks(&experiment.architecture, Examples::from(&experiment.dataset)).unwrap();
        let (initialization, stream) = (experiment.training.initialization, Stream::new(1, "weights"));
        let mut network =
            build(networks.get("generator").unwrap(), Cpu::default(), initialization, stream).unwrap();
        let mut optimizer = Optimizer::new(experiment.optimizer.generator, "", &mut *network);
        let values = |network: &mut dyn Network<Cpu>| -> Vec<Vec<f32>> {
            let mut values = Vec::new();
            network.visit(&mut |parameter| {
                if parameter.trainable {
                    values.push(parameter.to_vec());
                }
            });
            values
        };
        let mut twin: Vec<f64> = values(&mut *network).concat().into_iter().map(f64::from).collect();
        let (mut m, mut v) = (vec![0.0; twin.len()], vec![0.0; twin.len()]);
        for t in 0..7_u8 {
            let weights = values(&mut *network);
            let gradients: Vec<Gradient<Cpu>> = weights
                .iter()
                .map(|w| {
                    let g: Vec<f32> = w.iter().map(|w| 2.0 * w).collect();
                    let length = g.len();
                    Cpu::default().tensor_from_vec(g, (length,))
                })
                .collect();
            optimizer.step(&mut *network, &gradients);
            let t = f64::from(t);
            let rate = if t < 2.0 { 0.01 * (t + 1.0) / 2.0 } else { 0.01 * (1.0 - (t - 2.0) / 8.0) };
            let moving = start + (end - start) * (t / 4.0).min(1.0);
            for ((w, m), v) in twin.iter_mut().zip(&mut m).zip(&mut v) {
                let g = 2.0 * *w;
                if keys.contains("sgd") {
                    *m = moving * *m - rate * g;
                    *w += *m;
                } else if keys.contains("rmsprop") {
                    *v = 0.5 * *v + 0.5 * g * g;
                    *m = moving * *m + rate * g / (*v + 1e-7).sqrt();
                    *w -= *m;
                } else {
                    *m = 0.5 * *m + 0.5 * g;
                    *v = moving * *v + (1.0 - moving) * g * g;
                    let (first, second) = (1.0 - 0.5_f64.powf(t + 1.0), 1.0 - moving.powf(t + 1.0));
                    *w -= rate * second.sqrt() / first * *m / (v.sqrt() + 1e-7);
                }
            }
        }
        let found = values(&mut *network).concat();
        let furthest =
            found.iter().zip(&twin).map(|(found, twin)| (f64::from(*found) - twin).abs()).fold(0.0, f64::max);
        assert!(furthest < 1e-5, "{keys}: {furthest:e}");
    }
}

const CONDITIONAL: &str = "tiny_conditional.toml";

#[test]
fn samples_of_a_conditional_generator_are_of_their_classes() {
    let mut gan = gan_of(CONDITIONAL, &[]);
    assert_eq!(gan.classes(), Some(10));
    let latents = vec![0.5; 3 * gan.latent_dim()];
    let samples = gan.sample(&latents, &[4, 7, 4]);
    let [first, second, third] = [0, 1, 2].map(|i| &samples[i * 784..(i + 1) * 784]);
    assert_eq!(first, third);
    assert_ne!(first, second);
}

/// Both ways show both players the labels of the real batch: they agree, and other labels give other gradients.
#[test]
fn both_ways_back_see_the_same_labels() {
    let mut gan = gan_of(CONDITIONAL, &[]);
    let (latents, real) = (latents(&gan), batches(&gan, 0).remove(0));
    let shared = gan.shared_gradients(0, &latents, &real).unwrap();
    let separate = gan.separate_gradients(0, &latents, &real).unwrap();
    let other = Minibatch { labels: Some(vec![9; BATCH]), ..real.clone() };
    let others = gan.shared_gradients(0, &latents, &other).unwrap();
    for (shared, separate, others) in [
        (&shared.generator, &separate.generator, &others.generator),
        (&shared.discriminator, &separate.discriminator, &others.discriminator),
    ] {
        assert!(apart(shared, separate) < 2e-6);
        assert!(apart(shared, others) > 1e-3);
    }
}

/// Every way that labels take: alternating steps, pairs, penalties at pairs' places between.
#[test]
fn conditional_players_learn_by_every_objective() {
    for sets in [
        &["objective.update=alternating", "objective.loss=relativistic"][..],
        &["objective.loss=wasserstein", "objective.regularizer={ gradient-penalty = { weight = 10 } }"],
        &["objective.loss=hinge", "objective.regularizer=spectral-norm"],
    ] {
        let mut gan = gan_of(CONDITIONAL, sets);
        let before = state(&mut gan);
        train(&mut gan, 0..2);
        let after = state(&mut gan);
        for name in ["generator.0.embedding", "discriminator.7.embedding"] {
            let known = || after.keys().collect::<Vec<_>>();
            let (before, after) = (before.get(name), after.get(name));
            assert!(before.is_some(), "{:?}", known());
            assert_ne!(before, after, "{name}, {sets:?}");
        }
    }
}
