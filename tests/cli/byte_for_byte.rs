//! The same file gives the same bytes: again, with other threads, and however often the run was killed on the way.

use crate::support::{Workshop, assert_same, results, run_file, run_of, run_tiny, runs};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A run of about a second, 4 steps an epoch.
const SETS: [&str; 4] =
    ["dataset.count=128", "training.epochs=30", "training.checkpoint_every=7", "logging.montage.every=4"];

/// A configuration, and what it gives when it is left alone.
struct Undisturbed {
    file: &'static str,
    sets: Vec<&'static str>,
    files: BTreeMap<PathBuf, Vec<u8>>,
    took: Duration,
}

impl Undisturbed {
    fn new(more: &[&'static str]) -> Self {
        Self::of("tiny.toml", more, &["samples/epoch_0004.png", "progress.gif"])
    }

    /// Another experiment, whose run leaves these pictures.
    fn of(file: &'static str, more: &[&'static str], pictures: &[&str]) -> Self {
        let sets = [&SETS[..], more].concat();
        let shop = Workshop::new();
        let done = shop.atelier(run_of(file, "out", &sets)).arguments(["--threads", "2"]).done().expect(0);
        let run = shop.only_run("out");
        let files = results(&run);
        let checkpoints = ["checkpoints/latest.safetensors", "checkpoints/epoch_0028.safetensors"];
        for name in checkpoints.iter().chain(pictures) {
            assert!(files.contains_key(&PathBuf::from(name)), "{name} is not among {:?}", files.keys());
        }
        Self { file, sets, files, took: done.took }
    }

    /// Starts the run, or goes on with it.
    fn call(&self, shop: &Workshop) -> crate::support::Call {
        shop.atelier(run_of(self.file, "out", &self.sets)).arguments(["--threads", "1", "--json"])
    }

    /// Compares the run of a workshop with this one.
    #[track_caller]
    fn compare(&self, shop: &Workshop, what: &str) {
        let run = shop.only_run("out");
        assert_eq!(run_file(&run)["state"].as_str(), Some("complete"), "{what}");
        assert_same(&results(&run), &self.files, what);
    }

    /// Another run with another number of threads.
    fn again(&self) {
        let shop = Workshop::new();
        self.call(&shop).done().expect(0);
        self.compare(&shop, "--threads 1");
        assert_eq!(run_file(&shop.only_run("out"))["provenance"]["threads"].as_integer(), Some(1));
    }

    /// Kills it ten times, at random moments of the whole of its life, and lets it come to its end.
    fn killed_ten_times(&self) {
        let seed = seed();
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        println!("the moments of killing are those of ATELIER_TEST_SEED={seed}");
        let (mut kills, mut shop) = (0, Workshop::new());
        while kills < 10 {
            let delay = self.took.mul_f64(random.gen_range(0.0..0.3));
            let mut process = self.call(&shop).start();
            let started = Instant::now();
            process.until(|_| started.elapsed() >= delay);
            if process.is_over() {
                // It was quicker than all kills: the others meet a new run.
                process.wait().expect(0);
                self.compare(&shop, &format!("killed by ATELIER_TEST_SEED={seed}"));
                shop = Workshop::new();
                continue;
            }
            process.kill();
            kills += 1;
        }
        self.call(&shop).done().expect(0);
        self.compare(&shop, &format!("killed by ATELIER_TEST_SEED={seed}"));
    }

