//! Where the numbers come from, and the commands that give them again.

use std::collections::BTreeMap;

use super::number::{count, duration};
use super::study::{Run, Study};
use crate::record::sweep::PROVENANCE;

/// A line of the table of origins: what, and its values, each with the number of runs where they differ.
pub(super) fn lines(study: &Study) -> Vec<(&'static str, Vec<String>)> {
    let mut lines = Vec::new();
    let begun: Vec<&Run> =
        study.runs.iter().filter(|run| run.row.provenance.iter().any(|cell| !cell.is_empty())).collect();
    for (what, columns) in [
        ("Program", &["program_version"][..]),
        ("Commit", &["git_commit", "git_dirty"][..]),
        ("Compiler", &["rustc"][..]),
        ("CPU", &["cpu"][..]),
        ("GPU", &["gpu"][..]),
        ("Threads", &["threads"][..]),
        ("System", &["os"][..]),
        ("Data set", &["dataset"][..]),
        ("Data set, SHA-256", &["dataset_sha256"][..]),
    ] {
        let mut values: BTreeMap<String, usize> = BTreeMap::new();
        for run in &begun {
            let cells: Vec<&str> = columns.iter().map(|column| cell(run, column)).collect();
            *values.entry(said(what, &cells)).or_default() += 1;
        }
        if values.len() == 1 && values.contains_key("") {
            continue;
        }
        let several = values.len() > 1;
        let shown = values.into_iter().map(|(value, runs)| {
            let value = if value.is_empty() { "none".to_owned() } else { value };
            if several { format!("{value} ({})", count(runs, "run")) } else { value }
        });
        lines.push((what, shown.collect()));
    }
    let ends = |column: &str| {
        let mut times: Vec<&str> =
            begun.iter().map(|run| cell(run, column)).filter(|time| !time.is_empty()).collect();
        times.sort_unstable();
        times
    };
    if let Some(first) = ends("started").first() {
        lines.push(("Started (UTC)", vec![(*first).to_owned()]));
    }
    if let Some(last) = ends("ended").last() {
        lines.push(("Ended (UTC)", vec![(*last).to_owned()]));
    }
    let seconds: f64 = begun
        .iter()
        .filter_map(|run| cell(run, "seconds_training").parse::<f64>().ok())
        .filter(|s| s.is_finite())
        .sum();
    lines.push((
        if study.is_sweep { "Training time, all runs" } else { "Training time" },
        vec![duration(seconds)],
    ));
    let resumed: u64 = begun.iter().filter_map(|run| cell(run, "resumed").parse::<u64>().ok()).sum();
    if resumed > 0 {
        lines.push(("Resumed", vec![format!("{} in all", count(resumed as usize, "time"))]));
    }
    if let [only] = study.runs.as_slice()
        && !cell(only, "configuration_hash").is_empty()
    {
        lines.push(("Configuration hash", vec![cell(only, "configuration_hash").to_owned()]));
    }
    lines
}

/// A cell of a run's provenance; empty where nothing is known.
pub(super) fn cell<'a>(run: &'a Run, column: &str) -> &'a str {
    let index = PROVENANCE.iter().position(|name| *name == column);
    index.and_then(|index| run.row.provenance.get(index)).map_or("", String::as_str)
}

fn said(what: &str, cells: &[&str]) -> String {
    match (what, cells) {
        (_, ["", ..]) => String::new(),
        ("Program", [version]) => format!("atelier {version}"),
        ("Commit", [commit, "true"]) => format!("{commit}, with changes that are not committed"),
        ("Commit", [commit, _]) => (*commit).to_owned(),
        (_, cells) => cells.join(" "),
    }
}

/// Commands with a word on each, in the order in which they are given.
pub(super) fn commands(study: &Study) -> Vec<(String, String)> {
    let mut commands = Vec::new();
    let mut commits: Vec<&str> = study.runs.iter().map(|run| cell(run, "git_commit")).collect();
    commits.retain(|commit| !commit.is_empty());
    commits.sort_unstable();
    commits.dedup();
    if let [commit] = commits[..] {
        let build = format!("git checkout {} && cargo build --release", quoted(commit));
        commands
            .push(("The program that made these numbers, in a clone of its repository".to_owned(), build));
    }
    if let Some(file) = &study.sweep {
        let words: Vec<String> = file.command.iter().map(|word| quoted(word)).collect();
        commands.push((format!("The whole sweep ({})", count(file.runs, "run")), words.join(" ")));
    }
    if let (false, [only]) = (study.is_sweep, study.runs.as_slice()) {
        commands.extend(
            run_command(study, only)
                .map(|command| ("This run, into a folder of its own".to_owned(), command)),
        );
    }
    commands
}

/// The command that gives one run again, from its resolved configuration.
pub(super) fn run_command(study: &Study, run: &Run) -> Option<String> {
    run.folder.as_ref()?;
    let folder = if study.is_sweep { study.folder.join(&run.row.run) } else { study.folder.clone() };
    let file = folder.join("experiment.toml");
    Some(format!("atelier run {} --out reproduced", quoted(&file.display().to_string())))
}

/// A word as a POSIX shell reads it; control characters become spaces.
pub(super) fn quoted(word: &str) -> String {
    let word: String = word.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("results/a=1,seed0-00ff"), "results/a=1,seed0-00ff");
        assert_eq!(quoted("training.epochs = 3"), "'training.epochs = 3'");
        assert_eq!(quoted("it's; rm -rf /"), "'it'\\''s; rm -rf /'");
        assert_eq!(quoted(""), "''");
    }
}
