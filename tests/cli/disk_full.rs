//! A full disk: exit code 6, what was kept is said, and with room again the run ends as if nothing had been.

use crate::support::{Done, PROGRAM, Workshop, assert_same, results, run_file, run_of, run_tiny};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The program under a limit on the size of each file that it writes, in blocks of 512 bytes.
fn limited(shop: &Workshop, blocks: u32, arguments: Vec<OsString>) -> Done {
    let script = format!("ulimit -f {blocks} && exec \"$@\"");
    let mut all: Vec<OsString> = ["-c", &script, "sh", PROGRAM].map(OsString::from).into();
    all.extend(arguments);
    shop.call("sh", all).done()
}

/// A run whose metrics.csv grows and whose other files stay small.
fn growing(out: &str) -> Vec<OsString> {
    run_of("slanted_faces.toml", out, &["logging.every_steps=1", "logging.progress_gif=false"])
}

#[test]
fn a_limit_on_the_size_of_files() {
    let shop = Workshop::new();
    shop.atelier(growing("alone")).done().expect(0);
    let alone = shop.only_run("alone");
    let size = std::fs::metadata(alone.join("metrics.csv")).expect("a metrics.csv").len();

    // Room for about three of the five epochs, then for four.
    for (share, is_first) in [(0.6, true), (0.8, false)] {
        let done = limited(&shop, (size as f64 * share / 512.0) as u32, growing("out")).expect(6);
        let done = done.complains("cannot write").complains("metrics.csv").complains("ulimit -f");
        let done = done.complains("kept up to its last checkpoint").complains("latest.safetensors");
        assert!(is_first || done.stdout.contains("resuming"), "{done}");
        let run = run_file(&shop.only_run("out"));
        assert_eq!(run["state"].as_str(), Some("failed"));
        assert!(run["error"].as_str().is_some_and(|error| error.contains("metrics.csv")), "{run}");
        shop.atelier(["list", "out"]).done().expect(0).says("failed");
    }
    shop.atelier(growing("out")).done().expect(0).says("resuming");
    assert_same(&results(&shop.only_run("out")), &results(&alone), "after a full disk");
    assert_eq!(run_file(&shop.only_run("out")).get("error"), None);
}

#[test]
fn no_room_for_anything() {
    let shop = Workshop::new();
    let sets = ["dataset.count=64", "training.epochs=1"];
    shop.atelier(run_tiny("alone", &sets)).done().expect(0);
    // Too little for experiment.toml; too little for the first checkpoint.
    for blocks in [1, 400] {
        let done = limited(&shop, blocks, run_tiny("out", &sets)).expect(6);
        done.complains("cannot write").complains("no checkpoint had been written yet");
    }
    shop.atelier(run_tiny("out", &sets)).done().expect(0).says("running");
    assert_same(&results(&shop.only_run("out")), &results(&shop.only_run("alone")), "after a full disk");

    // The other command that writes.
    let run = shop.only_run("out");
    let before = crate::support::tree(&run);
    let done = limited(&shop, 1, vec!["sample".into(), run.clone().into()]).expect(6);
    done.complains("cannot write").complains("seed0.png");
    assert_same(&crate::support::tree(&run), &before, "after sampling on a full disk");
}

/// A file system of its own, in memory.
struct Small(PathBuf);

