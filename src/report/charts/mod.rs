//! Charts as SVG inside the page: lines, strips, heat maps and parallel coordinates.
//!
//! Colours are classes, so that the page's style sheet gives each theme its own; sizes are those of a chart half as wide as
//! the page, and the style sheet enlarges the letters where it is shown smaller.

mod lines;
mod parameters;
mod scale;

use std::fmt::{Display, Write};

pub(super) use lines::{Line, LineChart, Point};
pub(super) use parameters::{parameters, parameters_title};

/// A chart, drawn.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    /// Its caption.
    pub(super) title: String,
    /// The `<svg>` element.
    pub(super) svg: String,
    /// Classes and labels of its lines; empty where the page has a common legend, or there is one line.
    pub(super) legend: Vec<(String, String)>,
    /// What the marks mean or what is left out.
    pub(super) note: String,
    /// Wider than half a page.
    pub(super) is_wide: bool,
}

/// An SVG element's text as it grows.
struct Svg {
    text: String,
}

impl Svg {
    /// `label` is what a screen reader says.
    fn new(width: f64, height: f64, label: &str) -> Self {
        let mut svg = Self { text: String::new() };
        svg.put(format_args!(
            "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">",
            round(width),
            round(height),
            escape(label)
        ));
        svg
    }

    fn put(&mut self, element: impl Display) {
        let _ = write!(self.text, "{element}");
    }

    /// `anchor` is `start`, `middle` or `end`.
    fn text(&mut self, (x, y): (f64, f64), class: &str, anchor: &str, text: &str) {
        let (x, y, text) = (round(x), round(y), escape(text));
        self.put(format_args!(
            "<text x=\"{x}\" y=\"{y}\" class=\"{class}\" text-anchor=\"{anchor}\">{text}</text>"
        ));
    }

    fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), class: &str) {
        let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(round);
        self.put(format_args!("<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" class=\"{class}\"/>"));
    }

    /// `title` appears where a pointer rests.
    fn dot(&mut self, (x, y): (f64, f64), radius: f64, class: &str, title: &str) {
        let title = titled(title);
        let (x, y) = (round(x), round(y));
        self.put(format_args!(
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" class=\"{class}\">{title}</circle>"
        ));
    }

    fn path(&mut self, points: impl IntoIterator<Item = (f64, f64)>, class: &str, end: &str, title: &str) {
        let mut path = String::new();
        for (x, y) in points {
            let command = if path.is_empty() { 'M' } else { 'L' };
            let _ = write!(path, "{command}{} {}", round(x), round(y));
        }
        let title = titled(title);
        self.put(format_args!("<path d=\"{path}{end}\" class=\"{class}\">{title}</path>"));
    }

    fn end(mut self) -> String {
        self.text.push_str("</svg>");
        self.text
    }
}

fn titled(title: &str) -> String {
    if title.is_empty() { String::new() } else { format!("<title>{}</title>", escape(title)) }
}

/// A tenth of a unit is less than can be seen.
fn round(value: f64) -> f64 {
    // Adding zero makes −0 a 0.
    (value * 10.0).round() / 10.0 + 0.0
}

/// Text for an element's content or a quoted attribute. Control characters, which no document may hold, become spaces.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            character if character.is_control() => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}

/// The text, cut to about `most` characters.
fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let start: String = text.chars().take(most - 1).collect();
    format!("{}…", start.trim_end())
}
