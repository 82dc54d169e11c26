//! The columns of `metrics.csv` that a learner fills, between `step` and the timings, and those of `evaluation.csv`.

use super::architecture::Architecture;
use super::dataset::Dataset;
use super::evaluation::Metric;
use super::learner::Learner;
use super::objective::Objective;

/// A measured quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name in the file: letters, digits and `_`.
    pub name: &'static str,
    /// Its unit; empty for a pure number.
    pub unit: &'static str,
    /// What it is, in half a sentence.
    pub what: &'static str,
    /// When it is measured.
    pub taken: Taken,
    /// Whether high values are the good ones.
    pub is_higher_better: bool,
    /// Whether it is shown where there is room for the most important ones only. A learner's last one is its best.
    pub is_headline: bool,
    /// Decimals on the line of an epoch; `None` where it is not shown there.
    pub decimals: Option<usize>,
}

/// When a quantity is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// In each step; a row has the mean of the steps since the last row.
    EachStep,
    /// When a row is due, with the weights of that moment.
    EachRow,
}

/// The timings at the end of every row, in training images per second and in seconds since the start of the run.
pub const TIMINGS: [&str; 2] = ["images_per_second", "seconds"];

const LOSS: Column = Column {
    name: "",
    unit: "nats",
    what: "",
    taken: Taken::EachStep,
    is_higher_better: false,
    is_headline: true,
    decimals: Some(4),
};

const PROBABILITY: Column = Column { unit: "probability", is_headline: false, decimals: Some(2), ..LOSS };

const NORM: Column = Column { unit: "", is_headline: false, decimals: None, ..LOSS };

/// What a GAN measures.
pub const GAN: [Column; 6] = [
    Column { name: "d_loss", what: "the discriminator's loss, mean over its steps", ..LOSS },
    Column { name: "g_loss", what: "the generator's loss", ..LOSS },
    Column { name: "d_real", what: "mean of sigmoid(logit) over real examples", ..PROBABILITY },
    Column { name: "d_fake", what: "mean of sigmoid(logit) over generated examples", ..PROBABILITY },
    Column { name: "d_gradient_norm", what: "Euclidean norm of the discriminator's gradient", ..NORM },
    Column { name: "g_gradient_norm", what: "Euclidean norm of the generator's gradient", ..NORM },
];

/// What a GAN measures besides where the discriminator's gradient is penalised.
pub const PENALTY: Column = Column {
    name: "d_penalty",
    what: "the penalty on the discriminator's gradient, mean over its steps; d_loss is without it",
    unit: "",
    is_headline: false,
    ..LOSS
};

/// A mean over values and examples, in the data's units.
const ERROR: Column = Column { unit: "", ..LOSS };

/// What a BEGAN measures. A reconstruction error is mean |v − D(v)|, in the data's units.
pub const BEGAN: [Column; 8] = [
    Column {
        name: "d_loss",
        what: "real_error − k fake_error, mean over the discriminator's steps",
        ..ERROR
    },
    Column {
        name: "g_loss",
        what: "the generator's loss: the reconstruction error of its examples",
        ..ERROR
    },
    Column {
        name: "real_error",
        what: "the discriminator's reconstruction error of real examples, mean over its steps",
        is_headline: false,
        ..ERROR
    },
    Column {
        name: "fake_error",
        what: "the discriminator's reconstruction error of generated examples, mean over its steps",
        is_headline: false,
        ..ERROR
    },
    Column {
        name: "k",
        what: "the weight of fake_error in d_loss, before the step",
        is_headline: false,
        ..ERROR
    },
    Column { name: "d_gradient_norm", what: "Euclidean norm of the discriminator's gradient", ..NORM },
    Column { name: "g_gradient_norm", what: "Euclidean norm of the generator's gradient", ..NORM },
    Column {
        name: "convergence",
        what: "real_error + |gamma real_error − g_loss|, the global measure of convergence",
        ..ERROR
    },
];

