//! Whole files in, rounds out; the scores are computed by hand or by simple functions.

use std::path::PathBuf;

use super::*;
use crate::config::Experiment;

/// What every complete experiment needs.
const LEAST: &str = "name = 'x'\narchitecture.family = 'dcgan'\ntraining.epochs = 20\n";

fn loaded(text: &str) -> Loaded {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path: PathBuf = folder.path().join("x.toml");
    std::fs::write(&path, format!("{LEAST}{text}")).expect("a file");
    Experiment::load(&path, &[], std::iter::empty())
        .unwrap_or_else(|error| panic!("{}\n{text}", error.render()))
}

fn plan(text: &str) -> SweepPlan {
    SweepPlan::new(loaded(text)).unwrap_or_else(|error| panic!("{}\n{text}", error.render()))
}

fn no_scores(run: &PlannedRun) -> Score {
    panic!("nothing depends on run {}", run.index)
}

/// All rounds, scored by a function.
fn rounds(plan: &SweepPlan, score: &dyn Fn(&PlannedRun) -> Score) -> Vec<Vec<PlannedRun>> {
    let round = |number| plan.round(number, score).expect("no error");
    (0..).map_while(round).collect()
}

fn labels(runs: &[PlannedRun]) -> Vec<&str> {
    runs.iter().map(|run| run.label.as_str()).collect()
}

#[test]
fn a_grid_has_the_first_key_outermost_and_seeds_innermost() {
    let plan = plan(
        "[sweep]\nseeds = [3, 1]\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n'objective.loss' = ['non-saturating', 'minimax']\n",
    );
    assert_eq!(plan.parameters(), ["optimizer.learning_rate", "objective.loss"]);
    let rounds = rounds(&plan, &no_scores);
    assert_eq!((rounds.len(), rounds[0].len(), plan.runs()), (1, 8, 8));
    let expected = [
        ("0.0001", "non-saturating", 3),
        ("0.0001", "non-saturating", 1),
        ("0.0001", "minimax", 3),
        ("0.0001", "minimax", 1),
        ("0.0002", "non-saturating", 3),
        ("0.0002", "non-saturating", 1),
        ("0.0002", "minimax", 3),
        ("0.0002", "minimax", 1),
    ];
    for (index, (run, (rate, loss, seed))) in rounds[0].iter().zip(expected).enumerate() {
        assert_eq!((run.index, run.trial, run.seed), (index, index / 2, seed));
        assert_eq!((run.settings[0].1.as_str(), run.settings[1].1.as_str()), (rate, loss));
        assert_eq!(run.label, format!("loss={loss},lr={rate},seed{seed}"));
        assert_eq!(run.experiment.seed, seed);
        assert_eq!(run.experiment.optimizer.generator.learning_rate, rate.parse::<f64>().expect("a number"));
        assert_eq!((run.phase, run.until_epoch), (Phase::Search, None));
        // The same run by its index alone.
        let alone = plan.run(index).expect("a run");
        assert_eq!((alone.experiment, alone.label), (run.experiment.clone(), run.label.clone()));
    }
    assert!(plan.run(8).is_none());
}
