//! How samples are scored.
//!
//! A metric is a file here: a function of numbers, which knows neither networks nor files.

mod modes;

pub use modes::{Coverage, SAMPLES_OF_MODES, coverage};
