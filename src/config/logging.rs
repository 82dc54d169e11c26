//! `[logging]`: what a run writes besides its checkpoints.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Findings;

/// What a run writes while it trains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logging {
    /// The pictures of one fixed latent batch.
    pub montage: Montage,
    /// Generator steps between rows of `metrics.csv`, at least 1; `None` for a row per epoch.
    pub every_steps: Option<u64>,
    /// Whether the montages are joined to `progress.gif`.
    pub progress_gif: bool,
    /// Whether TensorBoard event files are written to `tensorboard/`.
    pub tensorboard: bool,
}

/// A grid of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Montage {
    /// 1 to 64; default 4.
    pub rows: usize,
    /// 1 to 64; default 4.
    pub columns: usize,
    /// Epochs between two montages, at least 1; default 1.
    pub every: u64,
}

/// What a run writes while it trains.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    /// Generator steps between rows of metrics.csv; a row per epoch where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000_000))]
    every_steps: Option<i64>,
    /// Whether the montages are joined to progress.gif.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) progress_gif: Option<bool>,
    /// Whether TensorBoard's event files are written beside the CSV files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tensorboard: Option<bool>,
    /// The pictures of one fixed latent batch.
    montage: Grid,
}

/// The pictures of one fixed latent batch.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Grid {
    /// Rows of samples.
    #[schemars(range(min = 1, max = 64))]
    rows: i64,
    /// Columns of samples.
    #[schemars(range(min = 1, max = 64))]
    columns: i64,
    /// Epochs between two montages.
    #[schemars(range(min = 1, max = 1_000_000))]
    every: i64,
}

impl Section {
    /// The checked logging; what is wrong goes to `findings`.
    pub(super) fn resolve(self, findings: &mut Findings) -> Logging {
        let Grid { rows, columns, every } = self.montage;
        Logging {
            montage: Montage {
                rows: findings.count("logging.montage.rows", rows, 1..=64, "rows"),
                columns: findings.count("logging.montage.columns", columns, 1..=64, "columns"),
                every: findings.whole("logging.montage.every", every, 1..=1_000_000, "epochs"),
            },
            every_steps: self
                .every_steps
                .map(|every| findings.whole("logging.every_steps", every, 1..=1_000_000_000, "steps")),
            progress_gif: self.progress_gif.unwrap_or(true),
            tensorboard: self.tensorboard.unwrap_or(false),
        }
    }
}

impl From<&Logging> for Section {
    fn from(logging: &Logging) -> Self {
        let Montage { rows, columns, every } = logging.montage;
        Self {
            every_steps: logging.every_steps.map(|every| every as i64),
            progress_gif: Some(logging.progress_gif),
            tensorboard: Some(logging.tensorboard),
            montage: Grid { rows: rows as i64, columns: columns as i64, every: every as i64 },
        }
    }
}
