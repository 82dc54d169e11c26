//! The scheduler with stand-ins for processes, in a time of its own.

use super::*;
use crate::run::Folder;

/// Workers that each take a number of ticks.
#[derive(Default)]
struct Stand {
    ticks: HashMap<usize, u64>,
    fails: Vec<usize>,
    taken: Vec<usize>,
    now: u64,
    rooms: usize,
    running: Vec<(u64, u64, usize)>,
    started: Vec<(usize, usize)>,
    most_at_a_time: usize,
    was_stopped: bool,
}

impl Workers for Stand {
    fn start(&mut self, number: u64, task: &Task, threads: usize) -> Result<(), Error> {
        let length = self.ticks.get(&task.index).copied().unwrap_or(2);
        self.running.push((number, self.now + length, task.index));
        self.started.push((task.index, threads));
        self.most_at_a_time = self.most_at_a_time.max(self.running.len());
        Ok(())
    }

    fn next(&mut self, _: Duration) -> Option<(u64, Option<String>)> {
        if let Some(place) = self.running.iter().position(|(_, end, _)| *end <= self.now || self.was_stopped)
        {
            let (number, _, index) = self.running.remove(place);
            return Some((number, self.fails.contains(&index).then(|| "broken".to_owned())));
        }
        self.now += 1;
        None
    }

    fn held(&mut self, _: u64) -> Option<u64> {
        Some(7)
    }

    fn has_room(&mut self, held_now: &[u64]) -> bool {
        held_now.len() < self.rooms
    }

    fn is_taken(&self, task: &Task) -> bool {
        self.taken.contains(&task.index)
    }

    fn stop(&mut self) {
        self.was_stopped = true;
    }
}

struct Bench {
    folder: tempfile::TempDir,
    scheduler: Scheduler<Stand>,
}

fn bench(jobs: usize, threads: usize) -> Bench {
    Bench {
        folder: tempfile::tempdir().unwrap(),
        scheduler: Scheduler {
            workers: Stand { rooms: 100, ..Stand::default() },
            shares: Shares { jobs, threads },
            stop: Arc::default(),
        },
    }
}

impl Bench {
    fn tasks(&self, count: usize) -> Vec<Task> {
        let task = |index: usize| Task {
            index,
            folder: Folder::at(self.folder.path().join(index.to_string())),
            until_epoch: None,
            experiment: format!("seed = {index}\n"),
        };
        (0..count).map(task).collect()
    }

    /// Runs so many tasks; gives who ended, with the reason.
    fn run(
        &mut self,
        count: usize,
        verdict: impl Fn(usize, &ProcessEnd) -> Verdict,
    ) -> Vec<(usize, Option<String>)> {
        let mut ended = Vec::new();
        let tasks = self.tasks(count);
        let mut watch = |event: Event<'_>| match event {
            Event::Ended { task, end } => {
                ended.push((task.index, end.reason.clone()));
                Ok(verdict(task.index, end))
            }
            _ => Ok(Verdict::Continue),
        };
        self.scheduler.execute(tasks, &mut watch).unwrap();
        ended
    }
}

#[test]
fn all_run_in_order_and_no_more_than_jobs_at_a_time() {
    for jobs in [1, 2, 5] {
        let mut bench = bench(jobs, 8);
        let ended = bench.run(9, |_, _| Verdict::Continue);
        assert_eq!(ended.len(), 9);
        let stand = &bench.scheduler.workers;
        assert_eq!(
            stand.started.iter().map(|(index, _)| *index).collect::<Vec<_>>(),
            (0..9).collect::<Vec<_>>()
        );
        assert_eq!(stand.most_at_a_time, jobs);
        assert!(bench.tasks(9).iter().all(|task| task.folder.experiment().is_file()));
    }
}

