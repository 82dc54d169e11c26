//! `[evaluation]`: how samples are scored.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{Finding, Findings, Mark};
use super::key::path;

/// When and how samples are scored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// Epochs between two evaluations, at least 1; default 5.
    pub every: u64,
    /// Samples that are drawn for one, 1 to 1,000,000; default 10,000.
    pub samples: usize,
    /// The scores, each at most once, at least one; default all.
    pub metrics: Vec<Metric>,
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
}

impl Metric {
    /// The word in the file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Frechet => "frechet",
            Self::Kernel => "kernel",
            Self::PrecisionRecall => "precision-recall",
            Self::DensityCoverage => "density-coverage",
            Self::ClassCoverage => "class-coverage",
        }
    }
}

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
    #[schemars(range(min = 1, max = 1_000_000))]
    samples: i64,
    /// The scores, each at most once.
    #[serde(default = "all_metrics")]
    #[schemars(extend("minItems" = 1, "uniqueItems" = true))]
    metrics: Vec<Metric>,
}

fn usual_every() -> i64 {
    5
}

fn usual_samples() -> i64 {
    10_000
}

fn all_metrics() -> Vec<Metric> {
    use Metric::{ClassCoverage, DensityCoverage, Frechet, Kernel, PrecisionRecall};
    vec![Frechet, Kernel, PrecisionRecall, DensityCoverage, ClassCoverage]
}

impl Section {
    /// The checked evaluation; what is wrong goes to `findings`.
    pub(super) fn resolve(self, findings: &mut Findings) -> Evaluation {
        if self.metrics.is_empty() {
            let message =
                "`evaluation.metrics` is an empty list, but an evaluation needs at least one metric";
            let finding = Finding::new(path("evaluation.metrics"), Mark::Value, message).label("empty");
            findings.add(finding.help("name a metric, or remove the section [evaluation]"));
        }
        for (index, metric) in self.metrics.iter().enumerate() {
            if self.metrics[..index].contains(metric) {
                let at = path(&format!("evaluation.metrics.{index}"));
                let finding = Finding::new(at, Mark::Value, "`evaluation.metrics` names this metric twice");
                findings.add(finding.label("the second time").help("remove one of them"));
            }
        }
        Evaluation {
            every: findings.whole("evaluation.every", self.every, 1..=1_000_000, "epochs"),
            samples: findings.count("evaluation.samples", self.samples, 1..=1_000_000, "samples"),
            metrics: self.metrics,
        }
    }
}

impl From<&Evaluation> for Section {
    fn from(evaluation: &Evaluation) -> Self {
        Self {
            every: evaluation.every as i64,
            samples: evaluation.samples as i64,
            metrics: evaluation.metrics.clone(),
        }
    }
}
