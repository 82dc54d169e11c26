//! `index.csv`: one row per run of a folder of results, made from the runs' files and made again at will.

use std::collections::BTreeSet;
use std::path::Path;

use super::field::{FACTS, Field};
use super::{Goals, Run, WITHOUT_EFFECT};
use crate::record::history;

/// Name of the file in the folder of results.
pub const NAME: &str = "index.csv";

/// The file's bytes: facts of each run (folders relative to `root`), the settings in which any two runs differ, the last and
/// best value of each column with the best one's epoch, and the provenance. Cells without a value are empty.
pub fn csv(root: &Path, runs: &[Run], goals: &Goals) -> Vec<u8> {
    let settings = history::differing(
        runs.iter().map(|run| &run.history.settings),
        &[&["name", "seed"], &WITHOUT_EFFECT[..]].concat(),
    );
    let mut columns: Vec<&str> = Vec::new();
    let mut known = BTreeSet::new();
    for column in runs.iter().flat_map(|run| run.history.columns()) {
        if known.insert(column) {
            columns.push(column);
        }
    }
    let mut header: Vec<String> = FACTS.iter().map(|fact| (*fact).to_owned()).collect();
    header.push("error".to_owned());
    header.extend(settings.iter().cloned());
    for column in &columns {
        header.extend(["last", "best", "best_epoch"].map(|part| format!("{column}.{part}")));
    }
    header.extend(PROVENANCE.iter().map(|(name, _)| (*name).to_owned()));

    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = |record: &[String]| {
        writer.write_record(record).expect("memory takes every byte, and all records are of one length");
    };
    write(&header);
    for run in runs {
        let mut record: Vec<String> =
            FACTS.iter().map(|fact| Field::Fact(fact).text(run).unwrap_or_default()).collect();
        let folder = &run.history.folder;
        record[0] = folder.strip_prefix(root).unwrap_or(folder).display().to_string();
        record.push(run.history.run.error.clone().unwrap_or_default());
        record.extend(settings.iter().map(|key| run.history.settings.get(key).cloned().unwrap_or_default()));
        for column in &columns {
            let extract = run.values.get(*column);
            let best = extract.map(|extract| extract.best(goals.of(column)));
            record.push(extract.map_or_else(String::new, |extract| extract.last.to_string()));
            record.push(best.map_or_else(String::new, |(_, value)| value.to_string()));
            record.push(best.map_or_else(String::new, |(epoch, _)| epoch.to_string()));
        }
        record.extend(PROVENANCE.iter().map(|(_, value)| value(run)));
        write(&record);
    }
    writer.into_inner().expect("memory takes every byte")
}

type Value = fn(&Run) -> String;

/// Where a run's numbers come from, by column.
const PROVENANCE: [(&str, Value); 10] = [
    ("dataset", |run| run.history.run.dataset.name.clone()),
    ("dataset_sha256", |run| run.history.run.dataset.sha256.clone()),
    ("program_version", |run| run.history.run.provenance.program_version.clone()),
    ("git_commit", |run| run.history.run.provenance.git_commit.clone().unwrap_or_default()),
    ("git_dirty", |run| {
        run.history.run.provenance.git_dirty.map_or_else(String::new, |dirty| dirty.to_string())
    }),
    ("rustc", |run| run.history.run.provenance.rustc.clone()),
    ("cpu", |run| run.history.run.provenance.cpu.clone()),
    ("gpu", |run| run.history.run.provenance.gpu.clone().unwrap_or_default()),
    ("threads", |run| run.history.run.provenance.threads.to_string()),
    ("os", |run| run.history.run.provenance.os.clone()),
];
