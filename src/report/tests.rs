use super::outcome::outcome;
use super::testing::sweep;
use super::*;
use crate::record::sweep::{Objective, RunState, SweepFile, TABLE};

fn told(study: &Study) -> outcome::Outcome {
    outcome(study, &study.configurations())
}

/// Two configurations with two seeds each: 1.0 ± 0.14 and 2.0 ± 0.28.
fn two() -> Study {
    sweep(
        &["optimizer.learning_rate", "objective.loss"],
        &[
            (0, &["1e-3", "hinge"], 0, Some(1.8)),
            (0, &["1e-3", "hinge"], 1, Some(2.2)),
            (1, &["1e-4", "hinge"], 0, Some(0.9)),
            (1, &["1e-4", "hinge"], 1, Some(1.1)),
        ],
    )
}

#[test]
fn the_outcome_is_computed_from_the_numbers() {
    let outcome = told(&two());
    // Only the rate differs. Standard deviations with n − 1: 0.2 / √2 = 0.141, 0.4 / √2 = 0.283.
    assert_eq!(outcome.headline, "Best of 2 configurations: learning_rate = 1e-4, with g_loss 1.00 ± 0.14.");
    assert_eq!(
        outcome.sentences,
        [
            "Ranked by the mean over the seeds of the last g_loss of a run, lower is better; ± is the standard deviation over 2 \
             seeds.",
            "The next, learning_rate = 1e-3, has 2.00 ± 0.28: a difference of 1.0, more than the larger of the two standard \
             deviations (0.28).",
            "All 4 runs are complete.",
        ]
    );
    assert_eq!(outcome.best, Some(0));
}

#[test]
fn a_lead_within_the_seeds_spread_is_said_to_be_one() {
    let mut study = two();
    study.runs[0].row.objective = Some(0.5);
    study.runs[1].row.objective = Some(1.7);
    let outcome = told(&study);
    assert!(outcome.sentences[1].contains("more seeds may change the order"), "{outcome:?}");
}

#[test]
fn the_goal_turns_the_order_round() {
    let mut study = two();
    let objective = Objective { column: "recall".into(), goal: "max".into(), value: "best".into() };
    study.objective = Some(objective);
    let outcome = told(&study);
    assert!(outcome.headline.starts_with("Best of 2 configurations: learning_rate = 1e-3, with recall 2.00"));
    assert!(outcome.sentences[0].contains("the best recall of a run, higher is better"));
}

#[test]
fn a_configuration_that_lost_a_seed_is_not_the_best() {
    let mut study = two();
    study.runs[3].row.state = RunState::Diverged;
    study.runs[3].row.reason = "d_loss is NaN".into();
    let outcome = told(&study);
    assert!(outcome.headline.contains("learning_rate = 1e-3, with g_loss 2.00"), "{outcome:?}");
    assert!(outcome.sentences.contains(&"3 of 4 runs are complete; 1 diverged.".to_owned()), "{outcome:?}");
    study.runs[1].row.state = RunState::Failed;
    let outcome = told(&study);
    assert!(outcome.headline.starts_with("Of what is complete, learning_rate = 1e-4 leads"), "{outcome:?}");
    assert_eq!(outcome.best, None);
    let text = markdown(&study);
    assert!(text.contains("| learning_rate = 1e-4, seed 1 | diverged | d_loss is NaN |"), "{text}");
    let page = html(&study).unwrap();
    assert!(page.contains("Runs that failed") && page.contains("d_loss is NaN"));
}

#[test]
fn what_halving_stopped_is_ranked_after_what_is_complete() {
    let mut study = two();
    for run in [2, 3] {
        study.runs[run].row.state = RunState::Stopped;
    }
    let outcome = told(&study);
    assert!(outcome.headline.contains("learning_rate = 1e-3"), "{outcome:?}");
    assert!(
        outcome.sentences.iter().any(|s| s == "2 of 4 runs are complete; 2 stopped by successive halving.")
    );
}

