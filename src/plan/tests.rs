//! Whole files in, rounds out; the scores are computed by hand or by simple functions.

use std::path::PathBuf;

use super::*;
use crate::config::Experiment;
use crate::config::architecture::Architecture;
use crate::config::objective::Regularizer;
use crate::config::optimizer::Method;

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

#[test]
fn labels_are_short_and_tell_keys_apart() {
    let names = |keys: &[&str]| label::names(&keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>());
    assert_eq!(names(&["optimizer.learning_rate", "objective.loss"]), ["lr", "loss"]);
    assert_eq!(
        names(&[
            "optimizer.generator.learning_rate",
            "optimizer.discriminator.learning_rate",
            "dataset.limit"
        ]),
        ["generator.lr", "discriminator.lr", "limit"]
    );
    assert_eq!(names(&["optimizer.betas.0", "optimizer.learning_rate"]), ["beta1", "lr"]);
    let shown =
        label::label(&names(&["optimizer.betas.0"]), &[("optimizer.betas.0".into(), "0.37".into())], 3);
    assert_eq!(shown, "beta1=0.37,seed3");
    assert_eq!(names(&["dataset.name", "optimizer.name"]), ["dataset.name", "optimizer.name"]);
    assert_eq!(names(&["optimizer.name", "optimizer.generator.name"]), ["optimizer.name", "generator.name"]);
    let label = |value: &str| label::label(&["k".to_owned()], &[("k".to_owned(), value.to_owned())], 7);
    assert_eq!(label("{ normal = { std = 0.02 } }"), "k=normal-std-0.02,seed7");
    assert_eq!(label("[16, 16]"), "k=16-16,seed7");
    assert_eq!(label("../../etc"), "k=..-..-etc,seed7");
    assert_eq!(label("1e-5"), "k=1e-5,seed7");
    assert_eq!(label(&"x".repeat(1000)).len(), "k=,seed7".len() + 32);
    let many: Vec<(String, String)> =
        (0..40).map(|key| (format!("section.key{key}"), "0.0001234".into())).collect();
    let keys: Vec<String> = many.iter().map(|(key, _)| key.clone()).collect();
    let label = label::label(&label::names(&keys), &many, u64::MAX);
    assert!(label.len() < 220 && label.ends_with(",more,seed18446744073709551615"), "{label}");
}

#[test]
fn a_label_does_not_depend_on_the_order_of_the_file() {
    let one = "'optimizer.learning_rate' = [2e-4]\n";
    let other = "'objective.loss' = ['minimax']\n";
    let label = |lines: [&str; 2]| {
        let plan = plan(&format!("[sweep.parameters]\n{}{}", lines[0], lines[1]));
        plan.run(0).expect("a run").label
    };
    assert_eq!(label([one, other]), label([other, one]));
}

const RANGES: &str = "'optimizer.learning_rate' = { log-uniform = [1e-5, 1e-3] }\n'optimizer.betas' = [[0.5, 0.9], [0.9, 0.999]]\n'training.batch_size' = { integer = [16, 128] }\n'training.ema.decay' = { uniform = [0.5, 0.75] }\n";

fn drawn(trials: usize, rest: &str) -> String {
    format!("[sweep]\nstrategy = 'random'\ntrials = {trials}\n{rest}[sweep.parameters]\n{RANGES}")
}

fn configurations(plan: &SweepPlan) -> Vec<Vec<(String, String)>> {
    rounds(plan, &no_scores).concat().into_iter().map(|run| run.settings).collect()
}

