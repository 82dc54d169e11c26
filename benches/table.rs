//! What `benches/step.rs` wrote down (`docs/bench.json`), and the README's lines that show it; a test compares the two.

use atelier::record::provenance::Provenance;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// The README's lines between these two are [`Record::to_markdown`].
const MARKERS: [&str; 2] = ["<!-- bench:start -->\n", "<!-- bench:end -->\n"];

/// Others' share of the cores' time that is not worth a word.
const QUIET: f64 = 0.05;

/// All that one `just bench --write` found.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// The day, `2026-07-31`.
    pub(crate) date: String,
    pub(crate) machine: Machine,
    /// Images in a batch.
    pub(crate) batch_size: usize,
    /// Timed steps of a program in a round, after the untimed ones.
    pub(crate) steps: usize,
    /// `atelier` first; in a round each program ran once, in this order.
    pub(crate) programs: Vec<Program>,
    /// Milliseconds of `atelier --version`, the median of the rounds.
    pub(crate) version_ms: f64,
    /// The share of all cores' time that other processes took meanwhile, where the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) taken_by_others: Option<f64>,
    /// With `--scaling`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scaling: Option<Scaling>,
}

/// Where it was measured.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Machine {
    pub(crate) cores: usize,
    pub(crate) memory_gib: f64,
    /// Whether the kernels could use it.
    pub(crate) avx512: bool,
    /// As in a run's `run.toml`.
    pub(crate) provenance: Provenance,
}

/// One program's numbers.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Which of the program's ways to make the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) variant: Option<String>,
    /// The median step of each round, in milliseconds.
    pub(crate) round_ms: Vec<f64>,
    /// The fastest step.
    pub(crate) best_ms: f64,
    /// The most memory that the process had, the median of the rounds, where the system tells.
    pub(crate) peak_mib: Option<f64>,
    /// From the start of the process to the end of its first step, the median of the rounds, in seconds.
    pub(crate) first_step_s: f64,
}

/// What threads are good for: the median step of each round, in milliseconds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scaling {
    pub(crate) one_thread_ms: Vec<f64>,
    pub(crate) two_threads_ms: Vec<f64>,
    /// A step of each of two runs side by side, with a thread each.
    pub(crate) side_by_side_ms: Vec<f64>,
}

impl Record {
    /// A sentence about the machine, the table, and a sentence about the rest.
    pub(crate) fn to_markdown(&self) -> String {
        let mut text = self.conditions();
        text.push_str(
            "\n| program | ms a step | atelier / program | peak memory | start to the first step's end |\n\
             | --- | ---: | ---: | ---: | ---: |\n",
        );
        for program in &self.programs {
            let Program { name, version, variant, .. } = program;
            let variant = variant.as_ref().map(|variant| format!(", {variant}")).unwrap_or_default();
            let memory = program.peak_mib.map_or("?".to_owned(), |mib| format!("{} MiB", thousands(mib)));
            let ratio = match self.ratio(program) {
                Some(ratio) => format!("{ratio:.2}"),
                None => "1".to_owned(),
            };
            let steps = spread(&program.round_ms);
            let start = match program.first_step_s {
                short if short < 1.0 => format!("{short:.2} s"),
                long => format!("{long:.1} s"),
            };
            _ = writeln!(text, "| {name} {version}{variant} | {steps} | {ratio} | {memory} | {start} |");
        }
        _ = write!(text, "\n`atelier --version` takes {:.0} ms.", self.version_ms);
        if let Some(scaling) = &self.scaling {
            let (threads, side_by_side) = (scaling.second_thread(), scaling.side_by_side());
            _ = write!(
                text,
                " With two threads a step is {threads:.2} times as fast as with one; two runs side by side, a thread \
                 each, get {side_by_side:.2} times as much done as one alone on one thread."
            );
        }
        text.push('\n');
        text
    }

    /// Atelier's time as a share of the other program's, the median of the rounds' ratios; none for atelier itself.
    pub(crate) fn ratio(&self, other: &Program) -> Option<f64> {
        let atelier = &self.programs[0];
        (!std::ptr::eq(atelier, other)).then(|| ratio(&atelier.round_ms, &other.round_ms))
    }

    fn conditions(&self) -> String {
        let Machine { cores, memory_gib, avx512, provenance } = &self.machine;
        let avx512 = if *avx512 { " with AVX-512" } else { "" };
        // The system's name and the architecture; the kernel's version is in the JSON file.
        let mut os = provenance.os.split(' ');
        let os = [os.next(), os.next_back()].map(Option::unwrap_or_default).join(" ");
        let threads = match provenance.threads {
            1 => "one thread".to_owned(),
            threads => format!("{threads} threads"),
        };
        let rounds = match self.programs[0].round_ms.len() {
            1 => "one round".to_owned(),
            rounds => format!("{rounds} rounds (least to most)"),
        };
        let others = match self.taken_by_others {
            Some(share) if share > QUIET => {
                format!(", while others took {:.0} % of the cores' time", share * 100.0)
            }
            _ => String::new(),
        };
        format!(
            "{}, {} ({cores} cores{avx512}, {memory_gib:.0} GiB, {os}), batch {}, {threads}, medians of {rounds} of {} steps{others}:\n",
            self.date, provenance.cpu, self.batch_size, self.steps
        )
    }
}

impl Scaling {
    /// How much faster a step is with two threads than with one.
    pub(crate) fn second_thread(&self) -> f64 {
        ratio(&self.one_thread_ms, &self.two_threads_ms)
    }

    /// How much more two runs side by side get done than one alone, a thread each: 2 where they do not disturb each other.
    pub(crate) fn side_by_side(&self) -> f64 {
        2.0 * ratio(&self.one_thread_ms, &self.side_by_side_ms)
    }
}

/// The README with this text between its markers; `None` if it lacks them.
pub(crate) fn splice(readme: &str, markdown: &str) -> Option<String> {
    let [start, end] = MARKERS;
    let (before, rest) = readme.split_once(start)?;
    let (_, after) = rest.split_once(end)?;
    Some(format!("{before}{start}{markdown}{end}{after}"))
}

/// The median; the mean of the middle two where their number is even.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

/// The median of the rounds' ratios.
fn ratio(above: &[f64], below: &[f64]) -> f64 {
    median(&above.iter().zip(below).map(|(above, below)| above / below).collect::<Vec<_>>())
}

/// `588 (547–599)`: the median and its range, if there is more than one round.
fn spread(rounds: &[f64]) -> String {
    let [least, most] =
        [f64::min, f64::max].map(|pick| rounds.iter().copied().reduce(pick).unwrap_or(f64::NAN));
    if rounds.len() == 1 {
        return thousands(least);
    }
    format!("{} ({}–{})", thousands(median(rounds)), thousands(least), thousands(most))
}

/// `1,022`.
fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
