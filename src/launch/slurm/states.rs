//! What `squeue` and `scontrol` print, and what it means for a run.
//!
//! The words are those of Slurm's manual pages (squeue(1), "JOB STATE CODES"). `scontrol` is asked about what `squeue` no
//! longer lists; the controller forgets a job some minutes after its end (`MinJobAge`), and accounting, which would know,
//! is often off.

use crate::record::State;
use std::fmt;
use std::ops::RangeInclusive;

/// What [`listed`] reads: array job and task, state, reason.
pub(super) const QUEUE_FORMAT: &str = "%i|%T|%r";

/// Near its time limit, in seconds: `--signal` is sent that long before it, or up to a minute earlier.
const NEAR_LIMIT: u64 = super::script::SIGNAL_SECONDS + 60;

/// One task of a job array. `Display` gives Slurm's own name of it, `12_3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Place {
    /// The array's job number.
    pub(super) job: u64,
    /// The task in it, from 1.
    pub(super) task: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.job, self.task)
    }
}

/// What a state means for one who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It has not begun, or was put back into the queue.
    Waiting,
    /// It has a node.
    Running,
    /// It has ended, unless Slurm puts it back.
    Over,
}

/// The stage of one of Slurm's states. A state of a version to come counts as waiting: that it is over is told by Slurm's
/// forgetting it.
pub(super) fn stage(state: &str) -> Stage {
    match state {
        "RUNNING" | "COMPLETING" | "SUSPENDED" | "STOPPED" | "STAGE_OUT" | "RESIZING" | "SIGNALING" => {
            Stage::Running
        }
        "COMPLETED" | "FAILED" | "CANCELLED" | "TIMEOUT" | "PREEMPTED" | "NODE_FAIL" | "OUT_OF_MEMORY"
        | "BOOT_FAIL" | "DEADLINE" | "REVOKED" | "LAUNCH_FAILED" | "RECONFIG_FAIL" => Stage::Over,
        // PENDING CONFIGURING POWER_UP_NODE REQUEUED REQUEUE_HOLD REQUEUE_FED RESV_DEL_HOLD SPECIAL_EXIT …
        _ => Stage::Waiting,
    }
}

/// A line of `squeue`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) place: Place,
    pub(super) state: String,
    /// Why it waits: `Resources`, `JobHeldUser` …
    pub(super) reason: String,
}

/// Reads the output of `squeue --noheader --array --format=`[`QUEUE_FORMAT`]. Lines about anything else than a task of an
/// array are passed over.
pub(super) fn listed(text: &str) -> Vec<Listed> {
    let read = |line: &str| {
        let mut columns = line.trim().splitn(3, '|');
        let (job, task) = columns.next()?.split_once('_')?;
        Some(Listed {
            place: Place { job: job.parse().ok()?, task: task.parse().ok()? },
            state: columns.next()?.to_owned(),
            reason: columns.next().unwrap_or_default().to_owned(),
        })
    };
    text.lines().filter_map(read).collect()
}

/// A line of `scontrol show job --oneliner`: one task, or several that wait.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shown {
    pub(super) tasks: Vec<RangeInclusive<u64>>,
    pub(super) state: String,
    pub(super) reason: String,
    /// Exit code and signal.
    pub(super) exit: (i32, i32),
    /// Seconds since it began the last time.
    pub(super) seconds: u64,
    /// As Slurm prints it; `None` for no limit.
    pub(super) time_limit: Option<String>,
    /// Whether Slurm had asked it to make room.
    pub(super) was_preempted: bool,
}

/// Reads the output of `scontrol show job --oneliner`.
pub(super) fn shown(text: &str) -> Vec<Shown> {
    let read = |line: &str| {
        // Values with spaces, such as paths, stand behind all that is wanted here.
        let value = |key: &str| {
            let found = line.split(' ').find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
            found.filter(|value| !value.is_empty())
        };
        let is_known = |value: &&str| !matches!(*value, "None" | "N/A" | "Unknown" | "UNLIMITED");
        let (code, signal) = value("ExitCode")?.split_once(':')?;
        Some(Shown {
            tasks: ranges(value("ArrayTaskId")?),
            state: value("JobState")?.to_owned(),
            reason: value("Reason").filter(is_known).unwrap_or_default().to_owned(),
            exit: (code.parse().ok()?, signal.parse().ok()?),
            seconds: value("RunTime").and_then(seconds).unwrap_or(0),
            time_limit: value("TimeLimit").filter(is_known).map(str::to_owned),
            was_preempted: value("PreemptTime").filter(is_known).is_some(),
        })
    };
    text.lines().filter_map(read).collect()
}

/// `3`, `3-6`, `1,4-5%2`.
fn ranges(text: &str) -> Vec<RangeInclusive<u64>> {
    let text = text.split('%').next().unwrap_or_default();
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.parse().ok()?..=last.parse().ok()?)
    };
    text.split(',').filter_map(range).collect()
}

