//! The follower with a stand-in for Slurm, in a time of its own.

use super::*;
use crate::config::sweep::Slurm as Settings;
use crate::launch::slurm::states::Listed;
use crate::record::RunFile;
use crate::record::provenance::Provenance;
use crate::record::run_file::DatasetRecord;
use crate::run::Folder;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// What Slurm knows.
#[derive(Default)]
struct Queue {
    /// State, reason and exit code by place; what is not here is forgotten.
    tasks: BTreeMap<Place, (&'static str, &'static str, (i32, i32))>,
    names: BTreeMap<String, u64>,
    scripts: Vec<String>,
    cancelled: Vec<u64>,
    requeued: Vec<Place>,
    /// What `sbatch` says in place of a number.
    refuses: Option<String>,
    /// Submits, but dies before it answers.
    loses_answers: bool,
    is_away: bool,
    largest: usize,
    preempted: BTreeSet<Place>,
}

/// A stand-in for Slurm's programs.
#[derive(Clone)]
struct Fake(Rc<RefCell<Queue>>);

fn failed(words: &str) -> Error {
    Error::Command { command: "squeue".into(), words: words.into() }
}

impl Client for Fake {
    fn submit(&mut self, script: &Path) -> Result<u64, Error> {
        let mut queue = self.0.borrow_mut();
        if let Some(words) = queue.refuses.clone() {
            return Err(Error::Refused { script: script.display().to_string(), words });
        }
        let text = std::fs::read_to_string(script).unwrap();
        let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).unwrap().to_owned();
        let (name, range) = (value("#SBATCH --job-name="), value("#SBATCH --array=1-"));
        let count: u64 = range.split('%').next().unwrap().parse().unwrap();
        let job = 10 * (queue.scripts.len() as u64 + 1);
        assert!(queue.names.insert(name, job).is_none(), "two jobs of one name");
        for task in 1..=count {
            queue.tasks.insert(Place { job, task }, ("PENDING", "Resources", (0, 0)));
        }
        queue.scripts.push(text);
        if queue.loses_answers { Err(failed("killed")) } else { Ok(job) }
    }

    fn largest_array(&mut self) -> usize {
        self.0.borrow().largest
    }

    fn queue(&mut self, jobs: &[u64]) -> Result<Vec<Listed>, Error> {
        let queue = self.0.borrow();
        if queue.is_away {
            return Err(failed("Unable to contact slurm controller"));
        }
        let known = queue.tasks.iter().filter(|(place, _)| jobs.contains(&place.job));
        let listed = known.map(|(place, (state, reason, _))| Listed {
            place: *place,
            state: (*state).to_owned(),
            reason: (*reason).to_owned(),
        });
        Ok(listed.filter(|listed| states::stage(&listed.state) != Stage::Over).collect())
    }

    fn show(&mut self, job: u64) -> Result<Vec<Shown>, Error> {
        let queue = self.0.borrow();
        let known = queue.tasks.iter().filter(|(place, _)| place.job == job);
        let shown = known.map(|(place, (state, reason, exit))| Shown {
            tasks: vec![place.task..=place.task],
            state: (*state).to_owned(),
            reason: (*reason).to_owned(),
            exit: *exit,
            seconds: u64::from(*reason != "Resources"),
            time_limit: None,
            was_preempted: queue.preempted.contains(place),
        });
        Ok(shown.collect())
    }

    fn find(&mut self, name: &str) -> Result<Option<u64>, Error> {
        Ok(self.0.borrow().names.get(name).copied())
    }

    fn requeue(&mut self, place: Place) -> Result<(), Error> {
        let mut queue = self.0.borrow_mut();
        queue.requeued.push(place);
        queue.tasks.insert(place, ("PENDING", "BeginTime", (0, 0)));
        Ok(())
    }

    fn cancel(&mut self, jobs: &[u64]) -> Result<(), Error> {
        self.0.borrow_mut().cancelled.extend(jobs);
        Ok(())
    }

    fn pause(&mut self, _: Duration) {}
}