#[test]
fn random_trials_begin_with_the_files_own_and_are_the_same_each_time() {
    let twenty = plan(&drawn(20, "seeds = [4, 5]\n"));
    let runs = rounds(&twenty, &no_scores).concat();
    assert_eq!((runs.len(), twenty.runs()), (40, 40));
    assert_eq!(runs[0].experiment, Experiment { seed: 4, ..twenty.loaded().experiment.clone() });
    assert_eq!(runs[0].label, "batch_size=256,betas=0.9-0.999,decay=default,lr=0.0001,seed4");
    assert_eq!(configurations(&twenty), configurations(&plan(&drawn(20, "seeds = [4, 5]\n"))));
    // More trials begin with the same ones, and the seeds of the runs have no say.
    assert_eq!(configurations(&plan(&drawn(30, "")))[..20], configurations(&plan(&drawn(20, "")))[..]);
    let second = configurations(&plan(&drawn(2, "")))[1].clone();
    assert_eq!(configurations(&twenty)[2..4], [second.clone(), second]);
    // The experiment's own seed does.
    let other = plan(&format!("seed = 1\n{}", drawn(20, "")));
    assert_ne!(configurations(&other)[1], configurations(&plan(&drawn(20, "")))[1]);
    // All are different, and a key that is swept too leaves the others' values.
    let distinct: std::collections::HashSet<_> = configurations(&twenty).into_iter().collect();
    assert_eq!(distinct.len(), 20);
    let more = plan(&format!("{}'objective.loss' = ['minimax', 'non-saturating']\n", drawn(20, "")));
    let without: Vec<_> = configurations(&more).into_iter().map(|settings| settings[..4].to_vec()).collect();
    assert_eq!(without, configurations(&plan(&drawn(20, ""))));
}

#[test]
fn drawn_numbers_lie_evenly_in_their_ranges() {
    let plan = plan(&drawn(2001, ""));
    let trials: Vec<Vec<f64>> = plan.known[1..].iter().map(|trial| trial.coordinates.clone()).collect();
    assert_eq!(trials.len(), 2000);
    // Low end, high end, and what makes the draws even.
    type Column = (f64, f64, fn(f64) -> f64);
    let columns: [Column; 4] = [
        (1e-5_f64.ln(), 1e-3_f64.ln(), f64::ln),
        (0.0, 2.0, |index| index + 0.5),
        (15.5, 128.5, |number| number),
        (0.5, 0.75, |number| number),
    ];
    for (column, (low, high, scale)) in columns.into_iter().enumerate() {
        let bins = if column == 1 { 2 } else { 10 };
        let mut counts = vec![0_u32; bins];
        for trial in &trials {
            let place = (scale(trial[column]) - low) / (high - low);
            assert!((-1e-9..=1.0 + 1e-9).contains(&place), "{column}: {}", trial[column]);
            counts[((place * bins as f64) as usize).min(bins - 1)] += 1;
        }
        let expected = 2000.0 / bins as f64;
        let square = |count: &u32| (f64::from(*count) - expected).powi(2) / expected;
        let chi_square: f64 = counts.iter().map(square).sum();
        // 27.9 is the 0.999 quantile of nine degrees of freedom; the bins of whole numbers differ a little in size.
        assert!(chi_square < 30.0, "{column}: {counts:?} {chi_square}");
    }
    // Four significant digits, and both ends of a range of whole numbers.
    let rate = |run: &Vec<(String, String)>| run[0].1.clone();
    assert!(configurations(&plan).iter().map(rate).all(|rate| rate.replace(['.', '-'], "").len() <= 9));
    let sizes: Vec<f64> = trials.iter().map(|trial| trial[2]).collect();
    assert!(sizes.contains(&16.0) && sizes.contains(&128.0) && sizes.iter().all(|size| size.fract() == 0.0));
}

#[test]
fn numbers_are_rounded_inside_their_range() {
    let range = crate::config::sweep::Range {
        scale: crate::config::sweep::Scale::Uniform,
        low: 0.123456,
        high: 0.123461,
    };
    assert_eq!(trials::readable(range, 0.123458), 0.123461);
    assert_eq!(trials::readable(range, 0.12344), 0.123456);
    let wide = crate::config::sweep::Range { low: 0.0, high: 1.0, ..range };
    assert_eq!(trials::readable(wide, 0.123458), 0.1235);
    assert_eq!(trials::readable(wide, 3.141_592e-7), 3.142e-7);
}