/// Seconds in one of Slurm's forms of time: `m`, `m:s`, `h:m:s`, `d-h`, `d-h:m`, `d-h:m:s`.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let numbers = |text: &str| text.split(':').map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>();
    let (days, hours, minutes, seconds) = match text.split_once('-') {
        Some((days, rest)) => {
            let rest = numbers(rest)?;
            let part = |place: usize| rest.get(place).copied().unwrap_or(0);
            (days.parse().ok()?, part(0), part(1), part(2))
        }
        None => match numbers(text)?[..] {
            [minutes] => (0, 0, minutes, 0),
            [minutes, seconds] => (0, 0, minutes, seconds),
            [hours, minutes, seconds] => (0, hours, minutes, seconds),
            _ => return None,
        },
    };
    let hours = 24_u64.checked_mul(days)?.checked_add(hours)?;
    let minutes = hours.checked_mul(60)?.checked_add(minutes)?;
    minutes.checked_mul(60)?.checked_add(seconds)
}

/// `MaxArraySize` in the output of `scontrol show config`: one more than the largest index of a task.
pub(super) fn max_array_size(text: &str) -> Option<usize> {
    let value = |line: &str| line.strip_prefix("MaxArraySize")?.trim().strip_prefix('=')?.trim().parse().ok();
    text.lines().find_map(value)
}

/// What to make of a task that Slurm says is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// It ended; why, where its `run.toml` does not tell.
    Ended(Option<String>),
    /// It made room for another job so quickly that Slurm took it for a failure: it belongs back into the queue.
    Requeue,
    /// Look again: Slurm may put it back, or the file system may not show yet what the node wrote.
    NotYet,
}

/// How long, in seconds, what a node wrote may take to be seen here. NFS keeps attributes for up to a minute.
const VISIBLE_AFTER: u64 = 60;

/// How long, in seconds, Slurm may take to put a job back into the queue.
const REQUEUED_AFTER: u64 = 10;

/// What a task's end means, `since` seconds after it was first seen, given what its `run.toml` says and what its log said
/// last. What the run says of itself counts for more than Slurm's word.
pub(super) fn over(shown: &Shown, since: u64, run: Option<State>, said: Option<String>) -> Over {
    let limit = || shown.time_limit.as_deref().map(|limit| format!(" of {limit}")).unwrap_or_default();
    let is_unsettled = matches!(run, None | Some(State::Running));
    let reason = match shown.state.as_str() {
        _ if matches!(run, Some(State::Complete | State::Diverged)) => return Over::Ended(None),
        "COMPLETED" if is_unsettled && since < VISIBLE_AFTER => return Over::NotYet,
        "COMPLETED" if is_unsettled => {
            "its job ended well, but nothing of it is seen here: is the folder of results on \
                                        a file system that the nodes share?"
                .to_owned()
        }
        "COMPLETED" => return Over::Ended(None),
        // It has saved its state, which is only not seen here yet.
        _ if shown.exit == (143, 0) && is_unsettled && since < REQUEUED_AFTER => return Over::NotYet,
        "PREEMPTED" | "NODE_FAIL" | "BOOT_FAIL" if since < REQUEUED_AFTER => return Over::NotYet,
        "FAILED" if shown.exit == (143, 0) && shown.was_preempted => return Over::Requeue,
        "FAILED" if shown.exit == (143, 0) && is_near_limit(shown) => {
            format!("its time limit{} was near", limit())
        }
        "FAILED" => match (shown.exit, said) {
            ((_, 9), _) => "killed by signal 9 (by hand, or because memory ran out)".to_owned(),
            ((_, signal), _) if signal > 0 => format!("killed by signal {signal}"),
            ((143, _), _) => "ended by SIGTERM".to_owned(),
            ((super::script::NO_FOLDER, _), _) => {
                "its folder was not found on the node: results must be on a file system that the nodes share"
                    .to_owned()
            }
            ((126 | 127, _), None) => {
                "the program was not found on the node: it must be at the same path there".to_owned()
            }
            (_, Some(said)) => said,
            ((code, _), None) => format!("exit code {code}; see its run.log"),
        },
        "CANCELLED" => "cancelled in Slurm".to_owned(),
        "TIMEOUT" => format!("its time limit{} was reached", limit()),
        "PREEMPTED" => "preempted, and not put back into the queue by Slurm".to_owned(),
        "NODE_FAIL" => "its node failed".to_owned(),
        "BOOT_FAIL" => "its node did not start".to_owned(),
        "OUT_OF_MEMORY" => "memory ran out: ask for more with `memory` in [sweep.slurm]".to_owned(),
        "DEADLINE" => "its deadline in Slurm passed".to_owned(),
        state if shown.reason.is_empty() => format!("Slurm says {state}"),
        state => format!("Slurm says {state} ({})", shown.reason),
    };
    Over::Ended(Some(reason))
}

fn is_near_limit(shown: &Shown) -> bool {
    let limit = shown.time_limit.as_deref().and_then(seconds);
    limit.is_some_and(|limit| shown.seconds + NEAR_LIMIT >= limit)
}

#[cfg(test)]
mod tests;
