//! Slurm's own programs.

use super::Error;
use super::states::{self, Listed, Place, Shown};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Indices of an array end below this where Slurm does not say (its default).
const DEFAULT_MAX_ARRAY_SIZE: usize = 1001;

/// What is asked of Slurm: by its programs, or by their stand-ins in tests.
pub(super) trait Client {
    /// Submits a script; the job's number.
    fn submit(&mut self, script: &Path) -> Result<u64, Error>;

    /// The most tasks that an array numbered from 1 may have.
    fn largest_array(&mut self) -> usize;

    /// The tasks of these jobs that wait or run.
    fn queue(&mut self, jobs: &[u64]) -> Result<Vec<Listed>, Error>;

    /// All that Slurm knows of a job, also of tasks that ended some minutes ago; nothing for a job that it does not know.
    fn show(&mut self, job: u64) -> Result<Vec<Shown>, Error>;

    /// The job with this name, if Slurm knows one.
    fn find(&mut self, name: &str) -> Result<Option<u64>, Error>;

    /// Puts a task back into the queue.
    fn requeue(&mut self, place: Place) -> Result<(), Error>;

    /// Cancels jobs; their programs save their state first.
    fn cancel(&mut self, jobs: &[u64]) -> Result<(), Error>;

    /// Waits.
    fn pause(&mut self, time: Duration);
}

/// The real one.
#[derive(Debug)]
pub(super) struct Commands;

/// Variables that would override what the script says, and that this program relies on.
const OVERRIDES: [&str; 9] = [
    "SBATCH_ARRAY_INX",
    "SBATCH_EXPORT",
    "SBATCH_JOB_NAME",
    "SBATCH_NO_REQUEUE",
    "SBATCH_OPEN_MODE",
    "SBATCH_OUTPUT",
    "SBATCH_REQUEUE",
    "SBATCH_SIGNAL",
    "SBATCH_WAIT",
];

impl Commands {
    /// Looks for `sbatch`.
    pub(super) fn find() -> Result<Self, Error> {
        run("sbatch", &["--version"])?;
        Ok(Self)
    }
}

/// Runs a program to its end; what it printed, or its own words if it failed.
fn run(program: &'static str, arguments: &[&str]) -> Result<String, Error> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(std::process::Stdio::null());
    // Settings of the user for what `squeue` lists would hide jobs from us.
    let names = std::env::vars_os().map(|(name, _)| name);
    for name in names.filter(|name| name.to_string_lossy().starts_with("SQUEUE_")) {
        command.env_remove(name);
    }
    for name in OVERRIDES {
        command.env_remove(name);
    }
    // Ctrl-C is for this program: a half-done `sbatch` would leave a job that nobody knows the number of.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let output = command.output().map_err(|source| Error::Missing { program, source })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let words: Vec<&str> = words.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let words = if words.is_empty() { format!("{}", output.status) } else { words.join("; ") };
    Err(Error::Command { command: format!("{program} {}", arguments.join(" ")), words })
}

/// Slurm's way to say that it never knew a job, or has forgotten it.
fn is_unknown_job(error: &Error) -> bool {
    matches!(error, Error::Command { words, .. } if words.contains("Invalid job id"))
}

/// Whether `sbatch` may have failed after the controller took the job: a busy one answers too late.
fn is_uncertain(words: &str) -> bool {
    let signs =
        ["timed out", "Unable to contact", "Zero Bytes", "communication", "Communication", "onnection"];
    signs.iter().any(|sign| words.contains(sign))
}

fn joined(jobs: &[u64]) -> String {
    jobs.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
}

impl Client for Commands {
    fn submit(&mut self, script: &Path) -> Result<u64, Error> {
        let shown = script.display().to_string();
        let answer = match run("sbatch", &["--parsable", &shown]) {
            Err(Error::Command { words, .. }) if !is_uncertain(&words) => {
                return Err(Error::Refused { script: shown, words });
            }
            answer => answer?,
        };
        // "12", or "12;cluster"; a site's messages may stand in front.
        let number = answer.lines().rev().find_map(|line| line.split(';').next()?.trim().parse().ok());
        number.ok_or_else(|| Error::Command {
            command: format!("sbatch --parsable {shown}"),
            words: format!("no job number in its answer {answer:?}"),
        })
    }

    fn largest_array(&mut self) -> usize {
        let size = run("scontrol", &["show", "config"]).ok().and_then(|text| states::max_array_size(&text));
        size.unwrap_or(DEFAULT_MAX_ARRAY_SIZE).saturating_sub(1).max(1)
    }

    fn queue(&mut self, jobs: &[u64]) -> Result<Vec<Listed>, Error> {
        let (jobs, format) =
            (format!("--jobs={}", joined(jobs)), format!("--format={}", states::QUEUE_FORMAT));
        match run("squeue", &["--noheader", "--array", &jobs, &format]) {
            Ok(text) => Ok(states::listed(&text)),
            Err(error) if is_unknown_job(&error) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn show(&mut self, job: u64) -> Result<Vec<Shown>, Error> {
        match run("scontrol", &["show", "job", "--oneliner", &job.to_string()]) {
            Ok(text) => Ok(states::shown(&text)),
            Err(error) if is_unknown_job(&error) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn find(&mut self, name: &str) -> Result<Option<u64>, Error> {
        let name = format!("--name={name}");
        let text = run("squeue", &["--noheader", "--states=all", &name, "--format=%F"])?;
        Ok(text.lines().find_map(|line| line.trim().parse().ok()))
    }

    fn requeue(&mut self, place: Place) -> Result<(), Error> {
        run("scontrol", &["requeue", &place.to_string()]).map(drop)
    }

    fn cancel(&mut self, jobs: &[u64]) -> Result<(), Error> {
        let jobs: Vec<String> = jobs.iter().map(u64::to_string).collect();
        run("scancel", &jobs.iter().map(String::as_str).collect::<Vec<_>>()).map(drop)
    }

    fn pause(&mut self, time: Duration) {
        std::thread::sleep(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_controller_that_answers_too_late_may_have_taken_the_job() {
        let prefix = "sbatch: error: Batch job submission failed: ";
        for words in [
            "Socket timed out on send/recv operation",
            "Unable to contact slurm controller (connect failure)",
        ] {
            assert!(is_uncertain(&format!("{prefix}{words}")), "{words}");
        }
        for words in
            ["Invalid partition name specified", "Job violates accounting/QOS policy", "Invalid account"]
        {
            assert!(!is_uncertain(&format!("{prefix}{words}")), "{words}");
        }
    }

    #[test]
    fn a_program_that_fails_is_told_in_its_own_words() {
        let error = run("sh", &["-c", "echo one >&2; echo; echo two >&2; exit 1"]).unwrap_err();
        assert_eq!(error.to_string(), "`sh -c echo one >&2; echo; echo two >&2; exit 1` failed: one; two");
        assert!(matches!(run("atelier-has-no-such-program", &[]), Err(Error::Missing { .. })));
    }
}
