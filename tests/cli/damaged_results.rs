//! Damaged files in a run's folder: exit code 3, the file named, and nothing that was there is lost or changed.

use crate::support::{Done, Workshop, copy as copy_files, run_file, run_tiny, tree};
use atelier::record::{Checkpoint, Tensor};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// 4 steps an epoch, and enough epochs that a signal comes in time.
const SETS: [&str; 4] =
    ["dataset.count=64", "training.batch_size=16", "training.epochs=100", "training.checkpoint_every=1"];

const LATEST: &str = "checkpoints/latest.safetensors";

/// An interrupted run, to be copied for each kind of damage.
struct Interrupted {
    /// Removes the run in the end.
    _shop: Workshop,
    run: PathBuf,
}

impl Interrupted {
    fn new() -> Self {
        let shop = Workshop::new();
        let mut process =
            shop.atelier(run_tiny("out", &SETS)).arguments(["--json", "--threads", "1"]).start();
        assert!(process.until(|process| process.stdout().matches(r#""event":"epoch""#).count() >= 2));
        process.signal("INT");
        process.wait().expect(130);
        let run = shop.only_run("out");
        assert_eq!(run_file(&run)["state"].as_str(), Some("interrupted"));
        assert!(run.join("checkpoints/epoch_0001.safetensors").exists());
        Self { _shop: shop, run }
    }

    /// A copy in a folder of its own.
    fn copy(&self) -> Copy {
        let shop = Workshop::new();
        let run = shop.path("out/tiny").join(self.run.file_name().expect("a name"));
        copy_files(&self.run, &run);
        Copy { shop, run }
    }
}

struct Copy {
    shop: Workshop,
    run: PathBuf,
}

impl Copy {
    fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.run.join(name)).expect("a file")
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.run.join(name), bytes).expect("a file");
    }

    fn go_on(&self) -> Done {
        self.shop.atelier(run_tiny("out", &SETS)).arguments(["--threads", "1"]).done()
    }

    fn sample(&self, more: &[&str]) -> Done {
        self.shop.atelier([Path::new("sample"), &self.run]).arguments(more).done()
    }

    /// The files, without the lock: its content is of no importance.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = tree(&self.run);
        files.remove(Path::new("lock"));
        files
    }

    /// Runs `command` and checks that it refuses, names the file, and changes nothing.
    #[track_caller]
    fn refuses(&self, what: &str, command: impl Fn(&Self) -> Done, file: &str, reason: &str) {
        println!("{what}");
        let before = self.files();
        let done = command(self);
        crate::support::assert_same(&self.files(), &before, what);
        done.expect(3).complains(file).complains(reason);
    }
}

#[test]
fn an_undamaged_copy_goes_on() {
    let copy = Interrupted::new().copy();
    copy.sample(&[]).expect(0);
    copy.go_on().expect(0).says("resuming");
    assert_eq!(run_file(&copy.run)["state"].as_str(), Some("complete"));
    copy.sample(&[]).expect(0);
}