#[test]
fn the_final_phase_is_quoted() {
    let mut study = two();
    let mut again =
        sweep(&["a", "b"], &[(1, &["1e-4", "hinge"], 10, Some(1.2)), (1, &["1e-4", "hinge"], 11, Some(1.4))]);
    again.runs.iter_mut().for_each(|run| run.row.is_final = true);
    study.runs.append(&mut again.runs);
    let outcome = told(&study);
    assert!(outcome.headline.contains("1e-4, with g_loss 1.00 ± 0.14"), "{outcome:?}");
    let expected = "Run again with fresh seeds (10 and 11), learning_rate = 1e-4 has g_loss 1.30 ± 0.14: the number to quote, \
                    since it was not used to choose.";
    assert!(outcome.sentences.iter().any(|sentence| sentence == expected), "{outcome:?}");
}

#[test]
fn a_sweep_of_which_every_run_failed_has_a_report() {
    let study = sweep(&["a"], &[(0, &["1"], 0, None), (1, &["2"], 0, None)]);
    let outcome = told(&study);
    assert_eq!(outcome.headline, "No run has a value of g_loss.");
    assert_eq!(outcome.sentences, ["None of 2 runs is complete: 2 failed."]);
    let page = html(&study).unwrap();
    assert_eq!(page.matches("exit code 3").count(), 2);
    assert!(markdown(&study).contains("Runs that failed"));
}

#[test]
fn without_an_objective_none_is_the_best() {
    let mut study = two();
    study.objective = None;
    let outcome = told(&study);
    assert_eq!((outcome.headline.as_str(), outcome.best), ("2 configurations were run.", None));
    assert!(html(&study).unwrap().contains("names no objective"));
}

#[test]
fn whatever_a_file_says_is_text() {
    let hostile = "</style></script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&";
    let mut study =
        sweep(&[hostile, "b"], &[(0, &[hostile, "x"], 0, Some(1.0)), (1, &["y", hostile], 0, None)]);
    study.name = hostile.into();
    study.description = hostile.into();
    study.metrics = vec![hostile.into()];
    study.objective = Some(Objective { column: hostile.into(), goal: "min".into(), value: "last".into() });
    for run in &mut study.runs {
        run.row.run = hostile.into();
        run.row.reason = hostile.into();
        run.row.provenance = vec![hostile.into(); run.row.provenance.len()];
        run.damage = vec![hostile.into()];
    }
    study.sweep = Some(SweepFile {
        experiment: hostile.into(),
        description: hostile.into(),
        file: hostile.into(),
        command: vec![hostile.into()],
        strategy: hostile.into(),
        parameters: study.parameters.clone(),
        seeds: vec![0],
        final_seeds: Vec::new(),
        runs: 2,
        program_version: hostile.into(),
        source: format!("# {hostile}\n"),
        objective: study.objective.clone(),
    });
    let page = html(&study).unwrap();
    assert_eq!(page.matches("<script").count(), 1, "only the page's own script");
    assert_eq!(page.matches("</script").count(), 1);
    assert_eq!(page.matches("<img").count(), 0);
    assert_eq!(page.matches("</style").count(), 1);
    assert!(page.contains("&lt;script&gt;") || page.contains("&#60;script&#62;"));
    let text = markdown(&study);
    let outside: String = text.split("```").step_by(2).collect();
    assert!(!outside.contains("<script") && !outside.contains("<img"), "{outside}");
}

#[test]
fn the_page_forbids_what_is_not_its_own() {
    let page = html(&two()).unwrap();
    let policy =
        page.split("Content-Security-Policy\" content=\"").nth(1).unwrap().split('"').next().unwrap();
    // Quotes may be escaped inside the attribute.
    let policy = policy.replace("&#39;", "'");
    assert!(policy.starts_with("default-src 'none'; img-src data:; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe"));
    // Inline styles and handlers would not be obeyed.
    assert!(!page.contains(" style=\"") && !page.contains(" onclick"));
    assert!(!page.contains("http://") && !page.contains("https://"), "nothing may lead out of the page");
}

