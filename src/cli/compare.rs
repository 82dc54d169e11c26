//! `atelier compare RUN…`.

use super::Exit;
use super::arguments::Compare;
use super::exit::Failure;
use super::list::{complain_about, cut};
use super::output;
use super::table::{Align, render_wide};
use crate::compare::filter::Condition;
use crate::compare::output::{Side, Text, csv, json, markdown, notes, table};
use crate::compare::{Comparison, Options, Rows, pictures, select};
use crate::record::atomic;
use std::path::Path;

pub(super) fn compare(arguments: &Compare) -> Result<Exit, Failure> {
    let folders = select::folders(arguments.runs.iter().map(|path| path.as_path()))?;
    let rows = if arguments.figures.is_some() { Rows::Kept } else { Rows::Dropped };
    let (runs, errors) = select::read(&folders, rows);
    let mut exit = complain_about(&runs, &errors);
    if runs.is_empty() {
        return Err(Failure::new(Exit::Damaged, "none of the runs can be read"));
    }
    let selection = &arguments.selection;
    let all = runs.len();
    let runs = Condition::select(&selection.conditions, runs, &selection.goals())?;
    if runs.is_empty() {
        let message =
            format!("none of the {all} runs is like this; `atelier list` shows them with their settings");
        return Err(Failure::new(Exit::Wrong, message));
    }
    let options = Options {
        metrics: arguments.metrics.clone(),
        sort: selection.sort_key().map(str::to_owned),
        is_descending: selection.is_descending(),
        with_unfinished: arguments.unfinished,
        goals: selection.goals(),
    };
    let comparison = Comparison::new(runs, &options)?;
    if !comparison.apart.is_empty() {
        exit = Exit::Damaged;
    }
    let figures = arguments.figures.as_deref();
    print(arguments, &comparison)?;
    if let Some(folder) = figures {
        exit = draw(&comparison, folder, is_said(arguments), exit)?;
    }
    Ok(exit)
}

/// Whether standard output is for people: not where a machine reads the JSON, the CSV or the Markdown from it.
fn is_said(arguments: &Compare) -> bool {
    let is_output = |file: &Option<_>| file.as_deref().is_some_and(|file: &Path| file == Path::new("-"));
    !arguments.json && !is_output(&arguments.csv) && !is_output(&arguments.markdown)
}

fn print(arguments: &Compare, comparison: &Comparison) -> Result<(), Failure> {
    if is_said(arguments) {
        output::bytes(terminal(comparison).as_bytes())?;
    }
    if arguments.json {
        let document = serde_json::to_string_pretty(&json(comparison)).unwrap_or_default();
        output::line(document)?;
    }
    for (file, bytes) in [
        (&arguments.csv, &(|| csv(comparison)) as &dyn Fn() -> Vec<u8>),
        (&arguments.markdown, &|| markdown(comparison).into_bytes()),
    ] {
        match file.as_deref() {
            None => {}
            Some(file) if file == Path::new("-") => output::bytes(&bytes())?,
            Some(file) => {
                atomic::write(file, &bytes())?;
                say(is_said(arguments), file)?;
            }
        }
    }
    Ok(())
}

fn say(is_said: bool, file: &Path) -> Result<(), Failure> {
    if is_said { output::line(format_args!("wrote {}", file.display())) } else { Ok(()) }
}

/// The table, and below it what has to be said about it.
fn terminal(comparison: &Comparison) -> String {
    let Text { header, rows } = table(comparison);
    let align = |side| if side == Side::Left { Align::Left } else { Align::Right };
    let header: Vec<_> = header.into_iter().map(|(name, side)| (name, align(side))).collect();
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| cut(cell)).collect()).collect();
    let mut text = render_wide(&header, &rows) + "\n";
    for note in notes(comparison) {
        // What a file says is shown on one line, without what a terminal would obey.
        text.extend(note.chars().map(|letter| if letter.is_control() { ' ' } else { letter }));
        text.push('\n');
    }
    text
}

fn draw(comparison: &Comparison, folder: &Path, is_said: bool, exit: Exit) -> Result<Exit, Failure> {
    let (files, problems) = pictures::files(comparison)?;
    std::fs::create_dir_all(folder).map_err(|error| {
        Failure::new(Exit::Unwritable, format!("cannot make the folder {}: {error}", folder.display()))
    })?;
    for file in files {
        let path = folder.join(&file.name);
        atomic::write(&path, &file.bytes)?;
        say(is_said, &path)?;
    }
    for problem in &problems {
        output::complain(format_args!("warning: {problem}"));
    }
    Ok(if problems.is_empty() { exit } else { Exit::Damaged })
}