#[test]
fn a_space_that_is_exhausted_ends_the_list() {
    let text = |strategy: &str| {
        format!(
            "[sweep]\n{strategy}\nseeds = [1, 2]\n[sweep.parameters]\n'objective.loss' = {{ choice = ['minimax', 'non-saturating'] }}\n'training.batch_size' = {{ integer = [16, 18] }}\n"
        )
    };
    // Six places, and the file's own batch of 256 beside them.
    let random = plan(&text("strategy = 'random'\ntrials = 50"));
    assert_eq!(random.runs(), 14);
    let distinct: std::collections::HashSet<_> = configurations(&random).into_iter().collect();
    assert_eq!(distinct.len(), 7);
    let tpe = plan(&text("strategy = 'tpe'\ntrials = 50\nobjective.column = 'g_loss'"));
    assert_eq!(tpe.runs(), 14);
    let all = rounds(&tpe, &|run| Score::Value(run.index as f64)).concat();
    let distinct: std::collections::HashSet<_> = all.iter().map(|run| run.label.clone()).collect();
    assert_eq!((all.len(), distinct.len()), (14, 14));
}

/// A smooth valley with its bottom at a learning rate of 3e-4, batches of 48 and a decay of 0.6.
fn valley(run: &PlannedRun) -> f64 {
    let value = |key: &str| {
        let (_, text) = run.settings.iter().find(|(known, _)| known == key).expect("the key");
        text.parse::<f64>().ok()
    };
    let rate = (value("optimizer.learning_rate").expect("a number") / 3e-4).ln() / 4.6;
    let batch = (value("training.batch_size").expect("a number") - 48.0) / 112.0;
    let decay = (value("training.ema.decay").unwrap_or(0.75) - 0.6) / 0.25;
    rate.powi(2) + batch.powi(2) + decay.powi(2)
}

fn tpe(seed: u64, rest: &str) -> String {
    format!(
        "seed = {seed}\n[sweep]\nstrategy = 'tpe'\ntrials = 40\nobjective = {{ column = 'g_loss' }}\n{rest}[sweep.parameters]\n{RANGES}"
    )
}

#[test]
fn tpe_finds_better_configurations_than_random_draws() {
    let mut wins = 0;
    let (mut proposed, mut drawn) = (0.0, 0.0);
    for seed in 0..20 {
        let best = |runs: Vec<PlannedRun>| runs.iter().map(valley).fold(f64::INFINITY, f64::min);
        let score = |run: &PlannedRun| Score::Value(valley(run));
        let tpe = best(rounds(&plan(&tpe(seed, "")), &score).concat());
        let text = format!("seed = {seed}\n{}", self::drawn(40, ""));
        let random = best(rounds(&plan(&text), &score).concat());
        wins += usize::from(tpe < random);
        proposed += tpe.ln() / 20.0;
        drawn += random.ln() / 20.0;
    }
    // A coin that falls 15 times of 20 on one side does so once in 48 times (one-sided sign test, 0.021).
    assert!(wins >= 15, "{wins} of 20; mean log loss {proposed} and {drawn}");
    assert!(proposed < drawn - 0.7, "{proposed} {drawn}");
    println!("{wins} of 20; mean log loss {proposed} and {drawn}");
}