#[test]
fn a_folder_that_is_neither_is_refused_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    let message = read(folder.path()).unwrap_err().to_string();
    assert!(
        message.contains("neither a run's folder (no run.toml) nor a sweep's (no sweep.csv)"),
        "{message}"
    );
    assert!(message.contains("atelier list"), "{message}");
    let message = read(&folder.path().join("absent")).unwrap_err().to_string();
    assert!(message.contains("no such folder"), "{message}");
    std::fs::write(folder.path().join("experiment.toml"), "").unwrap();
    assert!(read(folder.path()).unwrap_err().to_string().contains("has not been started"));
    std::fs::write(folder.path().join(TABLE), "index,nonsense\n").unwrap();
    let message = read(folder.path()).unwrap_err().to_string();
    assert!(message.contains("sweep.csv:1"), "{message}");
}

#[test]
fn a_runs_name_does_not_lead_out_of_the_sweeps_folder() {
    let folder = tempfile::tempdir().unwrap();
    let mut table = crate::record::SweepTable { parameters: vec!["a".into()], ..Default::default() };
    let source = sweep(&["a"], &[(0, &["1"], 0, Some(1.0)), (1, &["2"], 0, Some(2.0))]);
    table.rows = source.runs.into_iter().map(|run| run.row).collect();
    for (row, name) in table.rows.iter_mut().zip(["../elsewhere", "/etc"]) {
        row.run = name.to_owned();
        row.metrics.clear();
    }
    table.write(&folder.path().join(TABLE)).unwrap();
    let study = read(folder.path()).unwrap();
    assert!(study.runs.iter().all(|run| run.folder.is_none() && run.history.is_none()));
    assert!(html(&study).unwrap().contains("is not a folder&#39;s name"));
}

/// Writes `run.toml` and `experiment.toml` of a complete run.
fn single_run(folder: &std::path::Path) {
    use crate::record::provenance::{Build, Provenance};
    use crate::record::run_file::{DatasetRecord, RunFile, State, Timestamp};
    let build = Build { version: "0.1.0", git_commit: None, git_dirty: None, rustc: "rustc 1.95.0" };
    let run = RunFile {
        state: State::Complete,
        error: None,
        reason: None,
        experiment: "tiny".into(),
        run: "seed0-00ff".into(),
        seed: 0,
        configuration_hash: "00ff".into(),
        started: Timestamp::from_unix_seconds(0).unwrap(),
        ended: None,
        seconds_training: 125.0,
        resumed: 0,
        epochs_done: 2,
        steps_done: 20,
        dataset: DatasetRecord { name: "mnist".into(), sha256: "ab12".into() },
        provenance: Provenance::gather(build, None, 2),
    };
    run.write(&folder.join("run.toml")).unwrap();
    std::fs::write(folder.join("experiment.toml"), "name = \"tiny\"\ndescription = \"why <not>\"\n").unwrap();
}

#[test]
fn a_single_run_has_a_report() {
    let folder = tempfile::tempdir().unwrap();
    single_run(folder.path());
    std::fs::write(
        folder.path().join("metrics.csv"),
        "epoch,step,d_loss,g_loss\n1,10,1.5,0.5\n2,20,1.25,0.75\n",
    )
    .unwrap();
    let study = read(folder.path()).unwrap();
    let outcome = told(&study);
    assert_eq!(outcome.headline, "Complete after 2 epochs (20 steps) and 2 min 05 s of training.");
    assert_eq!(
        outcome.sentences,
        ["The last losses are 1.250 for the discriminator and 0.7500 for the generator."]
    );
    let page = html(&study).unwrap();
    assert!(page.contains("why &#60;not&#62;") || page.contains("why &lt;not&gt;"));
    assert!(
        page.contains("Losses by epoch")
            && page.contains("ab12")
            && page.contains("experiment.toml --out reproduced")
    );
    assert!(!page.contains("Runs that failed") && !page.contains("On the test split"));
    let text = markdown(&study);
    assert!(text.starts_with("## tiny\n\nwhy &lt;not&gt;\n\n**Complete after 2 epochs"), "{text}");
}

