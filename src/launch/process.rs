//! A run in a process of its own, which ends with its parent.

use super::Task;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// How much of the end of a log is searched for the program's last word.
const TAIL: u64 = 8192;

/// A process that works on a task.
pub(super) struct Process {
    child: Child,
    log: PathBuf,
    log_start: u64,
}

impl Process {
    /// Starts `program` on a task. Standard output and error go to the run's log.
    ///
    /// Its standard input is a pipe that this process holds: when it is closed, because we ask for it or because we die,
    /// however we die, the run saves its state and ends. No run is left behind that nobody knows of.
    pub(super) fn start(
        program: &Path,
        task: &Task,
        threads: usize,
        data: Option<&Path>,
    ) -> std::io::Result<Self> {
        let log = task.folder.log();
        let file = OpenOptions::new().create(true).append(true).open(&log)?;
        let log_start = file.metadata()?.len();
        let child = Command::new(program)
            .args(task.arguments(threads, data))
            .arg("--stop-with-parent")
            .stdin(Stdio::piped())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()?;
        Ok(Self { child, log, log_start })
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The end of its standard input, which is to be held as long as it should run.
    pub(super) fn take_input(&mut self) -> Option<std::process::ChildStdin> {
        self.child.stdin.take()
    }

    /// Waits for its end, and says why it ended where it was not as it should.
    pub(super) fn wait(mut self) -> Option<String> {
        match self.child.wait() {
            Ok(status) if status.success() => None,
            Ok(status) => Some(reason(status, last_error(&self.log, self.log_start))),
            Err(error) => Some(format!("its process was lost: {error}")),
        }
    }
}

/// Why a process ended: the signal, or what it said last.
fn reason(status: ExitStatus, said: Option<String>) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return match signal {
            9 => "killed by signal 9 (by hand, or because memory ran out)".to_owned(),
            signal => format!("killed by signal {signal}"),
        };
    }
    match (said, status.code()) {
        (Some(said), _) => said,
        (None, Some(130 | 143)) => "asked to end".to_owned(),
        (None, Some(code)) => format!("exit code {code}; see its run.log"),
        (None, None) => "ended in an unknown way; see its run.log".to_owned(),
    }
}

/// The last error, or a panic, in what was added to a log since `start`.
pub(super) fn last_error(log: &Path, start: u64) -> Option<String> {
    let mut file = File::open(log).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(start.max(length.saturating_sub(TAIL)))).ok()?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let line = lines.iter().rposition(|line| line.starts_with("error: ") || line.contains("panicked at"))?;
    let said = lines[line].strip_prefix("error: ").map_or_else(
        // A panic's message stands on the line below.
        || format!("a defect of atelier, please report it: {}", lines.get(line + 1).unwrap_or(&"")),
        str::to_owned,
    );
    Some(said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(400).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_of_a_log_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("run.log");
        let old = "error: an old one\n";
        std::fs::write(&log, format!("{old}running\nerror: the disk is full; make space\nkept\n")).unwrap();
        assert_eq!(last_error(&log, 0).as_deref(), Some("the disk is full; make space"));
        assert_eq!(last_error(&log, old.len() as u64).as_deref(), Some("the disk is full; make space"));
        std::fs::write(&log, format!("{old}running\n")).unwrap();
        assert_eq!(last_error(&log, old.len() as u64), None);
        std::fs::write(&log, "thread 'main' panicked at src/x.rs:1:1:\nno \u{1b}[31mway\n").unwrap();
        let said = last_error(&log, 0).unwrap();
        assert!(said.ends_with("no  [31mway"), "{said}");
        assert_eq!(last_error(&folder.path().join("none"), 0), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_reason_names_the_signal_or_the_last_word() {
        use std::os::unix::process::ExitStatusExt;
        assert!(reason(ExitStatus::from_raw(9), Some("x".into())).starts_with("killed by signal 9"));
        assert_eq!(reason(ExitStatus::from_raw(3 << 8), Some("x".into())), "x");
        assert!(reason(ExitStatus::from_raw(3 << 8), None).starts_with("exit code 3"));
    }
}
