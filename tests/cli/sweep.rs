//! Sweeps: every run is a row, whatever becomes of it, and the same command goes on with what is left.

use crate::support::{Call, PROGRAM, Workshop, assert_same, experiment, results, run_file, runs, tree};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// A run of a moment: 4 steps an epoch.
const BRIEF: &str = "[dataset]\ncount = 64\n[training]\nbatch_size = 16\n";

/// Writes `x.toml`: `tiny.toml` with these lines below.
fn file(shop: &Workshop, text: &str) -> PathBuf {
    let base = experiment("tiny.toml");
    shop.write("x.toml", format!("extends = [{base:?}]\nname = \"x\"\n{text}"))
}

fn sweep(shop: &Workshop, arguments: &[&str]) -> Call {
    shop.atelier(["sweep", "x.toml", "--out", "out"]).arguments(arguments)
}

/// The rows of `out/x/sweep.csv`, each by its columns.
fn table(shop: &Workshop) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(shop.path("out/x/sweep.csv")).expect("a sweep.csv");
    reader.deserialize().collect::<Result<_, _>>().expect("a table")
}

fn column(shop: &Workshop, name: &str) -> Vec<String> {
    table(shop).into_iter().map(|mut row| row.remove(name).expect("a column")).collect()
}

/// The folders of all runs with what each left behind.
fn all_results(shop: &Workshop) -> BTreeMap<PathBuf, BTreeMap<PathBuf, Vec<u8>>> {
    let name = |run: &Path| PathBuf::from(run.file_name().expect("a name"));
    runs(&shop.path("out")).into_iter().map(|run| (name(&run), results(&run))).collect()
}

/// What a run left behind, but for the figures whose title is the run's name.
fn untitled(run: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = results(run);
    files.retain(|name, _| !name.starts_with("losses.png") && !name.starts_with("losses.svg"));
    files
}

