//! Which columns the two panels show, by the learner that filled them.

use plotters::style::RGBColor;

use crate::figures::palette::{BLUE, GREEN, PURPLE, VERMILLION};
use crate::record::metrics::Columns;

/// What a panel shows.
pub(super) struct Content {
    /// What its vertical axis measures.
    pub(super) name: &'static str,
    /// Column, words for the legend, and colour of each curve.
    pub(super) curves: &'static [(&'static str, &'static str, RGBColor)],
    /// Where its values are sure to lie; by the values themselves otherwise.
    pub(super) scale: Scale,
}

/// How a panel's vertical axis is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// From the values.
    Free,
    /// From 0 to 1, with a dashed line at 1/2, where nothing is decided.
    Probability,
}

/// The panels of one learner.
pub(super) struct Layout {
    pub(super) upper: Content,
    pub(super) lower: Content,
    /// What a step is.
    pub(super) step: &'static str,
}

const LAYOUTS: [Layout; 1] = [Layout {
    upper: Content {
        name: "loss",
        curves: &[("d_loss", "d_loss, discriminator", BLUE), ("g_loss", "g_loss, generator", VERMILLION)],
        scale: Scale::Free,
    },
    lower: Content {
        name: "probability",
        curves: &[
            ("d_real", "d_real, D of real examples", GREEN),
            ("d_fake", "d_fake, D of generated examples", PURPLE),
        ],
        scale: Scale::Probability,
    },
    step: "generator updates",
}];

impl Layout {
    /// The layout for a file with these columns: the one that finds most of its own.
    pub(super) fn of(columns: &Columns) -> &'static Self {
        let found = |layout: &&Self| {
            let curves = layout.upper.curves.iter().chain(layout.lower.curves);
            curves.filter(|(column, ..)| columns.measured().contains(column)).count()
        };
        LAYOUTS.iter().max_by_key(found).unwrap_or(&LAYOUTS[0])
    }
}
