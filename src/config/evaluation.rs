//! `[evaluation]`: how samples are scored.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{Finding, Findings, Mark};
use super::columns::{Column, Taken};
use super::dataset::Dataset;
use super::key::path;
use super::words;

/// When and how samples are scored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// Epochs between two evaluations, at least 1; default 5.
    pub every: u64,
    /// Samples that are drawn for one, 2 to 1,000,000; default 10,000.
    pub samples: usize,
    /// The scores, each at most once, at least one; default all that can be computed of the examples.
    pub metrics: Vec<Metric>,
    /// Which examples samples are compared with; default those that nothing is learned from.
    pub against: Against,
    /// The column of `evaluation.csv` that decides which checkpoint is kept as the best; default the first of the metrics'.
    pub best: String,
}

impl Evaluation {
    /// What is computed of samples of this data set where nothing is said.
    pub fn usual(dataset: &Dataset) -> Self {
        let metrics = usual_metrics(Some(dataset));
        Self {
            every: usual_every() as u64,
            samples: usual_samples() as usize,
            best: metrics[0].columns()[0].name.to_owned(),
            metrics,
            against: Against::default(),
        }
    }
}

/// A split of the data set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Against {
    /// The examples that nothing is learned from.
    #[default]
    Test,
    /// Those that are learned from.
    Train,
}

/// The scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Fréchet distance between the features' normal approximations (after Heusel et al. 2017).
    Frechet,
    /// Unbiased squared maximum mean discrepancy with a cubic kernel (after Bińkowski et al. 2018).
    Kernel,
    /// k-nearest-neighbour precision and recall (Kynkäänniemi et al. 2019).
    PrecisionRecall,
    /// Density and coverage (Naeem et al. 2020).
    DensityCoverage,
    /// The distribution of a classifier's labels.
    ClassCoverage,
    /// How sure and how varied a classifier's answers are (the formula of Salimans et al. 2016).
    ClassifierScore,
}

impl Metric {
    /// All of them, in the order of their columns.
    pub const ALL: [Self; 6] = [
        Self::Frechet,
        Self::Kernel,
        Self::PrecisionRecall,
        Self::DensityCoverage,
        Self::ClassCoverage,
        Self::ClassifierScore,
    ];

    /// The word in the file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Frechet => "frechet",
            Self::Kernel => "kernel",
            Self::PrecisionRecall => "precision-recall",
            Self::DensityCoverage => "density-coverage",
            Self::ClassCoverage => "class-coverage",
            Self::ClassifierScore => "classifier-score",
        }
    }

    /// The columns of `evaluation.csv` that it fills, in order.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Frechet => &FRECHET,
            Self::Kernel => &KERNEL,
            Self::PrecisionRecall => &PRECISION_RECALL,
            Self::DensityCoverage => &DENSITY_COVERAGE,
            Self::ClassCoverage => &CLASS_COVERAGE,
            Self::ClassifierScore => &CLASSIFIER_SCORE,
        }
    }

    /// The metric that fills this column of `evaluation.csv`.
    pub fn of_column(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.columns().iter().any(|column| column.name == name))
    }

    /// Whether it needs a classifier's probabilities, so that it says nothing about points.
    pub fn needs_classes(self) -> bool {
        matches!(self, Self::ClassCoverage | Self::ClassifierScore)
    }
}

/// A distance from the reference: 0 is best.
const DISTANCE: Column = Column {
    name: "",
    unit: "",
    what: "",
    taken: Taken::EachRow,
    is_higher_better: false,
    is_headline: false,
    decimals: None,
};

/// A share of examples: 1 is best.
const SHARE: Column = Column { unit: "share", is_higher_better: true, ..DISTANCE };

const FRECHET: [Column; 1] = [Column {
    name: "frechet",
    what: "Fréchet distance of the features' normal approximations from the reference's",
    is_headline: true,
    decimals: Some(3),
    ..DISTANCE
}];

const KERNEL: [Column; 2] = [
    Column {
        name: "kernel",
        what: "unbiased squared MMD with a cubic kernel, mean over subsets",
        ..DISTANCE
    },
    Column { name: "kernel_std", what: "standard deviation over the subsets of kernel", ..DISTANCE },
];

const PRECISION_RECALL: [Column; 2] = [
    Column { name: "precision", what: "samples within a ball of the reference's manifold", ..SHARE },
    Column { name: "recall", what: "reference examples within a ball of the samples' manifold", ..SHARE },
];

const DENSITY_COVERAGE: [Column; 2] = [
    Column {
        name: "density",
        unit: "",
        what: "the reference's balls that a sample lies in, a k-th of their mean number; may exceed 1",
        ..SHARE
    },
    Column { name: "coverage", what: "reference examples whose ball holds a sample", ..SHARE },
];

const CLASS_COVERAGE: [Column; 2] = [
    Column {
        name: "class_coverage",
        what: "classes that the classifier names for at least one sample",
        is_headline: true,
        decimals: Some(2),
        ..SHARE
    },
    Column {
        name: "class_distance",
        what: "total variation distance of the classifier's labels from the uniform distribution",
        ..DISTANCE
    },
];

