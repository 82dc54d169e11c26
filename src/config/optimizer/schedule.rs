//! How an optimizer's numbers move during the training: `schedule` of the learning rate, `momentum_schedule`, `beta2_schedule`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::check::{Bounds, Finding, Findings, Mark};
use crate::config::key::path;

/// The learning rate at update t, counted from 0 since the end of the warm-up; α is `learning_rate`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Schedule {
    /// α.
    #[default]
    Constant,
    /// From α to another value.
    Ramp(Ramp),
    /// max(α · decayᵗ, floor) (Goodfellow et al. 2014 have decay = 1 / 1.000004 and floor = 1e-6).
    Exponential {
        /// Greater than 0 and at most 1.
        decay: f64,
        /// Within [0, 10], and not above α; default 0.
        floor: f64,
    },
}

/// The way from a number s, at update 0, to `end`, at update T and after; of the learning rate, update 0 is the first after the warm-up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ramp {
    /// Its form.
    pub curve: Curve,
    /// Within [0, 10] for a learning rate, in [0, 1) for a momentum or beta2.
    pub end: f64,
    /// T.
    pub over: Over,
}

/// A ramp's form; p = min(t / T, 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// s + (end − s) · p.
    Linear,
    /// end + (s − end) · (1 + cos πp) / 2 (Loshchilov and Hutter 2017, equation 5, without restarts).
    Cosine,
}

/// How long a ramp is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// All updates of the training; for the learning rate, all after the warm-up.
    Training,
    /// 1 to 1,000,000,000 updates of the network.
    Updates(u64),
    /// 1 to 1,000,000 epochs.
    Epochs(u64),
}

/// `optimizer.schedule` in the file.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RateWord {
    /// Always the same.
    Constant,
    /// In a straight line to `end`.
    Linear(RateEnd),
    /// Along half a cosine to `end` (Loshchilov and Hutter 2017, without restarts).
    Cosine(RateEnd),
    /// Times `decay` after each update, but not below `floor` (Goodfellow et al. 2014).
    Exponential(Exponential),
}

/// Where a learning rate goes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RateEnd {
    /// The last learning rate.
    #[schemars(extend("minimum" = 0, "maximum" = 10))]
    end: f64,
    /// Updates of the network until then; the whole training where neither this nor `epochs` is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000_000))]
    updates: Option<i64>,
    /// Epochs until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    epochs: Option<i64>,
}

/// A learning rate that falls by a factor.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Exponential {
    /// The factor of one update.
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1))]
    decay: f64,
    /// The least learning rate; default 0.
    #[serde(default)]
    #[schemars(extend("minimum" = 0, "maximum" = 10))]
    floor: f64,
}

/// `optimizer.momentum_schedule` and `optimizer.beta2_schedule` in the file.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum MomentumWord {
    /// Always the same.
    Constant,
    /// In a straight line to `end`.
    Linear(MomentumEnd),
    /// Along half a cosine to `end`.
    Cosine(MomentumEnd),
}

/// Where a momentum or beta2 goes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MomentumEnd {
    /// The last value.
    #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
    end: f64,
    /// Updates of the network until then; the whole training where neither this nor `epochs` is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000_000))]
    updates: Option<i64>,
    /// Epochs until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    epochs: Option<i64>,
}

impl RateWord {
    /// Checks the ranges; `key` is dotted.
    pub(super) fn check(self, key: &str, findings: &mut Findings) {
        match self {
            Self::Constant => {}
            Self::Linear(RateEnd { end, updates, epochs }) => {
                check_ramp(
                    &format!("{key}.linear"),
                    (end, Bounds::Within(0.0, 10.0)),
                    updates,
                    epochs,
                    findings,
                );
            }
            Self::Cosine(RateEnd { end, updates, epochs }) => {
                check_ramp(
                    &format!("{key}.cosine"),
                    (end, Bounds::Within(0.0, 10.0)),
                    updates,
                    epochs,
                    findings,
                );
            }
            Self::Exponential(Exponential { decay, floor }) => {
                findings.number(&format!("{key}.exponential.decay"), decay, Bounds::Above(0.0, 1.0));
                findings.number(&format!("{key}.exponential.floor"), floor, Bounds::Within(0.0, 10.0));
            }
        }
    }
}

