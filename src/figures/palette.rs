//! Colours that remain apart with every kind of colour blindness (Okabe and Ito 2008), and greys for what is not data.

use plotters::style::RGBColor;

pub(super) const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xb2);
pub(super) const VERMILLION: RGBColor = RGBColor(0xd5, 0x5e, 0x00);
pub(super) const GREEN: RGBColor = RGBColor(0x00, 0x9e, 0x73);
pub(super) const PURPLE: RGBColor = RGBColor(0xb8, 0x5c, 0x92);
pub(super) const ORANGE: RGBColor = RGBColor(0xe6, 0x9f, 0x00);
pub(super) const SKY: RGBColor = RGBColor(0x56, 0xb4, 0xe9);
/// In place of Okabe and Ito's yellow, which cannot be seen on white.
pub(super) const BROWN: RGBColor = RGBColor(0x7a, 0x4a, 0x00);
pub(super) const INK: RGBColor = RGBColor(0x1f, 0x23, 0x28);
pub(super) const FAINT_INK: RGBColor = RGBColor(0x59, 0x63, 0x6e);
pub(super) const GRID: RGBColor = RGBColor(0xe6, 0xe9, 0xed);
pub(super) const AXIS: RGBColor = RGBColor(0x9a, 0xa4, 0xae);
pub(super) const PAPER: RGBColor = RGBColor(0xff, 0xff, 0xff);

/// For groups side by side, in the order in which they are taken.
pub(super) const GROUPS: [RGBColor; 8] = [BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, INK, BROWN];

#[cfg(test)]
mod tests;