#[test]
fn tpe_goes_by_the_scores_alone() {
    let score = |run: &PlannedRun| Score::Value(valley(run));
    let first = plan(&tpe(0, "batch = 6\n"));
    let in_order = rounds(&first, &score);
    assert_eq!(in_order.iter().map(Vec::len).collect::<Vec<_>>(), [6, 6, 6, 6, 6, 6, 4]);
    let text =
        |rounds: &[Vec<PlannedRun>]| rounds.concat().into_iter().map(|run| run.label).collect::<Vec<_>>();
    // Asked for the last round alone, and again after other scores.
    let second = plan(&tpe(0, "batch = 6\n"));
    let last = second.round(6, &score).expect("no error").expect("a round");
    assert_eq!(labels(&last), labels(&in_order[6]));
    let other = rounds(&second, &|run| Score::Value(-valley(run)));
    assert_eq!(text(&other[..1]), text(&in_order[..1]));
    assert_ne!(text(&other), text(&in_order));
    assert_eq!(text(&rounds(&second, &score)), text(&in_order));
    // Turned round, with the other goal.
    let max = plan(&tpe(0, "batch = 6\n").replace("'g_loss'", "'g_loss', goal = 'max'"));
    assert_eq!(text(&rounds(&max, &|run| Score::Value(-valley(run)))), text(&in_order));
    // Monotone changes of the scores change nothing, and a failed run is as the worst.
    assert_eq!(text(&rounds(&first, &|run| Score::Value(valley(run).exp()))), text(&in_order));
    let failing = |worst: Score| {
        move |run: &PlannedRun| if run.trial % 3 == 1 { worst } else { Score::Value(valley(run)) }
    };
    let failed = rounds(&first, &failing(Score::Worst));
    assert_ne!(text(&failed), text(&in_order));
    for worst in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(text(&rounds(&first, &failing(Score::Value(worst)))), text(&failed));
    }
    // Where all fail, draws go on.
    assert_eq!(rounds(&first, &|_| Score::Worst).concat().len(), 40);
}

const HALVING: &str = "[sweep]\nstrategy = 'halving'\ntrials = 10\nseeds = [1, 2]\nobjective = { column = 'g_loss' }\nstart = 2\nfactor = 3\nfinal = { seeds = [7, 8, 9] }\n[sweep.parameters]\n'optimizer.learning_rate' = { log-uniform = [1e-5, 1e-3] }\n";

#[test]
fn rungs_grow_by_the_factor_and_end_with_the_training() {
    let shown = |trials, start, factor, epochs| {
        let rungs = halving::rungs(trials, start, factor, epochs);
        rungs.iter().map(|rung| (rung.trials, rung.until_epoch)).collect::<Vec<_>>()
    };
    assert_eq!(shown(27, 1, 3, 27), [(27, 1), (9, 3), (3, 9), (1, 27)]);
    assert_eq!(shown(20, 2, 3, 60), [(20, 2), (6, 6), (2, 18), (1, 60)]);
    assert_eq!(shown(64, 5, 2, 30), [(64, 5), (32, 10), (16, 20), (8, 30)]);
    assert_eq!(shown(2, 1, 3, 50), [(2, 1), (1, 50)]);
    assert_eq!(shown(1, 1, 3, 50), [(1, 50)]);
    assert_eq!(shown(usize::MAX, 1, 100, u64::MAX).last().expect("a rung").1, u64::MAX);
}

#[test]
fn halving_promotes_the_best_means_and_then_measures_the_best() {
    let plan = plan(HALVING);
    assert_eq!(plan.runs(), 23);
    // Means over the two seeds after epoch 2: trial 7 is best by its mean, though trial 0 has the best single run, and
    // trial 4 has a run that failed.
    let after_two = [
        [0.0, 9.0],
        [3.0, 3.1],
        [5.0, 5.0],
        [2.0, 2.2],
        [0.1, f64::NAN],
        [6.0, 6.0],
        [4.0, 4.2],
        [1.0, 1.0],
        [7.0, 7.0],
        [8.0, 8.0],
    ];
    // After epoch 6 trial 3 is ahead of 1 and 7.
    let score = |run: &PlannedRun| {
        Score::Value(match run.until_epoch {
            Some(2) => after_two[run.trial][run.index % 2],
            Some(6) => {
                [1.0, 2.0, 0.0, 0.5][[1, 7, 3].iter().position(|trial| *trial == run.trial).unwrap_or(3)]
            }
            epoch => panic!("{epoch:?} is compared with nothing"),
        })
    };
    let all = rounds(&plan, &|run| if run.until_epoch.is_none() { Score::Value(1.0) } else { score(run) });
    let shown: Vec<Vec<_>> = all
        .iter()
        .map(|round| round.iter().map(|run| (run.index, run.trial, run.seed, run.until_epoch)).collect())
        .collect();
    assert_eq!(shown.len(), 4);
    assert_eq!(shown[0].len(), 20);
    assert!(shown[0].iter().all(|(_, _, _, epoch)| *epoch == Some(2)));
    let rung = |trials: &[usize], epoch| {
        let runs = trials.iter().flat_map(|t| [(2 * t, *t, 1, epoch), (2 * t + 1, *t, 2, epoch)]);
        runs.collect::<Vec<_>>()
    };
    assert_eq!(shown[1], rung(&[1, 3, 7], Some(6)));
    assert_eq!(shown[2], rung(&[3], None));
    assert_eq!(shown[3], [(20, 3, 7, None), (21, 3, 8, None), (22, 3, 9, None)]);
    assert_eq!(all[3][0].phase, Phase::Final);
    assert_eq!(all[3][0].experiment, Experiment { seed: 7, ..all[2][0].experiment.clone() });
    // The whole training is no limit, so that a run's own end is one run's end.
    assert_eq!(all[2][0].experiment.training.length, Length::Epochs(20));
}

