//! What is wrong with a configuration, told with its place.

use std::fmt::Write as _;

use miette::{Diagnostic, LabeledSpan, SourceCode};

use super::source::Place;

/// Everything found wrong with a configuration: at least one problem, in the order of the file.
///
/// `Display` gives the first problem's reason alone, as the headline of a report; as a [`Diagnostic`] it carries the
/// source line with the place marked and the help; [`Error::render`] gives it all as plain lines for a log.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", self.problems[0].message)]
pub struct Error {
    problems: Vec<Problem>,
}

impl Error {
    /// `None` where nothing was found.
    pub(super) fn from_problems(problems: Vec<Problem>) -> Option<Box<Self>> {
        if problems.is_empty() { None } else { Some(Box::new(Self { problems })) }
    }

    /// Each problem, in the order of the file; never empty.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// One plain line for each problem: ``x.toml:12:1: unknown key `learning_rat` in [optimizer]; did you mean …``.
    pub fn render(&self) -> String {
        let lines: Vec<String> = self.problems.iter().map(Problem::render).collect();
        lines.join("\n")
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

impl Diagnostic for Error {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.problems[0].code()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Diagnostic::help(&self.problems[0])
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.problems[0].source_code()
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.problems[0].labels()
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        if self.problems.len() < 2 {
            return None;
        }
        Some(Box::new(self.problems[1..].iter().map(|problem| problem as &dyn Diagnostic)))
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    message: String,
    label: String,
    help: Option<String>,
    place: Place,
    others: Vec<(Place, String)>,
}

impl Problem {
    pub(super) fn new(message: impl Into<String>, place: Place) -> Self {
        Self { message: message.into(), label: "here".to_owned(), help: None, place, others: Vec::new() }
    }

    /// The words beside the mark under the source line.
    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn help_maybe(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// A second place that the reason speaks of.
    pub(super) fn also(mut self, place: Place, label: impl Into<String>) -> Self {
        self.others.push((place, label.into()));
        self
    }

    /// The reason, in one or two sentences.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it: the nearest valid word, or the list of them.
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The same on one plain line.
    pub fn render(&self) -> String {
        let mut line = format!("{}: {}", self.place, self.message);
        for (place, label) in &self.others {
            let _ = write!(line, " ({label}: {place})");
        }
        if let Some(help) = &self.help {
            let _ = write!(line, "; {help}");
        }
        line
    }
}

impl Diagnostic for Problem {
    /// The text as a whole, where there is no line of it to show.
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        let shown = self.place.to_string();
        let needed = self.place.span.is_none() && !self.message.contains(&shown);
        if needed { Some(Box::new(shown)) } else { None }
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        let mut help = self.help.clone().unwrap_or_default();
        // A report shows one text; what lies in another is told in words.
        for (place, label) in &self.others {
            if !std::sync::Arc::ptr_eq(&place.source, &self.place.source) {
                let break_line = if help.is_empty() { "" } else { "\n" };
                let _ = write!(help, "{break_line}{label}: {place}");
            }
        }
        if help.is_empty() { None } else { Some(Box::new(help)) }
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.place.span.as_ref().map(|_| &self.place.source.named as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.place.span.clone()?;
        let first = LabeledSpan::new_primary_with_span(Some(self.label.clone()), span);
        let others = self.others.iter().filter_map(|(place, label)| {
            let span = place.span.clone()?;
            std::sync::Arc::ptr_eq(&place.source, &self.place.source)
                .then(|| LabeledSpan::new_with_span(Some(label.clone()), span))
        });
        Some(Box::new(std::iter::once(first).chain(others)))
    }
}
