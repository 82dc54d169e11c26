//! Runs on this machine: some at a time, with its cores shared out and its memory watched.

use super::memory::Guard;
use super::process::Process;
use super::{Engine, Error, Event, ProcessEnd, Task, Verdict};
use crate::record::RunLock;
use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::process::ChildStdin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// How often the running processes are looked at.
const TICK: Duration = Duration::from_millis(200);

/// How long a run in which another process works is waited for when nothing else is left to do. One whose sweep was
/// killed needs a step, and the time to save.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many runs at a time, on how many threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// Runs at a time, at least 1.
    pub jobs: usize,
    /// Threads that all runs together compute on; at least `jobs`.
    pub threads: usize,
}

impl Shares {
    /// Threads for the next run, when `running` runs compute on `busy` threads and `waiting` (with the next one) are left.
    fn next(self, running: usize, busy: usize, waiting: usize) -> usize {
        let places = self.jobs.saturating_sub(running).min(waiting).max(1);
        (self.threads.saturating_sub(busy) / places).max(1)
    }
}

/// Starts and watches what works on tasks: processes, or their stand-ins in tests.
trait Workers {
    /// Starts work on a task; its end comes out of [`Workers::next`] under this number.
    fn start(&mut self, number: u64, task: &Task, threads: usize) -> Result<(), Error>;

    /// The next one to end within this time, with the reason where it did not end as it should.
    fn next(&mut self, within: Duration) -> Option<(u64, Option<String>)>;

    /// The memory that a worker holds now, in bytes.
    fn held(&mut self, number: u64) -> Option<u64>;

    /// Whether another one fits into memory.
    fn has_room(&mut self, held_now: &[u64]) -> bool;

    /// Whether a process that is not ours works in a task's folder.
    fn is_taken(&self, task: &Task) -> bool;

    /// Asks all to save and end.
    fn stop(&mut self);
}

/// The engine of this machine.
pub struct Local(Scheduler<Processes>);

impl Local {
    /// An engine that starts `program`, and stops when `stop` is set. `data` is where data sets are looked for first.
    pub fn new(program: PathBuf, data: Option<PathBuf>, shares: Shares, stop: Arc<AtomicBool>) -> Self {
        Self(Scheduler { workers: Processes::new(program, data), shares, stop })
    }
}

