//! One training step of the reference DCGAN (`experiments/dcgan_fashion.toml`), as the runner makes it: `just bench [STEPS]`.
//!
//! Prints one JSON line: milliseconds a step (fastest, median, slowest), peak memory. A number by itself says little, since
//! machines differ and others may be busy: compare it with another program's from the same quarter of an hour.

use atelier::config::Experiment;
use atelier::run::{Model, Plan};
use std::path::Path;
use std::time::Instant;

fn main() {
    let steps = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(20);
    atelier_kernels::memory::keep_freed_memory();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/dcgan_fashion.toml");
    let experiment =
        Experiment::load(&file, &[], std::iter::empty()).expect("the reference is valid").experiment;
    let plan = Plan::new(experiment, Path::new("results")).expect("the reference fits together");
    let mut model = Model::new(&plan.experiment, &plan.networks).expect("the reference is built in");

    // Random images: what they show changes nothing about the time.
    let batch_size = plan.experiment.training.batch_size;
    let images = Model::latents(&plan.experiment, 0, "bench", batch_size * 8);
    let batch: Vec<f32> = images.iter().take(batch_size * 784).map(|value| value.tanh()).collect();
    let batches = [batch];

    let mut times = Vec::new();
    for step in 0..steps + 3 {
        let started = Instant::now();
        model.learner().step(step, &batches).expect("a few steps do not diverge");
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    let mut times = times.split_off(3);
    times.sort_by(f64::total_cmp);
    let line = serde_json::json!({
        "program": "atelier",
        "version": env!("CARGO_PKG_VERSION"),
        "step": "dcgan_fashion, simultaneous, f32",
        "batch": batch_size,
        "threads": rayon::current_num_threads(),
        "steps": steps,
        "ms_min": times[0],
        "ms_median": times[times.len() / 2],
        "ms_max": times[times.len() - 1],
        "peak_mb": peak_megabytes(),
    });
    println!("{line}");
}

/// The most memory that this process had, where the system tells.
fn peak_megabytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes / 1024)
}
