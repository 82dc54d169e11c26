//! One process per run: a lock that the operating system releases when its holder dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use super::{Error, Result};

/// Name of the lock's file in a run's folder. The file stays when the lock is released: removing it would let two
/// processes hold locks on two files of the same name.
pub const NAME: &str = "lock";

/// The exclusive right to write in a run's folder, until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct RunLock {
    file: File,
}

impl RunLock {
    /// Locks `folder`, which must exist, without waiting.
    ///
    /// # Errors
    /// [`Error::Locked`] with the holder's process id if the folder is in use; [`Error::Write`] if the lock's file cannot be
    /// made or the file system has no locks.
    pub fn acquire(folder: &Path) -> Result<Self> {
        let path = folder.join(NAME);
        let failed = |source| Error::write(&path, source);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match try_lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Locked { folder: folder.to_path_buf(), pid: holder(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        // For the message of the next one to come; the lock itself does not depend on it, so a full disk does not matter.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { file })
    }

    /// Whether a process holds the lock of `folder` now, and which: for lists. A folder without a lock file is free.
    ///
    /// # Errors
    /// [`Error::Read`] if the lock's file is there but cannot be opened.
    pub fn is_held(folder: &Path) -> Result<Option<Option<u32>>> {
        let path = folder.join(NAME);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(Error::read(path, source)),
        };
        // Shared, so that two lists at once do not see each other as holders.
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(Some(holder(&mut file))),
            Err(TryLockError::Error(source)) => Err(Error::read(path, source)),
        }
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // Closing the file releases the lock; a process id left in it would name a process that is long gone.
        let _ = self.file.set_len(0);
    }
}

/// Tries for a moment: [`RunLock::is_held`] in another process holds a lock while it looks.
fn try_lock(file: &File) -> std::result::Result<(), TryLockError> {
    for _ in 0..5 {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
            result => return result,
        }
    }
    file.try_lock()
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, is_soon_free};
    use super::*;

    #[test]
    fn a_second_lock_is_refused_and_names_the_holder() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(RunLock::is_held(folder.path()).unwrap(), None);
        let lock = RunLock::acquire(folder.path()).unwrap();
        let error = RunLock::acquire(folder.path()).unwrap_err();
        let pid = std::process::id();
        assert!(matches!(&error, Error::Locked { pid: Some(held), .. } if *held == pid));
        assert!(error.to_string().contains(&format!("(process {pid})")));
        assert_eq!(RunLock::is_held(folder.path()).unwrap(), Some(Some(pid)));
        drop(lock);
        assert!(is_soon_free(folder.path()));
    }

    #[test]
    fn nonsense_in_the_file_does_not_matter() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(NAME), [0xff; 100]).unwrap();
        let lock = RunLock::acquire(folder.path()).unwrap();
        drop(lock);
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let error = RunLock::acquire(&folder.path().join("no")).unwrap_err();
        assert!(error.is_write());
    }

    #[test]
    #[ignore = "run by a_killed_process_releases_its_lock"]
    fn holder_to_be_killed() {
        let _lock = RunLock::acquire(&testing::folder()).unwrap();
        std::thread::sleep(std::time::Duration::from_secs(60));
    }

    #[test]
    #[cfg(unix)]
    fn a_killed_process_releases_its_lock() {
        let folder = tempfile::tempdir().unwrap();
        let mut child =
            testing::child_process(module_path!(), "holder_to_be_killed", folder.path(), "unlimited")
                .spawn()
                .unwrap();
        let mut held = None;
        for _ in 0..2000 {
            held = RunLock::is_held(folder.path()).unwrap().flatten();
            if held.is_some() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        assert_eq!(held, Some(child.id()));
        assert!(matches!(RunLock::acquire(folder.path()), Err(Error::Locked { .. })));
        child.kill().unwrap();
        child.wait().unwrap();
        RunLock::acquire(folder.path()).unwrap();
    }
}
