//! How samples are scored.
//!
//! A metric is a file here: a function of numbers, which knows neither networks nor files. What is scored comes as a [`Sample`], what it is
//! compared with as a [`Reference`].

mod modes;
mod sample;
mod unscorable;

pub use modes::{Coverage, SAMPLES_OF_MODES, coverage};
pub use sample::{Reference, Sample};
pub use unscorable::Unscorable;

use crate::config::columns::Column;
use crate::config::evaluation::Metric;
use crate::random::Stream;

/// One metric.
pub trait Score: Sync {
    /// Its word and columns.
    fn metric(&self) -> Metric;

    /// What [`Score::score`] gives, in order.
    fn columns(&self) -> &'static [Column] {
        self.metric().columns()
    }

    /// A number for each column: how `samples` compare with the reference. A metric that draws subsets draws them from `randomness`, and gives the
    /// same bytes for the same stream, whatever the threads.
    fn score(
        &self,
        reference: &Reference,
        samples: &Sample,
        randomness: &Stream,
    ) -> Result<Vec<f64>, Unscorable>;
}
