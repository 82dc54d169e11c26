//! For tests of what happens when a process is killed or its disk is full, in processes of their own; and of locks.

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

/// Whether nobody holds the lock of a folder, at once or soon: a process that another test starts at the same time holds
/// copies of all our files from its fork to its exec, and their locks with them.
pub(in crate::record) fn is_soon_free(folder: &std::path::Path) -> bool {
    (0..1000).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(5));
        matches!(super::RunLock::is_held(folder), Ok(None))
    })
}
