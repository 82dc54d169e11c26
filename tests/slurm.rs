//! Sweeps on a real Slurm: a controller and a node on this machine, started by `scripts/slurm-test-cluster`.
//!
//! It needs root and the Debian packages slurm-wlm and munge, and says that it was skipped where they are missing, unless
//! the environment has `ATELIER_TEST_SLURM=required`.

#[allow(dead_code, reason = "shared with the tests of the command line")]
#[path = "cli/support.rs"]
mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use support::{Call, Process, Workshop, assert_same, experiment, results, run_file};

/// Runs of the sweep. The name of its folder needs quotes in a script, and the log's name escapes.
const RUNS: usize = 6;
const OUT: &str = "it's 100% out";

/// Seconds that a run should take: long enough that Slurm, which thinks for some seconds, finds it running.
const SECONDS: f64 = 8.0;

/// The experiment, with runs of so many epochs.
fn text(epochs: u64) -> String {
    let base = experiment("tiny.toml");
    let every = epochs / 2;
    format!(
        "extends = [{base:?}]\nname = \"x\"\n[dataset]\ncount = 256\n[training]\nepochs = {epochs}\n[logging]\n\
         montage = {{ rows = 2, columns = 2, every = {every} }}\n"
    )
}

const SWEEP: &str = "[sweep]\nseeds = [0, 1, 2, 3, 4, 5]\n[sweep.slurm]\ncpus = 1\ntime = \"30\"\nthrottle = 6\n\
                     setup = [\"echo from setup\"]\n";

/// How many epochs take [`SECONDS`] on this machine, as busy as it is.
fn epochs(shop: &Workshop) -> u64 {
    const FEW: u64 = 40;
    shop.write("x.toml", text(FEW));
    let done = shop.atelier(["run", "x.toml", "--out", "pace", "--threads", "1"]).done().expect(0);
    ((SECONDS * FEW as f64 / done.took.as_secs_f64()) as u64).clamp(70, 2000)
}

/// A cluster of one machine, which ends with the test.
struct Cluster {
    folder: PathBuf,
}

fn script(arguments: &[&str]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/slurm-test-cluster");
    Command::new(script).args(arguments).output().expect("scripts/slurm-test-cluster")
}