#[test]
fn halving_goes_on_with_those_that_did_not_fail() {
    let plan = plan(HALVING);
    let two_left =
        |run: &PlannedRun| if [4, 8].contains(&run.trial) { Score::Value(1.0) } else { Score::Worst };
    let all = rounds(&plan, &two_left);
    let trials: Vec<Vec<usize>> =
        all.iter().map(|round| round.iter().map(|run| run.trial).collect()).collect();
    // Of equals the first goes on.
    assert_eq!(trials[1..], [vec![4, 4, 8, 8], vec![4, 4], vec![4, 4, 4]]);
    assert_eq!(rounds(&plan, &|_| Score::Worst).len(), 1);
}

#[test]
fn the_final_phase_takes_the_best_mean() {
    let text = |goal: &str| {
        format!(
            "[sweep]\nseeds = [0, 1]\nobjective = {{ column = 'd_real', goal = '{goal}' }}\nfinal.seeds = [5, 6]\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4, 3e-4]\n"
        )
    };
    let scores = [[1.0, 9.0], [4.0, 4.0], [6.0, 6.0]];
    for (goal, best) in [("min", 1), ("max", 2)] {
        let plan = plan(&text(goal));
        let all = rounds(&plan, &|run| Score::Value(scores[run.trial][run.index % 2]));
        assert_eq!((all.len(), all[0].len(), plan.runs()), (2, 6, 8));
        let last: Vec<_> = all[1].iter().map(|run| (run.index, run.trial, run.seed, run.phase)).collect();
        assert_eq!(last, [(6, best, 5, Phase::Final), (7, best, 6, Phase::Final)]);
        let rate = (best + 1) as f64 * 1e-4;
        assert!((all[1][0].experiment.optimizer.generator.learning_rate - rate).abs() < 1e-12);
        assert_eq!(all[1][0].label, format!("lr=0.000{},seed5", best + 1));
    }
    // Without a single good run there is nothing to measure.
    assert_eq!(rounds(&plan(&text("min")), &|_| Score::Worst).len(), 1);
}

#[test]
fn two_keys_that_set_the_same_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("x.toml");
    let text = format!(
        "{LEAST}[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n'optimizer.generator.learning_rate' = [1e-4, 2e-4]\n'optimizer.discriminator.learning_rate' = [1e-4]\n"
    );
    std::fs::write(&path, text).expect("a file");
    let error = Experiment::load(&path, &[], std::iter::empty()).expect_err("the same runs");
    assert!(error.render().contains("the same run twice"), "{}", error.render());
}

/// The architectures that the build script compiles are those which the runs have.
#[test]
fn every_architecture_of_a_sweep_is_known_before_it_runs() {
    let keys = "'architecture.width' = { integer = [4, 9] }\n'architecture.latent_dim' = [10, 20]\n'optimizer.learning_rate' = { log-uniform = [1e-5, 1e-3] }\n";
    for strategy in ["random", "tpe", "halving"] {
        let plan = plan(&format!(
            "[sweep]\nstrategy = '{strategy}'\ntrials = 30\nobjective.column = 'g_loss'\n[sweep.parameters]\n{keys}"
        ));
        let built = trials::architectures(plan.loaded(), 4096);
        let runs = rounds(&plan, &|run| Score::Value(run.trial as f64)).concat();
        assert!(runs.len() >= 30);
        for run in runs.iter().filter(|run| run.trial > 0) {
            let is_built = |known: &Experiment| known.architecture == run.experiment.architecture;
            assert!(built.iter().any(is_built), "{strategy}: {}", run.label);
        }
    }
}