/// The processes whose parent is this one.
fn children(parent: u32) -> Vec<u32> {
    let output = Command::new("ps").args(["-o", "pid=", "--ppid", &parent.to_string()]).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

/// Whether a run of this workshop is still being worked on.
fn is_anyone_at_work(shop: &Workshop) -> bool {
    let out = shop.path("out").canonicalize().expect("a folder of results");
    let output = Command::new("ps").args(["-e", "-o", "args="]).output().expect("the program ps");
    String::from_utf8_lossy(&output.stdout).lines().any(|line| {
        line.starts_with(PROGRAM)
            && (line.contains(&*out.to_string_lossy()) || line.contains("run out/"))
            && line.contains("stop-with-parent")
            && std::fs::read_dir("/proc").is_ok()
            && line.contains("x/")
    })
}

#[test]
fn every_run_is_done_once_and_is_a_row() {
    let shop = Workshop::new();
    file(
        &shop,
        &format!(
            "{BRIEF}epochs = 2\n[sweep]\nseeds = [0, 1]\n[sweep.parameters]\n\
             \"optimizer.learning_rate\" = [1e-4, 2e-4]\n\"objective.loss\" = [\"non-saturating\", \"minimax\"]\n"
        ),
    );
    shop.atelier(["sweep", "x.toml", "--dry-run"]).done().expect(0).says("8 runs").says("waiting");
    assert!(!shop.path("results").exists(), "--dry-run writes nothing");

    let done = sweep(&shop, &["--jobs", "2"]).done().expect(0);
    assert!(done.stdout.contains("8 complete"), "{done}");
    let rows = table(&shop);
    let shown: Vec<_> = rows
        .iter()
        .map(|row| {
            ["index", "optimizer.learning_rate", "objective.loss", "seed", "state", "epochs", "steps"]
                .map(|name| row[name].as_str())
                .join(" ")
        })
        .collect();
    assert_eq!(
        shown,
        [
            "0 1e-4 non-saturating 0 complete 2 8",
            "1 1e-4 non-saturating 1 complete 2 8",
            "2 1e-4 minimax 0 complete 2 8",
            "3 1e-4 minimax 1 complete 2 8",
            "4 2e-4 non-saturating 0 complete 2 8",
            "5 2e-4 non-saturating 1 complete 2 8",
            "6 2e-4 minimax 0 complete 2 8",
            "7 2e-4 minimax 1 complete 2 8",
        ]
        .map(|line| line
            .replace("1e-4", &rows[0]["optimizer.learning_rate"])
            .replace("2e-4", &rows[4]["optimizer.learning_rate"]))
    );
    for row in &rows {
        let run = shop.path("out/x").join(&row["run"]);
        assert!(run.join("run.log").is_file() && run.join("losses.png").is_file());
        assert!(row["run"].ends_with(&format!("-{}", &row["configuration_hash"][..8])), "{}", row["run"]);
        let last = std::fs::read_to_string(run.join("metrics.csv")).unwrap();
        let g_loss = last.lines().last().unwrap().split(',').nth(3).unwrap().to_owned();
        assert_eq!(row["g_loss"].parse::<f64>().unwrap(), g_loss.parse::<f64>().unwrap());
        assert!(!row["program_version"].is_empty() && !row["cpu"].is_empty());
    }
    assert_eq!(rows.iter().map(|row| &row["run"]).collect::<BTreeSet<_>>().len(), 8);

    // Again, there is nothing to do; `run` on such a file is the same command.
    let before = tree(&shop.path("out"));
    let done = shop.atelier(["run", "x.toml", "--out", "out"]).done().expect(0).says("8 of them done before");
    assert!(done.took < Duration::from_secs(20), "{done}");
    let after = tree(&shop.path("out"));
    for (name, content) in before.iter().filter(|(name, _)| !name.ends_with("sweep.toml")) {
        assert!(name.ends_with("lock") || after[name] == *content, "{} was changed", name.display());
    }

    // A run alone gives the same numbers as in the sweep.
    let one = ["run", "x.toml", "--out", "one", "--set", "objective.loss=minimax", "--set", "seed=1"];
    let text = std::fs::read_to_string(shop.path("x.toml")).unwrap();
    shop.write("x.toml", &text[..text.find("[sweep]").unwrap()]);
    shop.atelier(one).done().expect(0);
    let alone = untitled(&runs(&shop.path("one"))[0]);
    assert_same(&alone, &untitled(&shop.path("out/x").join(&rows[3]["run"])), "alone and in the sweep");
}

#[test]
fn a_run_that_fails_stops_no_other_and_says_so() {
    let shop = Workshop::new();
    let images = |count: u8| {
        [&[0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28][..], &vec![7; 784 * usize::from(count)]]
            .concat()
    };
    shop.write("good.idx", images(64));
    let text = "[dataset]\nname = \"idx\"\nimages = \"good.idx\"\nshape = [28, 28]\n[training]\nbatch_size = 16\nepochs = 2\n\
                [sweep]\nseeds = [0, 1]\n[sweep.parameters]\n\"dataset.images\" = [\"bad.idx\", \"good.idx\"]\n";
    // Not on `tiny.toml`, whose data set has keys of its own.
    shop.write(
        "x.toml",
        format!("name = \"x\"\n[architecture]\nfamily = \"dcgan\"\nlatent_dim = 50\nwidth = 4\n{text}"),
    );
    let done = sweep(&shop, &[]).done().expect(5);
    assert!(done.stdout.contains("bad.idx") && done.stdout.contains("--retry 1"), "{done}");
    assert_eq!(column(&shop, "state"), ["failed", "failed", "complete", "complete"]);
    assert!(column(&shop, "reason")[0].contains("bad.idx"), "{:?}", column(&shop, "reason"));

    // Given again, what failed stays so, unless it is to be tried again.
    sweep(&shop, &[]).done().expect(5);
    sweep(&shop, &["--retry", "1"]).done().expect(5).says("tried again");
    shop.write("bad.idx", images(48));
    sweep(&shop, &["--retry", "1"]).done().expect(0);
    assert_eq!(column(&shop, "state"), ["complete"; 4]);
    assert_eq!(column(&shop, "reason"), [""; 4]);
}

#[test]
fn the_first_failure_ends_it_when_it_should() {
    let shop = Workshop::new();
    file(
        &shop,
        &format!(
            "{BRIEF}epochs = 10\n[optimizer]\nname = \"sgd\"\n[sweep]\nseeds = [0, 1]\n[sweep.parameters]\n\
             \"optimizer.learning_rate\" = [10.0, 1e-4]\n"
        ),
    );
    let done = sweep(&shop, &["--fail-fast"]).done().expect(5);
    assert!(done.stdout.contains("diverged") && done.stdout.contains("training diverged at step"), "{done}");
    assert_eq!(column(&shop, "state"), ["diverged", "waiting", "waiting", "waiting"]);
    // Without it, the others are run; what diverged would do so again.
    let done = sweep(&shop, &["--retry", "2"]).done().expect(5);
    assert!(!done.stdout.contains("tried again"), "{done}");
    assert_eq!(column(&shop, "state"), ["diverged", "diverged", "complete", "complete"]);
    assert!(column(&shop, "reason")[1].starts_with("training diverged at step"));
}

#[test]
fn killed_at_random_moments_it_ends_as_one_left_alone() {
    const TEXT: &str = "epochs = 12\n[logging.montage]\nrows = 2\ncolumns = 2\nevery = 6\n[sweep]\nseeds = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n\
                        [sweep.parameters]\n\"optimizer.learning_rate\" = [1e-4, 2e-4]\n\"objective.loss\" = [\"non-saturating\", \"minimax\"]\n";
    let left_alone = Workshop::new();
    file(&left_alone, &format!("{BRIEF}{TEXT}"));
    let took = sweep(&left_alone, &["--jobs", "2"]).done().expect(0).took;
    let expected = all_results(&left_alone);
    assert_eq!(expected.len(), 40);

    let seed = std::env::var("ATELIER_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    println!("the moments of killing are those of ATELIER_TEST_SEED={seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let shop = Workshop::new();
    file(&shop, &format!("{BRIEF}{TEXT}"));
    let mut kills = 0;
    let mut process = sweep(&shop, &["--jobs", "2"]).start();
    while kills < 20 {
        let delay = took.mul_f64(random.gen_range(0.0..0.05));
        let started = Instant::now();
        let lives = process.until(|_| started.elapsed() >= delay) && !process.is_over();
        if lives && random.gen_bool(0.5) {
            let mut children = children(process.id());
            children.shuffle(&mut random);
            children.truncate(random.gen_range(1..=2));
            for child in children {
                let pid = child.to_string();
                let killed =
                    Command::new("kill").args(["-KILL", &pid]).stderr(std::process::Stdio::null()).status();
                kills += usize::from(killed.is_ok_and(|status| status.success()));
            }
        } else if lives {
            process.kill();
            kills += 1;
            process = sweep(&shop, &["--jobs", "2"]).start();
        } else {
            // Over, with what was killed still to be done: exit code 5.
            let code = std::mem::replace(&mut process, sweep(&shop, &["--jobs", "2"]).start()).wait().code;
            assert!(matches!(code, Some(0 | 5)), "{code:?}");
        }
    }
    println!("{kills} processes were killed");
    let mut code = process.wait().code;
    for _ in 0..3 {
        if code != Some(0) {
            code = sweep(&shop, &["--jobs", "2"]).done().code;
        }
    }
    assert_eq!(code, Some(0));
    let found = all_results(&shop);
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (name, files) in &expected {
        assert_same(&found[name], files, &name.display().to_string());
    }
    assert_eq!(column(&shop, "state"), vec!["complete"; 40]);
    let names: BTreeSet<_> = column(&shop, "run").into_iter().collect();
    assert_eq!(names, expected.keys().map(|name| name.display().to_string()).collect());
    assert_eq!(column(&shop, "g_loss"), column(&left_alone, "g_loss"));
}

#[test]
fn told_to_stop_every_run_saves_and_the_same_command_goes_on() {
    for signal in ["INT", "TERM", "KILL"] {
        let shop = Workshop::new();
        file(
            &shop,
            &format!(
                "{BRIEF}epochs = 120\n[logging.montage]\nrows = 1\ncolumns = 1\nevery = 120\n[sweep]\nseeds = [0, 1, 2]\n"
            ),
        );
        let mut process = sweep(&shop, &["--jobs", "2"]).start();
        let rows = |shop: &Workshop| {
            let lines = |run: PathBuf| {
                std::fs::read_to_string(run.join("metrics.csv")).map_or(0, |text| text.lines().count())
            };
            runs(&shop.path("out")).into_iter().map(lines).filter(|lines| *lines > 2).count()
        };
        assert!(process.until(|_| rows(&shop) == 2));
        process.signal(signal);
        let code = process.wait().code;
        assert_eq!(
            code,
            match signal {
                "INT" => Some(130),
                "TERM" => Some(143),
                _ => None,
            }
        );
        // However it ended, its runs save their state and end too.
        let started = Instant::now();
        while is_anyone_at_work(&shop) {
            assert!(started.elapsed() < Duration::from_secs(30), "runs outlive their sweep");
            std::thread::sleep(Duration::from_millis(20));
        }
        let states: Vec<_> = runs(&shop.path("out"))
            .iter()
            .filter(|run| run.join("run.toml").exists())
            .map(|run| run_file(run)["state"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(states, ["interrupted", "interrupted"], "{signal}");
        let text = std::fs::read_to_string(shop.path("x.toml")).unwrap();
        shop.write("x.toml", text);
        let done = sweep(&shop, &["--jobs", "2"]).done().expect(0);
        assert!(done.stdout.contains("3 complete"), "{done}");
        let resumed = |run: PathBuf| run_file(&run)["resumed"].as_integer().unwrap();
        let mut resumed: Vec<_> = runs(&shop.path("out")).into_iter().map(resumed).collect();
        resumed.sort_unstable();
        assert_eq!(resumed, [0, 1, 1]);
    }
}

#[test]
fn two_sweeps_of_one_folder_exclude_each_other() {
    let shop = Workshop::new();
    file(&shop, &format!("{BRIEF}epochs = 300\n[sweep]\nseeds = [0, 1]\n"));
    let mut first = sweep(&shop, &[]).start();
    assert!(first.until(|_| shop.path("out/x/sweep.csv").exists()));
    sweep(&shop, &[]).done().expect(5).complains("in use by another process");
    first.signal("TERM");
    assert_eq!(first.wait().code, Some(143));
}

#[test]
fn halving_promotes_the_best_by_resuming_them() {
    let shop = Workshop::new();
    file(
        &shop,
        &format!(
            "{BRIEF}epochs = 4\n[sweep]\nstrategy = \"halving\"\ntrials = 4\nstart = 1\nfactor = 2\nseeds = [3]\n\
             objective = {{ column = \"g_loss\" }}\nfinal = {{ seeds = [8, 9] }}\n\
             [sweep.parameters]\n\"optimizer.learning_rate\" = {{ log-uniform = [1e-5, 1e-2] }}\n"
        ),
    );
    sweep(&shop, &["--jobs", "2"]).done().expect(0);
    let rows = table(&shop);
    let mut epochs: Vec<_> =
        rows.iter().filter(|row| row["phase"] == "search").map(|row| row["epochs"].as_str()).collect();
    epochs.sort_unstable();
    assert_eq!(epochs, ["1", "1", "2", "4"]);
    for row in &rows {
        let state = if row["phase"] == "final" || row["epochs"] == "4" { "complete" } else { "stopped" };
        assert_eq!(row["state"], state, "{row:?}");
        assert_eq!(row["reason"].contains("not promoted after epoch"), state == "stopped", "{row:?}");
    }
    // Those that went on are those with the lowest losses at the rung, read from their own files.
    let at = |row: &BTreeMap<String, String>, epoch: &str| -> f64 {
        let text = std::fs::read_to_string(shop.path("out/x").join(&row["run"]).join("metrics.csv")).unwrap();
        let line = text.lines().find(|line| line.split(',').next() == Some(epoch)).unwrap();
        line.split(',').nth(3).unwrap().parse().unwrap()
    };
    let search: Vec<_> = rows.iter().filter(|row| row["phase"] == "search").collect();
    let first_rung: Vec<f64> = search.iter().map(|row| at(row, "1")).collect();
    let mut sorted = first_rung.clone();
    sorted.sort_by(f64::total_cmp);
    for (row, loss) in search.iter().zip(&first_rung) {
        assert_eq!(row["epochs"] != "1", *loss <= sorted[1], "{row:?}");
    }
    // The last phase takes the best configuration of those that came to the end.
    let best = search.iter().find(|row| row["epochs"] == "4").unwrap();
    let last: Vec<_> = rows.iter().filter(|row| row["phase"] == "final").collect();
    assert_eq!(last.iter().map(|row| row["seed"].as_str()).collect::<Vec<_>>(), ["8", "9"]);
    assert!(last.iter().all(|row| row["optimizer.learning_rate"] == best["optimizer.learning_rate"]));

    // Again, and elsewhere, it is the same; a run that was promoted is as one that never stopped.
    sweep(&shop, &[]).done().expect(0);
    assert_eq!(column(&shop, "state"), rows.iter().map(|row| row["state"].clone()).collect::<Vec<_>>());
    let text = std::fs::read_to_string(shop.path("x.toml")).unwrap();
    shop.write("x.toml", &text[..text.find("[sweep]").unwrap()]);
    let rate = format!("optimizer.learning_rate={}", best["optimizer.learning_rate"]);
    shop.atelier(["run", "x.toml", "--out", "alone", "--set", "seed=3", "--set", &rate]).done().expect(0);
    let promoted = untitled(&shop.path("out/x").join(&best["run"]));
    assert_same(&promoted, &untitled(&runs(&shop.path("alone"))[0]), "promoted and alone");
}

#[test]
fn tpe_proposes_the_same_however_many_run_at_a_time() {
    let text = "epochs = 1\n[sweep]\nstrategy = \"tpe\"\ntrials = 6\nbatch = 3\nseeds = [0]\nobjective = { column = \"d_loss\" }\n\
                [sweep.parameters]\n\"optimizer.learning_rate\" = { log-uniform = [1e-5, 1e-2] }\n\
                \"objective.loss\" = [\"non-saturating\", \"minimax\"]\n";
    let sweeps = ["1", "2"].map(|jobs| {
        let shop = Workshop::new();
        file(&shop, &format!("{BRIEF}{text}"));
        sweep(&shop, &["--jobs", jobs]).done().expect(0);
        (column(&shop, "run"), column(&shop, "objective"))
    });
    assert_eq!(sweeps[0], sweeps[1]);
    assert_eq!(sweeps[0].0.len(), 6);
    // The first trial is the file's own.
    assert!(sweeps[0].0[0].contains("lr=0.0001"), "{:?}", sweeps[0].0);
}

#[test]
fn a_run_goes_on_from_its_folder_and_pauses_at_an_epoch() {
    let shop = Workshop::new();
    file(&shop, &format!("{BRIEF}epochs = 5\n"));
    let run = ["run", "x.toml", "--out", "out"];
    shop.atelier(run).arguments(["--until-epoch", "2"]).done().expect(0).says("--until-epoch");
    let folder = shop.only_run("out");
    assert_eq!(run_file(&folder)["state"].as_str(), Some("interrupted"));
    assert_eq!(run_file(&folder)["epochs_done"].as_integer(), Some(2));
    // There already.
    shop.atelier(run).arguments(["--until-epoch", "1"]).done().expect(0);
    assert_eq!(run_file(&folder)["epochs_done"].as_integer(), Some(2));

    // From its folder, without the file that it came from and whatever the environment says.
    std::fs::remove_file(shop.path("x.toml")).unwrap();
    let shown = folder.to_str().unwrap();
    shop.atelier(["run", shown, "--set", "seed=3"]).done().expect(2).complains("as it is");
    shop.atelier(["run", shown]).env("ATELIER__SEED", "3").done().expect(0);
    assert_eq!(run_file(&folder)["state"].as_str(), Some("complete"));

    let whole = Workshop::new();
    file(&whole, &format!("{BRIEF}epochs = 5\n"));
    whole.atelier(run).done().expect(0);
    assert_same(&results(&folder), &results(&whole.only_run("out")), "paused and left alone");
    shop.atelier(["run", "out"]).done().expect(2).complains("not a run's");
}

#[test]
fn what_cannot_be_run_is_refused_before_anything_is_written() {
    let shop = Workshop::new();
    let cases = [
        ("epochs = 1\n", &[][..], "there is no [sweep]"),
        ("epochs = 1\n[sweep]\nseeds = [0, 1]\n", &["--again"][..], "--again"),
        ("epochs = 1\n[sweep]\n[sweep.parameters]\n\"training.batch_size\" = [16, 1000]\n", &[][..], "1,000"),
        (
            "epochs = 1\n[sweep]\n[sweep.parameters]\n\"architecture.width\" = [4, 5]\n",
            &[][..],
            "built without",
        ),
    ];
    for (text, arguments, said) in cases {
        file(&shop, &format!("{BRIEF}{text}"));
        let done = sweep(&shop, arguments).done().expect(2);
        assert!(done.stderr.contains(said) || said == "1,000", "`{said}` is not said: {done}");
        assert!(!shop.path("out").exists(), "{done}");
    }
}