impl Cluster {
    fn start(folder: PathBuf) -> Self {
        let cluster = Self { folder };
        let output = script(&["start", cluster.path(), "2"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        cluster
    }

    fn path(&self) -> &str {
        self.folder.to_str().expect("a path in UTF-8")
    }

    fn configuration(&self) -> PathBuf {
        self.folder.join("slurm.conf")
    }

    /// Runs one of Slurm's programs; what it printed.
    fn ask(&self, program: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(program);
        let output = command.args(arguments).env("SLURM_CONF", self.configuration()).output();
        let output = output.expect("one of Slurm's programs");
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let output = script(&["stop", self.path()]);
        // Not a panic in a panic.
        if !output.status.success() {
            eprintln!("the cluster did not stop: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

/// Why there can be no cluster here.
fn missing() -> Option<String> {
    let is_there = |program: &str| {
        let path = std::env::var("PATH").unwrap_or_default();
        let folders = path.split(':').chain(["/usr/sbin", "/usr/local/sbin"]);
        folders.map(Path::new).any(|folder| folder.join(program).is_file())
    };
    let id = Command::new("id").arg("-u").output().ok()?;
    if String::from_utf8_lossy(&id.stdout).trim() != "0" {
        return Some("only root can start a cluster".into());
    }
    let needed = ["munged", "slurmctld", "slurmd", "sbatch"];
    needed.into_iter().find(|program| !is_there(program)).map(|program| format!("{program} is not installed"))
}

/// The runs of the sweep below a folder of results, in the order of their seeds.
fn runs(out: &Path) -> Vec<PathBuf> {
    let mut runs = support::runs(out);
    runs.retain(|run| run.join("experiment.toml").exists());
    runs.sort();
    runs
}

fn state(run: &Path) -> String {
    match std::fs::read_to_string(run.join("run.toml")) {
        Ok(text) => text.lines().next().unwrap_or_default().replace("state = ", "").replace('"', ""),
        Err(_) => "waiting".to_owned(),
    }
}

/// Rows of `metrics.csv` so far.
fn rows(run: &Path) -> usize {
    std::fs::read_to_string(run.join("metrics.csv")).map_or(0, |text| text.lines().count().saturating_sub(1))
}

fn log(run: &Path) -> String {
    std::fs::read_to_string(run.join("run.log")).unwrap_or_default()
}

/// How often a job has begun on a run.
fn starts(run: &Path) -> usize {
    log(run).lines().filter(|line| line.starts_with("== Slurm job ")).count()
}

/// The rows of `sweep.csv`, by their columns.
fn table(out: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(out.join("x/sweep.csv")).expect("a sweep.csv");
    reader.deserialize().collect::<Result<_, _>>().expect("a table")
}

struct Bench {
    // In this order: the cluster ends before its folder is removed.
    cluster: Cluster,
    shop: Workshop,
}

impl Bench {
    fn sweep(&self, arguments: &[&str]) -> Call {
        let call = self.shop.atelier(["sweep", "x.toml", "--engine", "slurm", "--out", OUT]);
        call.arguments(arguments).env("SLURM_CONF", self.cluster.configuration())
    }

    fn out(&self) -> PathBuf {
        self.shop.path(OUT)
    }

    /// The job arrays that were submitted: their numbers in Slurm, and how many runs each has.
    fn jobs(&self) -> Vec<(String, String)> {
        let mut reader = csv::Reader::from_path(self.out().join("x/slurm/jobs.csv")).expect("a jobs.csv");
        let rows: Vec<BTreeMap<String, String>> =
            reader.deserialize().collect::<Result<_, _>>().expect("a table");
        rows.into_iter().map(|row| (row["job"].clone(), row["runs"].clone())).collect()
    }
}

/// Waits for something while a program runs, which must not end before it.
#[track_caller]
fn until(process: &mut Process, what: &str, mut happened: impl FnMut() -> bool) {
    let mut wait = || {
        std::thread::sleep(std::time::Duration::from_millis(20));
        happened()
    };
    assert!(process.until(|_| wait()), "it ended before {what}:\n{}{}", process.stdout(), process.stderr());
}

#[test]
fn a_sweep_survives_cancelling_preemption_and_the_death_of_its_follower() {
    if let Some(reason) = missing() {
        assert_ne!(std::env::var("ATELIER_TEST_SLURM").as_deref(), Ok("required"), "{reason}");
        eprintln!("skipped: {reason} (on Debian: apt-get install slurm-wlm munge)");
        return;
    }
    let shop = Workshop::new();
    shop.write("x.toml", text(epochs(&shop)) + SWEEP);
    let bench = Bench { cluster: Cluster::start(shop.path("cluster")), shop };

    // What the cluster refuses is told in its own words, and nothing is left in the queue.
    let refused = bench.sweep(&["--set", "sweep.slurm.partition=\"nosuch\""]).done().expect(2);
    refused.complains("invalid partition specified: nosuch").complains("array0001.sbatch");
    assert_eq!(bench.cluster.ask("squeue", &["--noheader"]), "");
    std::fs::remove_dir_all(bench.out()).expect("a folder of results");

    // Two of the six run at a time. One is cancelled while it runs, one before it begins.
    let mut first = bench.sweep(&[]).start();
    until(&mut first, "two runs had begun", || {
        let runs = runs(&bench.out());
        runs.len() == RUNS && rows(&runs[0]) > 2 && rows(&runs[1]) > 2
    });
    let folders = runs(&bench.out());
    let [(job, count)] = &bench.jobs()[..] else { panic!("{:?}", bench.jobs()) };
    assert_eq!(count, "6");
    bench.cluster.ask("scancel", &[&format!("{job}_1"), &format!("{job}_6")]);
    until(&mut first, "both cancelled runs were rows", || {
        let reasons: Vec<String> = table(&bench.out()).into_iter().map(|row| row["reason"].clone()).collect();
        reasons[0] == "cancelled in Slurm" && reasons[5] == "cancelled in Slurm before it began"
    });
    let rows_then = table(&bench.out());
    assert_eq!((rows_then[0]["state"].as_str(), state(&folders[0]).as_str()), ("interrupted", "interrupted"));
    assert_eq!(starts(&folders[5]), 0);

    // A job of higher priority takes the whole node: what runs makes room, and waits for its turn.
    until(&mut first, "the third run had begun", || rows(&folders[2]) > 2);
    let wanted = ["--parsable", "--partition=high", "--exclusive", "--output=/dev/null", "--wrap=sleep 1"];
    bench.cluster.ask("sbatch", &wanted);
    let put_back = |stdout: &str| {
        let line = stdout.lines().find(|line| line.contains("was put back into the queue"))?;
        let name = line.split_whitespace().next()?;
        folders.iter().position(|run| run.ends_with(name))
    };
    assert!(first.until(|first| put_back(&first.stdout()).is_some()), "no preemption:\n{}", first.stdout());
    let preempted = put_back(&first.stdout()).expect("a run");
    assert_eq!(state(&folders[preempted]), "interrupted");

    // The follower is killed, and the next one is told to end: the jobs go on, and none is submitted a second time.
    first.kill();
    let mut second = bench.sweep(&[]).start();
    let again = format!("following Slurm job {job}, submitted before");
    assert!(second.until(|second| second.stdout().contains("submitted 2 runs")), "{}", second.stdout());
    assert!(second.stdout().contains(&again), "{}", second.stdout());
    second.signal("INT");
    let second = second.wait().expect(130);
    assert!(second.stdout.contains("scancel "), "{second}");
    assert_ne!(bench.cluster.ask("squeue", &["--noheader"]), "");
    let third = bench.sweep(&[]).done().expect(0);
    assert!(third.stdout.contains("6 complete") && !third.stdout.contains("submitted 2"), "{third}");

    let jobs = bench.jobs();
    assert_eq!(jobs.len(), 2, "{jobs:?}");
    assert_eq!(jobs[1].1, "2");
    for row in table(&bench.out()) {
        assert_eq!((row["state"].as_str(), row["reason"].as_str()), ("complete", ""), "{row:?}");
    }
    let resumed: Vec<i64> =
        folders.iter().map(|run| run_file(run)["resumed"].as_integer().expect("a number")).collect();
    assert!(resumed[0] >= 1, "the cancelled run began anew: {resumed:?}");
    assert!(resumed[preempted] >= 1, "the preempted run, {preempted}, began anew: {resumed:?}");
    // A job that resumes a run is one more start of it; a job that was submitted twice would be one more without.
    let begun: Vec<i64> = folders.iter().map(|run| starts(run) as i64).collect();
    assert_eq!(begun, resumed.iter().map(|resumed| resumed + 1).collect::<Vec<_>>());
    assert!(folders.iter().all(|run| log(run).contains("from setup")));

    // All is done: nothing is submitted.
    let fourth = bench.sweep(&[]).done().expect(0);
    assert!(!fourth.stdout.contains("Slurm job"), "{fourth}");
    assert_eq!(bench.jobs(), jobs);

    let configuration = bench.cluster.configuration();
    let Bench { cluster, shop } = bench;
    drop(cluster);
    assert_eq!(processes_of(&configuration), Vec::<String>::new(), "something is left");
    shop.atelier(["sweep", "x.toml", "--out", "local", "--jobs", "2"]).done().expect(0);
    let local = runs(&shop.path("local"));
    assert_eq!(local.len(), RUNS);
    for (found, expected) in folders.iter().zip(&local) {
        assert_same(&results(found), &results(expected), &found.display().to_string());
    }
}

/// The processes of a cluster and of its jobs, by their names.
fn processes_of(configuration: &Path) -> Vec<String> {
    let wanted = configuration.parent().and_then(Path::to_str).expect("a path in UTF-8").as_bytes();
    let mut found = Vec::new();
    for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let of = |name: &str| std::fs::read(process.path().join(name)).unwrap_or_default();
        let has = |bytes: &[u8]| bytes.windows(wanted.len()).any(|window| window == wanted);
        let name = String::from_utf8_lossy(&of("comm")).trim().to_owned();
        let is_of_slurm =
            ["munged", "slurm", "atelier", "bash"].iter().any(|prefix| name.starts_with(prefix));
        if is_of_slurm && (has(&of("environ")) || has(&of("cmdline"))) {
            found.push(name);
        }
    }
    found
}

#[test]
fn without_slurm_it_says_what_is_missing() {
    let shop = Workshop::new();
    let base = experiment("tiny.toml");
    shop.write("x.toml", format!("extends = [{base:?}]\nname = \"x\"\n[sweep]\nseeds = [0, 1]\n"));
    let call = shop.atelier(["sweep", "x.toml", "--engine", "slurm"]).env("PATH", shop.path("nothing"));
    call.done().expect(2).complains("cannot start `sbatch`").complains("on PATH");
    let call = shop.atelier(["sweep", "x.toml", "--engine", "slurm", "--jobs", "2"]);
    call.done().expect(2).complains("`throttle` and `cpus`");
    assert!(!shop.path("results").exists(), "nothing is written");
}
