//! Tests of what happens when a process is killed or its disk is full, in processes of their own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const FOLDER: &str = "ATELIER_TEST_FOLDER";

/// The command that runs one `#[ignore]`d test of this program, given by its full path, in `folder`. `file_size` limits the size of
/// the files it can write, in blocks of 512 or 1024 bytes, or is `unlimited`: a limit stands in for a full disk.
pub(super) fn child_process(module: &str, test: &str, folder: &Path, file_size: &str) -> Command {
    // Test names have no crate name.
    let (_, module) = module.split_once("::").expect("a module path");
    let mut command = Command::new("sh");
    // The limit's signal is ignored, so that writing returns the error.
    command
        .args(["-c", "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"", "sh", file_size])
        .arg(std::env::current_exe().expect("the test's own program"))
        .args(["--ignored", "--exact", &format!("{module}::{test}")])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// The folder given to [`child_process`], in that process.
pub(super) fn folder() -> PathBuf {
    std::env::var_os(FOLDER).expect("run by another test").into()
}