#[test]
fn cores_are_shared_out_and_never_given_twice() {
    let shares = Shares { jobs: 2, threads: 5 };
    // Two places for two runs, of five threads; then the rest; the last one alone has them all.
    assert_eq!(shares.next(0, 0, 10), 2);
    assert_eq!(shares.next(1, 2, 9), 3);
    assert_eq!(shares.next(0, 0, 1), 5);
    assert_eq!(shares.next(1, 5, 3), 1);
    let mut bench = bench(3, 8);
    bench.run(7, |_, _| Verdict::Continue);
    assert!(bench.scheduler.workers.started.iter().all(|(_, threads)| (2..=4).contains(threads)));
}

#[test]
fn one_that_fails_stops_no_other_unless_it_should() {
    let mut kept_going = bench(2, 2);
    kept_going.scheduler.workers.fails = vec![1];
    let ended = kept_going.run(6, |_, _| Verdict::Continue);
    assert_eq!(ended.len(), 6);
    assert_eq!(ended.iter().filter(|(_, reason)| reason.is_some()).count(), 1);

    let mut stopped = bench(2, 2);
    stopped.scheduler.workers.fails = vec![1];
    let verdict = |_: usize, end: &ProcessEnd| match end.reason {
        Some(_) => Verdict::Stop,
        None => Verdict::Continue,
    };
    let ended = stopped.run(6, verdict);
    assert!(stopped.scheduler.workers.was_stopped);
    assert!(ended.len() < 6 && ended.iter().any(|(index, _)| *index == 1), "{ended:?}");
}

#[test]
fn what_should_be_tried_again_is() {
    let mut bench = bench(2, 2);
    bench.scheduler.workers.fails = vec![2];
    let tries = std::cell::Cell::new(0);
    let ended = bench.run(4, |_, end| {
        if end.reason.is_some() && tries.get() < 3 {
            tries.set(tries.get() + 1);
            return Verdict::Retry;
        }
        Verdict::Continue
    });
    assert_eq!(ended.iter().filter(|(index, _)| *index == 2).count(), 4);
    assert_eq!(ended.len(), 7);
}

#[test]
fn little_memory_means_fewer_at_a_time_and_never_none() {
    let mut bench = bench(4, 4);
    bench.scheduler.workers.rooms = 2;
    assert_eq!(bench.run(8, |_, _| Verdict::Continue).len(), 8);
    assert_eq!(bench.scheduler.workers.most_at_a_time, 2);
    bench.scheduler.workers.rooms = 0;
    assert_eq!(bench.run(3, |_, _| Verdict::Continue).len(), 3);
}

#[test]
fn a_run_that_another_process_works_in_is_passed_over() {
    let mut bench = bench(1, 1);
    bench.scheduler.workers.taken = vec![0];
    bench.scheduler.workers.ticks = HashMap::from([(1, 3)]);
    let stop = Arc::clone(&bench.scheduler.stop);
    let ended = bench.run(3, |index, _| {
        // Nothing but the taken one is left: do not wait for it here.
        if index == 2 {
            stop.store(true, Ordering::Relaxed);
        }
        Verdict::Continue
    });
    assert_eq!(ended.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn told_to_stop_it_starts_no_more_and_waits_for_those_that_run() {
    let mut bench = bench(2, 2);
    let stop = Arc::clone(&bench.scheduler.stop);
    let ended = bench.run(10, |index, _| {
        stop.store(index == 1, Ordering::Relaxed);
        Verdict::Continue
    });
    assert!(bench.scheduler.workers.was_stopped && bench.scheduler.workers.running.is_empty());
    assert!((2..6).contains(&ended.len()), "{ended:?}");
}

#[test]
fn a_disk_that_is_full_ends_it_after_the_others_have_saved() {
    let mut bench = bench(2, 2);
    let tasks = bench.tasks(5);
    // A file where the third folder should be.
    std::fs::write(tasks[2].folder.root(), "in the way").unwrap();
    let mut ended = 0;
    let result = bench.scheduler.execute(tasks, &mut |event| {
        ended += usize::from(matches!(event, Event::Ended { .. }));
        Ok(Verdict::Continue)
    });
    assert!(matches!(result, Err(Error::Record(_))));
    assert_eq!(ended, 2);
    assert!(bench.scheduler.workers.running.is_empty());
}