/// A classifier's run has other columns and pictures of what it made of the test split.
#[test]
fn a_classifiers_run_has_a_report() {
    let folder = tempfile::tempdir().unwrap();
    single_run(folder.path());
    let metrics = "epoch,step,loss,accuracy,gradient_norm,test_loss,test_accuracy\n\
                   1,10,0.5,0.75,1,0.25,0.875\n2,20,0.25,0.9,1,0.125,0.9375\n";
    std::fs::write(folder.path().join("metrics.csv"), metrics).unwrap();
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, 2, 2);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&[7; 4]).unwrap();
    std::fs::write(folder.path().join("confusion.png"), png).unwrap();
    std::fs::write(folder.path().join("mistakes.png"), "no picture").unwrap();
    let study = read(folder.path()).unwrap();
    assert_eq!(
        told(&study).sentences,
        ["It names 93.75 % of the test examples rightly; the loss over them is 0.1250."]
    );
    let page = html(&study).unwrap();
    for wanted in [
        "On the test split",
        "The answers to the test split, counted",
        "mistakes.png",
        "named rightly by epoch",
    ] {
        assert!(page.contains(wanted), "{wanted}");
    }
}

/// The last and the best of each score beside what real examples reach, and the picture where there is one.
#[test]
fn an_evaluated_run_has_its_scores_beside_what_real_examples_reach() {
    let folder = tempfile::tempdir().unwrap();
    single_run(folder.path());
    let metrics = "epoch,step,d_loss,g_loss\n1,10,1.5,0.5\n2,20,1.25,0.75\n";
    std::fs::write(folder.path().join("metrics.csv"), metrics).unwrap();
    let header = "epoch,step,frechet,kernel,kernel_std,recall,frechet_floor,kernel_floor,kernel_std_floor,recall_floor,samples,\
                  reference,extractor,seconds";
    let rows = "1,10,8,0.5,0.25,0.5,0.75,0.001,0.0005,0.95,10000,2000,0123456789abcdef,1.5\n\
                2,20,9,NaN,0.25,0.625,0.75,0.001,0.0005,0.95,10000,2000,0123456789abcdef,1.5\n";
    std::fs::write(folder.path().join("evaluation.csv"), format!("{header}\n{rows}")).unwrap();
    let text = markdown(&read(folder.path()).unwrap());
    for wanted in [
        "### Evaluation",
        "| score | last (epoch 2) | best | at epoch | real | better |",
        "| frechet | 9 | 8 | 1 | 0.7500 | lower |",
        "| kernel | not a number | 0.5000 | 1 | 0.001000 | lower |",
        "| recall | 0.6250 | 0.6250 | 2 | 0.9500 | higher |",
        "10,000 samples against 2000 real examples",
    ] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
    assert!(!text.contains("| kernel_std |") && !text.contains("_floor"), "{text}");

    let page = || html(&read(folder.path()).unwrap()).unwrap();
    let without = page();
    for wanted in
        ["Evaluation</h2>", "last (epoch 2)", "frechet by epoch", "real examples", "recall by epoch"]
    {
        assert!(without.contains(wanted), "{wanted}");
    }
    for unwanted in ["_floor by", "samples by", "reference by", "extractor by", "kernel_std by", "seconds by"]
    {
        assert!(!without.contains(unwanted), "{unwanted}");
    }
    assert_eq!(without.matches("<img").count(), 0);

    let columns = ["frechet", "recall"];
    let picture = crate::figures::evaluation::png("tiny", &columns, &[]).unwrap();
    std::fs::write(folder.path().join("evaluation.png"), picture).unwrap();
    let with = page();
    assert_eq!(with.matches("<img").count(), 1);
    assert!(with.contains("width=\"960\"") && with.contains("alt=\"The scores of each evaluation\""));
    // What the picture shows is not drawn again.
    assert!(!with.contains("frechet by epoch") && with.contains("Losses by epoch"));

    std::fs::write(folder.path().join("evaluation.png"), "no picture").unwrap();
    let damaged = page();
    assert!(damaged.contains("evaluation.png") && damaged.contains("frechet by epoch"));
}

