//! The output is Slurm 22.05's, of an array of eight: one succeeded, one exited with 3, one was killed, one was cancelled
//! while it ran and one before it began, two were preempted, one runs. The log's path has a false state in it.

use super::*;

const ENDED: &str = include_str!("../testdata/scontrol_ended.txt");
const PENDING: &str = include_str!("../testdata/scontrol_pending.txt");

fn task(number: u64) -> Shown {
    let all = shown(ENDED);
    all.into_iter().find(|shown| shown.tasks.iter().any(|range| range.contains(&number))).unwrap()
}

#[test]
fn a_queue_is_read() {
    let queue = "9_6|PENDING|JobArrayTaskLimit\n9_5|RUNNING|None\n7|RUNNING|None\n\n9_8|PENDING|Nodes required for job \
                 are DOWN, DRAINED or reserved for jobs in higher priority partitions\nnonsense\n9_x|RUNNING|None\n";
    let listed = listed(queue);
    let places: Vec<String> = listed.iter().map(|listed| listed.place.to_string()).collect();
    assert_eq!(places, ["9_6", "9_5", "9_8"]);
    assert_eq!((listed[0].state.as_str(), listed[0].reason.as_str()), ("PENDING", "JobArrayTaskLimit"));
    assert!(listed[2].reason.ends_with("partitions"));
}

#[test]
fn records_of_ended_tasks_are_read() {
    assert_eq!(shown(ENDED).len(), 7);
    let (done, failed, killed, cancelled) = (task(1), task(2), task(3), task(4));
    assert_eq!((done.state.as_str(), done.exit, done.seconds), ("COMPLETED", (0, 0), 1));
    assert_eq!(
        (failed.state.as_str(), failed.exit, failed.reason.as_str()),
        ("FAILED", (3, 0), "NonZeroExitCode")
    );
    assert_eq!((killed.state.as_str(), killed.exit), ("FAILED", (0, 9)));
    assert_eq!((cancelled.state.as_str(), cancelled.exit, cancelled.seconds), ("CANCELLED", (143, 0), 4));
    assert_eq!(cancelled.time_limit.as_deref(), Some("00:10:00"));
    // Put back into the queue; and one that was cancelled before it began, of which nothing is left.
    assert_eq!((task(5).state.as_str(), task(5).reason.as_str()), ("PENDING", "BeginTime"));
    assert!(shown(ENDED).iter().all(|shown| !shown.tasks.contains(&(7..=7))));
    assert_eq!(task(8).state, "RUNNING");
    assert!(shown(ENDED).iter().all(|shown| !shown.was_preempted));
    assert!(shown("slurm_load_jobs error: Invalid job id specified\n\n").is_empty());
}

#[test]
fn a_record_may_stand_for_many() {
    let waiting = shown(PENDING).remove(0);
    assert_eq!(waiting.tasks, [6..=8]);
    assert_eq!(stage(&waiting.state), Stage::Waiting);
    assert_eq!(ranges("1,4-5,9%3"), [1..=1, 4..=5, 9..=9]);
}

#[test]
fn every_state_of_the_manual_has_a_stage() {
    for state in
        ["PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD", "SPECIAL_EXIT"]
    {
        assert_eq!(stage(state), Stage::Waiting, "{state}");
    }
    for state in ["RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "STAGE_OUT", "RESIZING", "SIGNALING"] {
        assert_eq!(stage(state), Stage::Running, "{state}");
    }
    let over = [
        "BOOT_FAIL",
        "CANCELLED",
        "COMPLETED",
        "DEADLINE",
        "FAILED",
        "NODE_FAIL",
        "OUT_OF_MEMORY",
        "PREEMPTED",
        "REVOKED",
        "TIMEOUT",
    ];
    for state in over {
        assert_eq!(stage(state), Stage::Over, "{state}");
    }
}

#[test]
fn times_in_all_of_slurms_forms() {
    let cases = [
        ("30", 1800),
        ("1:30", 90),
        ("02:00:00", 7200),
        ("1-12", 129_600),
        ("1-00:30", 88_200),
        ("365-00:00:00", 31_536_000),
    ];
    for (text, expected) in cases {
        assert_eq!(seconds(text), Some(expected), "{text}");
    }
    for text in ["", "x", "UNLIMITED", "1:2:3:4", "99999999999999999-0"] {
        assert_eq!(seconds(text), None, "{text}");
    }
}

