//! Combinations across sections that make no sense, told before anything is written.

use super::Experiment;
use super::Learner;
use super::architecture::{Family, Layer};
use super::check::{Finding, Findings, Mark};
use super::dataset::Range;
use super::key::{below, path};
use super::objective::{Likelihood, Regularizer};

/// Checks what one section asks of another.
pub(super) fn check(experiment: &Experiment, findings: &mut Findings) {
    check_data_fits_family(experiment, findings);
    check_batch(experiment, findings);
    check_gradients_of_examples(experiment, findings);
    check_likelihood(experiment, findings);
}

/// A family that draws only certain images needs data of that shape.
fn check_data_fits_family(experiment: &Experiment, findings: &mut Findings) {
    let shape = experiment.dataset.shape();
    let draws = match (experiment.architecture.family, shape) {
        (Family::Dcgan, (28, 28, _) | (32, 32, _)) | (Family::SlantedFaces, (2, 2, 1)) => return,
        (Family::Dcgan, _) => "dcgan draws 28×28 or 32×32 images",
        (Family::SlantedFaces, _) => "the family slanted-faces draws 2×2 grey images",
        (Family::Mlp | Family::Custom | Family::Vae | Family::Classifier, _) => return,
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

/// A penalty on the gradient at each example needs that each example has its own.
fn check_gradients_of_examples(experiment: &Experiment, findings: &mut Findings) {
    let regularizer = experiment.objective.regularizer;
    if !matches!(
        regularizer,
        Regularizer::GradientPenalty { .. } | Regularizer::R1 { .. } | Regularizer::R2 { .. }
    ) {
        return;
    }
    let layers = experiment.architecture.discriminator.iter().flat_map(|network| &network.layers);
    let Some(index) = layers.into_iter().position(|layer| *layer == Layer::BatchNorm) else {
        return;
    };
    let word = regularizer.word();
    let message = format!(
        "the regularizer {word} takes the gradient at each example, but a batch-norm in the discriminator mixes the \
         examples of a batch"
    );
    let at = below(&path("architecture.discriminator.layers"), &index.to_string());
    let finding = Finding::new(at, Mark::Value, message).label("mixes examples");
    let finding = finding.also("objective.regularizer", format!("{word} here"));
    findings.add(finding.help("take the batch-norm out of the discriminator, or choose another regularizer"));
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

/// What is allowed, but probably not meant.
pub(super) fn warnings(experiment: &Experiment) -> Vec<String> {
    let mut warnings = Vec::new();
    if experiment.evaluation.is_some() {
        warnings.push(
            "[evaluation] is read and checked, but scores come with a later version: this run writes no evaluation.csv"
                .to_owned(),
        );
    }
    warnings
}
