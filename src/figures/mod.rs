//! The pictures of a run's folder.
//!
//! Each is a pure function of what the run's files hold ([`record`](crate::record)'s rows, sample arrays): the same input
//! gives the same bytes, on every machine, without a font or library of the system. Functions return the bytes of a file;
//! who calls them writes it.

mod axis;
mod canvas;
mod encode;
pub mod faces;
mod fonts;
pub mod losses;
pub mod montage;
pub mod progress;
pub mod scatter;

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

/// Colours that remain apart with every kind of colour blindness (Okabe and Ito 2008), and greys for what is not data.
mod palette {
    use plotters::style::RGBColor;

    pub(super) const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xb2);
    pub(super) const VERMILLION: RGBColor = RGBColor(0xd5, 0x5e, 0x00);
    pub(super) const GREEN: RGBColor = RGBColor(0x00, 0x9e, 0x73);
    pub(super) const PURPLE: RGBColor = RGBColor(0xb8, 0x5c, 0x92);
    pub(super) const INK: RGBColor = RGBColor(0x1f, 0x23, 0x28);
    pub(super) const FAINT_INK: RGBColor = RGBColor(0x59, 0x63, 0x6e);
    pub(super) const GRID: RGBColor = RGBColor(0xe6, 0xe9, 0xed);
    pub(super) const AXIS: RGBColor = RGBColor(0x9a, 0xa4, 0xae);
    pub(super) const PAPER: RGBColor = RGBColor(0xff, 0xff, 0xff);
}