struct Bench {
    folder: tempfile::TempDir,
    queue: Rc<RefCell<Queue>>,
    stop: Arc<AtomicBool>,
    settings: Settings,
    told: Vec<String>,
    ticks: usize,
}

fn bench() -> Bench {
    Bench {
        folder: tempfile::tempdir().unwrap(),
        queue: Rc::new(RefCell::new(Queue { largest: 100, ..Queue::default() })),
        stop: Arc::default(),
        settings: Settings::default(),
        told: Vec::new(),
        ticks: 0,
    }
}

fn place(job: u64, task: u64) -> Place {
    Place { job, task }
}

impl Bench {
    fn tasks(&self, count: usize) -> Vec<Task> {
        let task = |index: usize| Task {
            index,
            folder: Folder::at(self.folder.path().join(format!("run{index}"))),
            until_epoch: None,
            experiment: format!("seed = {index}\n"),
        };
        (0..count).map(task).collect()
    }

    fn set(&self, place: Place, state: &'static str, reason: &'static str, exit: (i32, i32)) {
        self.queue.borrow_mut().tasks.insert(place, (state, reason, exit));
    }

    /// Writes the `run.toml` of a run.
    fn write(&self, index: usize, state: record::State) {
        let folder = Folder::at(self.folder.path().join(format!("run{index}")));
        let run = RunFile {
            state,
            error: None,
            reason: None,
            experiment: "x".into(),
            run: folder.name(),
            seed: 0,
            configuration_hash: "0".repeat(64),
            started: Timestamp::now(),
            ended: None,
            seconds_training: 0.0,
            resumed: 0,
            epochs_done: 1,
            steps_done: 1,
            dataset: DatasetRecord { name: "silhouettes".into(), sha256: "0".repeat(64) },
            provenance: Provenance {
                program_version: "0".into(),
                git_commit: None,
                git_dirty: None,
                rustc: "rustc".into(),
                cpu: "cpu".into(),
                gpu: None,
                threads: 1,
                os: "linux".into(),
            },
        };
        run.write(&folder.run_file()).unwrap();
    }

    /// Follows tasks; before the tick of each number, `happen` is called with it. Tells events in a word each.
    fn follow(
        &mut self,
        tasks: Vec<Task>,
        mut happen: impl FnMut(&Self, usize),
        mut verdict: impl FnMut(usize, &ProcessEnd) -> Verdict,
    ) -> Result<Vec<String>, launch::Error> {
        let setup = Setup {
            experiment: "x".into(),
            folder: self.folder.path().to_owned(),
            program: "/bin/atelier".into(),
            data: None,
            settings: self.settings.clone(),
        };
        let mut follower = Follower::new(Fake(Rc::clone(&self.queue)), setup, Arc::clone(&self.stop));
        let (mut told, mut ticks) = (Vec::new(), self.ticks);
        let this = &*self;
        let result = follower.execute(tasks, &mut |event| {
            match event {
                Event::Started { task, .. } => told.push(format!("started {}", task.index)),
                Event::Notice(text) => told.push(text.to_owned()),
                Event::Ended { task, end } => {
                    let reason = end.reason.clone().map(|reason| format!(": {reason}")).unwrap_or_default();
                    told.push(format!("ended {}{reason}", task.index));
                    return Ok(verdict(task.index, end));
                }
                Event::Tick { .. } => {
                    ticks += 1;
                    assert!(ticks < 10_000, "{told:?}");
                    happen(this, ticks);
                }
            }
            Ok(Verdict::Continue)
        });
        self.ticks = ticks;
        self.told = told.clone();
        result.map(|()| told)
    }

    fn ledger(&self) -> Ledger {
        Ledger::read(&absolute(&self.folder.path().join("slurm")).unwrap()).unwrap()
    }
}

