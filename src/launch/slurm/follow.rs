//! Follows tasks in Slurm's queue until they end.

mod work;

use super::client::Client;
use super::ledger::{Array, Ledger};
use super::script::HEADER;
use super::states::{self, Over, Place, Shown, Stage};
use super::submit::{self, absolute};
use super::{Error, Setup};
use crate::launch::process::last_error;
use crate::launch::{self, Event, ProcessEnd, Task, Verdict};
use crate::record::run_file::Timestamp;
use crate::record::{self, atomic};
use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use work::{Followed, Sighting, Work};

/// The time between two looks at the queue begins with this, whenever something has changed …
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// … and grows to this: a controller has many users.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// How often the caller hears that time has passed, and the flag to stop is looked at.
const TICK: Duration = Duration::from_millis(500);

/// A task that Slurm does not know is given up when it was asked for so often.
const MOST_MISSES: u32 = 3;

/// How long a job is looked for where we do not know whether `sbatch` came to its end.
const SUBMISSION: Duration = Duration::from_secs(10);

/// How much of the end of a log is searched.
const TAIL: u64 = 1 << 16;

/// What hears of events.
type Watch<'a> = dyn FnMut(Event<'_>) -> Result<Verdict, launch::Error> + 'a;

/// Submits tasks and follows them.
pub(super) struct Follower<C> {
    pub(super) client: C,
    setup: Setup,
    stop: Arc<AtomicBool>,
    /// The time that was waited here: all that is measured, so that tests need not wait.
    clock: Duration,
}

impl<C: Client> Follower<C> {
    pub(super) fn new(client: C, setup: Setup, stop: Arc<AtomicBool>) -> Self {
        Self { client, setup, stop, clock: Duration::ZERO }
    }

