//! Folders of runs and sweeps as the program writes them, with made-up numbers and pictures.

use std::fs;
use std::path::Path;

use atelier::record::provenance::Provenance;
use atelier::record::run_file::{DatasetRecord, RunFile, State, Timestamp};
use atelier::record::sweep::{self, Objective, RunState, SweepFile, SweepRow, SweepTable};

/// A run to be written.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) trial: usize,
    pub(crate) is_final: bool,
    /// The values of the sweep's parameters.
    pub(crate) parameters: Vec<String>,
    pub(crate) seed: u64,
    pub(crate) state: RunState,
    pub(crate) reason: String,
    /// The last `g_loss`; the curve falls towards it.
    pub(crate) value: f64,
}

/// A sweep to be written.
pub(crate) struct Planning {
    pub(crate) name: String,
    pub(crate) description: String,
    /// The experiment file's text.
    pub(crate) source: String,
    pub(crate) strategy: String,
    pub(crate) parameters: Vec<String>,
    pub(crate) runs: Vec<Planned>,
    pub(crate) epochs: u64,
    /// Rows of metrics in each epoch.
    pub(crate) rows: u64,
    /// Side of the montages in pixels; 0 for none.
    pub(crate) montage: u32,
}

/// Pseudo-random numbers in 0..1 that are the same on every machine.
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn next(&mut self) -> f64 {
        // Steele et al. 2014, SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Writes the sweep's folder with all of its runs.
pub(crate) fn write_sweep(folder: &Path, planning: &Planning) {
    let mut rows = Vec::new();
    for (index, planned) in planning.runs.iter().enumerate() {
        let names = planning.parameters.iter().map(|key| key.rsplit('.').next().unwrap_or(key));
        let settings: Vec<String> =
            names.zip(&planned.parameters).map(|(name, value)| format!("{name}={value}")).collect();
        let run = format!("{},seed{}-{index:08x}", settings.join(",").replace('/', "_"), planned.seed);
        let file = write_run(&folder.join(&run), &run, planning, planned);
        rows.push(SweepRow {
            index,
            trial: planned.trial,
            is_final: planned.is_final,
            parameters: planned.parameters.clone(),
            seed: planned.seed,
            run,
            state: planned.state,
            reason: planned.reason.clone(),
            epochs: file.as_ref().map_or(0, |file| file.epochs_done),
            steps: file.as_ref().map_or(0, |file| file.steps_done),
            objective: (planned.state.is_done()).then_some(planned.value),
            metrics: vec![
                planned.state.is_done().then_some(1.4 - planned.value / 5.0),
                planned.state.is_done().then_some(planned.value),
            ],
            provenance: sweep::provenance(file.as_ref()),
        });
    }
    let table = SweepTable {
        parameters: planning.parameters.clone(),
        metrics: vec!["d_loss".into(), "g_loss".into()],
        rows,
    };
    table.write(&folder.join(sweep::TABLE)).expect("the table");
    let mut seeds: Vec<u64> = planning.runs.iter().filter(|run| !run.is_final).map(|run| run.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let file = SweepFile {
        experiment: planning.name.clone(),
        description: planning.description.clone(),
        file: format!("experiments/{}.toml", planning.name),
        command: vec!["atelier".into(), "sweep".into(), format!("experiments/{}.toml", planning.name)],
        strategy: planning.strategy.clone(),
        parameters: planning.parameters.clone(),
        seeds,
        final_seeds: planning.runs.iter().filter(|run| run.is_final).map(|run| run.seed).collect(),
        runs: planning.runs.len(),
        program_version: "0.1.0".into(),
        source: planning.source.clone(),
        objective: Some(Objective { column: "g_loss".into(), goal: "min".into(), value: "last".into() }),
    };
    file.write(&folder.join(sweep::DESCRIPTION)).expect("the description");
}

/// Writes a run's folder; nothing for one that waits.
fn write_run(folder: &Path, name: &str, planning: &Planning, planned: &Planned) -> Option<RunFile> {
    if planned.state == RunState::Waiting {
        return None;
    }
    let done = if planned.state.is_done() { planning.epochs } else { planning.epochs / 2 };
    let state = match planned.state {
        RunState::Complete => State::Complete,
        RunState::Diverged => State::Diverged,
        RunState::Failed => State::Failed,
        RunState::Running | RunState::Killed => State::Running,
        RunState::Stopped | RunState::Interrupted | RunState::Waiting => State::Interrupted,
    };
    let time = |seconds: i64| Timestamp::from_unix_seconds(1_800_000_000 + seconds).expect("a time");
    let file = RunFile {
        state,
        error: (!planned.reason.is_empty()).then(|| planned.reason.clone()),
        reason: None,
        experiment: planning.name.clone(),
        run: name.to_owned(),
        seed: planned.seed,
        configuration_hash: format!("{:064x}", planned.trial * 1000 + planned.seed as usize),
        started: time(planned.trial as i64 * 60),
        ended: Some(time(planned.trial as i64 * 60 + 55)),
        seconds_training: 48.5,
        resumed: 0,
        epochs_done: done,
        steps_done: done * 100,
        dataset: DatasetRecord {
            name: "fashion-mnist".into(),
            sha256: "5ad69353d0f6a614cb9f2267fd5c804ee9142a40cb581c027ec3be079b33a7e8".into(),
        },
        provenance: Provenance {
            program_version: "0.1.0".into(),
            git_commit: Some("01c231c5e8f1a40b6cbb5a8b6bc0f4b1d8b7a1f0".into()),
            git_dirty: Some(false),
            rustc: "rustc 1.95.0 (59807616e 2026-04-14)".into(),
            cpu: "AMD Ryzen 9 7950X 16-Core Processor".into(),
            gpu: None,
            threads: 4,
            os: "linux 6.12.0 x86_64".into(),
        },
    };
    fs::create_dir_all(folder.join("samples")).expect("a folder");
    fs::write(folder.join("run.toml"), file.to_toml()).expect("run.toml");
    fs::write(folder.join("experiment.toml"), resolved(planning, planned)).expect("experiment.toml");
    fs::write(folder.join("metrics.csv"), metrics(planned, done, planning.rows)).expect("metrics.csv");
    if planning.montage > 0 {
        for epoch in 1..=done {
            let seed = (planned.trial as u64) << 32 | planned.seed << 16 | epoch;
            let png = montage(planning.montage, planned.value, epoch as f64 / planning.epochs as f64, seed);
            fs::write(folder.join(format!("samples/epoch_{epoch:04}.png")), png).expect("a montage");
        }
    }
    Some(file)
}

fn resolved(planning: &Planning, planned: &Planned) -> String {
    let settings: Vec<String> = planning
        .parameters
        .iter()
        .zip(&planned.parameters)
        .map(|(key, value)| {
            format!("{key} = {}", value.parse::<f64>().map_or(format!("{value:?}"), |v| v.to_string()))
        })
        .collect();
    format!(
        "name = {:?}\ndescription = {:?}\nseed = {}\n{}\n",
        planning.name,
        planning.description,
        planned.seed,
        settings.join("\n")
    )
}

fn metrics(planned: &Planned, epochs: u64, rows: u64) -> String {
    let mut text =
        "epoch,step,d_loss,g_loss,d_real,d_fake,d_gradient_norm,g_gradient_norm,images_per_second,seconds\n"
            .to_owned();
    let mut noise = Noise(planned.trial as u64 * 7919 + planned.seed);
    for row in 1..=epochs * rows {
        let left = (-4.0 * row as f64 / (epochs * rows) as f64).exp();
        let jitter = if row == epochs * rows { 0.0 } else { 0.12 * (noise.next() - 0.5) };
        let g_loss = planned.value + 1.6 * left + jitter;
        let d_loss = 1.4 - planned.value / 5.0 + 0.3 * left - jitter;
        let d_real = 0.5 + 0.3 * left + 0.05 * jitter;
        text += &format!(
            "{},{},{d_loss},{g_loss},{d_real},{},0.4,0.3,{},{}\n",
            (row - 1) / rows + 1,
            row * 100 / rows,
            1.0 - d_real,
            1200.0 + 100.0 * noise.next(),
            row as f64 * 4.8 / rows as f64
        );
    }
    text
}

/// Sixteen blurred discs, noisier where the value is worse and early in the run.
fn montage(side: u32, value: f64, progress: f64, seed: u64) -> Vec<u8> {
    let mut noise = Noise(seed);
    let cell = (side - 2) / 4;
    let mut pixels = vec![0x80_u8; (side * side) as usize];
    for row in 0..4 {
        for column in 0..4 {
            let mut shape = Noise(u64::from(row * 4 + column));
            let radius = f64::from(cell) * (0.2 + 0.25 * shape.next());
            for y in 0..cell - 2 {
                for x in 0..cell - 2 {
                    let distance = (f64::from(x) - f64::from(cell) / 2.0)
                        .hypot((f64::from(y) - f64::from(cell) / 2.0) * 0.8);
                    let disc = 230.0 / (1.0 + ((distance - radius) / (3.0 + 6.0 * (1.0 - progress))).exp());
                    let grain = 90.0 * (value * 0.5 + 1.0 - progress) * (noise.next() - 0.5);
                    let place = (2 + row * cell + y) * side + 2 + column * cell + x;
                    pixels[place as usize] = (disc + grain).clamp(0.0, 255.0) as u8;
                }
            }
        }
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(&pixels).expect("pixels");
    writer.finish().expect("an end");
    bytes
}

/// A complete run.
pub(crate) fn complete(trial: usize, parameters: &[&str], seed: u64, value: f64) -> Planned {
    Planned {
        trial,
        is_final: false,
        parameters: parameters.iter().map(|value| (*value).to_owned()).collect(),
        seed,
        state: RunState::Complete,
        reason: String::new(),
        value,
    }
}

/// Every combination of learning rates and losses with seeds; the last runs of the worst learning rate fail.
pub(crate) fn grid(rates: &[&str], losses: &[&str], seeds: u64, epochs: u64, montage: u32) -> Planning {
    let mut noise = Noise(11);
    let mut runs = Vec::new();
    for (r, rate) in rates.iter().enumerate() {
        for (l, loss) in losses.iter().enumerate() {
            let trial = r * losses.len() + l;
            for seed in 0..seeds {
                let value =
                    0.75 + 0.22 * (r as f64 - 1.3).abs() + 0.09 * l as f64 + 0.08 * (noise.next() - 0.5);
                runs.push(complete(trial, &[rate, loss], seed, value));
            }
        }
    }
    if runs.len() > 6 {
        let last = runs.len() - 1;
        runs[last].state = RunState::Diverged;
        runs[last].reason = "d_loss is NaN at step 312 (epoch 4)".into();
        runs[last - 1].state = RunState::Failed;
        runs[last - 1].reason =
            "exit code 6: cannot write `metrics.csv`: No space left on device (os error 28)".into();
    }
    Planning {
        name: "fashion_sweep".into(),
        description: "Which learning rate and loss suit a small DCGAN on Fashion-MNIST?".into(),
        source: "# Question: which learning rate and loss suit a DCGAN of width 16?\n# Source: the networks of the TensorFlow \
                 DCGAN tutorial, four times narrower;\n#         Lucic et al. 2018 for comparing over seeds.\n# Expected: half an \
                 hour on two cores; the lowest rate is too slow.\n\nextends = [\"dcgan_fashion.toml\"]\n\n[sweep]\nseeds = [0, 1, 2]\n"
            .into(),
        strategy: "grid".into(),
        parameters: vec!["optimizer.learning_rate".into(), "objective.loss".into()],
        runs,
        epochs,
        rows: 1,
        montage,
    }
}

/// Random search over four parameters, of which the first matters most and the last not at all, and a final phase.
pub(crate) fn random(trials: usize, epochs: u64, montage: u32) -> Planning {
    let mut noise = Noise(5);
    let mut runs = Vec::new();
    for trial in 0..trials {
        let rate = 10_f64.powf(-5.0 + 2.5 * noise.next());
        let width = 8 + (56.0 * noise.next()) as u64;
        let loss = ["non-saturating", "minimax", "hinge"][(3.0 * noise.next()) as usize];
        let beta = (100.0 * (0.4 + 0.5 * noise.next())).round() / 100.0;
        let off = rate.log10() + 3.7;
        let quality =
            0.7 + 0.35 * off * off - 0.003 * width as f64 + if loss == "minimax" { 0.15 } else { 0.0 };
        let parameters = [format!("{rate:.3e}"), width.to_string(), loss.to_owned(), beta.to_string()];
        let parameters: Vec<&str> = parameters.iter().map(String::as_str).collect();
        for seed in 0..2 {
            runs.push(complete(trial, &parameters, seed, quality + 0.06 * (noise.next() - 0.5)));
        }
    }
    let best = (runs.iter().min_by(|a, b| a.value.total_cmp(&b.value)).expect("runs")).clone();
    for seed in 10..13 {
        let value = best.value + 0.02 + 0.04 * noise.next();
        runs.push(Planned { is_final: true, seed, value, ..best.clone() });
    }
    Planning {
        name: "random_search".into(),
        strategy: "random".into(),
        parameters: ["optimizer.learning_rate", "architecture.width", "objective.loss", "optimizer.beta1"]
            .map(str::to_owned)
            .to_vec(),
        runs,
        ..grid(&["1e-4"], &["hinge"], 1, epochs, montage)
    }
}
