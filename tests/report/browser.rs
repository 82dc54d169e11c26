//! A headless Chromium: opens a page and tells what became of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Nothing here takes nearly as long, even where many processes share two cores.
const PATIENCE: Duration = Duration::from_secs(120);

/// A browser on this machine.
pub(crate) struct Browser(PathBuf);

/// What came of opening a page.
pub(crate) struct Opened {
    /// The document after its scripts have run.
    pub(crate) dom: String,
    /// What was written to the console: errors of scripts, violations of the policy, failed requests.
    pub(crate) console: Vec<String>,
}

impl Browser {
    /// The first of the usual names on `PATH`. Where there is none, the caller's test is skipped and says so; where
    /// `ATELIER_TEST_CHROMIUM` is `required`, that is a failure.
    pub(crate) fn find(test: &str) -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let names = ["chromium", "chromium-browser", "google-chrome"];
        let found = std::env::split_paths(&path)
            .flat_map(|folder| names.map(|name| folder.join(name)))
            .find(|program| program.is_file());
        if found.is_none() {
            let required = std::env::var_os("ATELIER_TEST_CHROMIUM").is_some_and(|value| value == "required");
            assert!(
                !required,
                "there is no {} on PATH, and ATELIER_TEST_CHROMIUM=required",
                names.join(", ")
            );
            eprintln!("{test}: skipped, since there is no {} on PATH", names.join(", "));
        }
        found.map(Self)
    }

    /// Opens a page, `fragment` being what follows the `#` of its address, in a window of this many pixels.
    pub(crate) fn open(&self, page: &Path, fragment: &str, (width, height): (u32, u32)) -> Opened {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = |name: &str| fs::File::create(folder.path().join(name)).expect("a file");
        let mut command = Command::new(&self.0);
        command
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            // Only this machine has a name, so nothing can be fetched from elsewhere by the browser itself either.
            .arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .args(["--enable-logging=stderr", "--v=0", "--dump-dom", "--virtual-time-budget=3000"])
            .arg(format!("--window-size={width},{height}"))
            .arg(format!("file://{}#{fragment}", page.display()));
        // Files, not pipes: a pipe that nobody empties would stop the program.
        command.stdin(Stdio::null()).stdout(file("dom")).stderr(file("log"));
        let mut child = command.spawn().expect("the browser starts");
        let started = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().expect("a process of ours") {
                break status;
            }
            if started.elapsed() > PATIENCE {
                let _ = child.kill();
                let _ = child.wait();
                panic!("the browser hangs at {}", page.display());
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let text = |name: &str| {
            String::from_utf8_lossy(&fs::read(folder.path().join(name)).expect("its output")).into_owned()
        };
        let log = text("log");
        assert!(status.success(), "the browser failed: {status}\n{log}");
        // `[pid:thread:date:INFO:CONSOLE:12] "Uncaught Error: …", source: file:///… (12)`
        let console = log.lines().filter(|line| line.contains(":CONSOLE")).map(str::to_owned).collect();
        Opened { dom: text("dom"), console }
    }
}