#[test]
fn damaged_checkpoints() {
    let interrupted = Interrupted::new();
    let good = interrupted.copy().bytes(LATEST);
    let header = 8 + u64::from_le_bytes(good[..8].try_into().expect("8 bytes")) as usize;
    let half = good.len() / 2;
    let changed = |at: usize, bit: u8| {
        let mut bytes = good.clone();
        bytes[at] ^= bit;
        bytes
    };
    let with_header = |length: u64, rest: &[u8]| [&length.to_le_bytes(), rest].concat();
    let text_at =
        |text: &str| good.windows(text.len()).position(|window| window == text.as_bytes()).expect(text);
    let table: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("three bytes", good[..3].to_vec()),
        ("cut in the header", good[..header / 2].to_vec()),
        ("cut after the header", good[..header].to_vec()),
        ("half", good[..half].to_vec()),
        ("one byte short", good[..good.len() - 1].to_vec()),
        ("one byte long", [&good[..], &[0]].concat()),
        ("twice", [&good[..], &good[..]].concat()),
        ("a bit of the first weight", changed(header, 1)),
        ("a bit in the middle", changed(half, 0x10)),
        ("a bit of the last number", changed(good.len() - 1, 0x80)),
        ("a bit of the header's length", changed(0, 8)),
        ("a letter of a name", changed(text_at("generator.0.weight"), 2)),
        ("a digit of the step", changed(text_at("\"step\":\"") + 8, 1)),
        ("a digit of a shape", changed(text_at("\"shape\":[") + 9, 1)),
        ("zeros of the same length", vec![0; good.len()]),
        ("the largest header", with_header(u64::MAX, &good[8..])),
        ("a header of 100 MB", with_header(100_000_000, &vec![b' '; 1000])),
        ("a header of blanks", with_header(4 << 20, &vec![b' '; 4 << 20])),
        ("a header nested too deep", with_header(200_000, "[".repeat(200_000).as_bytes())),
        ("a text", b"these are my weights\n".to_vec()),
        ("a pickle", b"\x80\x02}q\x00X\x06\x00\x00\x00os.system".to_vec()),
    ];
    assert!(table.len() >= 10);
    let copy = interrupted.copy();
    for (what, bytes) in table {
        copy.write(LATEST, bytes);
        copy.refuses(what, Copy::go_on, "latest.safetensors", "");
        copy.refuses(what, |copy| copy.sample(&[]), "latest.safetensors", "");
        assert_eq!(copy.sample(&["--checkpoint", "nowhere"]).code, Some(3));
    }
    // An older checkpoint in its place, as the message advises.
    copy.write(LATEST, copy.bytes("checkpoints/epoch_0001.safetensors"));
    copy.go_on().expect(0).says("resuming tiny at step 4");
}

/// Checkpoints with a right checksum that do not fit the run: made by another version, or by somebody with an intention.
#[test]
fn whole_checkpoints_that_do_not_belong_here() {
    let interrupted = Interrupted::new();
    let copy = interrupted.copy();
    let path = copy.run.join(LATEST);
    let good = Checkpoint::read(&path).expect("a checkpoint");
    let word = |name: &str, word: &str| {
        let mut checkpoint = good.clone();
        assert!(
            checkpoint.metadata.insert(name.to_owned(), word.to_owned()).is_some(),
            "{name} is not there"
        );
        checkpoint
    };
    let missing_word = |name: &str| {
        let mut checkpoint = good.clone();
        assert!(checkpoint.metadata.remove(name).is_some(), "{name} is not there");
        checkpoint
    };
    let weight = "generator.0.weight";
    let with_weight = |tensor: Option<Tensor>| {
        let mut checkpoint = good.clone();
        assert!(checkpoint.tensors.remove(weight).is_some());
        checkpoint.tensors.extend(tensor.map(|tensor| (weight.to_owned(), tensor)));
        checkpoint
    };
    let whole = good.tensors[weight].clone();
    let mut extra = good.clone();
    extra.tensors.insert("generator.99.weight".to_owned(), Tensor { shape: vec![2], data: vec![0.0; 2] });
    let table = [
        ("another configuration", word("configuration_hash", "0000"), "another configuration"),
        ("no configuration", missing_word("configuration_hash"), "configuration_hash"),
        ("no step", missing_word("step"), "`step`"),
        ("a step below zero", word("step", "-1"), "no whole number"),
        ("a step beyond the end", word("step", "1000000"), "step 1000000"),
        ("the largest step", word("step", &u64::MAX.to_string()), "18446744073709551615"),
        ("no sums", missing_word("sums_since_row"), "sums_since_row"),
        ("five sums", word("sums_since_row", "0 0 0 0 0"), "6 numbers"),
        ("sums in words", word("sums_since_row", "a b c d e quux"), "6 numbers"),
        ("no tensor", with_weight(None), weight),
        (
            "a tensor with its axes exchanged",
            with_weight(Some(Tensor {
                shape: whole.shape.iter().rev().copied().collect(),
                data: whole.data.clone(),
            })),
            weight,
        ),
        ("a tensor too small", with_weight(Some(Tensor { shape: vec![1], data: vec![0.5] })), weight),
        ("a tensor of nothing", with_weight(Some(Tensor { shape: vec![0, 5], data: Vec::new() })), weight),
        ("a tensor too many", extra, "generator.99.weight"),
    ];
    for (what, checkpoint, reason) in table {
        checkpoint.write(&path).expect("a checkpoint");
        copy.refuses(what, Copy::go_on, "latest.safetensors", reason);
    }

    // A step at which metrics.csv has no row.
    let step: u64 = good.metadata["step"].parse().expect("a number");
    word("step", &(step + 1).to_string()).write(&path).expect("a checkpoint");
    copy.refuses("a step too many", Copy::go_on, "metrics.csv", "its rows end at step");

    // Another run's checkpoint.
    let other =
        copy.shop.atelier(run_tiny("other", &[&SETS[..2], &["seed=1", "training.epochs=1"]].concat())).done();
    other.expect(0);
    copy.write(LATEST, fs::read(copy.shop.only_run("other").join(LATEST)).expect("a checkpoint"));
    copy.refuses("another run's", Copy::go_on, "latest.safetensors", "another configuration");
    copy.refuses("another run's", |copy| copy.sample(&[]), "latest.safetensors", "another configuration");

    fs::remove_file(&path).expect("a file");
    fs::create_dir(&path).expect("a folder");
    copy.refuses("a folder", Copy::go_on, "latest.safetensors", "not a file");
    copy.refuses("a folder", |copy| copy.sample(&[]), "latest.safetensors", "not a file");
}

