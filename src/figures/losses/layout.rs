//! Which columns the two panels show, by the learner that filled them.

use plotters::style::RGBColor;

use crate::figures::palette::{BLUE, GREEN, PURPLE, VERMILLION};
use crate::record::metrics::Columns;

/// What a panel shows.
pub(super) struct Content {
    /// What its vertical axis measures.
    pub(super) name: &'static str,
    /// Its curves.
    pub(super) curves: &'static [Line],
    /// Where its values are sure to lie; by the values themselves otherwise.
    pub(super) scale: Scale,
}

/// A curve of a panel.
pub(super) struct Line {
    /// The column that it shows.
    pub(super) column: &'static str,
    /// Its words in the legend.
    pub(super) name: &'static str,
    pub(super) color: RGBColor,
    /// What the values are multiplied with: −1 where another sign shows more.
    pub(super) sign: f64,
}

const fn line(column: &'static str, name: &'static str, color: RGBColor) -> Line {
    Line { column, name, color, sign: 1.0 }
}

/// How a panel's vertical axis is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// From the values.
    Free,
    /// From 0 to 1, with a dashed line at 1/2, where nothing is decided.
    Probability,
    /// From the tenth below the lowest value to 1.
    Share,
}

/// The panels of one learner.
pub(super) struct Layout {
    pub(super) upper: Content,
    pub(super) lower: Content,
    /// What a step is.
    pub(super) step: &'static str,
}

const LAYOUTS: [Layout; 4] = [GAN, BEGAN, CLASSIFIER, VAE];

const GAN: Layout = Layout {
    upper: Content {
        name: "loss",
        curves: &[
            line("d_loss", "d_loss, discriminator", BLUE),
            line("g_loss", "g_loss, generator", VERMILLION),
        ],
        scale: Scale::Free,
    },
    lower: Content {
        name: "probability",
        curves: &[
            line("d_real", "d_real, D of real examples", GREEN),
            line("d_fake", "d_fake, D of generated examples", PURPLE),
        ],
        scale: Scale::Probability,
    },
    step: "generator updates",
};

/// At the equilibrium, the generated examples' error is γ times that of the real ones.
const BEGAN: Layout = Layout {
    upper: Content {
        name: "reconstruction error",
        curves: &[
            line("real_error", "real_error, of real examples", GREEN),
            line("g_loss", "g_loss, of generated examples", PURPLE),
            line("convergence", "convergence", VERMILLION),
        ],
        scale: Scale::Free,
    },
    lower: Content {
        name: "k",
        curves: &[line("k", "k, weight of generated examples in d_loss", BLUE)],
        scale: Scale::Free,
    },
    step: "generator updates",
};

const CLASSIFIER: Layout = Layout {
    upper: Content {
        name: "loss",
        curves: &[line("loss", "loss, training", BLUE), line("test_loss", "test_loss", VERMILLION)],
        scale: Scale::Free,
    },
    lower: Content {
        name: "accuracy",
        curves: &[
            line("accuracy", "accuracy, training", BLUE),
            line("test_accuracy", "test_accuracy", VERMILLION),
        ],
        scale: Scale::Share,
    },
    step: "updates",
};

/// What the bound lies below the reconstruction's term is the divergence.
const VAE: Layout = Layout {
    upper: Content {
        name: "nats per example",
        curves: &[
            line("elbo", "elbo, training", BLUE),
            line("test_elbo", "test_elbo", VERMILLION),
            Line { column: "reconstruction", name: "−reconstruction, training", color: GREEN, sign: -1.0 },
        ],
        scale: Scale::Free,
    },
    lower: Content { name: "nats", curves: &[line("kl", "kl, training", PURPLE)], scale: Scale::Free },
    step: "updates",
};

impl Layout {
    /// The layout for a file with these columns: the one that finds most of its own.
    pub(super) fn of(columns: &Columns) -> &'static Self {
        let found = |layout: &&Self| {
            let curves = layout.upper.curves.iter().chain(layout.lower.curves);
            curves.filter(|line| columns.measured().contains(&line.column)).count()
        };
        LAYOUTS.iter().max_by_key(found).unwrap_or(&LAYOUTS[0])
    }
}