fn go_on(_: usize, _: &ProcessEnd) -> Verdict {
    Verdict::Continue
}

/// Everything that waits runs and is complete.
fn finish(bench: &Bench, indices: &[(usize, Place)]) {
    for (index, place) in indices {
        bench.write(*index, record::State::Complete);
        bench.set(*place, "COMPLETED", "None", (0, 0));
    }
}

#[test]
fn an_array_is_submitted_and_followed() {
    let mut bench = bench();
    let tasks = bench.tasks(2);
    let happen = |bench: &Bench, tick: usize| match tick {
        1 => bench.set(place(10, 1), "RUNNING", "None", (0, 0)),
        5 => {
            finish(bench, &[(0, place(10, 1))]);
            bench.set(place(10, 2), "RUNNING", "None", (0, 0));
        }
        20 => {
            bench.write(1, record::State::Failed);
            bench.set(place(10, 2), "FAILED", "NonZeroExitCode", (3, 0));
        }
        _ => {}
    };
    let log = bench.folder.path().join("run1").join("run.log");
    std::fs::create_dir_all(log.parent().unwrap()).unwrap();
    std::fs::write(&log, "error: old\n== Slurm job 10_2 on a, now\nerror: no data\n").unwrap();
    let told = bench.follow(tasks, happen, go_on).unwrap();
    let expected =
        ["submitted 2 runs as Slurm job 10", "started 0", "ended 0", "started 1", "ended 1: no data"];
    assert_eq!(told, expected);
    let list = std::fs::read_to_string(bench.folder.path().join("slurm/array0001.runs")).unwrap();
    assert_eq!(
        list.lines().map(|line| line.rsplit('/').next().unwrap()).collect::<Vec<_>>(),
        ["run0", "run1"]
    );
    assert!(bench.folder.path().join("run1/experiment.toml").exists());
    assert!(bench.ledger().arrays[0].ended.is_some());
}

#[test]
fn large_arrays_are_split_and_share_the_throttle() {
    let mut bench = bench();
    bench.queue.borrow_mut().largest = 2;
    bench.settings.throttle = Some(7);
    let mut tasks = bench.tasks(5);
    tasks[4].until_epoch = Some(3);
    let all = [(0, place(10, 1)), (1, place(10, 2)), (2, place(20, 1)), (3, place(20, 2)), (4, place(30, 1))];
    bench.follow(tasks, |bench, _| finish(bench, &all), go_on).unwrap();
    let scripts = bench.queue.borrow().scripts.clone();
    assert_eq!(scripts.len(), 3);
    assert!(scripts[0].contains("--array=1-2%7") && !scripts[0].contains("--dependency"));
    assert!(scripts[1].contains("--dependency=afterany:10") && !scripts[1].contains("--until-epoch"));
    assert!(scripts[2].contains("--array=1-1%7") && scripts[2].contains("--until-epoch 3"));
}

#[test]
fn what_is_in_the_queue_is_found_again() {
    let mut bench = bench();
    let stop = Arc::clone(&bench.stop);
    let told = bench.follow(bench.tasks(3), |_, _| stop.store(true, Ordering::Relaxed), go_on).unwrap();
    assert!(told[1].contains("goes on with 3 runs") && told[1].ends_with("scancel 10"), "{told:?}");
    assert!(bench.queue.borrow().cancelled.is_empty());
    bench.stop.store(false, Ordering::Relaxed);
    // Meanwhile the first was cancelled, the second runs, and the third ended.
    bench.set(place(10, 1), "CANCELLED", "None", (0, 0));
    bench.set(place(10, 2), "RUNNING", "None", (0, 0));
    finish(&bench, &[(2, place(10, 3))]);
    let mut tasks = bench.tasks(3);
    tasks.truncate(2);
    let all = [(0, place(20, 1)), (1, place(10, 2))];
    let base = bench.ticks;
    let happen = |bench: &Bench, tick: usize| {
        if tick > base + 20 {
            finish(bench, &all);
        }
    };
    let told = bench.follow(tasks, happen, go_on).unwrap();
    assert_eq!(told[0], "following Slurm job 10, submitted before: 1 run not ended yet");
    assert_eq!(told[1], "submitted 1 run as Slurm job 20");
    assert_eq!(bench.queue.borrow().scripts.len(), 2);
    assert!(bench.ledger().arrays.iter().all(|array| array.ended.is_some()));
}