#[test]
fn a_plan_describes_itself() {
    let halving = plan(HALVING).describe();
    assert_eq!(
        halving,
        "successive halving by the smallest last g_loss: of 10 configurations train 10 to epoch 2, 3 to epoch 6, 1 to epoch 20, \
         each with 2 seeds; then the best of them with 3 fresh seeds"
    );
    let grid = plan("[sweep]\nseeds = [1, 2]\n").describe();
    assert_eq!(grid, "one configuration, each with 2 seeds");
}

/// The searches of Lucic et al. 2018 against the table of their code (`params.py`): the default settings first, and then draws within the ranges.
#[test]
fn the_searches_of_created_equal_are_those_of_the_paper() {
    struct Case {
        name: &'static str,
        /// beta1, learning rate, discriminator steps, batch norm in the discriminator, bound or weight.
        default: (f64, f64, usize, bool, Option<f64>),
        /// Exponents of ten, of the wide and of the narrow search.
        strength: Option<[(f64, f64); 2]>,
        /// Whether a search may draw a batch norm.
        norm: [bool; 2],
    }
    let case = |name, default, strength, norm| Case { name, default, strength, norm };
    let penalty = Some([(-1.0, 2.0), (-1.0, 1.0)]);
    let cases = [
        case("minimax", (0.0, 5e-5, 1, true, None), None, [true, true]),
        case("non_saturating", (0.0, 5e-5, 1, true, None), None, [true, true]),
        case("least_squares", (0.5, 2e-4, 1, true, None), None, [true, true]),
        case("wgan", (0.5, 5e-5, 5, true, Some(0.01)), Some([(-3.0, 0.0), (-2.0, 0.0)]), [true, true]),
        case("wgan_gp", (0.5, 1e-4, 5, false, Some(10.0)), penalty, [false, false]),
        case("dragan", (0.5, 1e-4, 1, true, Some(10.0)), penalty, [true, false]),
    ];
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/created_equal");
    let plan_of = |name: &str| {
        let path = folder.join(format!("{name}.toml"));
        let loaded = Experiment::load(&path, &[], std::iter::empty());
        let loaded = loaded.unwrap_or_else(|error| panic!("{}", error.render()));
        assert_eq!(loaded.experiment.name, name);
        assert_eq!(loaded.experiment.training.length, Length::Images(64 * 15_625));
        SweepPlan::new(loaded).unwrap_or_else(|error| panic!("{}", error.render()))
    };
    let adam = |experiment: &Experiment| {
        let optimizer = experiment.optimizer.discriminator;
        assert_eq!(optimizer, experiment.optimizer.generator);
        match optimizer.method {
            Method::Adam { beta1, beta2: 0.999, epsilon: 1e-8 } => (beta1, optimizer.learning_rate),
            other => panic!("{other:?}"),
        }
    };
    let within = |value: f64, (low, high): (f64, f64)| value >= low - 1e-3 && value <= high + 1e-3;
    for (search, (kind, trials)) in [("wide", 100), ("narrow", 50)].into_iter().enumerate() {
        let rates = [(-5.0, -2.0), (-4.0, -3.0)][search];
        for data in ["mnist", "fashion"] {
            for case in &cases {
                let plan = plan_of(&format!("{}_{data}_{kind}", case.name));
                assert_eq!(plan.runs(), trials, "{}", plan.name());
                for index in 0..trials {
                    let experiment = plan.run(index).expect("a run").experiment;
                    let (beta1, rate) = adam(&experiment);
                    let strength = match experiment.objective.regularizer {
                        Regularizer::WeightClipping { bound: strength }
                        | Regularizer::GradientPenalty { weight: strength, one_sided: false }
                        | Regularizer::Dragan { weight: strength } => Some(strength),
                        Regularizer::None => None,
                        other => panic!("{other:?}"),
                    };
                    let steps = experiment.objective.discriminator_steps;
                    let norm = experiment.architecture.discriminator_batch_norm.expect("infogan");
                    let found = (beta1, rate, steps, norm, strength);
                    if index == 0 {
                        assert_eq!(found, case.default, "{}", plan.name());
                        continue;
                    }
                    assert!(within(rate.log10(), rates), "{} {found:?}", plan.name());
                    let drawn = if search == 0 { (0.0..1.0).contains(&beta1) } else { beta1 == 0.5 };
                    assert!(drawn && (steps == 1 || (search == 0 && steps == 5)), "{found:?}");
                    assert!(case.norm[search] || !norm, "{} {found:?}", plan.name());
                    let fits = match (strength, case.strength) {
                        (Some(strength), Some(ranges)) => within(strength.log10(), ranges[search]),
                        (None, None) => true,
                        _ => false,
                    };
                    assert!(fits, "{} {found:?}", plan.name());
                }
            }
            let plan = plan_of(&format!("began_{data}_{kind}"));
            for index in 0..trials {
                let experiment = plan.run(index).expect("a run").experiment;
                let (gamma, lambda) = (experiment.objective.gamma, experiment.objective.lambda_k);
                let (beta1, rate) = adam(&experiment);
                if index == 0 {
                    let norm = experiment.architecture.discriminator_batch_norm;
                    let steps = experiment.objective.discriminator_steps;
                    assert_eq!(
                        (beta1, rate, steps, norm, gamma, lambda),
                        (0.5, 1e-4, 5, Some(false), 0.75, 1e-3)
                    );
                    continue;
                }
                let (gammas, lambdas) = [((0.0, 1.0), (-4.0, -2.0)), ((0.6, 0.9), (-3.0, -3.0))][search];
                assert!(
                    within(gamma, gammas) && within(lambda.log10(), lambdas) && within(rate.log10(), rates)
                );
            }
            let plan = plan_of(&format!("vae_{data}_{kind}"));
            assert_eq!(adam(&plan.loaded().experiment), (0.5, 5e-5));
            assert!((1..trials).all(|index| {
                let (beta1, rate) = adam(&plan.run(index).expect("a run").experiment);
                within(rate.log10(), rates) && (beta1 == 0.5 || search == 0)
            }));
        }
    }
}

