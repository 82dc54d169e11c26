//! What a VAE, two classifiers and a BEGAN learn from one batch, against PyTorch (`tests/reference/make_learners.py`): losses and every
//! gradient.

use atelier::architecture::{self, Examples, Networks};
use atelier::config::Experiment;
use atelier::config::architecture::Layer;
use atelier::learner::{
    Began, BeganSettings, Classifier, ClassifierSettings, Gradient, Learner, Minibatch, Vae, VaeSettings,
};
use atelier::networks::{self, Network};
use atelier::nn::{Initialization, read};
use atelier::objective::classification::Classification;
use atelier::random::Stream;
use dfdx::prelude::Cpu;
use safetensors::SafeTensors;
use std::path::Path;

const REFERENCE: &[u8] = include_bytes!("reference/learners.safetensors");

fn reference(name: &str) -> Vec<f32> {
    let file = SafeTensors::deserialize(REFERENCE).unwrap();
    let tensor = file.tensor(name).unwrap_or_else(|_| panic!("no {name}"));
    tensor.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

fn load(file: &str, sets: &[&str]) -> (Experiment, Networks) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments").join(file);
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    let experiment = Experiment::load(&file, &sets, std::iter::empty()).unwrap().experiment;
    let examples = Examples::from(&experiment.dataset);
    let networks = architecture::networks(&experiment.architecture, examples).unwrap();
    (experiment, networks)
}

/// The network without its dropout.
fn build(shape: &architecture::Network) -> Box<dyn Network<Cpu>> {
    let layers = shape.layers().iter().map(|layer| match layer {
        Layer::Dropout(_) => Layer::Dropout(0.0),
        other => other.clone(),
    });
    let shape = architecture::Network::new(shape.input(), layers.collect()).unwrap();
    networks::build(&shape, Cpu::default(), Initialization::GlorotUniform, Stream::new(0, "weights")).unwrap()
}

/// Puts the reference's weights in; `name` gives the reference's name of a parameter.
fn restore(learner: &mut dyn Learner, name: impl Fn(&str) -> String) {
    learner
        .restore(0, &mut |parameter, shape| {
            let is_memory = parameter.starts_with("optimizer.");
            Ok(if is_memory { vec![0.0; shape.iter().product()] } else { reference(&name(parameter)) })
        })
        .unwrap();
}

fn parameters(learner: &mut dyn Learner) -> Vec<String> {
    let names = learner.state().into_iter().map(|array| array.name);
    names.filter(|name| !name.starts_with("optimizer.") && !name.starts_with("equilibrium.")).collect()
}

#[track_caller]
fn assert_gradients<'a>(names: &[String], ours: impl Iterator<Item = &'a Gradient<Cpu>>, case: &str) {
    let ours: Vec<_> = ours.collect();
    assert_eq!(names.len(), ours.len());
    for (name, ours) in names.iter().zip(ours) {
        let (ours, theirs) = (read(ours), reference(&format!("{case}.gradient.{name}")));
        assert_eq!(ours.len(), theirs.len(), "{name}");
        let square = |v: f64| v * v;
        let apart: f64 = ours.iter().zip(&theirs).map(|(a, b)| square(f64::from(a - b))).sum();
        let distance = (apart / theirs.iter().map(|&b| square(f64::from(b))).sum::<f64>()).sqrt();
        assert!(distance < 1e-5, "gradient of {name} in {case}: {distance:e}");
    }
}

#[track_caller]
fn assert_near(ours: f64, name: &str) {
    let theirs = f64::from(reference(name)[0]);
    assert!((ours / theirs - 1.0).abs() < 1e-6, "{name}: {ours} instead of {theirs}");
}

#[test]
fn a_vaes_bound_and_gradients_agree_with_pytorch() {
    for (case, set) in [
        ("bernoulli", "objective.likelihood=bernoulli"),
        ("gaussian", "objective.likelihood={ gaussian = { std = 0.5 } }"),
    ] {
        let (experiment, shapes) = load("tiny_vae.toml", &[set, "objective.beta=2"]);
        let Networks::Vae { encoder, decoder } = &shapes else { panic!("{shapes:?}") };
        let settings = VaeSettings::of(&experiment);
        let mut vae = Vae::new(settings, Cpu::default(), build(encoder), build(decoder));
        restore(&mut vae, str::to_owned);
        let names = parameters(&mut vae);
        let found = vae.gradients(0, &reference("images"), &reference("noise")).unwrap();
        assert_near(found.terms.reconstruction, &format!("{case}.reconstruction"));
        assert_near(found.terms.kl, "vae.kl");
        assert_gradients(&names, found.encoder.iter().chain(&found.decoder), case);
    }
}

#[test]
fn classifiers_losses_and_gradients_agree_with_pytorch() {
    for (case, file, loss) in [
        ("tiny", "tiny_classifier.toml", Classification::CrossEntropy),
        ("sigmoid", "classifier_sigmoid_mnist.toml", Classification::SquaredError),
    ] {
        let (experiment, shapes) = load(file, &[]);
        let Networks::Classifier { classifier, .. } = &shapes else { panic!("{shapes:?}") };
        let settings = ClassifierSettings::of(&experiment, loss, 10);
        let mut learner = Classifier::new(settings, Cpu::default(), build(classifier));
        let named = |parameter: &str| parameter.replace("classifier", case);
        restore(&mut learner, named);
        let names: Vec<String> = parameters(&mut learner).iter().map(|name| named(name)).collect();
        let labels = reference("labels").into_iter().map(|label| label as u8).collect();
        let batch = Minibatch { values: reference("images"), labels: Some(labels) };
        let found = learner.gradients(0, &batch).unwrap();
        assert_near(found.loss, &format!("{case}.loss"));
        assert_gradients(&names, found.gradients.iter(), case);
    }
}

/// Both players' gradients, by one way back here and by one for each there; then k and the measure of convergence.
#[test]
fn a_begans_errors_gradients_and_balance_agree_with_pytorch() {
    let latents = reference("latents");
    let count = reference("labels").len();
    let batch_size = format!("training.batch_size={count}");
    let (experiment, shapes) =
        load("tiny_began.toml", &[&batch_size, "objective.gamma=0.75", "objective.lambda_k=0.25"]);
    let Networks::Began { generator, discriminator } = &shapes else { panic!("{shapes:?}") };
    let settings = BeganSettings::of(&experiment);
    let mut began = Began::new(settings, Cpu::default(), build(generator), build(discriminator), None);
    restore(&mut began, str::to_owned);
    assert_eq!(began.k(), 0.375);
    let names = parameters(&mut began);
    let images = reference("images").iter().map(|value| 2.0 * value - 1.0).collect();
    let found = began.gradients(0, &latents, &Minibatch { values: images, labels: None }).unwrap();
    assert_near(found.errors.real, "began.real");
    assert_near(found.errors.fake, "began.fake");
    assert_near(found.errors.generator, "began.fake");
    assert_gradients(&names, found.generator.iter().chain(&found.discriminator), "began");
    began.balance(&found.errors);
    assert_near(f64::from(began.k()), "began.next_k");
    let convergence = settings.equilibrium.convergence(found.errors.real, found.errors.generator);
    assert_near(convergence, "began.convergence");
}
