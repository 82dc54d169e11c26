//! `[sweep.slurm]`: what a Slurm cluster is asked for, per run.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::check::{Finding, Findings, Mark};
use crate::config::key::path;

/// The most extra options, and the most commands of the set-up.
const MOST_LINES: usize = 100;

/// What a Slurm cluster is asked for, per run; what is `None` is left to the cluster's own defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slurm {
    /// The partition: letters, digits, `_`, `-`, `.` and, between several, `,`.
    pub partition: Option<String>,
    /// The time limit in one of Slurm's forms: `30` (minutes), `02:00:00`, `1-12:00:00` (days first) …
    pub time: Option<String>,
    /// Cores, 1 to 4096.
    pub cpus: Option<u64>,
    /// GPUs, 0 to 64.
    pub gpus: Option<u64>,
    /// Memory: a whole number with `K`, `M`, `G` or `T`; without a letter, megabytes.
    pub memory: Option<String>,
    /// The account that pays.
    pub account: Option<String>,
    /// How many runs may run at the same time, 1 to 10,000.
    pub throttle: Option<u64>,
    /// More options of `sbatch`, each beginning with a dash and on one line.
    pub options: Vec<String>,
    /// Shell commands that each job runs first, one a line.
    pub setup: Vec<String>,
}

/// What a Slurm cluster is asked for, per run; what is absent is left to the cluster's own defaults.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Section {
    /// The partition, or several with commas between them.
    #[schemars(extend("pattern" = "^[A-Za-z0-9_.,][A-Za-z0-9_.,-]{0,255}$"))]
    partition: Option<String>,
    /// The time limit in one of Slurm's forms: 30 (minutes), 02:00:00, 1-12:00:00 (days first) …
    #[schemars(extend("pattern" = "^([0-9]{1,6}-)?[0-9]{1,6}(:[0-9]{1,6}){0,2}$"))]
    time: Option<String>,
    /// Cores.
    #[schemars(range(min = 1, max = 4096))]
    cpus: Option<i64>,
    /// GPUs.
    #[schemars(range(min = 0, max = 64))]
    gpus: Option<i64>,
    /// A whole number with K, M, G or T; without a letter, megabytes.
    #[schemars(extend("pattern" = "^[0-9]{1,12}[KMGTkmgt]?$"))]
    memory: Option<String>,
    /// The account that pays.
    #[schemars(extend("pattern" = "^[A-Za-z0-9_.,][A-Za-z0-9_.,-]{0,255}$"))]
    account: Option<String>,
    /// How many runs may run at the same time.
    #[schemars(range(min = 1, max = 10_000))]
    throttle: Option<i64>,
    /// More options of sbatch, each beginning with a dash.
    #[serde(default)]
    #[schemars(extend("maxItems" = MOST_LINES, "items" = { "type": "string", "pattern": "^-" }))]
    options: Vec<String>,
    /// Shell commands that each job runs first, one a line.
    #[serde(default)]
    #[schemars(extend("maxItems" = MOST_LINES, "items" = { "type": "string", "pattern": "[^ ]" }))]
    setup: Vec<String>,
}

impl Section {
    pub(super) fn resolve(self, findings: &mut Findings) -> Slurm {
        check_text("partition", self.partition.as_deref(), is_name, "a partition's name", "gpu", findings);
        let forms = "a time limit such as 30 (minutes), 02:00:00 or 1-12:00:00 (days first)";
        check_text("time", self.time.as_deref(), is_time, forms, "02:00:00", findings);
        let amounts = "a whole number with K, M, G or T";
        check_text("memory", self.memory.as_deref(), is_memory, amounts, "8G", findings);
        check_text("account", self.account.as_deref(), is_name, "an account's name", "x", findings);
        check_lines("options", &self.options, findings);
        check_lines("setup", &self.setup, findings);
        for (index, option) in self.options.iter().enumerate().filter(|(_, option)| !option.starts_with('-'))
        {
            let at = path(&format!("sweep.slurm.options.{index}"));
            let message = format!("{option:?} is no option of sbatch: it does not begin with a dash");
            let help = format!("write \"--{option}\"");
            findings.add(Finding::new(at, Mark::Value, message).label("no option").help(help));
        }
        let mut whole = |key: &str, value: Option<i64>, range| {
            value.map(|value| findings.whole(&format!("sweep.slurm.{key}"), value, range, ""))
        };
        Slurm {
            cpus: whole("cpus", self.cpus, 1..=4096),
            gpus: whole("gpus", self.gpus, 0..=64),
            throttle: whole("throttle", self.throttle, 1..=10_000),
            partition: self.partition,
            time: self.time,
            memory: self.memory,
            account: self.account,
            options: self.options,
            setup: self.setup,
        }
    }
}

fn check_text(
    key: &str,
    text: Option<&str>,
    is_good: fn(&str) -> bool,
    rule: &str,
    example: &str,
    findings: &mut Findings,
) {
    let Some(text) = text.filter(|text| !is_good(text)) else {
        return;
    };
    let message = format!("`sweep.slurm.{key}` is {text:?}, but must be {rule}");
    let finding = Finding::new(path(&format!("sweep.slurm.{key}")), Mark::Value, message);
    findings.add(
        finding
            .label(format!("not {rule}").split(" such as").next().unwrap_or_default())
            .help(format!("for example {key} = \"{example}\"")),
    );
}

/// They become lines of a script.
fn check_lines(key: &str, lines: &[String], findings: &mut Findings) {
    if lines.len() > MOST_LINES {
        let message =
            format!("`sweep.slurm.{key}` has {} elements, but may have at most {MOST_LINES}", lines.len());
        let finding = Finding::new(path(&format!("sweep.slurm.{key}")), Mark::Value, message);
        findings.add(finding.label("too long a list"));
    }
    for (index, line) in lines.iter().enumerate() {
        if line.trim().is_empty() || line.contains(|c: char| c.is_control() && c != '\t') {
            let at = format!("sweep.slurm.{key}.{index}");
            let message = format!("{line:?} is not one line of text");
            findings.add(Finding::new(path(&at), Mark::Value, message).label("one line each"));
        }
    }
}

fn is_name(text: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.,".contains(&byte);
    !text.is_empty() && text.len() <= 256 && !text.starts_with('-') && text.bytes().all(good)
}

/// Slurm's forms: `m`, `m:s`, `h:m:s`, `d-h`, `d-h:m` and `d-h:m:s`.
fn is_time(text: &str) -> bool {
    let (days, rest) = match text.split_once('-') {
        Some((days, rest)) => (Some(days), rest),
        None => (None, text),
    };
    let is_number = |part: &str| (1..=6).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    days.is_none_or(is_number) && rest.split(':').count() <= 3 && rest.split(':').all(is_number)
}

fn is_memory(text: &str) -> bool {
    let digits = text.strip_suffix(['K', 'M', 'G', 'T', 'k', 'm', 'g', 't']).unwrap_or(text);
    (1..=12).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{is_memory, is_time};

    #[test]
    fn slurms_own_forms_of_times_and_amounts() {
        for good in ["30", "90:00", "02:00:00", "1-12", "1-12:30", "7-00:00:00"] {
            assert!(is_time(good), "{good}");
        }
        for bad in ["", "2h", "1:2:3:4", "-1", "1-", "1-2-3", "two hours", "1:", "0x10"] {
            assert!(!is_time(bad), "{bad}");
        }
        assert!(is_memory("8G") && is_memory("500") && is_memory("16000m"));
        assert!(!is_memory("8GB") && !is_memory("8 G") && !is_memory("G") && !is_memory("1.5G"));
    }
}