    /// Interrupts it with a signal in the middle of an epoch, and lets it go on.
    fn interrupted(&self, signal: &str, code: i32) {
        let steps_per_epoch = self.steps_per_epoch();
        // Where in an epoch a signal comes is a matter of luck: it must be tried until it was in the middle.
        for attempt in 0.. {
            assert!(attempt < 30, "no signal came in the middle of an epoch");
            let shop = Workshop::new();
            let mut process = self.call(&shop).start();
            assert!(process.until(|process| process.stdout().matches(r#""event":"epoch""#).count() >= 2));
            // An epoch of four steps takes some 20 ms.
            let moment = Instant::now();
            process.until(|_| moment.elapsed() >= Duration::from_millis(2 * attempt % 17));
            process.signal(signal);
            let done = process.wait().expect(code);
            assert!(
                done.stdout.lines().last().is_some_and(|line| line.contains("\"interrupted\"")),
                "{done}"
            );
            let run = run_file(&shop.only_run("out"));
            assert_eq!(run["state"].as_str(), Some("interrupted"));
            let steps = run["steps_done"].as_integer().expect("a number");
            if steps % steps_per_epoch == 0 {
                continue;
            }
            let hour = last_an_hour_longer(&shop.only_run("out"));
            // Interrupted at once, before its first step, it loses nothing either.
            let process = self.call(&shop).start();
            process.signal(signal);
            process.wait();
            // Of a busy machine's, the signal can come after the last step.
            if run_file(&shop.only_run("out"))["state"].as_str() == Some("complete") {
                continue;
            }
            let done = self.call(&shop).done().expect(0);
            assert!(done.stdout.contains("\"event\":\"started\""), "{done}");
            self.compare(&shop, &format!("SIG{signal} after step {steps}"));
            assert_timed(&shop.only_run("out"), steps, hour);
            return;
        }
    }

    fn steps_per_epoch(&self) -> i64 {
        let rows = String::from_utf8_lossy(&self.files[&PathBuf::from("metrics.csv")]).into_owned();
        let last: Vec<i64> = rows
            .lines()
            .last()
            .expect("rows")
            .split(',')
            .take(2)
            .map(|number| number.parse().expect("a number"))
            .collect();
        last[1] / last[0]
    }
}

/// Writes into `run.toml` that the training took an hour more until the interruption; says how many seconds are there now.
fn last_an_hour_longer(run: &Path) -> f64 {
    let mut file = run_file(run);
    let seconds = file["seconds_training"].as_float().expect("a number") + 3600.0;
    file.insert("seconds_training".into(), seconds.into());
    std::fs::write(run.join("run.toml"), toml::to_string(&file).expect("TOML")).expect("a file");
    seconds
}

/// The row after an interruption after `step` counts the time from the row before on, and not from the resumption: `seconds` had passed at the interruption.
#[track_caller]
fn assert_timed(run: &Path, step: i64, seconds: f64) {
    let mut table = csv::Reader::from_path(run.join("metrics.csv")).expect("a table");
    let rows = table.deserialize::<BTreeMap<String, f64>>().map(|row| row.expect("numbers"));
    let next = rows.into_iter().find(|row| row["step"] > step as f64).expect("a row");
    assert!((seconds..seconds + 600.0).contains(&next["seconds"]), "{next:?}, interrupted at {seconds} s");
    // A few images in more than an hour.
    assert!(next["images_per_second"] < 1.0, "{next:?}");
}

/// A new one each time, unless one is given.
fn seed() -> u64 {
    match std::env::var("ATELIER_TEST_SEED") {
        Ok(seed) => seed.parse().expect("ATELIER_TEST_SEED is a number"),
        Err(_) => rand::random(),
    }
}

#[test]
fn of_a_run_that_is_scored() {
    let undisturbed = Undisturbed::of(
        "tiny.toml",
        &["evaluation.every=4", "evaluation.samples=64"],
        &["evaluation.csv", "checkpoints/best.safetensors"],
    );
    undisturbed.again();
    undisturbed.killed_ten_times();
}

#[test]
fn as_it_is() {
    let undisturbed = Undisturbed::new(&[]);
    undisturbed.again();
    undisturbed.killed_ten_times();
    undisturbed.interrupted("INT", 130);
    undisturbed.interrupted("TERM", 143);
}

#[test]
fn with_a_row_every_three_steps_and_a_moving_average() {
    let undisturbed = Undisturbed::new(&["logging.every_steps=3", "training.ema={decay=0.9}"]);
    undisturbed.again();
    undisturbed.killed_ten_times();
    undisturbed.interrupted("INT", 130);
    undisturbed.interrupted("TERM", 143);
}

#[test]
fn with_rmsprop_and_momentum() {
    let undisturbed =
        Undisturbed::new(&["optimizer.name=rmsprop", "optimizer.momentum=0.5", "logging.every_steps=3"]);
    undisturbed.again();
    undisturbed.killed_ten_times();
    undisturbed.interrupted("TERM", 143);
}

#[test]
fn with_momentum_and_two_steps_of_the_discriminator() {
    let undisturbed = Undisturbed::new(&[
        "optimizer.name=sgd",
        "optimizer.momentum=0.9",
        "optimizer.learning_rate=0.001",
        "objective.update=alternating",
        "objective.discriminator_steps=2",
        "training.batch_size=16",
        "logging.every_steps=3",
    ]);
    undisturbed.again();
    undisturbed.killed_ten_times();
    undisturbed.interrupted("INT", 130);
}

#[test]
fn with_adam_and_two_steps_of_the_discriminator() {
    let undisturbed = Undisturbed::new(&[
        "objective.loss=minimax",
        "objective.update=alternating",
        "objective.discriminator_steps=2",
        "training.batch_size=16",
    ]);
    undisturbed.killed_ten_times();
    undisturbed.interrupted("TERM", 143);
}

/// k is a part of the state: with so large a gain, it moves from the first step on.
#[test]
fn of_a_began() {
    let more = ["logging.every_steps=3", "objective.lambda_k=0.5", "training.ema={decay=0.9}"];
    let pictures = ["samples/epoch_0004.png", "progress.gif", "reconstructions.png"];
    let undisturbed = Undisturbed::of("tiny_began.toml", &more, &pictures);
    undisturbed.again();
    undisturbed.killed_ten_times();
    undisturbed.interrupted("INT", 130);
}

#[test]
fn of_a_began_with_two_steps_of_the_discriminator() {
    let more = [
        "objective.update=alternating",
        "objective.discriminator_steps=2",
        "objective.lambda_k=0.5",
        "training.batch_size=16",
    ];
    let undisturbed = Undisturbed::of("tiny_began.toml", &more, &["reconstructions.png"]);
    undisturbed.killed_ten_times();
    undisturbed.interrupted("TERM", 143);
}

#[test]
fn of_a_vae() {
    let more = ["logging.every_steps=3", "objective.beta=2"];
    let pictures = ["samples/epoch_0004.png", "progress.gif", "reconstructions.png"];
    let undisturbed = Undisturbed::of("tiny_vae.toml", &more, &pictures);
    undisturbed.again();
    undisturbed.killed_ten_times();
    undisturbed.interrupted("INT", 130);
}

#[test]
fn of_a_classifier() {
    let pictures = ["confusion.png", "mistakes.png"];
    let undisturbed = Undisturbed::of("tiny_classifier.toml", &["optimizer.name=rmsprop"], &pictures);
    undisturbed.again();
    undisturbed.killed_ten_times();
    undisturbed.interrupted("TERM", 143);
}

/// A length in steps may end within an epoch.
#[test]
fn with_a_length_in_steps() {
    let shop = Workshop::new();
    shop.write("steps.toml", "extends = ['tiny.toml']\nname = 'steps'\n");
    let text = std::fs::read_to_string(crate::support::experiment("tiny.toml")).expect("an experiment");
    shop.write("tiny.toml", text.replace("epochs = 3", "steps = 10").replace("count = 512", "count = 128"));
    let call = |out: &str| shop.atelier(["run", "steps.toml", "--out", out, "--json"]);
    call("left-alone").done().expect(0);
    let alone = shop.only_run("left-alone");
    assert_eq!(run_file(&alone)["steps_done"].as_integer(), Some(10));
    assert_eq!(run_file(&alone)["epochs_done"].as_integer(), Some(2));
    let mut process = call("out").start();
    process.until(|process| process.stdout().contains(r#""event":"epoch""#));
    process.kill();
    call("out").done().expect(0);
    assert_same(&results(&shop.only_run("out")), &results(&alone), "killed after an epoch");
}

#[test]
fn other_seeds_give_other_numbers() {
    let shop = Workshop::new();
    for seed in ["seed=0", "seed=1"] {
        shop.atelier(run_tiny("out", &["dataset.count=64", "training.epochs=1", seed])).done().expect(0);
    }
    let runs = runs(&shop.path("out"));
    assert_eq!(runs.len(), 2);
    let [first, second] = [0, 1].map(|run| results(&runs[run]));
    for name in ["metrics.csv", "checkpoints/latest.safetensors", "samples/epoch_0001.png"] {
        assert_ne!(first[&PathBuf::from(name)], second[&PathBuf::from(name)], "{name}");
    }
}
