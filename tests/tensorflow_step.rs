//! One whole training step of a small DCGAN against TensorFlow's, from the same weights, latents and images: both
//! losses, every gradient, and the weights and running statistics after Adam.
//!
//! `tests/reference/make_reference.py` made the arrays; dropout is off in both.

use atelier::architecture::{self, Examples, Range};
use atelier::config::Experiment;
use atelier::config::architecture::layers::{Layer, Shape};
use atelier::learner::{Gan, Learner, Minibatch, Settings};
use atelier::networks;
use atelier::nn::{Initialization, read};
use atelier::random::Stream;
use dfdx::prelude::Cpu;
use safetensors::SafeTensors;
use std::path::Path;

const REFERENCE: &[u8] = include_bytes!("reference/dcgan_step.safetensors");
const LATENT: usize = 50;

struct Reference(SafeTensors<'static>);

impl Reference {
    fn get(&self, name: &str) -> Vec<f32> {
        let tensor = self.0.tensor(name).unwrap_or_else(|_| panic!("{name} is not in the reference"));
        tensor.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    }
}

/// |a - b| / |b| in L2.
fn distance(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    let square = |v: f64| v * v;
    let apart: f64 = a.iter().zip(b).map(|(a, b)| square(f64::from(a - b))).sum();
    (apart / b.iter().map(|&b| square(f64::from(b))).sum::<f64>()).sqrt()
}

/// The networks of `experiments/tiny.toml`, without dropout.
fn networks_without_dropout(experiment: &Experiment) -> (architecture::Network, architecture::Network) {
    let examples = Examples { shape: Shape::image(28, 28, 1), range: Range::Symmetric, classes: None };
    let networks = architecture::networks(&experiment.architecture, examples).unwrap();
    let layers = networks.get("discriminator").unwrap().layers().iter().map(|layer| match layer {
        Layer::Dropout(_) => Layer::Dropout(0.0),
        other => other.clone(),
    });
    let discriminator = architecture::Network::new(examples.shape, layers.collect()).unwrap();
    (networks.get("generator").unwrap().clone(), discriminator)
}

#[test]
fn a_whole_step_agrees_with_tensorflow() {
    let reference = Reference(SafeTensors::deserialize(REFERENCE).unwrap());
    let (latents, real) = (reference.get("latent"), reference.get("real"));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/tiny.toml");
    let experiment = Experiment::load(&file, &[], std::iter::empty()).unwrap().experiment;
    let (generator, discriminator) = networks_without_dropout(&experiment);
    let build = |network| {
        networks::build(network, Cpu::default(), Initialization::GlorotUniform, Stream::new(0, "weights"))
            .unwrap()
    };
    let mut settings = Settings::of(&experiment);
    settings.players.batch_size = latents.len() / LATENT;
    let mut gan = Gan::new(settings, Cpu::default(), build(&generator), build(&discriminator), None);
    gan.restore(0, &mut |name, shape| {
        let is_memory = name.starts_with("optimizer.");
        Ok(if is_memory { vec![0.0; shape.iter().product()] } else { reference.get(name) })
    })
    .unwrap();

    let names: Vec<String> = gan.state().into_iter().map(|array| array.name).collect();
    let real = Minibatch { values: real, labels: None };
    let gradients = gan.gradients(0, &latents, &real).unwrap();
    for (loss, name) in [(gradients.losses.d_loss, "d_loss"), (gradients.losses.g_loss, "g_loss")] {
        let expected = f64::from(reference.get(name)[0]);
        assert!((loss / expected - 1.0).abs() < 1e-6, "{name}: {loss} instead of {expected}");
    }
    let ours = gradients.generator.iter().chain(&gradients.discriminator);
    let trainable: Vec<&String> =
        names.iter().filter(|name| !name.starts_with("optimizer.") && !name.contains("running_")).collect();
    assert_eq!(trainable.len(), gradients.generator.len() + gradients.discriminator.len());
    for (name, gradient) in trainable.iter().zip(ours) {
        let distance = distance(read(gradient), &reference.get(&format!("gradient.{name}")));
        assert!(distance < 1e-5, "gradient of {name}: {distance:e}");
    }

    gan.apply(&gradients);
    for array in gan.state() {
        if !array.name.starts_with("optimizer.") {
            let distance = distance(&array.values, &reference.get(&format!("updated.{}", array.name)));
            assert!(distance < 1e-5, "{} after the step: {distance:e}", array.name);
        }
    }
}