impl MomentumWord {
    /// Checks the ranges; `key` is dotted.
    pub(super) fn check(self, key: &str, findings: &mut Findings) {
        let (word, MomentumEnd { end, updates, epochs }) = match self {
            Self::Constant => return,
            Self::Linear(end) => ("linear", end),
            Self::Cosine(end) => ("cosine", end),
        };
        check_ramp(&format!("{key}.{word}"), (end, Bounds::Below(0.0, 1.0)), updates, epochs, findings);
    }

    /// The ramp, if there is one.
    pub(super) fn ramp(self) -> Option<Ramp> {
        let (curve, MomentumEnd { end, updates, epochs }) = match self {
            Self::Constant => return None,
            Self::Linear(end) => (Curve::Linear, end),
            Self::Cosine(end) => (Curve::Cosine, end),
        };
        Some(Ramp { curve, end, over: Over::of(updates, epochs) })
    }
}

fn check_ramp(
    key: &str,
    (end, bounds): (f64, Bounds),
    updates: Option<i64>,
    epochs: Option<i64>,
    findings: &mut Findings,
) {
    findings.number(&format!("{key}.end"), end, bounds);
    if let Some(updates) = updates {
        findings.whole(&format!("{key}.updates"), updates, 1..=1_000_000_000, "updates");
    }
    if let Some(epochs) = epochs {
        findings.whole(&format!("{key}.epochs"), epochs, 1..=1_000_000, "epochs");
    }
    if updates.is_some() && epochs.is_some() {
        let message = format!("`{key}` has both `updates` and `epochs`, but takes at most one of the two");
        let at = format!("{key}.epochs");
        let finding = Finding::new(path(&at), Mark::Key, message).label("one too many");
        findings.add(finding.also(&format!("{key}.updates"), "the other").help("remove one of them"));
    }
}

impl Over {
    fn of(updates: Option<i64>, epochs: Option<i64>) -> Self {
        match (updates, epochs) {
            (Some(updates), _) => Self::Updates(updates.unsigned_abs()),
            (None, Some(epochs)) => Self::Epochs(epochs.unsigned_abs()),
            (None, None) => Self::Training,
        }
    }

    /// `updates` and `epochs`.
    fn keys(self) -> (Option<i64>, Option<i64>) {
        match self {
            Self::Training => (None, None),
            Self::Updates(updates) => (Some(updates as i64), None),
            Self::Epochs(epochs) => (None, Some(epochs as i64)),
        }
    }
}

impl From<RateWord> for Schedule {
    fn from(word: RateWord) -> Self {
        let ramp = |curve, RateEnd { end, updates, epochs }| {
            Self::Ramp(Ramp { curve, end, over: Over::of(updates, epochs) })
        };
        match word {
            RateWord::Constant => Self::Constant,
            RateWord::Linear(end) => ramp(Curve::Linear, end),
            RateWord::Cosine(end) => ramp(Curve::Cosine, end),
            RateWord::Exponential(Exponential { decay, floor }) => Self::Exponential { decay, floor },
        }
    }
}

impl From<Schedule> for RateWord {
    fn from(schedule: Schedule) -> Self {
        match schedule {
            Schedule::Constant => Self::Constant,
            Schedule::Ramp(Ramp { curve, end, over }) => {
                let (updates, epochs) = over.keys();
                let end = RateEnd { end, updates, epochs };
                match curve {
                    Curve::Linear => Self::Linear(end),
                    Curve::Cosine => Self::Cosine(end),
                }
            }
            Schedule::Exponential { decay, floor } => Self::Exponential(Exponential { decay, floor }),
        }
    }
}

impl From<Ramp> for MomentumWord {
    fn from(Ramp { curve, end, over }: Ramp) -> Self {
        let (updates, epochs) = over.keys();
        let end = MomentumEnd { end, updates, epochs };
        match curve {
            Curve::Linear => Self::Linear(end),
            Curve::Cosine => Self::Cosine(end),
        }
    }
}
