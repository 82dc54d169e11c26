use super::field::{Field, Which};
use super::filter::Condition;
use super::testing::{Example, example, metrics};
use super::*;
use crate::record::history;
use crate::record::run_file::State;
use std::path::{Path, PathBuf};

/// The runs of these examples, read back.
fn read(examples: &[Example]) -> (tempfile::TempDir, Vec<Run>) {
    let root = tempfile::tempdir().unwrap();
    for example in examples {
        example.write(root.path());
    }
    let (runs, errors) = select::read(&history::find(root.path()), Rows::Kept);
    assert!(errors.is_empty(), "{errors:?}");
    (root, runs)
}

fn comparison(examples: &[Example], options: &Options) -> Comparison {
    Comparison::new(read(examples).1, options).unwrap()
}

fn sweep() -> Vec<Example> {
    let run = |seed, loss, rate, last: f64| example(seed, loss, rate, &[0.25, 3.0, last]);
    vec![
        run(0, "hinge", 2e-4, 1.0),
        run(1, "hinge", 2e-4, 2.0),
        run(2, "hinge", 2e-4, 4.0),
        run(0, "minimax", 2e-4, 0.5),
        run(1, "minimax", 2e-4, f64::NAN).with_state(State::Diverged),
        run(0, "hinge", 1e-3, 9.0),
    ]
}

#[test]
fn groups_are_the_configurations_without_their_seeds() {
    let comparison = comparison(&sweep(), &Options::default());
    assert_eq!(comparison.parameters, ["objective.loss", "optimizer.learning_rate"]);
    assert_eq!(comparison.short_parameters(), ["loss", "learning_rate"]);
    let labels: Vec<_> = comparison.groups.iter().map(|group| comparison.label(group)).collect();
    assert_eq!(
        labels,
        [
            "loss=hinge, learning_rate=0.0002",
            "loss=hinge, learning_rate=0.001",
            "loss=minimax, learning_rate=0.0002"
        ]
    );
    let names: Vec<_> = comparison.metrics.iter().map(Metric::name).collect();
    assert_eq!(names, ["g_loss last", "d_loss last"]);

    // 1, 2, 4: the mean is 7/3 and the squares sum up to 14/3, over n − 1 = 2; the discriminator's are twice as large.
    let [g_loss, d_loss] = [0, 1].map(|metric| comparison.groups[0].values[metric].unwrap());
    assert!((g_loss.mean - 7.0 / 3.0).abs() < 1e-12 && (d_loss.mean - 14.0 / 3.0).abs() < 1e-12);
    assert!((g_loss.deviation.unwrap() - (7.0_f64 / 3.0).sqrt()).abs() < 1e-12);
    assert_eq!((g_loss.count, comparison.groups[0].counted), (3, 3));
    // One seed has no deviation.
    assert_eq!(comparison.groups[1].values[0].unwrap().deviation, None);
}

#[test]
fn runs_that_did_not_complete_are_shown_and_not_averaged() {
    let complete_only = comparison(&sweep(), &Options::default());
    let minimax = &complete_only.groups[2];
    assert_eq!((minimax.runs.len(), minimax.counted, minimax.values[0].unwrap().mean), (2, 1, 0.5));
    assert_eq!(output::states(minimax), "1 complete, 1 diverged");
    let text = output::markdown(&complete_only);
    assert!(text.contains("1 complete, 1 diverged") && text.contains("seed1 is diverged"), "{text}");
    // With what it has reached: its last finite value is 3.
    let options = Options { with_unfinished: true, ..Options::default() };
    let all = comparison(&sweep(), &options);
    assert_eq!((all.groups[2].counted, all.groups[2].values[0].unwrap().mean), (2, 1.75));
    // Where no run is complete there is no value, and a row all the same.
    let lost =
        [example(0, "hinge", 1.0, &[1.0]).with_state(State::Failed), example(0, "minimax", 1.0, &[1.0])];
    let lost = comparison(&lost, &Options::default());
    assert_eq!((lost.groups[0].counted, lost.groups[0].values[0]), (0, None));
    assert_eq!(output::table(&lost).rows[0][2..], ["0", "1 failed", "–", "–"]);
    // The last run says `running`, and nobody does run it.
    let killed = [example(0, "hinge", 1.0, &[1.0]).with_state(State::Running)];
    assert_eq!(output::states(&comparison(&killed, &Options::default()).groups[0]), "1 killed");
}

