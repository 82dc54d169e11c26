use super::*;
use crate::record::provenance::Provenance;
use crate::record::run_file::DatasetRecord;
use crate::record::testing::is_soon_free;

const METRICS: &str = "epoch,step,d_loss,g_loss\n1,10,1.5,0.75\n2,20,1.25,NaN\n3,30,inf,0.5\n";
const EXPERIMENT_TEXT: &str = "name = \"ring\"\nseed = 3\n\n[objective]\nloss = \"hinge\"\nregularizer = { r1 = { gamma = 0.5 } }\n\n\
    [optimizer]\nlearning_rate = 1e-5\nbetas = [0.5, 0.999]\n\n[optimizer.generator]\nlearning_rate = 2.0\n";

/// A run's folder with these files.
fn run(folder: &Path, files: &[(&str, &str)]) -> PathBuf {
    std::fs::create_dir_all(folder).unwrap();
    run_file(State::Complete).write(&folder.join(run_file::NAME)).unwrap();
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
    folder.to_owned()
}

fn run_file(state: State) -> RunFile {
    RunFile {
        state,
        error: None,
        reason: None,
        experiment: "ring".to_owned(),
        run: "seed3-00000000".to_owned(),
        seed: 3,
        configuration_hash: "0".repeat(64),
        started: "2026-03-01T12:00:00Z".parse().unwrap(),
        ended: None,
        seconds_training: 1.0,
        resumed: 0,
        epochs_done: 3,
        steps_done: 30,
        dataset: DatasetRecord { name: "silhouettes".to_owned(), sha256: "0".repeat(64) },
        provenance: Provenance {
            program_version: "0.1.0".to_owned(),
            git_commit: None,
            git_dirty: None,
            rustc: "rustc".to_owned(),
            cpu: "a CPU".to_owned(),
            gpu: None,
            threads: 1,
            os: "linux".to_owned(),
        },
    }
}

fn settings(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_run_is_read_from_its_files() {
    let temporary = tempfile::tempdir().unwrap();
    // A column that no version knows, and an empty cell.
    let evaluation = "step,epoch,frechet,floor\n10,1,30.5,1\n30,3,,1\n";
    let files = [(EXPERIMENT, EXPERIMENT_TEXT), (TABLES[0], METRICS), (TABLES[1], evaluation)];
    let folder = run(&temporary.path().join("a"), &files);
    std::fs::create_dir(folder.join("samples")).unwrap();
    for name in ["epoch_0010.png", "epoch_0002.png", "epoch_.png", "epoch_+3.png", "seed0.png"] {
        std::fs::write(folder.join("samples").join(name), "").unwrap();
    }

    let history = History::read(&folder).unwrap();
    assert!(history.damage.is_empty(), "{:?}", history.damage);
    assert_eq!((history.state, history.run.seed), ("complete", 3));
    assert_eq!(history.columns().collect::<Vec<_>>(), ["d_loss", "g_loss", "frechet", "floor"]);
    assert_eq!(history.series("d_loss")[..2], [(1, 10, 1.5), (2, 20, 1.25)]);
    assert_eq!(history.series("g_loss").len(), 3);
    assert_eq!((history.last("d_loss"), history.last("g_loss")), (Some(1.25), Some(0.5)));
    assert_eq!(history.best("d_loss", Goal::Maximum), Some((1, 1.5)));
    assert_eq!(history.best("d_loss", Goal::Minimum), Some((2, 1.25)));
    assert_eq!(history.series("frechet")[0], (1, 10, 30.5));
    assert!(history.series("frechet")[1].2.is_nan());
    assert_eq!(history.last("frechet"), Some(30.5));
    assert_eq!((history.last("nothing"), history.best("nothing", Goal::Minimum)), (None, None));
    let epochs: Vec<u64> = history.montages.iter().map(|(epoch, _)| *epoch).collect();
    assert_eq!(epochs, [2, 10]);
}

#[test]
fn settings_are_dotted_keys_with_values_as_people_write_them() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = run(temporary.path(), &[(EXPERIMENT, EXPERIMENT_TEXT)]);
    let expected = settings(&[
        ("name", "ring"),
        ("objective.loss", "hinge"),
        ("objective.regularizer", "{ r1 = { gamma = 0.5 } }"),
        ("objective.regularizer.r1", "{ gamma = 0.5 }"),
        ("objective.regularizer.r1.gamma", "0.5"),
        ("optimizer.betas", "[0.5, 0.999]"),
        ("optimizer.betas.0", "0.5"),
        ("optimizer.betas.1", "0.999"),
        ("optimizer.generator.learning_rate", "2"),
        ("optimizer.learning_rate", "1e-5"),
        ("seed", "3"),
    ]);
    assert_eq!(History::read(&folder).unwrap().settings, expected);
}

