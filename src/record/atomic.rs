//! Whole files, replaced in one step.
//!
//! The new content goes to a temporary file in the same folder, is forced to the disk, and takes the name of the old file
//! by a rename; then the folder itself is forced to the disk. A reader, or a process that starts after a crash, sees the
//! old content or the new, never a part.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{Error, Result};

/// Replaces the file at `path`, or makes it, with `bytes`.
///
/// # Errors
/// [`Error::Write`]; the file at `path` is then what it was before and no temporary file is left.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_with(path, |file| file.write_all(bytes))
}

/// Replaces the file at `path`, or makes it, with what `fill` writes.
///
/// # Errors
/// [`Error::Write`], also for an error that `fill` returns; the file at `path` is then what it was before and no temporary
/// file is left.
pub fn write_with(path: &Path, fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<()> {
    let failed = |source| Error::write(path, source);
    let (temporary, file) = create_temporary(path).map_err(failed)?;
    let replaced = fill_and_sync(file, fill).and_then(|()| fs::rename(&temporary, path));
    if let Err(source) = replaced {
        // The first error is the one to report; `clean` finds the file if it cannot be removed now.
        let _ = fs::remove_file(&temporary);
        return Err(failed(source));
    }
    sync_folder(folder_of(path)).map_err(failed)
}

fn fill_and_sync(file: File, fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    let mut writer = BufWriter::new(file);
    fill(&mut writer)?;
    // Not `?` on the BufWriter alone: its drop would swallow a full disk.
    let file = writer.into_inner().map_err(|error| error.into_error())?;
    file.sync_all()
}

/// Makes an empty file `.NAME.tmp-PID-N` beside `path`, with the first N that is free: after a restart of a container,
/// a dead process may have had our process id.
fn create_temporary(path: &Path) -> io::Result<(PathBuf, File)> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path does not end in a file name"))?;
    let mut number = 0_u32;
    loop {
        let mut temporary = std::ffi::OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".tmp-{}-{number}", std::process::id()));
        let temporary = path.with_file_name(temporary);
        match OpenOptions::new().write(true).create_new(true).open(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 10_000 => {
                number += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Removes the temporary files that killed processes have left in `folder` (not in its subfolders) and returns how many.
///
/// Call it with the run's lock held ([`super::RunLock`]): it cannot tell a dead process's file from a live one's.
///
/// # Errors
/// [`Error::Read`] if the folder cannot be listed, [`Error::Write`] if a file cannot be removed.
pub fn clean(folder: &Path) -> Result<usize> {
    let mut removed = 0;
    for entry in fs::read_dir(folder).map_err(|source| Error::read(folder, source))? {
        let entry = entry.map_err(|source| Error::read(folder, source))?;
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && entry.file_name().to_str().is_some_and(is_temporary) {
            fs::remove_file(entry.path()).map_err(|source| Error::write(entry.path(), source))?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Whether `name` is of the form `.NAME.tmp-PID-N`.
fn is_temporary(name: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((stem, suffix)) = name.rsplit_once(".tmp-") else {
        return false;
    };
    stem.len() > 1
        && stem.starts_with('.')
        && suffix.split_once('-').is_some_and(|(pid, number)| is_number(pid) && is_number(number))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Forces a folder's list of names to the disk, so that a rename or a new file in it survives a power cut.
#[cfg(unix)]
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some network file systems cannot; the rename is then as safe as they make it.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        result => result,
    }
}

/// Folders cannot be opened here; the file system's journal keeps renames in order.
#[cfg(not(unix))]
pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// [`sync_folder`] of the folder that holds `path`.
pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    sync_folder(folder_of(path))
}

#[cfg(test)]
mod tests;
