//! Every experiment that comes with the program trains: two steps on few examples, to the end, with all that a run leaves.

use atelier::config::Experiment;
use atelier::config::names::CASE;
use atelier::config::training::Length;
use atelier::data::Folders;
use atelier::record::run_file::State;
use atelier::run::{Event, Options, Outcome, Plan, Reporter};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Every experiment below a folder, in order.
fn experiments(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(experiments(&path));
        } else if path.extension().is_some_and(|ending| ending == "toml") {
            found.push(path);
        }
    }
    found.sort();
    found
}

struct Silent;

impl Reporter for Silent {
    fn report(&mut self, _: &Event<'_>) {}
}

#[test]
fn every_experiment_trains() {
    let files = experiments(&Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments"));
    assert!(files.len() >= 15, "{files:?}");
    let folders = Folders::from_environment(None).expect("folders of data");
    for file in files {
        let load = |sets: &[&str]| {
            let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
            Experiment::load(&file, &sets, std::iter::empty())
                .unwrap_or_else(|error| panic!("{}", error.render()))
        };
        let mut sets = vec![
            "training.steps=2",
            "training.batch_size=8",
            "dataset.limit=64",
            "logging.montage={ rows = 2, columns = 2, every = 1 }",
        ];
        if load(&[]).experiment.evaluation.is_some() {
            sets.push("evaluation.samples=32");
        }
        // Where the real ones are not at hand, drawings of the same shape.
        if std::env::var_os("ATELIER_DATA_DIR").is_none()
            && load(&[]).experiment.dataset.shape() == (28, 28, 1)
        {
            sets.extend(["dataset.name=silhouettes"]);
        }
        let loaded = load(&sets);
        train(&file, loaded.experiment.clone(), &folders);
        // The cases of a sweep are experiments of their own.
        let parameters = loaded.sweep.iter().flat_map(|sweep| &sweep.parameters);
        for case in parameters.filter(|parameter| parameter.key == CASE).flat_map(|cases| &cases.settings) {
            let mut experiment = loaded.with(&[case]).unwrap_or_else(|error| panic!("{}", error.render()));
            (experiment.training.length, experiment.training.batch_size) = (Length::Steps(2), 8);
            train(&file, experiment, &folders);
        }
    }
}

/// Two steps, and what they leave.
fn train(file: &Path, experiment: Experiment, folders: &Folders) {
    let out = tempfile::tempdir().expect("a temporary folder");
    let plan =
        Plan::new(experiment, out.path()).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let (folder, draws) = (plan.folder.clone(), plan.experiment.learner().draws());
    let stop = AtomicBool::new(false);
    let options = Options { data: folders, threads: 1, stop: &stop, until_epoch: None };
    let outcome = plan.execute(&options, &mut Silent);
    assert!(matches!(outcome, Ok(Outcome::Complete)), "{}: {outcome:?}", file.display());
    let run = folder.read_run_file().expect("run.toml").expect("a run");
    assert_eq!((run.state, run.steps_done), (State::Complete, 2), "{}", file.display());
    let montage = draws.then(|| folder.montage(1));
    for path in [folder.metrics(), folder.losses("png"), folder.latest()].into_iter().chain(montage) {
        assert!(path.exists(), "{} leaves no {}", file.display(), path.display());
    }
}