    /// Brings tasks to an end: those that Slurm has already are followed, the others submitted first.
    pub(super) fn execute(&mut self, tasks: Vec<Task>, watch: &mut Watch<'_>) -> Result<(), launch::Error> {
        let folder = absolute(&self.setup.folder.join("slurm"))?;
        std::fs::create_dir_all(&folder)
            .map_err(|source| record::Error::Write { path: folder.clone(), source })?;
        atomic::clean(&folder)?;
        let mut ledger = Ledger::read(&folder)?;
        let mut work = Work { waiting: tasks, ..Work::default() };
        self.take_up(&mut ledger, &mut work, watch)?;
        let mut pause = FIRST_PAUSE;
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return self.leave(&work, watch);
            }
            self.submit(&mut ledger, &mut work, watch)?;
            if work.followed.is_empty() {
                return work.refused.map_or(Ok(()), |error| Err(error.into()));
            }
            self.wait(pause, &mut work, watch)?;
            let has_changed = self.look(&mut work, watch)?;
            self.close(&mut ledger, &mut work)?;
            pause = if has_changed { FIRST_PAUSE } else { LONGEST_PAUSE.min(pause.mul_f64(1.5)) };
        }
    }

    /// Finds what was submitted before: the sweep may be given again while its jobs wait or run.
    fn take_up(
        &mut self,
        ledger: &mut Ledger,
        work: &mut Work,
        watch: &mut Watch<'_>,
    ) -> Result<(), launch::Error> {
        for row in 0..ledger.arrays.len() {
            if ledger.arrays[row].ended.is_some() {
                continue;
            }
            let job = self.job_of(&ledger.arrays[row])?;
            let active = job.map_or(Ok(Vec::new()), |job| self.client.queue(&[job]))?;
            let list = ledger.list(ledger.arrays[row].array);
            let array = &mut ledger.arrays[row];
            if array.job != job || active.is_empty() {
                array.job = job.or(array.job);
                array.ended = active.is_empty().then(Timestamp::now);
                ledger.write()?;
            }
            let (Some(job), false) = (job, active.is_empty()) else { continue };
            let list = std::fs::read_to_string(&list)
                .map_err(|source| record::Error::Read { path: list.clone(), source })?;
            let folders: Vec<&str> = list.lines().collect();
            let folder = |place: Place| folders.get(usize::try_from(place.task).ok()?.checked_sub(1)?);
            let mut places: HashMap<&Path, Place> = active
                .iter()
                .filter_map(|listed| Some((Path::new(folder(listed.place)?), listed.place)))
                .collect();
            let before = work.followed.len();
            for task in std::mem::take(&mut work.waiting) {
                match places.remove(absolute(task.folder.root())?.as_path()) {
                    Some(place) => work.follow(task, place),
                    None => work.waiting.push(task),
                }
            }
            let count = work.followed.len() - before;
            if count > 0 {
                let text =
                    format!("following Slurm job {job}, submitted before: {} not ended yet", runs(count));
                work.tell(text, watch)?;
            }
        }
        Ok(())
    }

    /// The number of an array's job, if Slurm still knows it. Its name tells: the number was not written down if this program
    /// was killed while it submitted the job, and may be another job's if the cluster was set up anew.
    fn job_of(&mut self, array: &Array) -> Result<Option<u64>, Error> {
        let mut waited = Duration::ZERO;
        loop {
            let job = self.client.find(&array.name)?;
            if job.is_some() || array.job.is_some() || waited >= SUBMISSION {
                return Ok(job);
            }
            self.client.pause(FIRST_PAUSE);
            waited += FIRST_PAUSE;
        }
    }

    /// Submits what waits.
    fn submit(
        &mut self,
        ledger: &mut Ledger,
        work: &mut Work,
        watch: &mut Watch<'_>,
    ) -> Result<(), launch::Error> {
        let waiting = std::mem::take(&mut work.waiting);
        if waiting.is_empty() || work.is_stopping {
            return Ok(());
        }
        let mut before = None;
        for tasks in submit::arrays(waiting, self.client.largest_array()) {
            match submit::submit(&mut self.client, &self.setup, ledger, &tasks, before) {
                Ok(job) => {
                    let text = format!("submitted {} as Slurm job {job}", runs(tasks.len()));
                    for (number, task) in (1..).zip(tasks) {
                        work.follow(task, Place { job, task: number });
                    }
                    work.tell(text, watch)?;
                    before = Some(job);
                }
                Err(launch::Error::Slurm(error @ Error::Refused { .. })) => {
                    if !work.followed.is_empty() {
                        work.tell(format!("{error}; the runs that were submitted go on"), watch)?;
                    }
                    work.refused.get_or_insert(error);
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Lets time pass, or less of it if the program is told to stop.
    fn wait(&mut self, time: Duration, work: &mut Work, watch: &mut Watch<'_>) -> Result<(), launch::Error> {
        let until = self.clock + time;
        while self.clock < until && !self.stop.load(Ordering::Relaxed) {
            self.client.pause(TICK);
            self.clock += TICK;
            let is_running = |followed: &&Followed| followed.stage == Stage::Running;
            let running: Vec<&Task> =
                work.followed.iter().filter(is_running).map(|followed| &followed.task).collect();
            if watch(Event::Tick { running: &running })? == Verdict::Stop {
                self.cancel(work, watch)?;
            }
        }
        Ok(())
    }

    /// Looks at the queue, and tells what has changed; says whether anything has.
    fn look(&mut self, work: &mut Work, watch: &mut Watch<'_>) -> Result<bool, launch::Error> {
        let mut sightings = match work.sightings(&mut self.client) {
            Ok(sightings) => sightings,
            Err(error) => {
                // A controller that is restarted, or overrun, comes back.
                work.tell(format!("{error}; trying again until Slurm answers"), watch)?;
                return Ok(false);
            }
        };
        let mut has_changed = false;
        for mut followed in std::mem::take(&mut work.followed) {
            match sightings.remove(&followed.place).unwrap_or(Sighting::Unknown { is_job_known: false }) {
                Sighting::Active { stage, reason } => {
                    has_changed |= self.see(&mut followed, stage, &reason, work, watch)?;
                    work.followed.push(followed);
                }
                Sighting::Over(shown) => match self.judge(&mut followed, &shown) {
                    Over::NotYet => work.followed.push(followed),
                    Over::Requeue if !work.is_stopping && self.client.requeue(followed.place).is_ok() => {
                        followed.over_since = None;
                        work.followed.push(followed);
                    }
                    Over::Requeue => {
                        self.end(followed, Some("preempted".into()), shown.seconds, work, watch)?;
                    }
                    Over::Ended(reason) => {
                        has_changed = true;
                        self.end(followed, reason, shown.seconds, work, watch)?;
                    }
                },
                Sighting::Unknown { .. } if followed.misses < MOST_MISSES => {
                    followed.misses += 1;
                    work.followed.push(followed);
                }
                Sighting::Unknown { is_job_known } => {
                    has_changed = true;
                    let reason = reason_unknown(&followed, is_job_known);
                    self.end(followed, reason, 0, work, watch)?;
                }
            }
        }
        Ok(has_changed)
    }

    /// Takes notice of a task that waits or runs; says whether that is new.
    fn see(
        &mut self,
        followed: &mut Followed,
        stage: Stage,
        reason: &str,
        work: &mut Work,
        watch: &mut Watch<'_>,
    ) -> Result<bool, launch::Error> {
        (followed.misses, followed.over_since) = (0, None);
        let place = followed.place;
        let before = std::mem::replace(&mut followed.stage, stage);
        if stage == Stage::Waiting && before == Stage::Running {
            followed.was_put_back = true;
            let name = followed.task.folder.name();
            watch(Event::Notice(&format!(
                "{name} was put back into the queue (Slurm job {place}, {reason})"
            )))?;
        } else if stage == Stage::Waiting && needs_help(reason) {
            let text = format!("Slurm job {} waits: {reason} (see `scontrol show job {place}`)", place.job);
            // Once per array, not per task.
            if work.told.insert(format!("{} {reason}", place.job)) {
                work.tell(text, watch)?;
            }
        } else if stage == Stage::Running && before == Stage::Waiting {
            let threads = usize::try_from(self.setup.settings.cpus.unwrap_or(1)).unwrap_or(1);
            watch(Event::Started { task: &followed.task, threads })?;
        }
        Ok(stage != before)
    }

    /// What to make of a task that Slurm says is over.
    fn judge(&self, followed: &mut Followed, shown: &Shown) -> Over {
        let since = self.clock - *followed.over_since.get_or_insert(self.clock);
        let folder = &followed.task.folder;
        let state = folder.read_run_file().ok().flatten().map(|run| run.state);
        let log = folder.log();
        let said = last_start(&log, followed.place).and_then(|start| last_error(&log, start));
        states::over(shown, since.as_secs(), state, said)
    }

    /// Tells that a task has ended, and does what the caller makes of it.
    fn end(
        &mut self,
        followed: Followed,
        reason: Option<String>,
        seconds: u64,
        work: &mut Work,
        watch: &mut Watch<'_>,
    ) -> Result<(), launch::Error> {
        let never_ran = followed.stage == Stage::Waiting && !followed.was_put_back && seconds == 0;
        if never_ran && work.is_stopping {
            return Ok(());
        }
        let end = ProcessEnd { reason, seconds: seconds as f64, peak_bytes: None };
        match watch(Event::Ended { task: &followed.task, end: &end })? {
            Verdict::Retry => work.waiting.push(followed.task),
            Verdict::Stop => self.cancel(work, watch)?,
            Verdict::Continue => {}
        }
        Ok(())
    }

    /// Cancels all that is left; what runs saves its state first.
    fn cancel(&mut self, work: &mut Work, watch: &mut Watch<'_>) -> Result<(), launch::Error> {
        if std::mem::replace(&mut work.is_stopping, true) || work.followed.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.client.cancel(&work.jobs()) {
            work.tell(format!("the other jobs could not be cancelled: {error}"), watch)?;
        }
        Ok(())
    }

    /// Notes in the ledger which arrays have nothing left in the queue.
    fn close(&mut self, ledger: &mut Ledger, work: &mut Work) -> record::Result<()> {
        let jobs = work.jobs();
        let over: Vec<u64> = work.known.iter().copied().filter(|job| !jobs.contains(job)).collect();
        for job in over {
            // It may have tasks that nobody waits for, such as those of a seed that is no longer in the file.
            if self.client.queue(&[job]).is_ok_and(|listed| listed.is_empty()) {
                work.known.remove(&job);
                let rows = ledger.arrays.iter_mut().filter(|array| array.job == Some(job));
                rows.for_each(|array| array.ended = Some(Timestamp::now()));
                ledger.write()?;
            }
        }
        Ok(())
    }

    /// The program was told to stop: the jobs are not.
    fn leave(&self, work: &Work, watch: &mut Watch<'_>) -> Result<(), launch::Error> {
        let jobs: Vec<String> = work.jobs().iter().map(u64::to_string).collect();
        if jobs.is_empty() {
            return Ok(());
        }
        let text = format!(
            "Slurm goes on with {} without this program. To follow again, give the same command; to cancel, with the state \
             saved: scancel {}",
            runs(work.followed.len()),
            jobs.join(" "),
        );
        watch(Event::Notice(&text)).map(drop)
    }
}

/// Why a task ended that Slurm does not know, where its `run.toml` does not tell.
fn reason_unknown(followed: &Followed, is_job_known: bool) -> Option<String> {
    let run = followed.task.folder.read_run_file().ok().flatten();
    if run.is_some_and(|run| run.state != record::State::Running) && followed.stage == Stage::Running {
        return None;
    }
    match followed.stage {
        Stage::Waiting if is_job_known => Some("cancelled in Slurm before it began".into()),
        _ => Some(format!("Slurm does not know its job {} any more", followed.place)),
    }
}

/// Reasons for which a job waits until somebody does something.
fn needs_help(reason: &str) -> bool {
    let patient = [
        "None",
        "Priority",
        "Resources",
        "BeginTime",
        "Dependency",
        "JobArrayTaskLimit",
        "Prolog",
        "Cleaning",
    ];
    // The long sentence about nodes is Slurm's word for resources that others have.
    !reason.is_empty() && !patient.contains(&reason) && !reason.starts_with("Nodes required for job")
}

fn runs(number: usize) -> String {
    if number == 1 { "1 run".to_owned() } else { format!("{number} runs") }
}

/// Where in a run's log the words of this job begin: after the last header that its script wrote.
fn last_start(log: &Path, place: Place) -> Option<u64> {
    let mut file = std::fs::File::open(log).ok()?;
    let begin = file.metadata().ok()?.len().saturating_sub(TAIL);
    file.seek(SeekFrom::Start(begin)).ok()?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes).ok()?;
    let header = format!("{HEADER} {place} ");
    let found = bytes.windows(header.len()).rposition(|window| window == header.as_bytes())?;
    Some(begin + found as u64)
}

#[cfg(test)]
mod tests;