#[test]
fn what_changes_no_number_makes_no_group() {
    let (root, _) = read(&[example(0, "hinge", 1.0, &[1.0]), example(1, "hinge", 1.0, &[1.0])]);
    let folder = history::find(root.path())[0].join("experiment.toml");
    let text = std::fs::read_to_string(&folder).unwrap();
    std::fs::write(
        &folder,
        text.replace("progress_gif = true", "progress_gif = false").replace("\"\"", "\"x\""),
    )
    .unwrap();
    let (runs, _) = select::read(&history::find(root.path()), Rows::Dropped);
    let comparison = Comparison::new(runs, &Options::default()).unwrap();
    assert_eq!((comparison.groups.len(), comparison.parameters.len()), (1, 0));
    assert!(output::markdown(&comparison).contains("differ in their seeds alone"));
    assert_eq!(comparison.label(&comparison.groups[0]), "ring");
}

#[test]
fn labels_of_several_experiments_are_their_names_and_what_differs_within() {
    let mut other = example(0, "wasserstein", 0.5, &[1.0]);
    other.file.experiment = "grid".to_owned();
    let rings = [example(0, "hinge", 1.0, &[1.0]), example(0, "hinge", 2.0, &[1.0])];
    let comparison = comparison(&[&rings[..], &[other]].concat(), &Options::default());
    assert_eq!(comparison.short_parameters(), ["experiment", "loss", "learning_rate"]);
    let labels: Vec<_> = comparison.groups.iter().map(|group| comparison.label(group)).collect();
    assert_eq!(labels, ["grid", "ring, learning_rate=1", "ring, learning_rate=2"]);
}

#[test]
fn a_case_stands_for_what_it_sets() {
    let case = |seed, case, loss, learning_rate| {
        let mut run = example(seed, loss, learning_rate, &[1.0]);
        run.case = Some(case);
        run.file.run = format!("case={case},{}", run.file.run);
        run
    };
    let mut runs = vec![case(0, "a", "hinge", 1.0), case(1, "a", "hinge", 1.0), case(0, "b", "minimax", 2.0)];
    let two = comparison(&runs, &Options::default());
    assert_eq!(two.parameters, ["case"]);
    assert_eq!(
        (two.groups.len(), two.groups[0].runs.len(), two.label(&two.groups[1])),
        (2, 2, "case=b".to_owned())
    );
    // An experiment without cases is told by its name.
    let mut other = example(0, "wasserstein", 0.5, &[1.0]);
    other.file.experiment = "grid".to_owned();
    let three = comparison(&[&runs[..], &[other]].concat(), &Options::default());
    assert_eq!(three.parameters, ["name", "case"]);
    // What was swept beside the cases is told besides.
    runs.push(case(0, "b", "minimax", 3.0));
    assert_eq!(comparison(&runs, &Options::default()).parameters, ["case", "optimizer.learning_rate"]);
}

#[test]
fn a_configuration_and_seed_counts_once() {
    let first = example(0, "hinge", 1.0, &[1.0]);
    let mut again = first.clone();
    again.file.run += "-2";
    again.file.started = "2026-03-02T12:00:00Z".parse().unwrap();
    let mut unfinished = again.clone().with_state(State::Failed);
    unfinished.file.run += "-3";
    unfinished.file.started = "2026-03-03T12:00:00Z".parse().unwrap();
    let comparison =
        comparison(&[first, again, unfinished, example(1, "hinge", 1.0, &[3.0])], &Options::default());
    assert_eq!((comparison.groups.len(), comparison.groups[0].counted), (1, 2));
    assert_eq!(comparison.groups[0].values[0].unwrap().mean, 2.0);
    assert_eq!(comparison.repeated.len(), 2);
    assert!(
        comparison.repeated.iter().all(|attempt| attempt.counted.ends_with("ring/loss=hinge,lr=1,seed0-2"))
    );
    assert!(output::markdown(&comparison).contains("seed0 is not counted"));
}

#[test]
fn tables_of_other_shapes_are_told_by_the_whole_value() {
    let mut r1 = example(0, "hinge", 1.0, &[1.0]);
    (r1.regularizer, r1.file.run) = ("{ r1 = { gamma = 0.5 } }", "a".to_owned());
    let mut stronger = r1.clone();
    (stronger.regularizer, stronger.file.run) = ("{ r1 = { gamma = 10.0 } }", "b".to_owned());
    let two = comparison(&[r1.clone(), stronger.clone()], &Options::default());
    assert_eq!(two.parameters, ["objective.regularizer.r1.gamma"]);
    assert_eq!(two.label(&two.groups[1]), "gamma=10");
    let three = comparison(&[r1, stronger, example(0, "hinge", 1.0, &[1.0])], &Options::default());
    assert_eq!(three.parameters, ["objective.regularizer"]);
}

