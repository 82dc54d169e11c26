//! The built program in a temporary folder, and what came of it.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_atelier");

/// Nothing here takes nearly as long, even where many processes share two cores.
const PATIENCE: Duration = Duration::from_secs(300);

/// The last columns of `metrics.csv` are timings, which two runs do not share.
const TIMING_COLUMNS: usize = 2;

/// A file of the repository's `experiments/`.
pub(crate) fn experiment(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments").join(name)
}

/// A temporary folder in which the program is started. It is removed at the end of the test.
pub(crate) struct Workshop(tempfile::TempDir);

impl Workshop {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, with the folders above it.
    pub(crate) fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder above")).expect("a folder");
        fs::write(&path, content).expect("a file");
        path
    }

    /// A command line of the program, to be started here.
    pub(crate) fn atelier<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, arguments: I) -> Call {
        self.call(PROGRAM, arguments)
    }

    /// A command line of any program. Of the environment, only the path of programs is kept; the caches are in the folder.
    pub(crate) fn call<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(
        &self,
        program: &str,
        arguments: I,
    ) -> Call {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.0.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.path(".home")).env("XDG_CACHE_HOME", self.path(".cache"));
        Call { command, stdin: Stdio::null() }
    }

    /// The single run below `out`.
    pub(crate) fn only_run(&self, out: &str) -> PathBuf {
        let runs = runs(&self.path(out));
        assert_eq!(runs.len(), 1, "there must be one run, but there are {runs:?}");
        runs.into_iter().next().expect("one run")
    }
}

/// The folders of all runs below a folder of results.
pub(crate) fn runs(out: &Path) -> Vec<PathBuf> {
    let below = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
    };
    let mut runs: Vec<_> = below(out).iter().flat_map(|experiment| below(experiment)).collect();
    runs.sort();
    runs
}

/// A command line that has not been started yet.
pub(crate) struct Call {
    command: Command,
    stdin: Stdio,
}

impl Call {
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn arguments<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, arguments: I) -> Self {
        self.command.args(arguments);
        self
    }

    /// Starts it, without waiting.
    pub(crate) fn start(mut self) -> Process {
        let output = tempfile::tempdir().expect("a temporary folder");
        // Files, not pipes: a pipe that nobody empties would stop the program.
        let file = |name: &str| fs::File::create(output.path().join(name)).expect("a file");
        let (stdout, stderr) = (file("stdout"), file("stderr"));
        self.command.stdin(self.stdin).stdout(stdout).stderr(stderr);
        let shown = format!("{:?}", self.command);
        let child = self.command.spawn().unwrap_or_else(|error| panic!("{shown}: {error}"));
        Process { child, output, shown, started: Instant::now() }
    }

    /// Runs it to its end.
    pub(crate) fn done(self) -> Done {
        self.start().wait()
    }
}

/// A program that runs. It is killed when the test gives it up.
pub(crate) struct Process {
    child: Child,
    output: tempfile::TempDir,
    shown: String,
    started: Instant,
}

impl Process {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn text(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.output.path().join(name)).expect("its output")).into_owned()
    }

    /// What it has printed so far.
    pub(crate) fn stdout(&self) -> String {
        self.text("stdout")
    }

    pub(crate) fn stderr(&self) -> String {
        self.text("stderr")
    }

    pub(crate) fn is_over(&mut self) -> bool {
        self.child.try_wait().expect("a process of ours").is_some()
    }

    /// Waits until `happened`, and says whether it did before the program ended.
    pub(crate) fn until(&mut self, mut happened: impl FnMut(&mut Self) -> bool) -> bool {
        loop {
            if happened(self) {
                return true;
            }
            if self.is_over() {
                return happened(self);
            }
            self.be_patient();
        }
    }

    /// Sends a signal by its name, such as `INT`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([format!("-{name}"), self.id().to_string()]).status();
        assert!(status.expect("the program kill").success(), "{} could not be sent {name}", self.shown);
    }

    /// SIGKILL, and waits for the end.
    pub(crate) fn kill(mut self) -> Done {
        let _ = self.child.kill();
        self.wait()
    }

    pub(crate) fn wait(mut self) -> Done {
        while !self.is_over() {
            self.be_patient();
        }
        let status = self.child.wait().expect("a process of ours");
        let (stdout, stderr) = (self.text("stdout"), self.text("stderr"));
        let done = Done {
            code: status.code(),
            stdout,
            stderr,
            shown: self.shown.clone(),
            took: self.started.elapsed(),
        };
        assert!(!done.stdout.contains("panicked") && !done.stderr.contains("panicked"), "a panic: {done}");
        done
    }

    fn be_patient(&mut self) {
        if self.started.elapsed() > PATIENCE {
            let _ = self.child.kill();
            panic!("{} hangs:\n{}{}", self.shown, self.stdout(), self.stderr());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What came of a command.
#[derive(Debug)]
pub(crate) struct Done {
    /// The exit code; `None` if a signal killed it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
    shown: String,
}

impl std::fmt::Display for Done {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { code, stdout, stderr, shown, .. } = self;
        write!(f, "{shown}\nexit code {code:?}\n--- stdout\n{stdout}--- stderr\n{stderr}---")
    }
}

impl Done {
    /// Checks the exit code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Checks that standard error says something, line breaks aside.
    #[track_caller]
    pub(crate) fn complains(self, about: &str) -> Self {
        assert!(flat(&self.stderr).contains(&flat(about)), "`{about}` is not said: {self}");
        self
    }

    /// Checks that standard output says something.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "`{text}` is not said: {self}");
        self
    }
}