impl Small {
    /// `None` where mounting is not allowed.
    fn mount(folder: &Path, size: &str) -> Option<Self> {
        std::fs::create_dir_all(folder).expect("a folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(folder).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success()).then(|| Self(folder.to_owned()))
    }

    fn grow(&self, size: &str) {
        let mut mount = Command::new("mount");
        mount.args(["-o", &format!("remount,size={size}")]).arg(&self.0);
        assert!(mount.status().expect("the program mount").success());
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_small_file_system() {
    let shop = Workshop::new();
    let sets = ["dataset.count=128", "training.epochs=6", "training.checkpoint_every=1"];
    let Some(small) = Small::mount(&shop.path("small"), "256k") else {
        println!("skipped: mounting a tmpfs is not allowed here");
        return;
    };
    shop.atelier(run_tiny("alone", &sets)).done().expect(0);
    let call = || shop.atelier(run_tiny("small/out", &sets)).done();
    // Too small for a checkpoint of 0.6 MB; then for the next one beside the first; then for the last ones.
    call().expect(6).complains("make space").complains("no checkpoint had been written yet");
    for (size, verb) in [("1500k", "running"), ("3m", "resuming")] {
        small.grow(size);
        let done = call().expect(6).says(verb);
        let done = done
            .complains("No space left")
            .complains("make space")
            .complains("kept up to its last checkpoint");
        assert!(shop.only_run("small/out").join("checkpoints/latest.safetensors").exists(), "{done}");
        // What is there can be read.
        let run = shop.only_run("small/out");
        let picture = shop.path("sample.png");
        let arguments = [Path::new("sample"), &run, Path::new("--output"), &picture];
        shop.atelier(arguments).done().expect(0);
        shop.atelier(["list", "small/out"]).done().expect(0);
    }
    small.grow("16m");
    call().expect(0).says("resuming");
    assert_same(
        &results(&shop.only_run("small/out")),
        &results(&shop.only_run("alone")),
        "after a full disk",
    );
}

#[test]
fn a_sweep_on_a_small_file_system() {
    let shop = Workshop::new();
    let Some(small) = Small::mount(&shop.path("small"), "2500k") else {
        println!("skipped: mounting a tmpfs is not allowed here");
        return;
    };
    let tiny = crate::support::experiment("tiny.toml");
    let text = "name = \"x\"\n[dataset]\ncount = 64\n[training]\nbatch_size = 16\nepochs = 2\n[sweep]\nseeds = [0, 1, 2, 3, 4, 5]\n";
    shop.write("x.toml", format!("extends = [{tiny:?}]\n{text}"));
    let sweep =
        |more: &[&str]| shop.atelier(["sweep", "x.toml", "--out", "small/out"]).arguments(more).done();
    // Room for some of the runs: the first is kept, whatever the others and the table come to.
    let done = sweep(&[]);
    assert!(matches!(done.code, Some(5 | 6)), "{done}");
    assert!(done.stdout.contains("No space left") || done.stderr.contains("No space left"), "{done}");
    let complete =
        |run: &Path| run.join("run.toml").exists() && run_file(run)["state"].as_str() == Some("complete");
    let runs = |out: &str| crate::support::runs(&shop.path(out));
    assert!(runs("small/out").iter().any(|run| complete(run)), "{done}");
    small.grow("32m");
    sweep(&["--retry", "1"]).expect(0).says("6 complete");
    shop.atelier(["sweep", "x.toml", "--out", "alone"]).done().expect(0);
    for (run, alone) in runs("small/out").iter().zip(runs("alone")) {
        assert_same(&results(run), &results(&alone), "after a full disk");
    }
}

#[test]
fn nobody_can_write_here() {
    let shop = Workshop::new();
    shop.write("file", "");
    let sets = ["dataset.count=64", "training.epochs=1"];
    shop.atelier(run_tiny("file", &sets)).done().expect(6).complains("cannot write").complains("file/tiny");
    shop.atelier(run_tiny("/proc/nothing", &sets)).done().expect(6).complains("/proc/nothing");
}

/// Standard output that takes nothing, and one that nobody reads.
#[test]
fn a_full_or_closed_standard_output() {
    let shop = Workshop::new();
    let sets = ["dataset.count=64", "training.epochs=1"];
    shop.atelier(run_tiny("out", &sets)).done().expect(0);
    let file = crate::support::experiment("tiny.toml");
    let run = shop.only_run("out");
    let commands: [&[&std::ffi::OsStr]; 6] = [
        &["show".as_ref(), file.as_os_str()],
        &["check".as_ref(), file.as_os_str()],
        &["list".as_ref(), "out".as_ref()],
        &["data".as_ref(), "list".as_ref()],
        &["completions".as_ref(), "bash".as_ref()],
        &["sample".as_ref(), run.as_os_str()],
    ];
    let through = |script: &str, arguments: &[&std::ffi::OsStr]| {
        let all = ["-c", script, "sh", PROGRAM].map(std::ffi::OsStr::new);
        shop.call("sh", all.iter().chain(arguments)).done()
    };
    for arguments in commands {
        if Path::new("/dev/full").exists() {
            through("exec \"$@\" > /dev/full", arguments)
                .expect(6)
                .complains("cannot write to standard output");
        }
        // The reader has gone before the first line.
        through("(sleep 0.1; \"$@\"; echo \"code $?\" >&2) | true", arguments).expect(0).complains("code 0");
        through("exec \"$@\" 2> /dev/full 1>&2", arguments);
    }
    through("exec \"$@\" 2> /dev/full", &["check".as_ref(), "nowhere.toml".as_ref()]).expect(2);
}