#[test]
fn columns_of_evaluation_are_compared_and_goals_respected() {
    let evaluated = |seed, frechets: [f64; 2], coverages: [f64; 2]| {
        let rows = [0, 1].map(|row| {
            let (epoch, step) = (row + 1, 312 * (row + 1));
            format!(
                "{epoch},{step},{},{},0.8,0.9,100,200,0123456789abcdef,1.5\n",
                frechets[row], coverages[row]
            )
        });
        let header =
            "epoch,step,frechet,coverage,frechet_floor,coverage_floor,samples,reference,extractor,seconds";
        example(seed, "hinge", 1.0, &[1.0, 2.0]).with_evaluation(&format!("{header}\n{}", rows.concat()))
    };
    let runs = [evaluated(0, [10.0, 30.0], [0.9, 0.1]), evaluated(1, [50.0, 20.0], [0.2, 0.7])];
    let of = |options: &Options| {
        let comparison = comparison(&runs, options);
        let means = comparison.groups[0].values.iter().map(|value| value.unwrap().mean);
        // Rounded, as no tenth is a sum of powers of two.
        let means = means.map(|mean| (mean * 1e9).round() / 1e9);
        let named: Vec<_> = comparison.metrics.iter().map(Metric::name).zip(means).collect();
        named[named.len().saturating_sub(4)..].to_vec()
    };
    let expected = |name: &str, mean: f64| (name.to_owned(), mean);
    // Neither floors nor what tells how it was made is compared.
    let default = comparison(&runs, &Options::default());
    let names: Vec<_> = default.metrics.iter().map(Metric::name).collect();
    assert_eq!(
        names,
        ["g_loss last", "d_loss last", "frechet last", "frechet best", "coverage last", "coverage best"]
    );
    assert_eq!(
        of(&Options::default()),
        [
            expected("frechet last", 25.0),
            expected("frechet best", 15.0),
            expected("coverage last", 0.4),
            expected("coverage best", 0.8)
        ]
    );
    let goals = Goals { maximized: vec!["frechet".to_owned()], minimized: vec!["coverage".to_owned()] };
    let options =
        Options { metrics: vec!["frechet.best".into(), "coverage".into()], goals, ..Options::default() };
    assert_eq!(
        of(&options),
        [expected("frechet best", 40.0), expected("coverage last", 0.4), expected("coverage best", 0.15)]
    );
    let unknown = Options { metrics: vec!["frecet".to_owned()], ..Options::default() };
    let (_root, runs) = read(&runs);
    let error = Comparison::new(runs, &unknown).unwrap_err().to_string();
    assert!(error.contains("did you mean `frechet`?") && error.contains("g_loss"), "{error}");
}