/// The desktop's study has the default settings of the searches, three seeds, fewer images, and running statistics to match.
#[test]
fn the_study_of_created_equal_has_the_searches_default_settings() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/created_equal");
    let load = |name: &str| {
        let loaded = Experiment::load(&folder.join(format!("{name}.toml")), &[], std::iter::empty());
        loaded.unwrap_or_else(|error| panic!("{}", error.render()))
    };
    for data in ["mnist", "fashion"] {
        let plan = SweepPlan::new(load(&format!("study_{data}"))).unwrap();
        assert_eq!((plan.runs(), plan.parameters()), (24, &["case".to_owned()][..]));
        let mut cases = Vec::new();
        for index in (0..24).step_by(3) {
            let run = plan.run(index).expect("a run");
            let case = run.experiment.case.clone().expect("a case");
            let search = load(&format!("{}_{data}_wide", case.replace('-', "_"))).experiment;
            let Experiment { dataset, architecture, objective, optimizer, training, evaluation, .. } =
                run.experiment;
            assert_eq!(training.length, Length::Images(100_000));
            let training = crate::config::training::Training { length: search.training.length, ..training };
            assert_eq!(architecture.batch_norm_momentum, Some(0.99));
            let architecture = Architecture { batch_norm_momentum: None, ..architecture };
            let found = (dataset, architecture, objective, optimizer, training, evaluation);
            let expected = (
                search.dataset,
                search.architecture,
                search.objective,
                search.optimizer,
                search.training,
                search.evaluation,
            );
            assert_eq!(found, expected, "{case}");
            cases.push(case);
        }
        cases.sort();
        cases.dedup();
        assert_eq!(cases.len(), 8);
    }
}
