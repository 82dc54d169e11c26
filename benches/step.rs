//! One training step of the reference DCGAN (`experiments/dcgan_fashion.toml`), as the runner makes it, beside
//! TensorFlow's and PyTorch's (`benches/peers`): `just bench`.
//!
//! Every program is a process of its own, which prints what it found as one JSON line. In a round each runs once, one
//! after the other, and what is compared are ratios within a round: machines differ, and others may be busy. The peers
//! are the virtual environments `tf-venv` and `torch-venv` in the folder that `ATELIER_PEERS` names.

use atelier::config::Experiment;
use atelier::learner::Minibatch;
use atelier::record::provenance::Provenance;
use atelier::run::{BUILD, Model, Plan};
use clap::Parser;
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

mod table;

use table::{Machine, Program, Record, Scaling, median};

#[global_allocator]
static ALLOCATOR: atelier_kernels::memory::HugePages = atelier_kernels::memory::HugePages;

/// Untimed steps before the timed ones, as in `benches/peers/harness.py`.
const WARM_UP: usize = 3;

/// The keys that the peers can follow; with others atelier is timed alone.
const SHARED_KEYS: [&str; 2] = ["training.batch_size", "architecture.width"];

/// Times the reference DCGAN's training step beside TensorFlow's and PyTorch's (ATELIER_PEERS, see benches/peers).
#[derive(Parser)]
#[command(
    bin_name = "just bench",
    after_help = "RAYON_NUM_THREADS says with how many threads all programs compute."
)]
struct Arguments {
    /// How often each program runs.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// How many steps it times in a round.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
    steps: u16,
    /// Another setting than the reference's, such as training.batch_size=64.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Also one thread beside two, and two runs side by side.
    #[arg(long)]
    scaling: bool,
    /// Writes docs/bench.json and the README's table.
    #[arg(long, conflicts_with = "set")]
    write: bool,
    /// Is the process that makes the steps.
    #[arg(long, hide = true)]
    child: bool,
    /// What `cargo bench` says.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What a program prints; the fields of `benches/peers/harness.py`.
#[derive(Serialize, Deserialize)]
struct Measurement {
    name: String,
    version: String,
    #[serde(default)]
    variant: Option<String>,
    ms_min: f64,
    ms_median: f64,
    ms_max: f64,
    peak_mib: Option<f64>,
    /// When the first step ended, in seconds since 1970.
    first_step_at: f64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = if arguments.child { make_steps(&arguments) } else { compare(&arguments) };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn load(sets: &[String]) -> Result<Experiment, Box<dyn Error>> {
    Ok(Experiment::load(&root().join("experiments/dcgan_fashion.toml"), sets, std::iter::empty())?.experiment)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Makes the steps and prints the measurement.
fn make_steps(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    atelier_kernels::memory::keep_freed_memory();
    atelier_kernels::start_threads(0)?;
    let plan = Plan::new(load(&arguments.set)?, Path::new("results"))?;
    let mut model = Model::new(&plan.experiment, &plan.networks)?;

    // Random images: what they show changes nothing about the time.
    let batch_size = plan.experiment.training.batch_size;
    let values = Model::latents(&plan.experiment, 0, "bench", batch_size);
    let images = values.iter().cycle().take(batch_size * 28 * 28).map(|value| value.tanh()).collect();
    let batches = [Minibatch { values: images, labels: None }];

    let mut first_step_at = 0.0;
    let mut times = Vec::new();
    for step in 0..WARM_UP + usize::from(arguments.steps) {
        let started = Instant::now();
        model.learner().step(step as u64, &batches)?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
        if step == 0 {
            first_step_at = now();
        }
    }
    let times = times.split_off(WARM_UP);
    let measurement = Measurement {
        name: "atelier".into(),
        version: BUILD.version.into(),
        variant: None,
        ms_min: times.iter().copied().fold(f64::INFINITY, f64::min),
        ms_median: median(&times),
        ms_max: times.iter().copied().fold(0.0, f64::max),
        peak_mib: peak_mebibytes(),
        first_step_at,
    };
    println!("{}", serde_json::to_string(&measurement)?);
    Ok(())
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// The most memory that this process had, where the system tells.
fn peak_mebibytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<f64>().ok().map(|kibibytes| kibibytes / 1024.0)
}

/// A program to time, and what its rounds gave.
struct Contestant {
    command: Command,
    measured: Vec<Measurement>,
    first_step_s: Vec<f64>,
}

impl Contestant {
    fn new(command: Command) -> Self {
        Self { command, measured: Vec::new(), first_step_s: Vec::new() }
    }

    /// Runs it once more and gives the milliseconds of its median step.
    fn run(&mut self) -> Result<f64, Box<dyn Error>> {
        let started = now();
        let measurement = finish(start(&mut self.command)?)?;
        let ms = measurement.ms_median;
        self.first_step_s.push(measurement.first_step_at - started);
        self.measured.push(measurement);
        Ok(ms)
    }

    /// What all rounds gave; there was at least one.
    fn summary(&self) -> Program {
        let last = &self.measured[self.measured.len() - 1];
        let peaks: Vec<f64> = self.measured.iter().filter_map(|measured| measured.peak_mib).collect();
        let fastest = self.measured.iter().map(|measured| measured.ms_min).fold(f64::INFINITY, f64::min);
        Program {
            name: last.name.clone(),
            version: last.version.clone(),
            variant: last.variant.clone(),
            round_ms: self.measured.iter().map(|measured| rounded(measured.ms_median)).collect(),
            best_ms: rounded(fastest),
            peak_mib: (!peaks.is_empty()).then(|| rounded(median(&peaks))),
            first_step_s: rounded(median(&self.first_step_s)),
        }
    }
}

/// Two digits after the point, for the file.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn start(command: &mut Command) -> Result<Child, Box<dyn Error>> {
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(command.spawn().map_err(|error| format!("{}: {error}", command.get_program().display()))?)
}

/// Waits for a program and reads the line that it printed.
fn finish(child: Child) -> Result<Measurement, Box<dyn Error>> {
    let output = child.wait_with_output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.lines().find(|line| line.starts_with('{')) {
        Some(line) if output.status.success() => Ok(serde_json::from_str(line)?),
        _ => {
            let complaints = String::from_utf8_lossy(&output.stderr);
            let last = complaints.trim().lines().next_back().unwrap_or("it printed no measurement");
            Err(format!("{} ({last})", output.status).into())
        }
    }
}

/// This program again, as the process that makes the steps.
fn atelier(arguments: &Arguments, threads: usize) -> Result<Command, Box<dyn Error>> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--child", "--steps", &arguments.steps.to_string()]);
    command.args(arguments.set.iter().flat_map(|set| ["--set", set]));
    command.env("RAYON_NUM_THREADS", threads.to_string());
    Ok(command)
}

/// The peers that are installed; says which are not.
fn peers(arguments: &Arguments, experiment: &Experiment, threads: usize) -> Vec<Contestant> {
    let key = |set: &String| set.split('=').next().unwrap_or_default().trim().to_owned();
    if !arguments.set.iter().all(|set| SHARED_KEYS.contains(&key(set).as_str())) {
        println!("atelier alone: the peers follow no --set but {}", SHARED_KEYS.join(" and "));
        return Vec::new();
    }
    let Some(folder) = std::env::var_os("ATELIER_PEERS").filter(|folder| !folder.is_empty()) else {
        println!("atelier alone: ATELIER_PEERS names no folder with the peers (benches/peers/README.md)");
        return Vec::new();
    };
    let mut peers = Vec::new();
    for [venv, script, mode] in
        [["tf-venv", "tf_dcgan.py", "function"], ["torch-venv", "torch_dcgan.py", "simul_cl"]]
    {
        let python = Path::new(&folder).join(venv).join("bin/python");
        if !python.exists() {
            println!("without {script}: {} is missing (benches/peers/README.md)", python.display());
            continue;
        }
        let mut command = Command::new(python);
        command.arg(root().join("benches/peers").join(script));
        command.args([mode, &arguments.steps.to_string()]);
        command.args(["--batch", &experiment.training.batch_size.to_string()]);
        command.args(["--width", &experiment.architecture.width.unwrap_or(64).to_string()]);
        command.args(["--threads", &threads.to_string()]);
        peers.push(Contestant::new(command));
    }
    peers
}

/// Runs all programs in rounds, prints what they found and, with `--write`, writes it down.
fn compare(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let experiment = load(&arguments.set)?;
    let threads = rayon::current_num_threads();
    let mut atelier = Contestant::new(atelier(arguments, threads)?);
    let mut peers = peers(arguments, &experiment, threads);
    let mut version_ms = Vec::new();
    let busy = Busy::now();
    for round in 1..=arguments.rounds {
        version_ms.push(time_version()?);
        let ours = atelier.run()?;
        println!("round {round}: atelier {ours:.1} ms a step");
        peers.retain_mut(|peer| match peer.run() {
            Ok(theirs) => {
                let name = &peer.measured[0].name;
                println!(
                    "round {round}: {name} {theirs:.1} ms; atelier's time is {:.2} of it",
                    ours / theirs
                );
                true
            }
            Err(error) => {
                println!("without {}: {error}", peer.command.get_program().display());
                false
            }
        });
    }
    let scaling = if arguments.scaling { Some(scale(arguments)?) } else { None };
    let record = Record {
        date: chrono::Utc::now().format("%Y-%m-%d").to_string(),
        machine: machine(threads)?,
        batch_size: experiment.training.batch_size,
        steps: arguments.steps.into(),
        programs: std::iter::once(&atelier).chain(&peers).map(Contestant::summary).collect(),
        version_ms: rounded(median(&version_ms)),
        scaling,
        taken_by_others: busy.and_then(Busy::taken_by_others).map(rounded),
    };
    print!("\n{}", record.to_markdown());
    if arguments.write { write(&record) } else { Ok(()) }
}

/// How long the processor has been at work, as Linux tells it, in ticks of the clock.
struct Busy {
    /// Idle or not, all cores together.
    total: f64,
    /// At work for whomever, time that a virtual machine did not get included.
    all: f64,
    /// At work for this process and those that it started and that have ended.
    own: f64,
}

impl Busy {
    fn now() -> Option<Self> {
        let numbers = |text: &str| text.split_whitespace().map_while(|word| word.parse().ok()).collect();
        let stat = std::fs::read_to_string("/proc/stat").ok()?;
        // user nice system idle iowait irq softirq steal; what follows is contained in the first two.
        let cores: Vec<f64> = numbers(stat.lines().next()?.strip_prefix("cpu")?);
        let total: f64 = cores.get(..8)?.iter().sum();
        // After the name, the state and ten others: utime stime cutime cstime.
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        let own: Vec<f64> = numbers(stat.rsplit_once(')')?.1.trim_start().split_once(' ')?.1);
        Some(Self { total, all: total - cores[3] - cores[4], own: own.get(10..14)?.iter().sum() })
    }

