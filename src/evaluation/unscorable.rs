/// Why there is no number. Rows and columns count from 0.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unscorable {
    /// A distribution is not seen in so few.
    #[error("{what}: at least {least} examples are needed, but there {}", are(*.found))]
    TooFew {
        /// Who needs them.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many it takes.
        least: usize,
    },
    /// The numbers are not those of so many rows.
    #[error("{what}: {found} numbers are not {rows} rows of {columns}")]
    Length {
        /// Which numbers.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// Rows that there should be.
        rows: usize,
        /// Numbers in a row.
        columns: usize,
    },
    /// NaN or infinite.
    #[error("{what}: row {row} has {value} in column {column}, which is no finite number")]
    NotFinite {
        /// Which numbers.
        what: &'static str,
        /// The example.
        row: usize,
        /// The place in its row.
        column: usize,
        /// What is there.
        value: f32,
    },
    /// A row that is no probability distribution.
    #[error(
        "class probabilities: row {row} is no distribution, its numbers reach from {least} and sum to {sum}"
    )]
    NoDistribution {
        /// The example.
        row: usize,
        /// Its smallest number.
        least: f32,
        /// The sum of its numbers.
        sum: f64,
    },
    /// Features of two extractors.
    #[error("the samples have {samples} {what} and the examples that they are compared with {reference}")]
    Widths {
        /// What is counted.
        what: &'static str,
        /// The samples' number.
        samples: usize,
        /// The other examples' number.
        reference: usize,
    },
    /// Pixels elsewhere than in [0, 1].
    #[error("{what}: row {row} has {value} in column {column}, but its pixels must lie in [0, 1]")]
    Range {
        /// Which pixels.
        what: &'static str,
        /// The image.
        row: usize,
        /// The place in its row.
        column: usize,
        /// What is there.
        value: f32,
    },
    /// Points, or images without a classifier.
    #[error("{metric} needs the class probabilities of a classifier, and these samples have none")]
    NoClasses {
        /// The metric's word.
        metric: &'static str,
    },
}

fn are(count: usize) -> String {
    match count {
        0 => "are none".to_owned(),
        1 => "is 1".to_owned(),
        _ => format!("are {count}"),
    }
}