#[test]
fn damaged_run_files() {
    let interrupted = Interrupted::new();
    let copy = interrupted.copy();
    let good = String::from_utf8(copy.bytes("run.toml")).expect("a text");
    let edited = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1).into_bytes()
    };
    let table = [
        ("nothing", Vec::new(), "missing field"),
        ("half", good.as_bytes()[..good.len() / 2].to_vec(), ""),
        ("one line", good.lines().next().expect("a line").as_bytes().to_vec(), "missing field"),
        ("an unknown state", edited("\"interrupted\"", "\"done\""), "run.toml:1:9"),
        ("a time that is none", edited("started = \"2", "started = \"x"), "is not a time"),
        ("an unknown key", edited("seed = ", "sed = "), "unknown field"),
        ("a negative count", edited("steps_done = ", "steps_done = -"), "run.toml:"),
        ("no UTF-8", b"state = \"\xff\xfe\"\n".to_vec(), "not UTF-8"),
        ("zeros", vec![0; 500], "run.toml:1:"),
        ("too long", vec![b'\n'; (1 << 20) + 1], "are not read"),
    ];
    for (what, bytes, reason) in table {
        copy.write("run.toml", bytes);
        copy.refuses(what, Copy::go_on, "run.toml", reason);
        copy.refuses(what, |copy| copy.shop.atelier(["list", "out"]).done(), "run.toml", reason);
    }
    // The runs beside it are listed all the same.
    let other = copy.run.with_file_name("another");
    copy_files(&interrupted.run, &other);
    let done = copy.shop.atelier(["list", "out"]).done().expect(3).says("interrupted");
    assert_eq!(done.stdout.lines().count(), 2, "{done}");
    fs::remove_dir_all(other).expect("a folder");

    let now = run_file(&interrupted.run)["dataset"]["sha256"].as_str().expect("a hash").to_owned();
    copy.write("run.toml", edited(&now, &"0".repeat(64)));
    copy.refuses("other data", Copy::go_on, "", "this run began on other data");
    // Without run.toml, and with its own again, it goes on.
    copy.write("run.toml", &good);
    copy.go_on().expect(0);
}