    /// The share of all cores' time that others have taken since.
    fn taken_by_others(self) -> Option<f64> {
        let now = Self::now()?;
        let (all, own, total) = (now.all - self.all, now.own - self.own, now.total - self.total);
        (total > 0.0).then(|| ((all - own) / total).max(0.0))
    }
}

/// Milliseconds of `atelier --version`, the median of ten.
fn time_version() -> Result<f64, Box<dyn Error>> {
    let mut times = Vec::new();
    for _ in 0..10 {
        let started = Instant::now();
        Command::new(env!("CARGO_BIN_EXE_atelier")).arg("--version").stdout(Stdio::null()).status()?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    Ok(median(&times))
}

/// Rounds of one thread, two threads, and two runs side by side with a thread each.
fn scale(arguments: &Arguments) -> Result<Scaling, Box<dyn Error>> {
    let mut scaling = Scaling { one_thread_ms: vec![], two_threads_ms: vec![], side_by_side_ms: vec![] };
    for round in 1..=arguments.rounds {
        let one = Contestant::new(atelier(arguments, 1)?).run()?;
        let two = Contestant::new(atelier(arguments, 2)?).run()?;
        let both = [start(&mut atelier(arguments, 1)?)?, start(&mut atelier(arguments, 1)?)?];
        let [first, second] = both.map(finish);
        let side_by_side = (first?.ms_median + second?.ms_median) / 2.0;
        println!("round {round}: one thread {one:.1} ms, two {two:.1} ms, side by side {side_by_side:.1} ms");
        scaling.one_thread_ms.push(rounded(one));
        scaling.two_threads_ms.push(rounded(two));
        scaling.side_by_side_ms.push(rounded(side_by_side));
    }
    Ok(scaling)
}

fn machine(threads: usize) -> Result<Machine, Box<dyn Error>> {
    let mut system = sysinfo::System::new()?;
    system.refresh_memory();
    Ok(Machine {
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        memory_gib: rounded(system.total_memory() as f64 / f64::from(1 << 30)),
        #[cfg(target_arch = "x86_64")]
        avx512: std::arch::is_x86_feature_detected!("avx512f"),
        #[cfg(not(target_arch = "x86_64"))]
        avx512: false,
        provenance: Provenance::gather(BUILD, None, threads),
    })
}

fn write(record: &Record) -> Result<(), Box<dyn Error>> {
    let readme = root().join("README.md");
    let text = std::fs::read_to_string(&readme)?;
    let spliced =
        table::splice(&text, &record.to_markdown()).ok_or("README.md has no bench:start and bench:end")?;
    std::fs::write(root().join("docs/bench.json"), serde_json::to_string_pretty(record)? + "\n")?;
    std::fs::write(readme, spliced)?;
    Ok(())
}