/// A text without white space: reports are broken to the width of a terminal, also at hyphens, with marks at the beginning
/// of each line.
pub(crate) fn flat(text: &str) -> String {
    text.split_whitespace().filter(|word| !matches!(*word, "│" | "×")).collect()
}

/// Every file below a folder, by its path from there, with its content.
pub(crate) fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in
            fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display())).flatten()
        {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("a path below").to_owned();
                files.insert(name, fs::read(&path).unwrap_or_default());
            }
        }
    }
    files
}

/// What two runs of one file must share: every file but the lock, the log and `run.toml`, with the timings of
/// `metrics.csv` and `evaluation.csv` cut.
pub(crate) fn results(run: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = tree(run);
    files.remove(Path::new("lock"));
    files.remove(Path::new("run.log"));
    assert!(files.remove(Path::new("run.toml")).is_some(), "{} has no run.toml", run.display());
    assert!(files.contains_key(Path::new("metrics.csv")), "{} has no metrics.csv", run.display());
    for (name, timings) in [("metrics.csv", TIMING_COLUMNS), ("evaluation.csv", 1)] {
        if let Some(table) = files.get_mut(Path::new(name)) {
            *table = without_last_columns(table, timings);
        }
    }
    files
}

/// A CSV file without the last so many of its columns.
fn without_last_columns(table: &[u8], count: usize) -> Vec<u8> {
    let text = std::str::from_utf8(table).expect("a table is text");
    let mut kept = Vec::new();
    for line in text.lines() {
        let columns: Vec<_> = line.split(',').collect();
        kept.extend(columns[..columns.len() - count].join(",").bytes().chain([b'\n']));
    }
    kept
}

/// Checks that two sets of files are the same, and names the first that is not.
#[track_caller]
pub(crate) fn assert_same(
    found: &BTreeMap<PathBuf, Vec<u8>>,
    expected: &BTreeMap<PathBuf, Vec<u8>>,
    what: &str,
) {
    let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(found), names(expected), "{what}: other files");
    for (name, content) in expected {
        if found[name] == *content {
            continue;
        }
        let texts = [&found[name], content].map(|bytes| String::from_utf8_lossy(bytes));
        let difference = match name.extension().and_then(OsStr::to_str) {
            Some("csv" | "toml") => format!("found:\n{}\nexpected:\n{}", texts[0], texts[1]),
            _ => format!("{} bytes in place of {}", found[name].len(), content.len()),
        };
        panic!("{what}: {} differs: {difference}", name.display());
    }
}

/// A `run.toml`.
pub(crate) fn run_file(run: &Path) -> toml::Table {
    fs::read_to_string(run.join("run.toml")).expect("a run.toml").parse().expect("a TOML file")
}

/// Copies a folder with everything in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    for (name, content) in tree(from) {
        let path = to.join(name);
        fs::create_dir_all(path.parent().expect("a folder above")).expect("a folder");
        fs::write(path, content).expect("a file");
    }
    // Folders without files count as well.
    for folder in ["samples", "checkpoints"] {
        fs::create_dir_all(to.join(folder)).expect("a folder");
    }
}

/// The arguments of `atelier run` for the smallest DCGAN with other values for some keys, into the folder `out`.
pub(crate) fn run_tiny(out: &str, sets: &[&str]) -> Vec<OsString> {
    run_of("tiny.toml", out, sets)
}

/// The same for any file of `experiments/`.
pub(crate) fn run_of(file: &str, out: &str, sets: &[&str]) -> Vec<OsString> {
    let mut arguments: Vec<OsString> =
        vec!["run".into(), experiment(file).into(), "--out".into(), out.into()];
    for set in sets {
        arguments.extend(["--set".into(), OsString::from(set)]);
    }
    arguments
}

/// Settings with which a run of `tiny.toml` takes a moment: 4 steps an epoch.
pub(crate) const BRIEF: [&str; 3] = ["dataset.count=64", "training.batch_size=16", "training.epochs=2"];
