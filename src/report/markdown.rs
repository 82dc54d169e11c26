//! The report in Markdown, for a README or a paper.

use crate::record::names::short_names;
use std::fmt::Write;

use super::configurations::{setting, shown_metrics, varying};
use super::evaluation::evaluation;
use super::importance::importance;
use super::number::{column, fixed};
use super::outcome::outcome;
use super::provenance::{commands, lines};
use super::study::Study;

/// Rows of a table.
const MOST_ROWS: usize = 100;

/// Columns of metrics beside the objective and the scores.
const MOST_METRICS: usize = 4;

/// See [`super::markdown()`].
pub(super) fn markdown(study: &Study) -> String {
    let ranked = study.configurations();
    let outcome = outcome(study, &ranked);
    let mut text = format!("## {}\n\n", plain(&study.name));
    if !study.description.is_empty() {
        let _ = writeln!(text, "{}\n", plain(&study.description));
    }
    for paragraph in study.header() {
        let _ = writeln!(text, "{}\n", plain(&paragraph));
    }
    let _ = writeln!(text, "**{}** {}\n", plain(&outcome.headline), plain(&outcome.sentences.join(" ")));
    if study.is_sweep {
        text += &table(study, &ranked, outcome.best);
    }
    if let Some(found) = evaluation(study) {
        let _ = writeln!(
            text,
            "### Evaluation\n\n| score | last (epoch {}) | best | at epoch | real | better |\n| --- | ---: | ---: | ---: | ---: | --- |",
            found.last_epoch
        );
        for row in &found.scores {
            let (name, last, best, epoch, floor) =
                (cell(&row.name), &row.last, &row.best, &row.epoch, &row.floor);
            let _ = writeln!(text, "| {name} | {last} | {best} | {epoch} | {floor} | {} |", row.better);
        }
        let _ = writeln!(text, "\n{}\n", plain(&found.note));
    }
    if let Some(found) = importance(study, &ranked) {
        let _ = writeln!(text, "### What matters\n\n{}\n", plain(&found.explanation));
        if !found.shares.is_empty() {
            text += "| parameter | share |\n| --- | ---: |\n";
            for (name, share) in found.shares.iter().chain(&found.rest) {
                let _ = writeln!(text, "| {} | {} % |", cell(name), fixed(100.0 * share, 0));
            }
            text.push('\n');
        }
    }
    let lost: Vec<_> = study.runs.iter().filter(|run| run.is_lost()).collect();
    if study.is_sweep && !lost.is_empty() {
        text += "### Runs that failed\n\n| run | state | reason |\n| --- | --- | --- |\n";
        for run in lost.iter().take(MOST_ROWS) {
            let reason = cell(&run.row.reason);
            let _ = writeln!(text, "| {} | {} | {reason} |", cell(&setting(study, run)), run.row.state);
        }
        text.push('\n');
        if lost.len() > MOST_ROWS {
            let _ = writeln!(text, "The first {MOST_ROWS} of {}.\n", lost.len());
        }
    }
    text += "### To reproduce\n\n";
    for (what, command) in commands(study) {
        let _ = writeln!(text, "{}:\n\n```sh\n{}\n```\n", plain(&what), command.replace("```", "'''"));
    }
    text += "### Provenance\n\n| | |\n| --- | --- |\n";
    for (what, values) in lines(study) {
        let _ = writeln!(text, "| {what} | {} |", cell(&values.join("; ")));
    }
    text
}

fn table(study: &Study, ranked: &[super::study::Configuration], best: Option<usize>) -> String {
    let names = short_names(&study.parameters);
    let varying = varying(study);
    let mut heads: Vec<String> = varying.iter().map(|index| names[*index].clone()).collect();
    heads.push("runs".to_owned());
    let texts = heads.len();
    let objective = study.objective.as_ref();
    heads.extend(objective.map(|objective| format!("{} {}", objective.value, objective.column)));
    // What the objective shows already is not shown again.
    let is_shown =
        |name: &str| objective.is_some_and(|objective| objective.value == "last" && objective.column == name);
    let metrics = shown_metrics(study, MOST_METRICS, is_shown);
    heads.extend(metrics.iter().map(|index| format!("last {}", study.metrics[*index])));
    let heads: Vec<String> = heads.iter().map(|head| cell(head)).collect();
    let lines: Vec<&str> = (0..heads.len()).map(|index| if index < texts { "---" } else { "---:" }).collect();
    let mut text = format!("| {} |\n| {} |\n", heads.join(" | "), lines.join(" | "));
    let shown = &ranked[..ranked.len().min(MOST_ROWS)];
    let objectives = column(&shown.iter().map(|found| found.objective).collect::<Vec<_>>());
    let values: Vec<Vec<String>> = metrics
        .iter()
        .map(|metric| column(&shown.iter().map(|found| found.metrics[*metric]).collect::<Vec<_>>()))
        .collect();
    for (index, configuration) in shown.iter().enumerate() {
        let mut cells: Vec<String> = varying
            .iter()
            .map(|index| cell(configuration.parameters.get(*index).map_or("", String::as_str)))
            .collect();
        let note = if configuration.is_final { " (final seeds)" } else { "" };
        cells.push(format!("{}/{}{note}", configuration.complete, configuration.runs.len()));
        cells.extend(objective.map(|_| objectives[index].clone()));
        cells.extend(values.iter().map(|column| column[index].clone()));
        if best == Some(index) {
            cells = cells.into_iter().map(|cell| format!("**{cell}**")).collect();
        }
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text += "\nMean ± standard deviation over the complete runs of each configuration";
    text += if best.is_some() { "; the best is bold.\n\n" } else { ".\n\n" };
    if ranked.len() > MOST_ROWS {
        let _ = writeln!(text, "The first {MOST_ROWS} of {} configurations.\n", ranked.len());
    }
    text
}

/// Text that means only itself: what Markdown or HTML would read is escaped.
fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' => escaped.extend(['\\', character]),
            character if character.is_control() => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    // Underscores inside words mean nothing to Markdown, and are everywhere in names.
    let inside = |text: &str| {
        let mut clean = String::with_capacity(text.len());
        let characters: Vec<char> = text.chars().collect();
        for (index, character) in characters.iter().enumerate() {
            let is_word = |place: Option<usize>| {
                place.and_then(|place| characters.get(place)).is_some_and(|c| c.is_alphanumeric())
            };
            let is_inside = *character == '\\'
                && characters.get(index + 1) == Some(&'_')
                && is_word(index.checked_sub(1))
                && is_word(Some(index + 2));
            if !is_inside {
                clean.push(*character);
            }
        }
        clean
    };
    inside(&escaped)
}

/// The same in a table's cell.
fn cell(text: &str) -> String {
    let text = plain(text);
    if text.is_empty() { " ".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn text_means_only_itself() {
        assert_eq!(plain("g_loss and learning_rate"), "g_loss and learning_rate");
        assert_eq!(plain("_a_ *b* `c` a|b <script>"), "\\_a\\_ \\*b\\* \\`c\\` a\\|b &lt;script&gt;");
        assert_eq!(plain("two\nlines"), "two lines");
    }
}