#[test]
fn damaged_metrics() {
    let interrupted = Interrupted::new();
    let copy = interrupted.copy();
    let good = String::from_utf8(copy.bytes("metrics.csv")).expect("a text");
    let lines: Vec<&str> = good.lines().collect();
    assert!(lines.len() >= 3, "{good}");
    let without = |line: usize| {
        let kept = lines.iter().enumerate().filter(|(index, _)| *index != line);
        kept.map(|(_, line)| format!("{line}\n")).collect::<String>()
    };
    let instead = |line: usize, text: &str| good.replacen(lines[line], text, 1);
    let short = lines[1].rsplit_once(',').expect("columns").0;
    let table = [
        ("no header", without(0), "metrics.csv:1"),
        ("another header", instead(0, "epoch,loss"), "metrics.csv:1"),
        ("a word", instead(1, &lines[1].replacen("1,4,", "1,four,", 1)), "metrics.csv:2: column 2 (step)"),
        ("a column less", instead(1, short), "metrics.csv:2"),
        ("a column more", instead(1, &format!("{},1", lines[1])), "metrics.csv:2"),
        ("an empty line", instead(1, ""), "metrics.csv:2"),
        ("a line twice", instead(2, lines[1]), "metrics.csv:3"),
        ("a text", "these are my losses\n".to_owned(), "metrics.csv:1"),
        ("no last row", without(lines.len() - 1), "its rows end at step"),
    ];
    for (what, text, reason) in table {
        copy.write("metrics.csv", text);
        copy.refuses(what, Copy::go_on, "metrics.csv", reason);
        // What a list cannot read it leaves out, and lists the run.
        copy.shop.atelier(["list", "out"]).done().expect(0).says("interrupted");
    }
    copy.write("metrics.csv", b"\xff\xfe\x00\x01\n");
    copy.refuses("bytes", Copy::go_on, "metrics.csv", "");

    fs::remove_file(copy.run.join("metrics.csv")).expect("a file");
    copy.go_on().expect(3).complains("metrics.csv").complains("its rows end at step 0");

    // Rows of after the checkpoint and a torn one are no damage: a killed process leaves them.
    copy.write("metrics.csv", format!("{good}1000,4000,1,1,1,1,1,1,1,1\n1001,40"));
    copy.go_on().expect(0);
    let end = String::from_utf8(copy.bytes("metrics.csv")).expect("a text");
    assert_eq!(end.lines().count(), 101, "{end}");
}

#[test]
fn damaged_experiment_files_for_sample() {
    let interrupted = Interrupted::new();
    let copy = interrupted.copy();
    let good = String::from_utf8(copy.bytes("experiment.toml")).expect("a text");
    for (what, text, reason) in [
        ("nothing", String::new(), "family"),
        ("half", good[..good.len() / 2].to_owned(), ""),
        ("an unknown key", good.replacen("width", "widht", 1), "widht"),
        ("another width", good.replacen("width = 4", "width = 4000", 1), "4000"),
        ("another seed", good.replacen("seed = 0", "seed = 1", 1), "another configuration"),
    ] {
        assert_ne!(text, good);
        copy.write("experiment.toml", text);
        copy.refuses(
            what,
            |copy| copy.sample(&[]),
            if what == "another seed" { "latest" } else { "experiment.toml" },
            reason,
        );
    }
    fs::remove_file(copy.run.join("experiment.toml")).expect("a file");
    copy.refuses("none", |copy| copy.sample(&[]), "", "is not a run's folder");
    let done = copy.shop.atelier(["sample", "nowhere"]).done();
    done.expect(3).complains("nowhere is not a run's folder");
    // The run itself writes it anew.
    copy.go_on().expect(0);
    assert_eq!(String::from_utf8(copy.bytes("experiment.toml")).expect("a text"), good);
}
