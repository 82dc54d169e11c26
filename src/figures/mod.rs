//! The pictures of a run's folder.
//!
//! Each is a pure function of what the run's files hold ([`record`](crate::record)'s rows, sample arrays): the same input
//! gives the same bytes, on every machine, without a font or library of the system. Functions return the bytes of a file;
//! who calls them writes it.

pub(crate) mod axis;
pub mod bands;
pub mod beside;
mod canvas;
mod chart;
pub mod classes;
pub mod confusion;
pub mod embed;
mod encode;
pub mod evaluation;
pub mod faces;
mod fonts;
pub mod losses;
pub mod mistakes;
pub mod montage;
pub mod neighbours;
mod palette;
mod pen;
pub mod plane;
pub mod progress;
pub mod scatter;
pub mod sheet;
#[cfg(test)]
mod testing;

/// Why a picture could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A picture that another one is made of is missing or damaged.
    #[error("`{file}`: {reason}; delete it, and it is left out")]
    Picture {
        /// The picture's file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The drawing library refused.
    #[error("the figure cannot be drawn: {0}; this is a defect of atelier, please report it")]
    Drawing(String),
}

/// What the functions of this module return.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    fn drawing(error: impl std::fmt::Display) -> Self {
        Self::Drawing(error.to_string())
    }
}
