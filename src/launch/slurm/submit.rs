//! Tasks become job arrays, each with a script, a list and a row in `jobs.csv`.

use super::client::Client;
use super::ledger::{Array, Ledger};
use super::script::{self, Script};
use super::{Error, Setup};
use crate::launch::{self, Task};
use crate::record::run_file::Timestamp;
use crate::record::{self, atomic};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Tasks that can be one array: they pause after the same epoch, and Slurm allows arrays of their number.
pub(super) fn arrays(tasks: Vec<Task>, largest: usize) -> Vec<Vec<Task>> {
    let mut groups: BTreeMap<Option<u64>, Vec<Task>> = BTreeMap::new();
    for task in tasks {
        groups.entry(task.until_epoch).or_default().push(task);
    }
    let mut arrays = Vec::new();
    for mut tasks in groups.into_values() {
        while tasks.len() > largest {
            let rest = tasks.split_off(largest);
            arrays.push(std::mem::replace(&mut tasks, rest));
        }
        arrays.push(tasks);
    }
    arrays
}

/// Writes an array's files and submits it; the job's number. Where there is a throttle, it begins after the job `before`:
/// two arrays would have twice the throttle.
///
/// # Errors
/// [`Error::Refused`] if Slurm does not take it; otherwise if a file cannot be written.
pub(super) fn submit(
    client: &mut dyn Client,
    setup: &Setup,
    ledger: &mut Ledger,
    tasks: &[Task],
    before: Option<u64>,
) -> Result<u64, launch::Error> {
    let mut folders = Vec::new();
    for task in tasks {
        task.prepare()?;
        folders.push(absolute(task.folder.root())?);
    }
    let array = ledger.next();
    let name = job_name(setup, array);
    let (list, log, file) = (ledger.list(array), ledger.log(array), ledger.script(array));
    let data = setup.data.as_deref().map(absolute).transpose()?;
    let script = Script {
        experiment: &setup.experiment,
        name: &name,
        runs: tasks.len(),
        list: &list,
        log: &log,
        working_folder: &absolute(Path::new("."))?,
        program: &setup.program,
        data: data.as_deref(),
        settings: &setup.settings,
        until_epoch: tasks.first().and_then(|task| task.until_epoch),
        after: before.filter(|_| setup.settings.throttle.is_some()),
    };
    let text = script.text()?;
    let folders = script::list(folders.iter().map(PathBuf::as_path))?;
    atomic::write(&list, folders.as_bytes())?;
    atomic::write(&file, text.as_bytes())?;
    let row = Array { array, name, job: None, runs: tasks.len(), submitted: Timestamp::now(), ended: None };
    ledger.arrays.push(row);
    ledger.write()?;
    let answer = client.submit(&file);
    if let Some(row) = ledger.arrays.last_mut() {
        match &answer {
            Ok(job) => row.job = Some(*job),
            Err(Error::Refused { .. }) => row.ended = Some(Timestamp::now()),
            // Nobody knows whether it was taken: the next look for its name will tell.
            Err(_) => {}
        }
    }
    ledger.write()?;
    Ok(answer?)
}

/// A name that no other job has: another folder, another array or another try has another.
fn job_name(setup: &Setup, array: u32) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let mut hash = Sha256::new();
    hash.update(setup.folder.as_os_str().as_encoded_bytes());
    hash.update(format!("{array} {} {}", std::process::id(), now.as_nanos()));
    let token = &format!("{:x}", hash.finalize())[..8];
    let plain = |c: char| if c.is_ascii_alphanumeric() || "_-.".contains(c) { c } else { '_' };
    let experiment: String = setup.experiment.chars().map(plain).take(60).collect();
    format!("atelier-{experiment}-{array}-{token}")
}

/// The path as the nodes see it.
pub(super) fn absolute(path: &Path) -> record::Result<PathBuf> {
    // Unlike `canonicalize`, it keeps a link as it is: what a home folder is a link to may differ between nodes.
    std::path::absolute(path)
        .map(|path| path.components().collect())
        .map_err(|source| record::Error::Read { path: path.to_owned(), source })
}
