//! The script of a job array: what `sbatch` reads, and what a user may read.

use super::Error;
use super::states::seconds;
use crate::config::sweep::Slurm as Settings;
use std::fmt::Write as _;
use std::path::Path;

/// How long before its time limit a run is asked to save its state, in seconds.
pub(super) const SIGNAL_SECONDS: u64 = 90;

/// Under a time limit below this many seconds, the signal would come as soon as the run begins: Slurm sends it up to half
/// a minute early, and counts limits in minutes.
const SHORT_LIMIT: u64 = 300;

/// What a script is written for.
#[derive(Clone, Debug)]
pub(super) struct Script<'a> {
    /// The experiment's name.
    pub(super) experiment: &'a str,
    /// The job's name, which nothing else in the queue has.
    pub(super) name: &'a str,
    /// Tasks of the array, at least 1.
    pub(super) runs: usize,
    /// The file that lists their folders, one a line.
    pub(super) list: &'a Path,
    /// Where Slurm's own messages go.
    pub(super) log: &'a Path,
    /// The folder in which the sweep was started: relative paths in the experiment start there.
    pub(super) working_folder: &'a Path,
    /// The program, which must be at this path on every node.
    pub(super) program: &'a Path,
    /// The folder of data sets, where one was named.
    pub(super) data: Option<&'a Path>,
    /// What the runs ask for.
    pub(super) settings: &'a Settings,
    /// The epoch after which they pause.
    pub(super) until_epoch: Option<u64>,
    /// The array that has to end before this one begins: the two share one throttle.
    pub(super) after: Option<u64>,
}

impl Script<'_> {
    /// The text.
    ///
    /// # Errors
    /// [`Error::Path`] for a path that cannot stand in a line of text.
    pub(super) fn text(&self) -> Result<String, Error> {
        let mut text = String::from("#!/bin/bash\n");
        let _ = writeln!(
            text,
            "# {} of the sweep `{}`, as a job array; written by `atelier sweep --engine slurm`.\n\
             # Line N of {} is the folder of task N.\n#",
            if self.runs == 1 { "One run".to_owned() } else { format!("{} runs", self.runs) },
            self.experiment,
            self.list.file_name().unwrap_or_default().to_string_lossy(),
        );
        self.options(&mut text)?;
        self.commands(&mut text)?;
        Ok(text)
    }

    fn options(&self, text: &mut String) -> Result<(), Error> {
        let settings = self.settings;
        let mut option = |option: &str| {
            let _ = writeln!(text, "#SBATCH {option}");
        };
        option(&format!("--job-name={}", self.name));
        let throttle = settings.throttle.map(|most| format!("%{most}")).unwrap_or_default();
        option(&format!("--array=1-{}{throttle}", self.runs));
        if let Some(job) = self.after {
            option(&format!("--dependency=afterany:{job}"));
        }
        let asked =
            [("partition", &settings.partition), ("account", &settings.account), ("time", &settings.time)];
        for (key, value) in asked {
            if let Some(value) = value {
                option(&format!("--{key}={value}"));
            }
        }
        option("--nodes=1");
        option("--ntasks=1");
        option(&format!("--cpus-per-task={}", settings.cpus.unwrap_or(1)));
        if let Some(gpus) = settings.gpus.filter(|gpus| *gpus > 0) {
            option(&format!("--gres=gpu:{gpus}"));
        }
        if let Some(memory) = &settings.memory {
            option(&format!("--mem={memory}"));
        }
        option(&format!("--chdir={}", quoted(self.working_folder)?));
        // In file names, Slurm replaces % and a letter.
        option(&format!("--output={}", quoted(self.log)?.replace('%', "%%")));
        option("--open-mode=append");
        text.push_str(
            "# A run that has to make room goes back into the queue, and goes on from its last checkpoint.\n",
        );
        text.push_str("#SBATCH --requeue\n");
        let limit = settings.time.as_deref().and_then(seconds);
        if limit.is_none_or(|limit| limit >= SHORT_LIMIT) {
            let _ = writeln!(
                text,
                "# Before its time limit, a run is asked to save its state.\n#SBATCH --signal=B:TERM@{SIGNAL_SECONDS}"
            );
        }
        if !settings.options.is_empty() {
            text.push_str("# From `options` in [sweep.slurm]:\n");
        }
        for option in &settings.options {
            let _ = writeln!(text, "#SBATCH {option}");
        }
        Ok(())
    }

    fn commands(&self, text: &mut String) -> Result<(), Error> {
        let _ = write!(
            text,
            "\nfolder=$(sed -n \"${{SLURM_ARRAY_TASK_ID}}p\" {})\n\
             if [ ! -d \"$folder\" ]; then\n    \
                 echo \"$(hostname): task $SLURM_ARRAY_TASK_ID: there is no folder \\`$folder' here\" >&2\n    \
                 exit {NO_FOLDER}\n\
             fi\n\
             # What the run says is kept beside its results.\n\
             exec >>\"$folder/run.log\" 2>&1 || exit 6\n\
             echo \"{HEADER} ${{SLURM_ARRAY_JOB_ID}}_$SLURM_ARRAY_TASK_ID on $(hostname), $(date -u +%Y-%m-%dT%H:%M:%SZ), \
             begun again ${{SLURM_RESTART_COUNT:-0}} times\"\n",
            quoted(self.list)?,
        );
        if !self.settings.setup.is_empty() {
            text.push_str("\n# From `setup` in [sweep.slurm]:\n");
        }
        for line in &self.settings.setup {
            let _ = writeln!(text, "{line}");
        }
        let mut rest = self.until_epoch.map(|epoch| format!(" --until-epoch {epoch}")).unwrap_or_default();
        if let Some(data) = self.data {
            let _ = write!(rest, " --data-dir {}", quoted(data)?);
        }
        let _ = write!(
            text,
            "\n# `exec`, so that Slurm's signals reach the program: on SIGTERM it saves its state and ends.\n\
             exec {} run \"$folder\" --threads \"$SLURM_CPUS_PER_TASK\"{rest}\n",
            quoted(self.program)?,
        );
        Ok(())
    }
}

/// What the script exits with where the node does not see the run's folder (EX_NOINPUT of sysexits.h).
pub(super) const NO_FOLDER: i32 = 66;

/// How the line begins that each start of a job adds to its run's log.
pub(super) const HEADER: &str = "== Slurm job";

/// The list of folders, one a line.
///
/// # Errors
/// [`Error::Path`] for a path that cannot stand on a line.
pub(super) fn list<'a>(folders: impl IntoIterator<Item = &'a Path>) -> Result<String, Error> {
    let mut text = String::new();
    for folder in folders {
        text.push_str(line(folder)?);
        text.push('\n');
    }
    Ok(text)
}

/// The path as text.
fn line(path: &Path) -> Result<&str, Error> {
    let text = path.to_str().filter(|text| !text.contains(char::is_control));
    text.ok_or_else(|| Error::Path { path: path.to_owned() })
}

/// The path for a shell, and for `sbatch`, which reads quotes as a shell does.
fn quoted(path: &Path) -> Result<String, Error> {
    let text = line(path)?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+=,:@%".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return Ok(text.to_owned());
    }
    Ok(format!("'{}'", text.replace('\'', "'\\''")))
}

#[cfg(test)]
mod tests;