/// A sweep's tables have the scores first, and nothing of how they were made.
#[test]
fn an_evaluated_sweep_has_its_scores_in_the_table() {
    let mut study = two();
    let names = [
        "d_loss",
        "g_loss",
        "samples",
        "frechet",
        "kernel_std",
        "frechet_floor",
        "new",
        "new_floor",
        "extractor",
    ];
    study.metrics = names.map(str::to_owned).to_vec();
    for (run, frechet) in study.runs.iter_mut().zip([10.0, 14.0, 3.0, 5.0]) {
        run.row.metrics = vec![Some(1.0); names.len()];
        run.row.metrics[3] = Some(frechet);
    }
    let text = markdown(&study);
    assert!(text.contains("| last g_loss | last frechet | last new | last d_loss |"), "{text}");
    // Means of 3 and 5, and of 10 and 14: standard deviations of √2 and 2 √2.
    assert!(text.contains("| **4.0 ± 1.4** |") && text.contains("| 12.0 ± 2.8 |"), "{text}");
    let page = html(&study).unwrap();
    assert!(page.contains("<th scope=\"col\">last frechet</th>"));
    for unwanted in ["last samples", "last frechet_floor", "last kernel_std", "last extractor"] {
        assert!(!page.contains(unwanted) && !text.contains(unwanted), "{unwanted}");
    }
}

/// The relative luminance of `#rrggbb`, as WCAG 2.2 defines it.
fn luminance(color: &str) -> f64 {
    let channel = |start: usize| {
        let value = f64::from(u8::from_str_radix(&color[start..start + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

#[test]
fn every_text_stands_out_in_both_themes() {
    let style = include_str!("../../templates/report.css");
    let color = |name: &str, theme: usize| {
        if name.starts_with('#') {
            return name.to_owned();
        }
        let (_, rest) =
            style.split_once(&format!("--{name}: light-dark(")).unwrap_or_else(|| panic!("no --{name}"));
        rest.split(')').next().unwrap().split(", ").nth(theme).unwrap().to_owned()
    };
    let mut pairs: Vec<(&str, &str, f64)> = vec![("paper", "accent", 4.5), ("heat3", "#071418", 4.5)];
    for ground in ["paper", "card", "accent-soft"] {
        pairs.extend([("ink", ground, 4.5), ("accent", ground, 4.5)]);
    }
    pairs.extend([("soft", "paper", 4.5), ("soft", "card", 4.5)]);
    pairs.extend(["heat0", "heat1", "heat2"].map(|heat| ("ink", heat, 4.5)));
    // WCAG asks for 3 between a graphic and what is around it.
    pairs
        .extend(["c0", "c1", "c2", "c3", "c4", "c5", "best", "bad", "good"].map(|line| (line, "paper", 3.0)));
    let contrast = |a: &str, b: &str| {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    };
    for (text, ground, least) in pairs {
        for theme in 0..2 {
            let found = contrast(&color(text, theme), &color(ground, theme));
            assert!(found >= least, "{text} on {ground}: {found:.2} in theme {theme}");
        }
    }
    assert!(contrast("#ffffff", &color("heat4", 0)) >= 4.5 && contrast("#071418", &color("heat4", 1)) >= 4.5);
}
