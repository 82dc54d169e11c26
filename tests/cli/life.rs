//! The life of a run: given again, in two places at once, diverging, watched and left alone; and the commands beside it.

use crate::support::{
    BRIEF, Done, PROGRAM, Workshop, assert_same, experiment, results, run_file, run_tiny, runs, tree,
};
use atelier::record::Checkpoint;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// More epochs than anybody waits for.
const ENDLESS: [&str; 3] = ["dataset.count=64", "training.batch_size=16", "training.epochs=100000"];

fn tiny(shop: &Workshop, sets: &[&str], more: &[&str]) -> Done {
    shop.atelier(run_tiny("out", sets)).arguments(more).done()
}

/// When each file was last changed.
fn times(folder: &Path) -> Vec<(PathBuf, SystemTime)> {
    let time = |name: PathBuf| {
        let changed = fs::metadata(folder.join(&name)).and_then(|data| data.modified()).expect("a time");
        (name, changed)
    };
    tree(folder).into_keys().map(time).collect()
}

#[test]
fn a_complete_run_given_again_is_left_alone() {
    let shop = Workshop::new();
    tiny(&shop, &BRIEF, &[]).expect(0).says("complete: ");
    let run = shop.only_run("out");
    let (files, moments) = (tree(&run), times(&run));
    std::thread::sleep(Duration::from_millis(20));

    tiny(&shop, &BRIEF, &[]).expect(0).says("is complete; --again makes a new attempt");
    let done = tiny(&shop, &BRIEF, &["--quiet"]).expect(0);
    assert_eq!((done.stdout.as_str(), done.stderr.as_str()), ("", ""));
    let done = tiny(&shop, &BRIEF, &["--json"]).expect(0);
    let event: Value = serde_json::from_str(&done.stdout).expect("one event");
    assert_eq!(event["event"], "already-complete");
    // What changes no number does not make it another run.
    tiny(&shop, &[&BRIEF[..], &["training.checkpoint_every=1", "description=other"]].concat(), &[])
        .expect(0)
        .says("is complete");

    // Its own resolved configuration is the same run.
    let own = run.join("experiment.toml");
    let arguments = [Path::new("run"), &own, Path::new("--out"), Path::new("out")];
    shop.atelier(arguments)
        .done()
        .expect(0)
        .says("is complete")
        .says(&run.file_name().unwrap().to_string_lossy());
    assert_same(&tree(&run), &files, "given again");
    assert_eq!(times(&run), moments);
    assert_eq!(runs(&shop.path("out")), [run]);
}

#[test]
fn its_own_configuration_gives_the_run_again() {
    let shop = Workshop::new();
    tiny(
        &shop,
        &[&BRIEF[..], &["training.ema={decay=0.5}", "optimizer.generator.learning_rate=3e-4"]].concat(),
        &[],
    )
    .expect(0);
    let run = shop.only_run("out");
    let arguments = [Path::new("run"), &run.join("experiment.toml"), Path::new("--out"), Path::new("other")];
    shop.atelier(arguments).done().expect(0);
    let other = shop.only_run("other");
    assert_eq!(other.file_name(), run.file_name());
    assert_same(&results(&other), &results(&run), "from experiment.toml");
}

/// The results without the curves, which have the run's name as their title.
fn without_curves(run: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = results(run);
    files.retain(|name, _| !name.starts_with("losses.png") && !name.starts_with("losses.svg"));
    files
}

#[test]
fn another_attempt() {
    let shop = Workshop::new();
    // The first attempt, too, can be made so.
    tiny(&shop, &BRIEF, &["--again"]).expect(0);
    let first = shop.only_run("out");
    let files = tree(&first);
    tiny(&shop, &BRIEF, &["--again"]).expect(0).says("running");
    let both = runs(&shop.path("out"));
    assert_eq!(both.len(), 2);
    let second = PathBuf::from(format!("{}-2", first.display()));
    assert!(both.contains(&second), "{both:?}");
    assert_same(&tree(&first), &files, "the first attempt");
    assert_same(&without_curves(&second), &without_curves(&first), "the second attempt");
    assert_eq!(run_file(&second)["run"].as_str(), second.file_name().and_then(|name| name.to_str()));
}