impl Engine for Local {
    fn execute(
        &mut self,
        tasks: Vec<Task>,
        watch: &mut dyn FnMut(Event<'_>) -> Result<Verdict, Error>,
    ) -> Result<(), Error> {
        self.0.execute(tasks, watch)
    }
}

struct Scheduler<W> {
    workers: W,
    shares: Shares,
    stop: Arc<AtomicBool>,
}

/// A task that is being worked on.
struct Running {
    number: u64,
    task: Task,
    threads: usize,
    started: Instant,
    held: u64,
    peak: Option<u64>,
}

/// What a round of work has come to.
#[derive(Default)]
struct Work {
    waiting: VecDeque<Task>,
    running: Vec<Running>,
    numbers: u64,
    /// No more is started, and what runs was asked to end.
    is_stopping: bool,
    has_told_of_memory: bool,
}

impl<W: Workers> Scheduler<W> {
    fn execute(
        &mut self,
        tasks: Vec<Task>,
        watch: &mut dyn FnMut(Event<'_>) -> Result<Verdict, Error>,
    ) -> Result<(), Error> {
        let mut work = Work { waiting: tasks.into(), ..Work::default() };
        let mut failure = None;
        let mut idle_since = Instant::now();
        loop {
            let asked = self.stop.load(Ordering::Relaxed) || failure.is_some();
            if asked && !work.is_stopping {
                work.is_stopping = true;
                self.workers.stop();
            }
            if !work.is_stopping
                && let Err(error) = self.fill(&mut work, watch)
            {
                failure.get_or_insert(error);
                continue;
            }
            if work.running.is_empty() {
                let has_given_up = idle_since.elapsed() > PATIENCE;
                if work.is_stopping || work.waiting.is_empty() || has_given_up {
                    return failure.map_or(Ok(()), Err);
                }
                std::thread::sleep(TICK);
                continue;
            }
            idle_since = Instant::now();
            if let Err(error) = self.watch(&mut work, watch) {
                failure.get_or_insert(error);
            }
        }
    }

    /// Starts what there is room for.
    fn fill(
        &mut self,
        work: &mut Work,
        watch: &mut dyn FnMut(Event<'_>) -> Result<Verdict, Error>,
    ) -> Result<(), Error> {
        while work.running.len() < self.shares.jobs {
            let free = work.waiting.iter().position(|task| !self.workers.is_taken(task));
            let Some(place) = free else { return Ok(()) };
            let held: Vec<u64> = work.running.iter().map(|running| running.held).collect();
            if !held.is_empty() && !self.workers.has_room(&held) {
                if !std::mem::replace(&mut work.has_told_of_memory, true) {
                    watch(Event::Notice("memory is short: fewer runs at a time than --jobs says"))?;
                }
                return Ok(());
            }
            let busy = work.running.iter().map(|running| running.threads).sum();
            let threads = self.shares.next(work.running.len(), busy, work.waiting.len());
            let Some(task) = work.waiting.remove(place) else { return Ok(()) };
            task.prepare()?;
            work.numbers += 1;
            self.workers.start(work.numbers, &task, threads)?;
            watch(Event::Started { task: &task, threads })?;
            let (number, started) = (work.numbers, Instant::now());
            work.running.push(Running { number, task, threads, started, held: 0, peak: None });
        }
        // While the others compute, so that nothing waits for the disk later.
        if let Some(next) = work.waiting.front() {
            next.prepare()?;
        }
        Ok(())
    }

    /// Waits a moment for something to end.
    fn watch(
        &mut self,
        work: &mut Work,
        watch: &mut dyn FnMut(Event<'_>) -> Result<Verdict, Error>,
    ) -> Result<(), Error> {
        let Some((number, reason)) = self.workers.next(TICK) else {
            for running in &mut work.running {
                running.held = self.workers.held(running.number).unwrap_or(running.held);
                running.peak = running.peak.max((running.held > 0).then_some(running.held));
            }
            let tasks: Vec<&Task> = work.running.iter().map(|running| &running.task).collect();
            if watch(Event::Tick { running: &tasks })? == Verdict::Stop {
                self.stop_all(work);
            }
            return Ok(());
        };
        let Some(place) = work.running.iter().position(|running| running.number == number) else {
            return Ok(());
        };
        let ended = work.running.remove(place);
        let end =
            ProcessEnd { reason, seconds: ended.started.elapsed().as_secs_f64(), peak_bytes: ended.peak };
        // The next one is started before anybody looks at this one: cores should not wait for files. Unless this one
        // failed, which may be the end of all.
        let is_urgent = end.reason.is_none() && !work.is_stopping;
        let filled = if is_urgent { self.fill(work, watch) } else { Ok(()) };
        match watch(Event::Ended { task: &ended.task, end: &end })? {
            Verdict::Continue => {}
            Verdict::Retry => work.waiting.push_back(ended.task),
            Verdict::Stop => self.stop_all(work),
        }
        filled
    }

    fn stop_all(&mut self, work: &mut Work) {
        work.is_stopping = true;
        self.workers.stop();
    }
}

/// Real processes.
struct Processes {
    program: PathBuf,
    data: Option<PathBuf>,
    guard: Guard,
    /// Process id, and the end of standard input that keeps it going.
    processes: HashMap<u64, (u32, Option<ChildStdin>)>,
    sender: Sender<(u64, Option<String>)>,
    ended: Receiver<(u64, Option<String>)>,
}

impl Processes {
    fn new(program: PathBuf, data: Option<PathBuf>) -> Self {
        let (sender, ended) = channel();
        Self { program, data, guard: Guard::new(), processes: HashMap::new(), sender, ended }
    }
}

impl Workers for Processes {
    fn start(&mut self, number: u64, task: &Task, threads: usize) -> Result<(), Error> {
        let mut process = Process::start(&self.program, task, threads, self.data.as_deref())
            .map_err(|source| Error::Start { program: self.program.clone(), source })?;
        self.processes.insert(number, (process.id(), process.take_input()));
        let sender = self.sender.clone();
        std::thread::spawn(move || {
            // Nobody listens any more only when the program ends.
            let _ = sender.send((number, process.wait()));
        });
        Ok(())
    }

    fn next(&mut self, within: Duration) -> Option<(u64, Option<String>)> {
        match self.ended.recv_timeout(within) {
            Ok((number, reason)) => {
                self.processes.remove(&number);
                Some((number, reason))
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
        }
    }

    fn held(&mut self, number: u64) -> Option<u64> {
        let (process, _) = self.processes.get(&number)?;
        self.guard.held(*process)
    }

    fn has_room(&mut self, held_now: &[u64]) -> bool {
        self.guard.has_room(held_now)
    }

    fn is_taken(&self, task: &Task) -> bool {
        matches!(RunLock::is_held(task.folder.root()), Ok(Some(_)))
    }

    fn stop(&mut self) {
        for (_, input) in self.processes.values_mut() {
            drop(input.take());
        }
    }
}

#[cfg(test)]
mod tests;