const CLASSIFIER_SCORE: [Column; 1] = [Column {
    name: "classifier_score",
    unit: "classes",
    what: "exp of the mean KL divergence of a sample's class probabilities from all samples' mean",
    is_higher_better: true,
    ..DISTANCE
}];

/// When and how samples are scored; without this section they are not.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    /// Epochs between two evaluations.
    #[serde(default = "usual_every")]
    #[schemars(range(min = 1, max = 1_000_000))]
    every: i64,
    /// Samples that are drawn for one.
    #[serde(default = "usual_samples")]
    #[schemars(range(min = 2, max = 1_000_000))]
    samples: i64,
    /// The scores, each at most once; without this key all that can be computed of the examples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<Metric>", extend("minItems" = 1, "uniqueItems" = true))]
    metrics: Option<Vec<Metric>>,
    /// Which examples samples are compared with.
    #[serde(default)]
    against: Against,
    /// The column of evaluation.csv that decides which checkpoint is kept as the best; without this key the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    best: Option<String>,
}

fn usual_every() -> i64 {
    5
}

fn usual_samples() -> i64 {
    10_000
}

/// All that can be computed: points have no classifier.
fn usual_metrics(dataset: Option<&Dataset>) -> Vec<Metric> {
    let are_points = dataset.is_some_and(Dataset::is_points);
    Metric::ALL.into_iter().filter(|metric| !(are_points && metric.needs_classes())).collect()
}

impl Section {
    /// The checked evaluation of samples of this data set, if it is known; what is wrong goes to `findings`.
    pub(super) fn resolve(self, dataset: Option<&Dataset>, findings: &mut Findings) -> Evaluation {
        let are_points = dataset.is_some_and(Dataset::is_points);
        let can_be_computed = |metric: &Metric| !(are_points && metric.needs_classes());
        let metrics = self.metrics.unwrap_or_else(|| usual_metrics(dataset));
        if metrics.is_empty() {
            let message =
                "`evaluation.metrics` is an empty list, but an evaluation needs at least one metric";
            let finding = Finding::new(path("evaluation.metrics"), Mark::Value, message).label("empty");
            findings.add(finding.help("name a metric, or remove the section [evaluation]"));
        }
        for (index, metric) in metrics.iter().enumerate() {
            let at = path(&format!("evaluation.metrics.{index}"));
            if metrics[..index].contains(metric) {
                let finding = Finding::new(at, Mark::Value, "`evaluation.metrics` names this metric twice");
                findings.add(finding.label("the second time").help("remove one of them"));
            } else if !can_be_computed(metric) {
                let data = dataset.map(Dataset::describe).unwrap_or_default();
                let message = format!("`{}` goes by a classifier's answers, but {data}", metric.word());
                let finding = Finding::new(at, Mark::Value, message).label("needs images");
                findings.add(finding.also("dataset.name", "the data").help("remove it"));
            }
        }
        let columns: Vec<&str> =
            metrics.iter().flat_map(|metric| metric.columns()).map(|column| column.name).collect();
        let best = self.best.unwrap_or_else(|| columns.first().copied().unwrap_or_default().to_owned());
        if !columns.is_empty() && !columns.contains(&best.as_str()) {
            let message = format!("`{best}` is no column of this experiment's evaluation.csv");
            let finding = Finding::new(path("evaluation.best"), Mark::Value, message).label("not measured");
            let help = match words::nearest(&best, &columns) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the columns are {}", words::list(&columns)),
            };
            findings.add(finding.help(help));
        }
        Evaluation {
            every: findings.whole("evaluation.every", self.every, 1..=1_000_000, "epochs"),
            samples: findings.count("evaluation.samples", self.samples, 2..=1_000_000, "samples"),
            metrics,
            against: self.against,
            best,
        }
    }
}

impl From<&Evaluation> for Section {
    fn from(evaluation: &Evaluation) -> Self {
        Self {
            every: evaluation.every as i64,
            samples: evaluation.samples as i64,
            metrics: Some(evaluation.metrics.clone()),
            against: evaluation.against,
            best: Some(evaluation.best.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::columns;
    use crate::config::sweep::Goal;

    #[test]
    fn a_column_is_one_metrics_and_no_learners() {
        let mut names: Vec<&str> =
            columns::all().chain(columns::scores()).map(|column| column.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        for metric in Metric::ALL {
            for column in metric.columns() {
                assert_eq!(Metric::of_column(column.name), Some(metric));
                assert!(!column.what.is_empty(), "{}", column.name);
            }
        }
        assert_eq!(Metric::of_column("g_loss"), None);
    }

    #[test]
    fn goals_are_those_of_the_metrics() {
        let goals = ["frechet", "kernel", "class_distance"].map(Goal::of);
        assert_eq!(goals, [Goal::Min; 3]);
        let goals = ["precision", "recall", "density", "coverage", "class_coverage", "classifier_score"];
        assert_eq!(goals.map(Goal::of), [Goal::Max; 6]);
    }
}
