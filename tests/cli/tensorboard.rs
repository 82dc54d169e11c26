//! `logging.tensorboard`: TensorBoard itself reads the events, also those of a run that was killed, and while they are written.
//!
//! Its Python package is asked for: `python3 -m venv venv && venv/bin/pip install tensorboard`, and
//! `ATELIER_TEST_PYTHON=venv/bin/python`. Where it is missing, the test says that it was skipped;
//! `ATELIER_TEST_TENSORBOARD=required` makes it fail in place of that.

use crate::support::{BRIEF, Call, Done, Workshop, copy, run_file, run_tiny};
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Settings of a run of many short epochs, with a score after each.
const SCORED: [&str; 7] = [
    "dataset.count=128",
    "training.epochs=60",
    "logging.every_steps=1",
    "logging.tensorboard=true",
    "evaluation.every=1",
    "evaluation.samples=64",
    "evaluation.metrics=[\"frechet\"]",
];

/// The Python that has TensorBoard; `None`, with a word, if there is none.
fn python() -> Option<PathBuf> {
    let name = std::env::var_os("ATELIER_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let program = match Path::new(&name) {
        // The tests start their programs elsewhere.
        path if path.components().count() > 1 => Path::new(env!("CARGO_MANIFEST_DIR")).join(path),
        path => path.to_owned(),
    };
    let output = Command::new(&program).args(["-c", "import tensorboard"]).output();
    let why = match output {
        Ok(output) if output.status.success() => return Some(program),
        Ok(output) => {
            String::from_utf8_lossy(&output.stderr).trim().lines().last().unwrap_or_default().to_owned()
        }
        Err(error) => error.to_string(),
    };
    let is_required = std::env::var("ATELIER_TEST_TENSORBOARD").is_ok_and(|word| word == "required");
    assert!(!is_required, "ATELIER_TEST_TENSORBOARD=required, but {}: {why}", program.display());
    println!("skipped: {} has no TensorBoard ({why})", program.display());
    None
}

/// TensorBoard's reading of a run.
fn reading(shop: &Workshop, python: &Path, arguments: &[&str], run: &Path) -> Call {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("tensorboard_reads.py");
    let mut all: Vec<OsString> = vec![script.into()];
    all.extend(arguments.iter().map(OsString::from));
    all.push(run.into());
    shop.call(python.to_str().expect("a path that is text"), all)
}

fn reads(shop: &Workshop, python: &Path, arguments: &[&str], run: &Path) -> Done {
    reading(shop, python, arguments, run).done().expect(0).says("as in the run's files")
}

/// The event files of a run that hold something.
fn event_files(run: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(run.join("tensorboard")).expect("a folder of events");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| fs::metadata(path).is_ok_and(|data| data.len() > 0)).collect()
}

#[test]
fn no_events_unless_they_are_asked_for() {
    let shop = Workshop::new();
    shop.atelier(run_tiny("out", &BRIEF)).done().expect(0);
    let run = shop.only_run("out");
    assert!(!run.join("tensorboard").exists());
    // Asking for them is no other run.
    let sets = [&BRIEF[..], &["logging.tensorboard=true"]].concat();
    shop.atelier(run_tiny("out", &sets)).done().expect(0).says("is complete");
}

#[test]
fn a_run_that_is_left_alone() {
    let Some(python) = python() else { return };
    let shop = Workshop::new();
    let scores = ["evaluation.samples=64", "evaluation.metrics=[\"frechet\", \"kernel\"]"];
    let sets = [&BRIEF[..], &["logging.tensorboard=true", "logging.every_steps=3"], &scores].concat();
    shop.atelier(run_tiny("out", &sets)).done().expect(0);
    let run = shop.only_run("out");
    assert_eq!(event_files(&run).len(), 1);
    // 8 steps: rows after 3, 6 and 8. Three scores, each with its floor.
    reads(&shop, &python, &[], &run).says("15 scalars of 3 rows, 2 images, the configuration");

    // A number that is not the one in metrics.csv is noticed: this test can fail.
    let metrics = run.join("metrics.csv");
    let text = fs::read_to_string(&metrics).expect("a metrics.csv");
    fs::write(&metrics, text.replacen("0.", "1.", 1)).expect("a file");
    reading(&shop, &python, &[], &run).done().expect(1);
}

#[test]
fn a_run_that_is_killed_while_tensorboard_watches() {
    let Some(python) = python() else { return };
    let shop = Workshop::new();
    let call = |more: &[&str]| shop.atelier(run_tiny("out", &SCORED)).arguments(more).start();
    let mut process = call(&["--json"]);
    let epochs = |text: String| text.matches(r#""event":"epoch""#).count();
    assert!(process.until(|process| epochs(process.stdout()) >= 2), "{}", process.stderr());
    // On a busy machine it could be complete before TensorBoard has started.
    process.signal("STOP");
    let run = shop.only_run("out");
    let mut watcher = reading(&shop, &python, &["--watch"], &run).start();
    assert!(watcher.until(|_| run.join("watched").exists()), "{}", watcher.stderr());
    process.kill();
    let first = event_files(&run);

    // As it was left, and with a last record that is torn.
    let torn = shop.path("torn");
    copy(&run, &torn);
    reads(&shop, &python, &["--torn"], &torn);
    let file = &event_files(&torn)[0];
    let bytes = fs::read(file).expect("events");
    fs::write(file, &bytes[..bytes.len() - 5]).expect("a file");
    reads(&shop, &python, &["--torn"], &torn);

    let done = call(&[]).wait().expect(0);
    assert_eq!(run_file(&run)["resumed"].as_integer(), Some(1), "{done}");
    let second = event_files(&run);
    assert!(second.len() == 1 && second[0] > first[0], "{second:?} after {first:?}");
    // One that was open all the while, and one that is opened now.
    watcher.wait().expect(0).says("from 2 files while they were written").says("as in the run's files");
    reads(&shop, &python, &[], &run);
}

#[test]
fn no_score_is_in_the_events_that_is_not_in_evaluation_csv() {
    let Some(python) = python() else { return };
    let shop = Workshop::new();
    let mut process = shop.atelier(run_tiny("out", &SCORED)).arguments(["--json"]).start();
    assert!(process.until(|process| process.stdout().contains(r#""event":"epoch""#)), "{}", process.stderr());
    let run = shop.only_run("out");
    let (table, aside) = (run.join("evaluation.csv"), shop.path("aside.csv"));
    // A folder in its place: the next row cannot be written. The program may be quicker and have written another table.
    loop {
        fs::rename(&table, &aside).expect("a table of scores");
        match fs::create_dir(&table) {
            Ok(()) => break,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => panic!("{error}"),
        }
    }
    process.wait().expect(6).complains("cannot write").complains("evaluation.csv");
    fs::remove_dir(&table).expect("an empty folder");
    fs::rename(&aside, &table).expect("the table");
    reads(&shop, &python, &["--torn"], &run);
}