#[test]
fn damaged_tables_are_left_out_and_told_with_file_and_line() {
    let temporary = tempfile::tempdir().unwrap();
    let table = [
        ("", None),
        ("epoch,st", None),
        ("epoch,step\n", None),
        ("epoch,step,a\n1,10,1\n2,2", None),
        ("epoch,a\n", Some("metrics.csv:1: the header has no column `step`")),
        ("epoch,step,a,a\n", Some("metrics.csv:1: the header has two columns `a`")),
        ("epoch,step,\n", Some("metrics.csv:1: column 3 of the header has no name")),
        ("epoch,step,a\n1,10,one\n", Some("metrics.csv:2: column 3 (a): `one` is not a number")),
        ("epoch,step,a\n1,10,\u{1b}[31m\n", Some("`\\x1b[31m` is not a number")),
        ("epoch,step,a\n1,10,1\n2,20\n", Some("metrics.csv:3: the line has 2 columns in place of 3")),
        ("epoch,step\n1,10,7,7,x\n", Some("metrics.csv:2: the line has 5 columns in place of 2")),
        ("epoch,step\n1,10\n\n2,20\n", Some("metrics.csv:3: the line is empty")),
        ("epoch,step\n1,10\n1,10\n", Some("metrics.csv:3: step 10 comes after step 10")),
        ("epoch,step\n-1,10\n", Some("metrics.csv:2: column 1 (epoch): -1 is not a whole number")),
        ("epoch,step\n1,\n", Some("metrics.csv:2: column 2 (step): NaN is not a whole number")),
        ("epoch,step\n1,1e300\n", Some("is not a whole number")),
    ];
    for (text, expected) in table {
        let folder = run(temporary.path(), &[(TABLES[0], text), (EXPERIMENT, EXPERIMENT_TEXT)]);
        let history = History::read(&folder).unwrap();
        match (history.damage.as_slice(), expected) {
            ([], None) => {}
            ([error], Some(expected)) => {
                assert!(error.to_string().contains(expected), "{text:?}: {error}\nshould say: {expected}");
                assert!(history.tables.is_empty());
            }
            (damage, _) => panic!("{text:?}: {damage:?}"),
        }
    }
    let long = format!("epoch,step{}\n", ",a".repeat(2000));
    let folder = run(temporary.path(), &[(TABLES[0], &long), (EXPERIMENT, EXPERIMENT_TEXT)]);
    assert!(History::read(&folder).unwrap().damage[0].to_string().contains("more than 1000 columns"));
}

#[test]
fn damaged_settings_are_left_out_and_told_with_file_and_line() {
    let temporary = tempfile::tempdir().unwrap();
    for (bytes, expected) in [
        (&b"name = \"ring\"\nseed = \n"[..], "experiment.toml:2:"),
        (b"a = 1\nb = \"\xff\"\n", "experiment.toml:2: this is not UTF-8 text"),
    ] {
        let folder = run(temporary.path(), &[(TABLES[0], METRICS)]);
        std::fs::write(folder.join(EXPERIMENT), bytes).unwrap();
        let history = History::read(&folder).unwrap();
        assert!(history.damage[0].to_string().contains(expected), "{}", history.damage[0]);
        assert_eq!(history.settings, settings(&[("name", "ring"), ("seed", "3")]));
        assert_eq!(history.tables.len(), 1);
    }
}