#[test]
fn groups_are_sorted_by_settings_columns_and_in_both_orders() {
    let order = |sort: &str, is_descending| {
        let options = Options { sort: Some(sort.to_owned()), is_descending, ..Options::default() };
        let comparison = comparison(&sweep(), &options);
        let last = |group: &Group| group.values[0].map_or(f64::NAN, |value| value.mean);
        comparison.groups.iter().map(|group| format!("{:.1}", last(group))).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(order("g_loss", false), "0.5 2.3 9.0");
    assert_eq!(order("g_loss", true), "9.0 2.3 0.5");
    assert_eq!(order("learning_rate", true), "9.0 2.3 0.5");
    assert_eq!(order("loss", true), "0.5 2.3 9.0");
    // Nothing is last in both orders.
    let mut runs = sweep();
    runs.push(example(0, "wasserstein", 1.0, &[]).with_state(State::Failed));
    for is_descending in [false, true] {
        let options = Options { sort: Some("g_loss".to_owned()), is_descending, ..Options::default() };
        let comparison = comparison(&runs, &options);
        assert_eq!(comparison.groups[3].settings[0].as_deref(), Some("wasserstein"));
    }
}

#[test]
fn conditions_choose_runs() {
    let (_root, _) = read(&[]);
    let chosen = |conditions: &[&str]| {
        let conditions: Vec<Condition> = conditions.iter().map(|text| text.parse().unwrap()).collect();
        let (_root, runs) = read(&sweep());
        Condition::select(&conditions, runs, &Goals::default())
            .map(|runs| runs.len())
            .map_err(|error| error.to_string())
    };
    for (conditions, count) in [
        (&["loss=hinge"][..], 4),
        (&["objective.loss == hinge"], 4),
        (&["loss!=hinge"], 2),
        (&["loss=\"hinge\"", "seed=0"], 2),
        (&["learning_rate=2e-4"], 5),
        (&["learning_rate>=1e-3"], 1),
        (&["learning_rate>2.0e-4"], 1),
        (&["g_loss<1"], 1),
        (&["g_loss<=1"], 2),
        (&["g_loss.best<0.3"], 6),
        (&["state!=complete"], 1),
        (&["state=complete", "g_loss>3"], 2),
        (&["started<2026-03-01T12:00:01Z"], 6),
        (&["experiment=ring"], 6),
        (&["epochs_done>=3"], 6),
        (&["loss=5"], 0),
    ] {
        assert_eq!(chosen(conditions), Ok(count), "{conditions:?}");
    }
    for (condition, message) in [
        ("los=hinge", "did you mean `loss`?"),
        ("lr>1", "did you mean `learning_rate`?"),
        ("optimizer.learning_rat>1", "did you mean `optimizer.learning_rate`?"),
        ("stat=complete", "did you mean `state`?"),
        ("zzzzzz=1", "no run has a setting or column `zzzzzz`"),
        ("loss>hinge", "`hinge` is not a number"),
        ("range=1", ""),
    ] {
        match chosen(&[condition]) {
            Err(error) => assert!(error.contains(message) && !message.is_empty(), "{error}"),
            Ok(count) => assert_eq!((message, count), ("", 0)),
        }
    }
    for text in ["loss", "=hinge", "loss=", "loss!hinge", ""] {
        let error = text.parse::<Condition>().unwrap_err();
        assert!(error.contains("loss=hinge"), "{error}");
    }
}

#[test]
fn a_name_that_may_be_several_settings_is_refused() {
    let (_root, runs) = read(&sweep());
    // `name` is the experiment's own, in full; `columns` is only in logging.montage.
    assert_eq!(Field::resolve("name", &runs, &Goals::default()).unwrap(), Field::Setting("name".to_owned()));
    let montage = Field::resolve("columns", &runs, &Goals::default()).unwrap();
    assert_eq!(montage, Field::Setting("logging.montage.columns".to_owned()));
    let (_, which) = Field::resolve_metric("g_loss.best", &runs, &Goals::default()).unwrap();
    assert_eq!(which, Which::Best);
    let mut more = sweep();
    more[0].regularizer = "{ r1 = { epochs = 1 } }";
    let (_root, runs) = read(&more);
    let error = Field::resolve("epochs", &runs, &Goals::default()).unwrap_err().to_string();
    assert!(error.contains("`objective.regularizer.r1.epochs` or `training.epochs`"), "{error}");
}

#[test]
fn output_says_the_same_in_every_form() {
    let comparison = comparison(&sweep(), &Options::default());
    let text = String::from_utf8(output::csv(&comparison)).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(
        reader.headers().unwrap().iter().collect::<Vec<_>>()[..8],
        [
            "group",
            "objective.loss",
            "optimizer.learning_rate",
            "seeds",
            "states",
            "g_loss_last_mean",
            "g_loss_last_std",
            "g_loss_last_n"
        ]
    );
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!((&rows[0][1], &rows[0][3], &rows[0][7]), ("hinge", "3", "3"));
    assert!((rows[0][6].parse::<f64>().unwrap() - (7.0_f64 / 3.0).sqrt()).abs() < 1e-12);
    assert_eq!((&rows[1][5], &rows[1][6]), ("9", ""));

    let json = output::json(&comparison);
    assert_eq!(json["groups"][0]["settings"]["objective.loss"], "hinge");
    assert_eq!(json["groups"][0]["values"]["g_loss"]["last"]["n"], 3);
    assert_eq!(json["groups"][1]["values"]["g_loss"]["last"]["std"], serde_json::Value::Null);
    assert_eq!(json["groups"][2]["states"]["diverged"], 1);
    assert_eq!(json["groups"][2]["runs"].as_array().unwrap().len(), 2);

    let markdown = output::markdown(&comparison);
    let lines: Vec<&str> = markdown.lines().collect();
    assert_eq!(lines[0], "| # | loss | learning_rate | seeds | states | g_loss last | d_loss last |");
    assert_eq!(lines[1], "| ---: | --- | ---: | ---: | --- | ---: | ---: |");
    assert_eq!(lines[2], "| 1 | hinge | 0.0002 | 3 | 3 complete | 2.333 ± 1.528 | 4.667 ± 3.055 |");
    assert!(markdown.contains("standard deviation (n − 1) over the seeds of the complete runs"));
}

#[test]
fn damage_is_told_and_costs_only_itself() {
    let (root, _) = read(&sweep());
    let folders = history::find(root.path());
    std::fs::write(folders[0].join("run.toml"), "state = ").unwrap();
    std::fs::write(folders[1].join("metrics.csv"), "epoch,step,g_loss\n1,1,x\n").unwrap();
    std::fs::write(folders[2].join("experiment.toml"), "= 1").unwrap();
    let (runs, errors) = select::read(&folders, Rows::Dropped);
    assert_eq!((runs.len(), errors.len()), (5, 1));
    assert!(errors[0].to_string().contains("run.toml:1:"), "{}", errors[0]);
    let damage: Vec<String> =
        runs.iter().flat_map(|run| &run.history.damage).map(ToString::to_string).collect();
    assert!(
        damage[0].contains("metrics.csv:2: column 3 (g_loss)") && damage[1].contains("experiment.toml:1:")
    );
    let comparison = Comparison::new(runs, &Options::default()).unwrap();
    assert_eq!((comparison.apart.len(), comparison.apart[0].clone()), (1, folders[2].clone()));
    // A run without metrics is in its group, and the mean says that it is of fewer.
    let hinge = comparison.groups.iter().find(|group| group.counted == 1 && group.values[0].is_none());
    assert!(hinge.is_some(), "{:?}", output::table(&comparison).rows);
    assert!(output::markdown(&comparison).contains("is left out: its experiment.toml cannot be read"));
}

#[test]
fn differences_that_no_setting_tells_are_told() {
    let mut other = example(1, "hinge", 1.0, &[1.0]);
    other.file.dataset.sha256 = "1".repeat(64);
    other.file.provenance.program_version = "0.2.0".to_owned();
    let notes = output::notes(&comparison(&[example(0, "hinge", 1.0, &[1.0]), other], &Options::default()))
        .join("\n");
    assert!(notes.contains("Caution: silhouettes had 2 different contents"), "{notes}");
    assert!(notes.contains("2 versions of the program: 0.1.0 7f330747, 0.2.0 7f330747"), "{notes}");
    assert!(!notes.contains("processors"), "{notes}");
}

#[test]
fn arguments_are_folders_and_patterns() {
    let (root, _) = read(&sweep());
    let path = |name: &str| root.path().join(name);
    let count = |paths: &[PathBuf]| {
        let folders = select::folders(paths.iter().map(PathBuf::as_path));
        folders.map(|folders| folders.len()).map_err(|error| error.to_string())
    };
    assert_eq!(count(&[path("ring")]), Ok(6));
    assert_eq!(count(&[path(""), path("ring")]), Ok(6));
    assert_eq!(count(&[path("ring/*seed1")]), Ok(2));
    assert_eq!(count(&[path("*/loss=hinge,*"), path("ring/loss=hinge,lr=0.001,seed0")]), Ok(4));
    for (name, message) in [
        ("nowhere", "there is no such folder"),
        ("no*", "nothing matches this pattern"),
        ("ring/[", "this is no pattern"),
        ("ring/loss=hinge,lr=0.001,seed0/samples", "there is no run in this folder"),
    ] {
        let error = count(&[path(name)]).unwrap_err();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn the_index_has_a_row_for_each_run() {
    let (root, runs) = read(&sweep());
    let bytes = index::csv(root.path(), &runs, &Goals::default());
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let column =
        |name: &str| header.iter().position(|column| column == name).unwrap_or_else(|| panic!("{name}"));
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 6);
    let row = &rows[0];
    assert_eq!(Path::new(&row[column("folder")]), Path::new("ring/loss=hinge,lr=0.0002,seed0"));
    for (name, value) in [
        ("state", "complete"),
        ("objective.loss", "hinge"),
        ("optimizer.learning_rate", "0.0002"),
        ("g_loss.last", "1"),
        ("g_loss.best", "0.25"),
        ("g_loss.best_epoch", "1"),
        ("program_version", "0.1.0"),
        ("gpu", ""),
    ] {
        assert_eq!(&row[column(name)], value, "{name}");
    }
    assert!(!header.iter().any(|name| name == "training.epochs"), "what does not differ is left out");
}

#[test]
fn figures_are_made_from_the_rows_and_montages() {
    let (_root, runs) = read(&sweep());
    for run in &runs[..2] {
        let png = crate::figures::montage::png(
            &crate::figures::montage::Samples {
                data: &[0.0; 4],
                height: 2,
                width: 2,
                channels: 1,
                range: crate::data::Scale::Unit,
            },
            1,
            1,
        );
        std::fs::write(run.history.folder.join("samples/epoch_0003.png"), png).unwrap();
    }
    std::fs::write(runs[3].history.folder.join("samples/epoch_0003.png"), "no picture").unwrap();
    let folders: Vec<PathBuf> = runs.iter().map(|run| run.history.folder.clone()).collect();
    let (runs, _) = select::read(&folders, Rows::Kept);
    let (files, problems) = pictures::files(&Comparison::new(runs, &Options::default()).unwrap()).unwrap();
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["g_loss.png", "g_loss.svg", "d_loss.png", "d_loss.svg", "montages.png"]);
    assert!(problems.len() == 1 && problems[0].to_string().contains("epoch_0003.png"), "{problems:?}");
    let svg = String::from_utf8_lossy(&files[1].bytes).into_owned();
    assert!(
        svg.contains("loss=hinge, learning_rate=0.0002 · 3 seeds") && svg.contains("× 1 value not finite"),
        "{svg}"
    );
}

#[test]
fn scores_that_belong_together_are_drawn_over_each_other() {
    let scored = |seed, loss, precision: f64, recall: f64| {
        example(seed, loss, 1.0, &[1.0, 2.0]).with_evaluation(&format!(
            "epoch,step,precision,recall,precision_floor,recall_floor,samples,reference,extractor,seconds\n\
             1,312,0.1,0.2,0.9,0.95,100,100,0123456789abcdef,1.5\n2,624,{precision},{recall},0.9,0.95,100,100,0123456789abcdef,1.5\n"
        ))
    };
    let examples =
        [scored(0, "hinge", 0.5, 0.25), scored(1, "hinge", 0.75, 0.5), scored(0, "minimax", 0.3, 0.1)];
    let comparison = comparison(&examples, &Options::default());
    let points = pictures::points(&comparison, "recall", "precision");
    let found: Vec<_> =
        points.iter().map(|point| (point.name.as_str(), point.x, point.y, point.std)).collect();
    let std = 0.125 * 2.0_f64.sqrt();
    assert_eq!(found[0].0, "loss=hinge");
    assert_eq!((found[0].1, found[0].2, found[0].3), (0.375, 0.625, Some((std, std))));
    assert_eq!(found[1], ("loss=minimax", 0.1, 0.3, None));
    assert_eq!(pictures::floor(&comparison, "recall", "precision"), Some((0.95, 0.9)));
    assert!(pictures::points(&comparison, "coverage", "density").is_empty());
    let (files, _) = pictures::files(&comparison).expect("figures");
    assert!(files.iter().any(|file| file.name == "precision_recall.png"));
}

/// Folders, reading, grouping and the table, as `atelier compare results` does.
#[test]
fn a_thousand_runs_take_less_than_two_seconds() {
    let root = tempfile::tempdir().unwrap();
    let losses = ["hinge", "minimax", "non-saturating", "least-squares"];
    for index in 0..1000_u64 {
        let rates = 1 + index / 5 % 50;
        let loss = losses[(index / 250) as usize];
        let mut run = example(index % 5, loss, rates as f64 * 1e-5, &[]);
        let losses: Vec<f64> =
            (0..60).map(|epoch| 1.0 + (index * 31 + epoch) as f64 * 1.234_567_890_123e-5).collect();
        run.metrics = metrics(&losses);
        run.evaluation =
            Some("epoch,step,frechet,kernel\n5,1560,30.5,0.01\n10,3120,28.25,0.009\n".to_owned());
        run.write(root.path());
    }
    // The best of three: other tests run beside this one.
    let took = (0..3).map(|_| {
        let started = std::time::Instant::now();
        let folders = select::folders([root.path()]).unwrap();
        let (runs, errors) = select::read(&folders, Rows::Dropped);
        let comparison = Comparison::new(runs, &Options::default()).unwrap();
        let text = output::markdown(&comparison);
        assert!(errors.is_empty() && comparison.groups.len() == 200 && text.lines().count() > 200);
        started.elapsed()
    });
    let took = took.min().unwrap();
    assert!(took.as_secs_f64() < 2.0, "{took:?}");
}