#[test]
fn another_attempt_can_be_interrupted_too() {
    let shop = Workshop::new();
    let sets = ["dataset.count=64", "training.batch_size=16", "training.epochs=100"];
    tiny(&shop, &sets, &[]).expect(0);
    let first = shop.only_run("out");
    let mut process = shop.atelier(run_tiny("out", &sets)).arguments(["--again", "--json"]).start();
    assert!(process.until(|process| process.stdout().contains(r#""event":"epoch""#)));
    process.signal("INT");
    process.wait().expect(130);
    // The same command goes on with it, and does not begin a third.
    tiny(&shop, &sets, &["--again"]).expect(0).says("resuming");
    let second = PathBuf::from(format!("{}-2", first.display()));
    assert_eq!(runs(&shop.path("out")), [first.clone(), second.clone()]);
    assert_same(&without_curves(&second), &without_curves(&first), "the second attempt");
}

#[test]
fn two_processes_on_one_run() {
    let shop = Workshop::new();
    let mut first = shop.atelier(run_tiny("out", &ENDLESS)).arguments(["--threads", "1"]).start();
    assert!(first.until(|process| process.stdout().contains("epoch ")), "{}", first.stderr());
    let run = shop.only_run("out");
    tiny(&shop, &ENDLESS, &[])
        .expect(5)
        .complains("in use by another process")
        .complains(&format!("(process {})", first.id()));
    assert!(!first.is_over());
    shop.atelier(["list", "out"]).done().expect(0).says("running");

    // Ended by force: the lock goes with it, and the list tells.
    first.kill();
    shop.atelier(["list", "out"]).done().expect(0).says("killed");
    assert_eq!(run_file(&run)["state"].as_str(), Some("running"));
    // A temporary file that a killed process left is cleared away.
    fs::write(run.join("checkpoints/.latest.safetensors.tmp-1-0"), "half").expect("a file");
    let mut next = shop.atelier(run_tiny("out", &ENDLESS)).arguments(["--threads", "1"]).start();
    assert!(next.until(|process| process.stdout().contains("epoch ")));
    assert!(next.stdout().contains("resuming tiny at step"), "{}", next.stdout());
    next.signal("TERM");
    let done = next.wait().expect(143).says("the same command goes on from here");
    assert!(!run.join("checkpoints/.latest.safetensors.tmp-1-0").exists(), "{done}");
    assert_eq!(run_file(&run)["resumed"].as_integer(), Some(1));
    shop.atelier(["list", "out"]).done().expect(0).says("interrupted");
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let shop = Workshop::new();
    let mut process = shop.atelier(run_tiny("out", &ENDLESS)).start();
    assert!(process.until(|process| process.stdout().contains("epoch ")));
    // Both before it can look at the first.
    process.signal("STOP");
    process.signal("INT");
    process.signal("TERM");
    process.signal("CONT");
    let done = process.wait();
    assert!(matches!(done.code, Some(130 | 143)), "{done}");
}

/// One step an epoch, so that there are checkpoints before the weights run away.
const RUNAWAY: [&str; 5] = [
    "dataset.count=16",
    "training.batch_size=16",
    "training.epochs=200",
    "optimizer.name=sgd",
    "optimizer.learning_rate=10",
];

#[test]
fn a_run_that_diverges() {
    let shop = Workshop::new();
    let done = tiny(&shop, &RUNAWAY, &["--json"]).expect(4);
    let done = done.complains("training diverged at step").complains("the last good checkpoint is kept");
    let last: Value = serde_json::from_str(done.stdout.lines().last().expect("events")).expect("JSON");
    assert_eq!((&last["event"], &last["state"]), (&"ended".into(), &"diverged".into()));

    let run = shop.only_run("out");
    let file = run_file(&run);
    assert_eq!(file["state"].as_str(), Some("diverged"));
    let error = file["error"].as_str().expect("an error");
    assert!(error.contains("loss") || error.contains("gradient"), "{error}");
    assert!(["NaN", "inf"].iter().any(|value| error.contains(value)), "{error}");
    let steps = file["steps_done"].as_integer().expect("a number");
    assert!(steps > 0 && error.contains(&format!("at step {}:", steps + 1)), "{error} after {steps}");

    let latest = run.join("checkpoints/latest.safetensors");
    let checkpoint = Checkpoint::read(&latest).expect("a checkpoint");
    assert_eq!(checkpoint.metadata["step"], steps.to_string());
    let weights = checkpoint.tensors.iter().filter(|(name, _)| name.ends_with("weight"));
    assert!(weights.flat_map(|(_, tensor)| &tensor.data).all(|weight| weight.is_finite()));
    assert_eq!(fs::read_to_string(run.join("metrics.csv")).expect("rows").lines().count() as i64, steps + 1);
    shop.atelier([Path::new("sample"), &run]).done().expect(0);

    // Given again, it says so and does not train.
    let files = tree(&run);
    tiny(&shop, &RUNAWAY, &[]).expect(4).complains("diverged before");
    assert_same(&tree(&run), &files, "given again");
    shop.atelier(["list", "out"]).done().expect(0).says("diverged");
    tiny(&shop, &RUNAWAY, &["--again"]).expect(4);
    assert_eq!(runs(&shop.path("out")).len(), 2);
}

#[test]
fn a_run_that_diverges_in_its_first_epoch() {
    let shop = Workshop::new();
    let sets = ["training.epochs=1", "optimizer.name=sgd", "optimizer.learning_rate=10"];
    let done = tiny(&shop, &sets, &[]).expect(4).complains("no checkpoint had been written yet");
    assert!(!done.stderr.contains("is kept"), "{done}");
    assert_eq!(run_file(&shop.only_run("out"))["state"].as_str(), Some("diverged"));
    shop.atelier([Path::new("sample"), &shop.only_run("out")])
        .done()
        .expect(3)
        .complains("latest.safetensors");
}

#[test]
fn events_as_json() {
    let shop = Workshop::new();
    let sets = [
        "dataset.count=64",
        "training.batch_size=16",
        "training.epochs=3",
        "logging.every_steps=2",
        "logging.montage.every=2",
    ];
    let done = tiny(&shop, &sets, &["--json"]).expect(0);
    assert_eq!(done.stderr, "");
    let events: Vec<Value> =
        done.stdout.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().expect("a name")).collect();
    let epoch = ["row", "row", "epoch"];
    assert_eq!(names, [&["started"][..], &epoch, &epoch, &epoch, &["ended"]].concat());
    assert_eq!(
        (&events[0]["step"], &events[0]["total_steps"], &events[0]["epochs"]),
        (&0.into(), &12.into(), &3.into())
    );
    assert_eq!(shop.path(events[0]["run"].as_str().expect("a path")), shop.only_run("out"));

    let rows: Vec<&Value> = events.iter().filter(|event| event["event"] == "row").collect();
    let text = fs::read_to_string(shop.only_run("out").join("metrics.csv")).expect("rows");
    let columns: Vec<&str> = text.lines().next().expect("a header").split(',').collect();
    assert_eq!(rows.len(), text.lines().count() - 1);
    for (row, line) in rows.iter().zip(text.lines().skip(1)) {
        for (column, value) in columns.iter().zip(line.split(',')) {
            let (told, written) =
                (row[*column].as_f64().expect("a number"), value.parse::<f64>().expect("a number"));
            // The reader of JSON is one bit off at times.
            assert!((told - written).abs() <= 1e-15 * written.abs(), "{column}: {told} in {line}");
        }
    }
    let montages: Vec<&Value> =
        events.iter().filter(|event| event["event"] == "epoch").map(|event| &event["montage"]).collect();
    assert!(montages[0].is_null());
    for montage in &montages[1..] {
        assert!(shop.path(montage.as_str().expect("a path")).is_file());
    }
    assert_eq!(events.last().expect("events")["state"], "complete");
}

#[test]
fn quiet_and_dry() {
    let shop = Workshop::new();
    let done = tiny(&shop, &BRIEF, &["--dry-run"]).expect(0);
    assert!(!shop.path("out").exists());
    let place = done.stdout.trim().rsplit(' ').next().expect("a folder").to_owned();
    let done = tiny(&shop, &BRIEF, &["--quiet"]).expect(0);
    assert_eq!((done.stdout.as_str(), done.stderr.as_str()), ("", ""));
    assert_eq!(shop.path(place), shop.only_run("out"));
}

#[test]
fn nobody_listens() {
    let shop = Workshop::new();
    for (reader, more) in [("head -n 1", "--threads=1"), ("true", "--threads=1"), ("head -n 1", "--json")] {
        let _ = fs::remove_dir_all(shop.path("out"));
        let mut arguments: Vec<std::ffi::OsString> =
            ["-c", &format!("\"$@\" | {reader}"), "sh", PROGRAM].map(Into::into).into();
        arguments.extend(run_tiny("out", &BRIEF));
        let done = shop.call("sh", arguments).arguments([more]).done().expect(0);
        assert_eq!(done.stderr, "");
        assert_eq!(run_file(&shop.only_run("out"))["state"].as_str(), Some("complete"));
    }
}

#[test]
fn the_version_comes_at_once() {
    let shop = Workshop::new();
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..20 {
        let done = shop
            .atelier(["--version"])
            .done()
            .expect(0)
            .says(&format!("atelier {}", env!("CARGO_PKG_VERSION")));
        times.push(done.took);
    }
    times.sort();
    println!("--version takes {:?}", times[10]);
    if !cfg!(debug_assertions) {
        assert!(times[10] < Duration::from_millis(50), "{times:?}");
    }
}

#[test]
fn settings_reach_the_run_in_their_order() {
    let shop = Workshop::new();
    shop.write("base/lowest.toml", "description = 'lowest'\nseed = 1\nlogging.montage.rows = 2\n");
    fs::copy(experiment("tiny.toml"), shop.path("base/tiny.toml")).expect("a copy");
    shop.write("base/base.toml", "extends = ['tiny.toml', 'lowest.toml']\nseed = 2\ntraining.epochs = 7\n");
    shop.write(
        "x.toml",
        "extends = ['base/base.toml']\nname = 'layered'\ndataset.count = 64\n\
         training = { batch_size = 16, epochs = 6, checkpoint_every = 9 }\nobjective.loss = 'minimax'\n",
    );
    let call = shop.atelier([
        "run",
        "x.toml",
        "--out",
        "out",
        "--set",
        "training.epochs=1",
        "--set",
        "seed=5",
        "--set",
        "seed=6",
    ]);
    let done = call
        .env("ATELIER__TRAINING__EPOCHS", "5")
        .env("ATELIER__TRAINING__CHECKPOINT_EVERY", "1")
        .env("ATELIER__OPTIMIZER__GENERATOR__LEARNING_RATE", "0.5e-3")
        .done();
    done.expect(0);
    let run = shop.only_run("out");
    assert!(run.starts_with(shop.path("out/layered")));
    assert!(
        run.file_name().is_some_and(|name| name.to_string_lossy().starts_with("seed6-")),
        "{}",
        run.display()
    );
    let text = fs::read_to_string(run.join("experiment.toml")).expect("an experiment");
    let table: toml::Table = text.parse().expect("TOML");
    assert_eq!(table["description"].as_str(), Some("lowest"));
    assert_eq!(table["seed"].as_integer(), Some(6));
    assert_eq!(table["logging"]["montage"]["rows"].as_integer(), Some(2));
    assert_eq!(table["training"]["epochs"].as_integer(), Some(1));
    assert_eq!(table["training"]["checkpoint_every"].as_integer(), Some(1));
    assert_eq!(table["objective"]["loss"].as_str(), Some("minimax"));
    assert_eq!(table["optimizer"]["generator"]["learning_rate"].as_float(), Some(0.5e-3));
    assert!(run.join("checkpoints/epoch_0001.safetensors").exists());
    assert_eq!(run_file(&run)["epochs_done"].as_integer(), Some(1));
}

#[test]
fn a_run_says_where_its_numbers_come_from() {
    let shop = Workshop::new();
    tiny(&shop, &BRIEF, &["--threads", "2"]).expect(0);
    let run = shop.only_run("out");
    let file = run_file(&run);
    for key in ["rustc", "cpu", "os", "program_version"] {
        assert!(file["provenance"][key].as_str().is_some_and(|word| !word.is_empty()), "{key}: {file}");
    }
    assert_eq!(file["provenance"]["threads"].as_integer(), Some(2));
    assert_eq!(file["dataset"]["name"].as_str(), Some("silhouettes"));
    assert_eq!(file["dataset"]["sha256"].as_str().map(str::len), Some(64));
    let hash = file["configuration_hash"].as_str().expect("a hash");
    assert!(run.to_string_lossy().ends_with(&format!("seed0-{}", &hash[..8])));
    for key in ["started", "ended"] {
        assert!(
            file[key].as_str().is_some_and(|time| time.len() == 20 && time.ends_with('Z')),
            "{key}: {file}"
        );
    }
    let names: Vec<PathBuf> = tree(&run).into_keys().collect();
    let expected = [
        "checkpoints/latest.safetensors",
        "experiment.toml",
        "lock",
        "losses.png",
        "losses.svg",
        "metrics.csv",
        "progress.gif",
        "run.toml",
        "samples/epoch_0001.png",
        "samples/epoch_0002.png",
    ];
    assert_eq!(names, expected.map(PathBuf::from));
}

#[test]
fn several_files_one_after_the_other() {
    let shop = Workshop::new();
    let text = fs::read_to_string(experiment("tiny.toml")).expect("an experiment");
    let brief = text.replace("count = 512", "count = 64").replace("epochs = 3", "epochs = 1");
    shop.write("a.toml", brief.replace("\"tiny\"", "\"a\""));
    shop.write("b.toml", brief.replace("\"tiny\"", "\"b\""));
    shop.atelier(["run", "a.toml", "b.toml", "a.toml", "--out", "out"]).done().expect(0).says("is complete");
    assert_eq!(runs(&shop.path("out")).len(), 2);
}

#[test]
fn list_show_and_check() {
    let shop = Workshop::new();
    fs::create_dir(shop.path("out")).expect("a folder");
    shop.atelier(["list", "out"]).done().expect(0).says("no runs in out");
    shop.atelier(["list", "nowhere"]).done().expect(3).complains("nowhere is not a folder");
    tiny(&shop, &BRIEF, &[]).expect(0);
    let run = shop.only_run("out");
    let name = run.file_name().and_then(|name| name.to_str()).expect("a name");
    let done = shop.atelier(["list", "out"]).done().expect(0).says(&format!("tiny/{name}")).says("complete");
    let header: Vec<&str> = done.stdout.lines().next().expect("a header").split_whitespace().collect();
    assert_eq!(header, ["run", "state", "epochs", "d_loss", "g_loss", "training", "started"]);
    let done = shop.atelier(["list", "out", "--json"]).done().expect(0);
    let line: Value = serde_json::from_str(&done.stdout).expect("JSON");
    assert_eq!(
        (&line["state"], &line["epochs_done"], &line["last"]["step"]),
        (&"complete".into(), &2.into(), &8.into())
    );

    let file = experiment("tiny.toml");
    let file = file.to_str().expect("a path in UTF-8");
    let mut show = vec!["show", file];
    show.extend(BRIEF.iter().flat_map(|set| ["--set", set]));
    let done = shop.atelier(show).done().expect(0);
    let done = done
        .says("epochs = 2")
        .says("count = 64")
        .says("28×28×1")
        .says("batch-norm")
        .says("2 epochs (8 steps of 16 examples)");
    assert!(done.stdout.contains(&format!("results/tiny/{name}")), "{done}");
    // What it prints before the tables is a configuration.
    let end = done.stdout.find("\ngenerator").expect("a table");
    shop.write("shown.toml", &done.stdout[..end]);
    shop.atelier(["run", "shown.toml", "--out", "out"]).done().expect(0).says("is complete");

    shop.atelier(["check", file, file]).done().expect(0).says("tiny.toml: ok");
    shop.atelier(["check", file, "--set", "training.epochs=0"])
        .done()
        .expect(2)
        .complains("`training.epochs` is 0");
}

#[test]
fn samples_of_a_run() {
    let shop = Workshop::new();
    tiny(&shop, &[&BRIEF[..], &["training.checkpoint_every=1"]].concat(), &[]).expect(0);
    let run = shop.only_run("out");
    let before = results(&run);
    let sample = |more: &[&str], output: &str| {
        let call = shop.atelier([Path::new("sample"), &run]).arguments(more).arguments(["-o", output]);
        call.done().expect(0).says(output);
        fs::read(shop.path(output)).expect("a picture")
    };
    let one = sample(&[], "one.png");
    assert!(one.starts_with(b"\x89PNG"));
    assert_eq!(sample(&[], "two.png"), one);
    assert_ne!(sample(&["--seed", "1"], "three.png"), one);
    let early = run.join("checkpoints/epoch_0001.safetensors");
    assert_ne!(sample(&["--checkpoint", early.to_str().expect("UTF-8")], "early.png"), one);
    assert!(sample(&["--rows", "1", "--columns", "2"], "small.png").len() < one.len());
    assert_same(&results(&run), &before, "after sampling");
    // The environment is another run's affair.
    let done = shop.atelier([Path::new("sample"), &run]).env("ATELIER__SEED", "7").done().expect(0);
    assert!(run.join("samples/seed0.png").is_file(), "{done}");
    assert_eq!(fs::read(run.join("samples/seed0.png")).expect("a picture"), one);
}

/// Samples lie beside the montages, and must not get into the film.
#[test]
fn samples_drawn_on_the_way_change_nothing() {
    let shop = Workshop::new();
    let sets = ["dataset.count=64", "training.batch_size=16", "training.epochs=60"];
    shop.atelier(run_tiny("alone", &sets)).done().expect(0);
    let mut process = shop.atelier(run_tiny("out", &sets)).arguments(["--json"]).start();
    assert!(process.until(|process| process.stdout().contains(r#""event":"epoch""#)));
    process.signal("INT");
    process.wait().expect(130);
    let run = shop.only_run("out");
    shop.atelier([Path::new("sample"), &run]).done().expect(0);
    tiny(&shop, &sets, &[]).expect(0);
    let mut files = results(&run);
    assert!(files.remove(Path::new("samples/seed0.png")).is_some());
    assert_same(&files, &results(&shop.only_run("alone")), "with a sample drawn");
}

#[test]
fn data_sets_and_completions() {
    let shop = Workshop::new();
    let done = shop.atelier(["data", "list"]).done().expect(0);
    for name in [
        "fashion-mnist",
        "mnist",
        "cifar-10",
        "silhouettes",
        "slanted-faces",
        "gaussian-ring",
        "gaussian-grid",
        "idx",
        "image-folder",
    ] {
        assert!(
            done.stdout.lines().any(|line| line.split_whitespace().next() == Some(name)),
            "{name}: {done}"
        );
    }
    shop.atelier(["data", "verify"]).done().expect(0).says("mnist: not here");
    shop.atelier(["data", "verify", "mnist"]).done().expect(3);
    shop.atelier(["data", "list", "--data-dir", "nowhere"]).done().expect(3).complains("nowhere");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        shop.atelier(["completions", shell]).done().expect(0).says("atelier").says("dry-run");
    }
    for command in ["run", "show", "check", "list", "compare", "sample", "data", "completions"] {
        shop.atelier([command, "--help"]).done().expect(0).says("Usage");
    }
    shop.atelier(["--help"]).done().expect(0).says("Exit codes");
    assert!(!shop.path(".cache").exists());
}
