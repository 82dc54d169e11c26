//! Combinations across sections that make no sense, told before anything is written.

use super::Experiment;
use super::Learner;
use super::architecture::{Family, Layer, Variant};
use super::check::{Finding, Findings, Mark};
use super::dataset::{Labels, Range};
use super::key::{Path, below, path};
use super::networks;
use super::objective::{Likelihood, Regularizer};
use super::training::Length;
use super::words;

/// Checks what one section asks of another.
pub(super) fn check(experiment: &Experiment, findings: &mut Findings) {
    check_data_fits_family(experiment, findings);
    check_batch(experiment, findings);
    check_images(experiment, findings);
    check_gradients_of_examples(experiment, findings);
    check_labels(experiment, findings);
    check_likelihood(experiment, findings);
    check_early_stop(experiment, findings);
}

/// A family that draws only certain images needs data of that shape.
fn check_data_fits_family(experiment: &Experiment, findings: &mut Findings) {
    let (family, shape) = (experiment.architecture.family, experiment.dataset.shape());
    let draws = match (family, shape) {
        (
            Family::Dcgan | Family::Infogan | Family::Sngan | Family::ConditionalDcgan,
            (28, 28, _) | (32, 32, _),
        )
        | (Family::SlantedFaces, (2, 2, 1))
        | (
            Family::Mlp
            | Family::Goodfellow
            | Family::Custom
            | Family::Began
            | Family::Vae
            | Family::Classifier,
            _,
        ) => return,
        (Family::SlantedFaces, _) => "the family slanted-faces draws 2×2 grey images".to_owned(),
        (family, _) => format!("{} draws 28×28 or 32×32 images", networks::word(family)),
    };
    let message = format!("{draws}, but {}", experiment.dataset.describe());
    let finding =
        Finding::new(path("architecture.family"), Mark::Value, message).label("does not fit the data");
    let finding = finding.also("dataset.name", "the data");
    findings.add(
        finding.help("choose another `architecture.family` (mlp takes any shape) or another `dataset.name`"),
    );
}

/// A batch is drawn without repetition, so it cannot be larger than the data.
fn check_batch(experiment: &Experiment, findings: &mut Findings) {
    let batch = experiment.training.batch_size;
    let Some(examples) = experiment.dataset.training_examples().filter(|examples| *examples < batch) else {
        return;
    };
    let limited = experiment.dataset.limit.is_some();
    let cause = if limited { "dataset.limit" } else { "dataset.count" };
    let message =
        format!("`training.batch_size` is {batch}, but `{cause}` leaves {examples} training examples");
    let finding =
        Finding::new(path("training.batch_size"), Mark::Value, message).label("larger than the data");
    let finding = finding.also(cause, format!("{examples} examples"));
    findings.add(finding.help(format!("use a batch_size of at most {examples}, or more examples")));
}

/// What is shown must be enough for one step.
fn check_images(experiment: &Experiment, findings: &mut Findings) {
    let training = &experiment.training;
    let steps = experiment.batches_per_step();
    let needed = (training.batch_size * steps) as u64;
    let Length::Images(images) = training.length else { return };
    if images >= needed {
        return;
    }
    let takes =
        if steps == 1 { String::new() } else { format!("{steps} batches of {}, ", training.batch_size) };
    let message = format!("`training.images` is {images}, but one step takes {takes}{needed} images");
    let finding = Finding::new(path("training.images"), Mark::Value, message).label("less than a step");
    findings.add(finding.also("training.batch_size", "images in a batch").help("train on more images"));
}

/// A penalty on the gradient at each example needs that each example has its own.
fn check_gradients_of_examples(experiment: &Experiment, findings: &mut Findings) {
    let regularizer = experiment.objective.regularizer;
    // DRAGAN was published with batch norms in its discriminator: its penalty is taken on one batch that stays together.
    if !regularizer.is_penalty() || matches!(regularizer, Regularizer::Dragan { .. }) {
        return;
    }
    let architecture = &experiment.architecture;
    let (at, help) = match architecture.family {
        Family::Infogan if architecture.discriminator_batch_norm == Some(true) => {
            (path("architecture.discriminator_batch_norm"), "set discriminator_batch_norm = false")
        }
        Family::Dcgan if architecture.variant == Some(Variant::Paper) => {
            (path("architecture.variant"), "set variant = \"tutorial\"")
        }
        _ => {
            let layers = architecture.discriminator.iter().flat_map(|network| &network.layers);
            let top = path("architecture.discriminator.layers");
            match place(&top, layers, &Layer::mixes_examples) {
                Some(at) => (at, "take the batch-norm out of the discriminator"),
                None => return,
            }
        }
    };
    let word = regularizer.word();
    let message = format!(
        "the regularizer {word} takes the gradient at each example, but a batch-norm in the discriminator mixes the \
         examples of a batch"
    );
    let finding = Finding::new(at, Mark::Value, message).label("mixes examples");
    let finding = finding.also("objective.regularizer", format!("{word} here"));
    findings.add(finding.help(format!("{help}, or choose another regularizer")));
}