#[test]
fn a_job_whose_number_was_lost_is_found_by_its_name() {
    let mut bench = bench();
    bench.queue.borrow_mut().loses_answers = true;
    assert!(bench.follow(bench.tasks(2), |_, _| {}, go_on).is_err());
    assert_eq!(bench.ledger().arrays[0].job, None);
    bench.queue.borrow_mut().loses_answers = false;
    let all = [(0, place(10, 1)), (1, place(10, 2))];
    let told = bench.follow(bench.tasks(2), |bench, _| finish(bench, &all), go_on).unwrap();
    assert!(told[0].starts_with("following Slurm job 10"), "{told:?}");
    assert_eq!(bench.queue.borrow().scripts.len(), 1);
    assert_eq!(bench.ledger().arrays[0].job, Some(10));
}

#[test]
fn a_number_that_another_job_has_now_is_not_followed() {
    let mut bench = bench();
    let stop = Arc::clone(&bench.stop);
    bench.follow(bench.tasks(1), |_, _| stop.store(true, Ordering::Relaxed), go_on).unwrap();
    bench.stop.store(false, Ordering::Relaxed);
    // The cluster was set up anew: the number is in the queue, the name is not.
    bench.queue.borrow_mut().names.clear();
    bench.set(place(10, 1), "RUNNING", "None", (0, 0));
    let told = bench.follow(bench.tasks(1), |bench, _| finish(bench, &[(0, place(20, 1))]), go_on).unwrap();
    assert_eq!(told[0], "submitted 1 run as Slurm job 20");
}

#[test]
fn a_refusal_ends_it_with_slurms_words() {
    let mut bench = bench();
    bench.queue.borrow_mut().refuses = Some("invalid partition specified: nosuch".into());
    let error = bench.follow(bench.tasks(2), |_, _| {}, go_on).unwrap_err();
    assert!(matches!(&error, launch::Error::Slurm(Error::Refused { .. })), "{error}");
    assert!(error.to_string().contains("nosuch"));
    assert!(bench.ledger().arrays[0].ended.is_some());
    // The next try has files of its own.
    bench.queue.borrow_mut().refuses = None;
    bench.follow(bench.tasks(1), |bench, _| finish(bench, &[(0, place(10, 1))]), go_on).unwrap();
    assert!(bench.folder.path().join("slurm/array0002.sbatch").exists());
}

#[test]
fn preempted_runs_wait_for_their_turn() {
    let mut bench = bench();
    let happen = |bench: &Bench, tick: usize| match tick {
        1 => bench.set(place(10, 1), "RUNNING", "None", (0, 0)),
        10 => bench.set(place(10, 1), "COMPLETING", "None", (0, 0)),
        20 => bench.set(place(10, 1), "PENDING", "BeginTime", (0, 0)),
        60 => bench.set(place(10, 1), "RUNNING", "None", (0, 0)),
        120 => {
            // It was asked to make room, and ended before Slurm had put it back: that is ours to do.
            bench.write(0, record::State::Interrupted);
            bench.queue.borrow_mut().preempted.insert(place(10, 1));
            bench.set(place(10, 1), "FAILED", "NonZeroExitCode", (143, 0));
        }
        240 => finish(bench, &[(0, place(10, 1))]),
        _ => {}
    };
    let told = bench.follow(bench.tasks(1), happen, go_on).unwrap();
    assert_eq!(told.iter().filter(|text| *text == "started 0").count(), 2, "{told:?}");
    assert!(told.iter().any(|text| text.contains("was put back into the queue")), "{told:?}");
    assert_eq!(told.last().map(String::as_str), Some("ended 0"), "{told:?}");
    assert_eq!(bench.queue.borrow().requeued, [place(10, 1)]);
    assert_eq!(bench.queue.borrow().scripts.len(), 1);
}