#[test]
fn what_the_run_says_counts_for_more_than_slurms_word() {
    for number in 1..=4 {
        assert_eq!(over(&task(number), 0, Some(State::Complete), None), Over::Ended(None));
        assert_eq!(over(&task(number), 0, Some(State::Diverged), None), Over::Ended(None));
    }
    assert_eq!(over(&task(1), 0, Some(State::Interrupted), None), Over::Ended(None));
}

fn reason(shown: &Shown, run: Option<State>, said: Option<&str>) -> String {
    match over(shown, 1000, run, said.map(str::to_owned)) {
        Over::Ended(Some(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_end_has_a_reason() {
    assert_eq!(reason(&task(2), Some(State::Failed), Some("no data")), "no data");
    assert_eq!(reason(&task(2), None, None), "exit code 3; see its run.log");
    assert!(reason(&task(3), Some(State::Running), Some("no data")).starts_with("killed by signal 9"));
    assert_eq!(reason(&task(4), Some(State::Interrupted), None), "cancelled in Slurm");
    let failed = |exit, seconds| Shown { exit, seconds, ..task(2) };
    assert_eq!(
        reason(&failed((143, 0), 500), Some(State::Interrupted), None),
        "its time limit of 00:10:00 was near"
    );
    assert_eq!(reason(&failed((143, 0), 100), Some(State::Interrupted), None), "ended by SIGTERM");
    assert!(reason(&failed((127, 0), 0), None, None).contains("same path"));
    assert!(reason(&failed((66, 0), 0), None, None).contains("file system"));
    let other = |state: &str| Shown { state: state.to_owned(), reason: "Odd".into(), ..task(2) };
    assert_eq!(
        reason(&other("TIMEOUT"), Some(State::Interrupted), None),
        "its time limit of 00:10:00 was reached"
    );
    assert!(reason(&other("OUT_OF_MEMORY"), Some(State::Running), None).contains("memory"));
    assert_eq!(reason(&other("NODE_FAIL"), Some(State::Running), None), "its node failed");
    assert_eq!(reason(&other("FUTURE"), None, None), "Slurm says FUTURE (Odd)");
}

#[test]
fn what_slurm_may_put_back_is_not_given_up_at_once() {
    let preempted = Shown { state: "PREEMPTED".into(), ..task(2) };
    assert_eq!(over(&preempted, 0, Some(State::Interrupted), None), Over::NotYet);
    assert!(reason(&preempted, Some(State::Interrupted), None).starts_with("preempted"));
    // The program was asked to make room, and ended before Slurm put it back.
    let line = ENDED.lines().find(|line| line.contains("ArrayTaskId=2 ")).unwrap();
    let line = line.replace("ExitCode=3:0", "ExitCode=143:0");
    let quick = shown(&line.replace("PreemptTime=None", "PreemptTime=2026-11-22T01:58:50")).remove(0);
    assert_eq!(over(&quick, 0, Some(State::Interrupted), None), Over::Requeue);
    assert_ne!(over(&shown(&line)[0], 0, Some(State::Interrupted), None), Over::Requeue);
}

#[test]
fn a_file_system_may_be_late() {
    assert_eq!(over(&task(1), 59, Some(State::Running), None), Over::NotYet);
    assert_eq!(over(&task(1), 59, None, None), Over::NotYet);
    assert!(reason(&task(1), None, None).contains("file system"));
    assert_eq!(over(&task(4), 5, Some(State::Running), None), Over::NotYet);
    assert_eq!(reason(&task(4), Some(State::Running), None), "cancelled in Slurm");
}

#[test]
fn the_largest_array() {
    assert_eq!(
        max_array_size("MaxArrayBatch = 3\nMaxArraySize            = 1001\nMaxDBDMsgs = 1\n"),
        Some(1001)
    );
    assert_eq!(max_array_size("slurm_load_ctl_conf error"), None);
}