#[test]
fn runs_are_found_at_and_below_a_folder() {
    let temporary = tempfile::tempdir().unwrap();
    let root = temporary.path();
    let second = run(&root.join("b/second"), &[]);
    let first = run(&root.join("a/first"), &[]);
    // What lies in a run's folder is part of it, and what is only prepared is no run yet.
    run(&first.join("samples/inner"), &[]);
    std::fs::create_dir_all(root.join("b/prepared")).unwrap();
    std::fs::write(root.join("b/prepared").join(EXPERIMENT), EXPERIMENT_TEXT).unwrap();
    assert_eq!(find(root), [first.clone(), second.clone()]);
    assert_eq!(find(&first), [first]);
    assert_eq!(find(&root.join("b")), [second]);
    assert!(find(&root.join("nowhere")).is_empty());
    assert!(matches!(History::read(&root.join("b/prepared")), Err(Error::Read { .. })));
}

#[test]
fn a_run_that_nobody_runs_was_killed() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = run(temporary.path(), &[]);
    run_file(State::Running).write(&folder.join(run_file::NAME)).unwrap();
    assert_eq!(History::read(&folder).unwrap().state, KILLED);
    let lock = RunLock::acquire(&folder).unwrap();
    assert_eq!(History::read(&folder).unwrap().state, "running");
    drop(lock);
    assert!(is_soon_free(&folder));
    assert_eq!(History::read(&folder).unwrap().state, KILLED);
}

#[test]
fn only_what_differs_is_told_and_each_thing_once() {
    let told = |runs: &[BTreeMap<String, String>]| differing(runs, &["seed"]).join(" ");
    let plain = |rate: &str, seed: &str| settings(&[("o.loss", "hinge"), ("o.rate", rate), ("seed", seed)]);
    assert_eq!(told(&[plain("1", "0"), plain("2", "1"), plain("1", "2")]), "o.rate");
    assert_eq!(told(&[plain("1", "0"), plain("1", "1")]), "");
    assert_eq!(told(&[plain("1", "0"), settings(&[("o.loss", "hinge")])]), "o.rate");
    let gamma = |gamma: &str| {
        let r1 = format!("{{ gamma = {gamma} }}");
        settings(&[("r", &format!("{{ r1 = {r1} }}")), ("r.r1", &r1), ("r.r1.gamma", gamma)])
    };
    assert_eq!(told(&[gamma("1"), gamma("2")]), "r.r1.gamma");
    assert_eq!(told(&[gamma("1"), settings(&[("r", "none")])]), "r");
    assert_eq!(told(&[gamma("1"), gamma("2"), settings(&[("r", "none")])]), "r");
    let betas = |first: &str, second: &str| {
        let both = format!("[{first}, {second}]");
        settings(&[("o.betas", &both), ("o.betas.0", first), ("o.betas.1", second)])
    };
    assert_eq!(told(&[betas("0", "0.9"), betas("0.5", "0.9")]), "o.betas.0");
    assert_eq!(told(&[betas("0", "0.9"), betas("0.5", "0.999")]), "o.betas.0 o.betas.1");
    assert_eq!(told(&[betas("0", "0.9"), settings(&[("o.rho", "0.9")])]), "o.betas o.rho");
}

#[test]
fn goals_are_the_usual_ones() {
    for column in ["precision", "kernel_recall", "class-coverage", "density", "coverage"] {
        assert_eq!(Goal::of(column), Goal::Maximum, "{column}");
    }
    for column in ["frechet", "g_loss", "kernel", "floor"] {
        assert_eq!(Goal::of(column), Goal::Minimum, "{column}");
    }
    assert!(!Goal::Minimum.prefers(f64::NAN, 1.0) && !Goal::Maximum.prefers(f64::NAN, 1.0));
}