#[test]
fn a_task_that_slurm_forgets_is_given_up_in_the_end() {
    let mut bench = bench();
    bench.set(place(10, 9), "RUNNING", "None", (0, 0));
    let happen = |bench: &Bench, tick: usize| {
        if tick == 1 {
            bench.set(place(10, 1), "RUNNING", "None", (0, 0));
        } else if tick == 10 {
            bench.queue.borrow_mut().tasks.retain(|place, _| place.task == 9);
        }
    };
    let told = bench.follow(bench.tasks(2), happen, go_on).unwrap();
    assert!(told.contains(&"ended 0: Slurm does not know its job 10_1 any more".to_owned()), "{told:?}");
    assert!(told.contains(&"ended 1: cancelled in Slurm before it began".to_owned()), "{told:?}");
}

#[test]
fn a_controller_that_is_away_is_waited_for() {
    let mut bench = bench();
    let happen = |bench: &Bench, tick: usize| {
        bench.queue.borrow_mut().is_away = (2..100).contains(&tick);
        finish(bench, &[(0, place(10, 1))]);
    };
    let told = bench.follow(bench.tasks(1), happen, go_on).unwrap();
    let away = told.iter().filter(|text| text.contains("Unable to contact")).count();
    assert!(away == 1 && told.last().is_some_and(|last| last == "ended 0"), "{told:?}");
}

#[test]
fn what_the_caller_makes_of_a_failure() {
    let mut bench = bench();
    let happen = |bench: &Bench, tick: usize| {
        let mut queue = bench.queue.borrow_mut();
        for (place, task) in queue.tasks.iter_mut().filter(|(place, _)| place.task == 1) {
            *task = if place.job < 30 {
                ("FAILED", "NonZeroExitCode", (9, 0))
            } else {
                ("COMPLETED", "None", (0, 0))
            };
        }
        if tick > 60 && !queue.cancelled.is_empty() {
            queue.tasks.retain(|place, _| place.task == 1);
        }
        drop(queue);
        if bench.queue.borrow().tasks.contains_key(&place(30, 1)) {
            bench.write(0, record::State::Complete);
        }
    };
    let mut ends = 0;
    let verdict = |index: usize, end: &ProcessEnd| {
        ends += 1;
        match (index, &end.reason) {
            (0, Some(_)) => Verdict::Retry,
            (0, None) => Verdict::Stop,
            _ => Verdict::Continue,
        }
    };
    let told = bench.follow(bench.tasks(2), happen, verdict).unwrap();
    // Twice tried again; then all is to stop: the second, which never began, is not told of.
    assert_eq!(ends, 3, "{told:?}");
    assert_eq!(bench.queue.borrow().scripts.len(), 3);
    assert_eq!(bench.queue.borrow().cancelled, [10]);
}

#[test]
fn one_who_waits_in_vain_hears_why_once() {
    let mut bench = bench();
    let happen = |bench: &Bench, tick: usize| {
        for task in 1..=3 {
            bench.set(place(10, task), "PENDING", "JobHeldUser", (0, 0));
        }
        if tick > 200 {
            finish(bench, &[(0, place(10, 1)), (1, place(10, 2)), (2, place(10, 3))]);
        }
    };
    let told = bench.follow(bench.tasks(3), happen, go_on).unwrap();
    assert_eq!(told.iter().filter(|text| text.contains("JobHeldUser")).count(), 1, "{told:?}");
}