/// Where the first layer stands for which this holds, of itself or of one inside: of a branch, the layer inside.
fn place<'a>(
    at: &Path,
    layers: impl IntoIterator<Item = &'a Layer>,
    holds: &dyn Fn(&Layer) -> bool,
) -> Option<Path> {
    let (index, layer) = layers.into_iter().enumerate().find(|(_, layer)| holds(layer))?;
    let at = below(at, &index.to_string());
    let inside = layer
        .branches()
        .into_iter()
        .find_map(|(name, layers)| place(&below(&below(&at, &layer.kind().describe()), name), layers, holds));
    Some(inside.unwrap_or(at))
}

/// Layers that read the examples' classes need data that have as many.
fn check_labels(experiment: &Experiment, findings: &mut Findings) {
    let architecture = &experiment.architecture;
    let labels = experiment.dataset.labels();
    let fits = |classes: usize| labels == Labels::InFile || labels == Labels::Classes(classes);
    let unfit = |layer: &Layer| layer.classes().is_some_and(|classes| !fits(classes));
    let (at, classes) = if architecture.family == Family::ConditionalDcgan {
        let at = if labels == Labels::Missing { "architecture.family" } else { "architecture.classes" };
        let classes = architecture.classes.filter(|&classes| !fits(classes));
        (path(at), classes.or((labels == Labels::Missing).then_some(0)))
    } else {
        let networks =
            [("generator", &architecture.generator), ("discriminator", &architecture.discriminator)];
        let found = networks.into_iter().find_map(|(player, network)| {
            let layers = &network.as_ref()?.layers;
            let at = place(&path(&format!("architecture.{player}.layers")), layers, &unfit)?;
            Some((at, layers.iter().filter(|layer| unfit(layer)).find_map(Layer::classes)))
        });
        found.unwrap_or_default()
    };
    let Some(classes) = classes else { return };
    let name = experiment.dataset.name();
    let (message, help) = match labels {
        Labels::Classes(known) => (
            format!("the network reads labels of {classes} classes, but {name} has {known}"),
            format!("use classes = {known}"),
        ),
        _ => (
            format!("the network reads the examples' classes, but {name} has no labels here"),
            "choose another `dataset.name`, or give `dataset.labels`, or take the layers that read labels out"
                .to_owned(),
        ),
    };
    let finding = Finding::new(at, Mark::Value, message).label("does not fit the data");
    findings.add(finding.also("dataset.name", "the data").help(help));
}

/// A training can only go by a column that its learner measures.
fn check_early_stop(experiment: &Experiment, findings: &mut Findings) {
    let Some(stop) = &experiment.training.early_stop else { return };
    let measured = experiment.columns();
    let scores = experiment.evaluation.iter().flat_map(|evaluation| &evaluation.metrics);
    let scores = scores.flat_map(|metric| metric.columns());
    let names: Vec<&str> = measured.iter().chain(scores).map(|column| column.name).collect();
    if names.contains(&stop.column.as_str()) {
        return;
    }
    let message = format!("`{}` is no column of this experiment's learner", stop.column);
    let finding = Finding::new(path("training.early_stop.column"), Mark::Value, message);
    findings.add(finding.label("not measured").help(format!("the columns are {}", words::list(&names))));
}

/// A Bernoulli likelihood takes every value for a probability.
fn check_likelihood(experiment: &Experiment, findings: &mut Findings) {
    let is_bernoulli = experiment.objective.likelihood == Likelihood::Bernoulli;
    if experiment.learner() != Learner::Vae || !is_bernoulli || experiment.dataset.range == Some(Range::Unit)
    {
        return;
    }
    let (key, found) = match experiment.dataset.range {
        Some(_) => ("dataset.range", "`dataset.range` is `symmetric`".to_owned()),
        None => ("dataset.name", experiment.dataset.describe()),
    };
    let message = format!("the likelihood bernoulli takes values for probabilities, but {found}");
    let finding = Finding::new(path(key), Mark::Value, message).label("not in [0, 1]");
    findings.add(
        finding
            .help("write dataset.range = \"unit\", or objective.likelihood = { gaussian = { std = 0.1 } }"),
    );
}

/// Fewer samples than this leave the covariance of an extractor's 128 features ill known.
const FEW_SAMPLES: usize = 1000;

/// What is allowed, but probably not meant.
pub(super) fn warnings(experiment: &Experiment) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(evaluation) = &experiment.evaluation
        && evaluation.samples < FEW_SAMPLES
    {
        warnings.push(format!(
            "evaluation.samples is {}: distances of so few samples are too large, and comparable only with those of as many",
            evaluation.samples
        ));
    }
    warnings
}
