//! The one font of all pictures, which comes with the program: Ubuntu Light, from the `epaint_default_fonts` crate.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, ScaleFont, point};
use plotters::style::{FontStyle, register_font};

/// The family's name in plotters, and in SVG, where the viewer chooses the font.
pub(super) const FAMILY: &str = "sans-serif";

/// Makes the font known to plotters, which measures text with it.
pub(super) fn register() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        let registered = register_font(FAMILY, FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT);
        assert!(registered.is_ok(), "the built-in font is damaged");
    });
}

fn font() -> &'static FontRef<'static> {
    static FONT: OnceLock<FontRef<'static>> = OnceLock::new();
    FONT.get_or_init(|| {
        FontRef::try_from_slice(epaint_default_fonts::UBUNTU_LIGHT).expect("the built-in font is sound")
    })
}

/// The width of a line of text, in the unit of `size` (the height from ascent to descent).
pub(super) fn width(text: &str, size: f32) -> f32 {
    layout(text, size, |_, _| {})
}

/// The height of a capital letter of a font of this size.
pub(super) fn cap_height(size: f32) -> f32 {
    let font = font();
    let height = font
        .outline(font.glyph_id('H'))
        .map_or(0.0, |outline| (outline.bounds.max.y - outline.bounds.min.y).abs());
    height * font.as_scaled(size).scale_factor().vertical
}

/// Gives `draw` the pixels that the text covers, with coverage in 0..=1, for text whose baseline starts at the origin
/// plus the fraction `(x, y)` of a pixel.
pub(super) fn rasterize(text: &str, size: f32, (x, y): (f32, f32), mut draw: impl FnMut(i32, i32, f32)) {
    layout(text, size, |id, start| {
        let glyph = id.with_scale_and_position(size, point(x + start, y));
        if let Some(outline) = font().outline_glyph(glyph) {
            let corner = outline.px_bounds().min;
            outline.draw(|column, row, coverage| {
                draw(corner.x as i32 + column as i32, corner.y as i32 + row as i32, coverage.clamp(0.0, 1.0));
            });
        }
    });
}

fn layout(text: &str, size: f32, mut place: impl FnMut(ab_glyph::GlyphId, f32)) -> f32 {
    let font = font().as_scaled(size);
    let mut x = 0.0;
    let mut previous = None;
    for character in text.chars() {
        let id = font.glyph_id(character);
        if let Some(previous) = previous {
            x += font.kern(previous, id);
        }
        place(id, x);
        x += font.h_advance(id);
        previous = Some(id);
    }
    x
}

/// The text without control characters, and without as much of its middle as it needs to fit into `limit`: names of runs
/// end in what tells them apart.
pub(super) fn fitted(text: &str, size: f32, limit: f32) -> String {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let letters: Vec<char> = text.chars().map(printable).collect();
    let whole: String = letters.iter().collect();
    if width(&whole, size) <= limit {
        return whole;
    }
    let shortened = |kept: usize| -> String {
        let start = &letters[..kept.div_ceil(2)];
        let end = &letters[letters.len() - kept / 2..];
        start.iter().chain(&['…']).chain(end).collect()
    };
    (1..letters.len())
        .rev()
        .map(shortened)
        .find(|text| width(text, size) <= limit)
        .unwrap_or_else(|| "…".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_shortened_to_fit() {
        let text = "a long name of an experiment, with its seed and hash";
        assert_eq!(fitted(text, 20.0, 1000.0), text);
        let short = fitted(text, 20.0, 100.0);
        assert!(width(&short, 20.0) <= 100.0 && short.chars().count() > 8, "{short}");
        let (start, end) = short.split_once('…').unwrap();
        assert!(text.starts_with(start) && text.ends_with(end));
        assert!(start.len().abs_diff(end.len()) <= 1);
        assert_eq!(fitted(text, 20.0, 0.0), "…");
        assert_eq!(fitted("a\u{0}\nb", 20.0, 1000.0), "a  b");
    }

    #[test]
    fn the_font_has_what_the_figures_print() {
        for character in "0123456789.,−–×·…σ≥%() aZ".chars() {
            assert_ne!(font().glyph_id(character).0, 0, "{character}");
        }
    }

    #[test]
    fn capitals_are_about_seven_tenths_of_an_em() {
        // Ubuntu's em is 1000 units, from ascent to descent are 1121, and its capitals are 693 high.
        assert!((cap_height(112.1) - 69.3).abs() < 1.5, "{}", cap_height(112.1));
    }

    #[test]
    fn pixels_lie_within_the_width_above_the_baseline() {
        let mut count = 0;
        let width = width("HEX", 40.0);
        rasterize("HEX", 40.0, (0.0, 0.0), |x, y, coverage| {
            if coverage > 0.0 {
                count += 1;
                assert!(x >= 0 && (x as f32) < width && (-30..=0).contains(&y));
            }
        });
        assert!(count > 100);
    }
}