/// What learners with a generator measure on a mixture of Gaussians.
pub const MODES: [Column; 2] = [
    Column {
        name: "modes",
        what: "modes with a sample within three standard deviations, of 2500 samples",
        unit: "modes",
        taken: Taken::EachRow,
        is_higher_better: true,
        is_headline: false,
        decimals: Some(0),
    },
    Column {
        name: "high_quality",
        what: "share of 2500 samples within three standard deviations of a mode",
        unit: "share",
        taken: Taken::EachRow,
        is_higher_better: true,
        is_headline: false,
        decimals: Some(3),
    },
];

const TEST: Column = Column { taken: Taken::EachRow, ..LOSS };

/// What a classifier measures. The loss is cross-entropy in nats, or a squared error.
pub const CLASSIFIER: [Column; 5] = [
    Column { name: "loss", what: "the training loss, mean over examples", ..LOSS },
    Column {
        name: "accuracy",
        unit: "share",
        what: "training examples that were named rightly, before each step",
        is_higher_better: true,
        is_headline: false,
        ..LOSS
    },
    Column { name: "gradient_norm", what: "Euclidean norm of the gradient", ..NORM },
    Column { name: "test_loss", what: "the loss over the test split", ..TEST },
    Column {
        name: "test_accuracy",
        unit: "share",
        what: "examples of the test split that are named rightly",
        is_higher_better: true,
        ..TEST
    },
];

const NATS: Column = Column { unit: "nats per example", decimals: Some(2), ..LOSS };

/// What a VAE measures: ELBO = −reconstruction − KL, without β.
pub const VAE: [Column; 5] = [
    Column {
        name: "reconstruction",
        what: "−log p(x | z) of a sampled z, mean over examples",
        is_headline: false,
        ..NATS
    },
    Column { name: "kl", what: "KL(q(z | x) ‖ N(0, 1)), mean over examples", is_headline: false, ..NATS },
    Column { name: "gradient_norm", what: "Euclidean norm of the gradient of both networks", ..NORM },
    Column {
        name: "elbo",
        what: "the evidence lower bound, mean over training examples",
        is_higher_better: true,
        ..NATS
    },
    Column {
        name: "test_elbo",
        what: "the evidence lower bound over the test split",
        taken: Taken::EachRow,
        is_higher_better: true,
        ..NATS
    },
];

/// The columns that the learner of such an experiment fills, in the order of the file: those of each step, then those of
/// each row.
pub fn of(dataset: &Dataset, architecture: &Architecture, objective: &Objective) -> Vec<Column> {
    let modes = || dataset.is_points().then_some(MODES).into_iter().flatten();
    match architecture.family.learner() {
        Learner::Gan => {
            let penalty = objective.regularizer.is_penalty().then_some(PENALTY);
            GAN.into_iter().chain(penalty).chain(modes()).collect()
        }
        Learner::Began => BEGAN.into_iter().chain(modes()).collect(),
        Learner::Vae => VAE.to_vec(),
        Learner::Classifier => CLASSIFIER.to_vec(),
    }
}

/// Every column of every learner, each name once.
pub fn all() -> impl Iterator<Item = &'static Column> {
    // The norm of the only gradient there is has one name, and a BEGAN's players have the losses and norms of a GAN's.
    let began = BEGAN.iter().filter(|column| GAN.iter().all(|known| known.name != column.name));
    let others = CLASSIFIER.iter().chain(VAE.iter().filter(|column| column.name != "gradient_norm"));
    GAN.iter().chain(std::iter::once(&PENALTY)).chain(began).chain(&MODES).chain(others)
}

/// Every column of every metric, in the order of `evaluation.csv`.
pub fn scores() -> impl Iterator<Item = &'static Column> {
    Metric::ALL.into_iter().flat_map(Metric::columns)
}

/// The column of this name, if a learner or a metric has one.
pub fn find(name: &str) -> Option<&'static Column> {
    all().chain(scores()).find(|column| column.name == name)
}

/// The most important columns of every learner.
pub fn headlines() -> Vec<&'static str> {
    all().filter(|column| column.is_headline).map(|column| column.name).collect()
}
