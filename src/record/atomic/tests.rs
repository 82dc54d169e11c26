use std::time::Duration;

use super::super::testing;
use super::*;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_is_made_and_then_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    write(&path, b"one").unwrap();
    write(&path, b"2").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"2");
    assert_eq!(names(folder.path()), ["a.bin"]);
}

#[test]
fn a_failure_keeps_the_old_file_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    write(&path, b"old").unwrap();
    let error = write_with(&path, |file| {
        file.write_all(b"half of the n")?;
        Err(io::Error::from(io::ErrorKind::StorageFull))
    })
    .unwrap_err();
    assert!(error.is_write() && error.is_disk_full());
    assert!(error.to_string().contains("a.bin") && error.to_string().contains("make space"));
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["a.bin"]);
}

#[test]
fn a_folder_in_the_way_or_missing_is_an_error_that_names_the_path() {
    let folder = tempfile::tempdir().unwrap();
    let occupied = folder.path().join("occupied");
    fs::create_dir(&occupied).unwrap();
    fs::write(occupied.join("x"), b"x").unwrap();
    for path in [occupied, folder.path().join("missing/a.bin")] {
        let error = write(&path, b"x").unwrap_err();
        assert!(error.is_write() && !error.is_disk_full());
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
    assert_eq!(names(folder.path()), ["occupied"]);
}

#[test]
fn clean_removes_temporary_files_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let kept = ["run.toml", ".hidden", "a.tmp-1-2", ".a.tmp-", ".a.tmp-1", ".a.tmp-x-1", "..tmp-1-a"];
    for name in kept {
        fs::write(folder.path().join(name), b"x").unwrap();
    }
    fs::create_dir(folder.path().join(".folder.tmp-1-1")).unwrap();
    let left = [".run.toml.tmp-123-0", ".a b.tmp-1-0.tmp-99999-12"];
    for name in left {
        fs::write(folder.path().join(name), b"x").unwrap();
    }
    assert_eq!(clean(folder.path()).unwrap(), left.len());
    assert_eq!(names(folder.path()).len(), kept.len() + 1);
}

#[test]
fn a_dead_process_with_our_id_does_not_stop_us() {
    let folder = tempfile::tempdir().unwrap();
    let left = format!(".a.bin.tmp-{}-0", std::process::id());
    fs::write(folder.path().join(&left), b"x").unwrap();
    write(&folder.path().join("a.bin"), b"new").unwrap();
    assert_eq!(names(folder.path()), [left.as_str(), "a.bin"]);
}

const KILLED_LENGTH: usize = 300_000;

#[test]
#[ignore = "run by a_killed_writer_leaves_a_whole_file"]
fn killed_writer() {
    let path = testing::folder().join("a.bin");
    for byte in (0..=255_u8).cycle() {
        write(&path, &vec![byte; KILLED_LENGTH]).unwrap();
    }
}

#[test]
#[cfg(unix)]
fn a_killed_writer_leaves_a_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    let mut cleaned = 0;
    for round in 0..20 {
        let mut child = testing::child_process(module_path!(), "killed_writer", folder.path(), "unlimited")
            .spawn()
            .unwrap();
        let started = std::time::Instant::now();
        while !path.exists() && started.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(20_000 + 1_777 * round));
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        let bytes = fs::read(&path).unwrap();
        assert_eq!(bytes.len(), KILLED_LENGTH);
        assert!(bytes.iter().all(|byte| *byte == bytes[0]));
        cleaned += clean(folder.path()).unwrap();
        assert_eq!(names(folder.path()), ["a.bin"]);
    }
    // Most kills hit a write: otherwise this test would not test what it says.
    assert!(cleaned > 0);
}

#[test]
#[ignore = "run by a_full_disk_is_reported_as_such"]
fn writer_on_a_full_disk() {
    let path = testing::folder().join("a.bin");
    let error = write(&path, &vec![b'n'; 1_000_000]).unwrap_err();
    fs::write(testing::folder().join("message"), format!("{} {error}", error.is_disk_full())).unwrap();
}

#[test]
#[cfg(unix)]
fn a_full_disk_is_reported_as_such() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.bin"), b"old").unwrap();
    let status = testing::child_process(module_path!(), "writer_on_a_full_disk", folder.path(), "100")
        .status()
        .unwrap();
    assert!(status.success());
    let message = fs::read_to_string(folder.path().join("message")).unwrap();
    assert!(message.starts_with("true cannot write") && message.contains("a.bin"), "{message}");
    assert_eq!(fs::read(folder.path().join("a.bin")).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["a.bin", "message"]);
}
