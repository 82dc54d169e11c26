//! What came out, in a few sentences computed from the numbers.

use super::configurations::describe;
use super::number::{and, brief, count, duration, number};
use super::study::{Configuration, Study};
use crate::record::history::Goal;
use crate::record::sweep::{Objective, RunState};

/// The outcome of a study.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outcome {
    /// The one thing to know.
    pub(super) headline: String,
    /// What belongs to it, a sentence each.
    pub(super) sentences: Vec<String>,
    /// Position, among the ranked configurations, of the best one of the search; none where nothing can be called that.
    pub(super) best: Option<usize>,
}

/// `last g_loss of a run, lower is better`.
pub(super) fn objective_in_words(objective: &Objective, goal: Goal) -> String {
    let better = match goal {
        Goal::Minimum => "lower",
        Goal::Maximum => "higher",
    };
    let value = if objective.value == "best" { "best" } else { "last" };
    format!("the {value} {} of a run, {better} is better", objective.column)
}

/// The outcome; `configurations` are ranked.
pub(super) fn outcome(study: &Study, configurations: &[Configuration]) -> Outcome {
    if !study.is_sweep {
        return of_run(study);
    }
    let states = states(study);
    let Some(objective) = &study.objective else {
        let headline = match configurations.len() {
            1 => "One configuration was run.".to_owned(),
            several => format!("{several} configurations were run."),
        };
        let advice = "The sweep names no objective, so none of them is called the best: a line such as objective = { column \
                      = \"g_loss\", goal = \"min\" } in [sweep] names one."
            .to_owned();
        return Outcome { headline, sentences: vec![states, advice], best: None };
    };
    let search: Vec<(usize, &Configuration)> =
        configurations.iter().enumerate().filter(|(_, configuration)| !configuration.is_final).collect();
    let Some((position, best)) =
        search.iter().find(|(_, found)| found.complete > 0 && found.objective.is_some())
    else {
        let headline = format!("No run has a value of {}.", objective.column);
        return Outcome { headline, sentences: vec![states], best: None };
    };
    let ranked: Vec<&Configuration> =
        search.iter().map(|(_, found)| *found).filter(|found| found.is_whole()).collect();
    let is_over = study.runs.iter().all(|run| run.row.state.is_done() || run.is_lost());
    let mut sentences = Vec::new();
    let headline = if best.is_whole() {
        let so_far = if is_over { "" } else { " so far" };
        let of = match search.len() {
            1 => String::new(),
            several => format!(" of {several} configurations"),
        };
        sentences.push(format!(
            "Ranked by the mean over the seeds of {}; ± is the standard deviation over {}.",
            objective_in_words(objective, study.goal()),
            count(best.runs.len(), "seed")
        ));
        format!("Best{of}{so_far}: {}, with {}.", describe(study, best), value(objective, best))
    } else {
        sentences.push(format!(
            "No configuration is complete with all of its seeds, so none is called the best. The ranking is by {}.",
            objective_in_words(objective, study.goal())
        ));
        format!(
            "Of what is complete, {} leads with {} over {} of {}.",
            describe(study, best),
            value(objective, best),
            best.complete,
            count(best.runs.len(), "seed")
        )
    };
    if let [first, second, ..] = ranked[..] {
        sentences.push(lead(study, first, second));
    }
    sentences.extend(final_phase(study, objective, configurations));
    sentences.push(states);
    Outcome { headline, sentences, best: best.is_whole().then_some(*position) }
}

/// `g_loss 0.812 ± 0.031`.
fn value(objective: &Objective, configuration: &Configuration) -> String {
    let shown = configuration.objective.map_or_else(String::new, |objective| objective.show());
    format!("{} {shown}", objective.column)
}

/// How far the best is from the next, beside what the seeds alone make of it.
fn lead(study: &Study, first: &Configuration, second: &Configuration) -> String {
    let (Some(a), Some(b)) = (first.objective, second.objective) else {
        return String::new();
    };
    let difference = (a.mean - b.mean).abs();
    let next = format!("The next, {}, has {}", describe(study, second), b.show());
    match (a.std, b.std) {
        (Some(one), Some(other)) => {
            let spread = one.max(other);
            let verdict = if difference > spread {
                format!("more than the larger of the two standard deviations ({})", brief(spread))
            } else {
                format!(
                    "no more than the seeds alone make ({}), so more seeds may change the order",
                    brief(spread)
                )
            };
            format!("{next}: a difference of {}, {verdict}.", brief(difference))
        }
        _ => format!("{next}; with one seed each, nothing says how much of that is chance."),
    }
}

/// What the last phase, with seeds of its own, made of the best configuration.
fn final_phase(study: &Study, objective: &Objective, configurations: &[Configuration]) -> Option<String> {
    let again = configurations.iter().find(|configuration| configuration.is_final)?;
    let seeds: Vec<String> = again.runs.iter().map(|run| study.runs[*run].row.seed.to_string()).collect();
    let seeds = and(&seeds);
    Some(match again.objective {
        Some(_) if again.is_whole() => format!(
            "Run again with fresh seeds ({seeds}), {} has {}: the number to quote, since it was not used to choose.",
            describe(study, again),
            value(objective, again)
        ),
        _ => format!(
            "Of the runs of {} with fresh seeds ({seeds}), {} of {} are complete.",
            describe(study, again),
            again.complete,
            again.runs.len()
        ),
    })
}

/// `11 of 12 runs are complete; 1 failed.`
fn states(study: &Study) -> String {
    let complete = study.in_state(RunState::Complete);
    let total = study.runs.len();
    let others: Vec<String> = RunState::ALL
        .into_iter()
        .filter(|state| *state != RunState::Complete && study.in_state(*state) > 0)
        .map(|state| {
            let verb = match state {
                RunState::Stopped => "stopped by successive halving",
                RunState::Killed => "was killed",
                RunState::Interrupted => "was interrupted",
                RunState::Running => "still running",
                RunState::Waiting => "not begun",
                RunState::Failed | RunState::Diverged | RunState::Complete => state.as_str(),
            };
            let verb =
                if study.in_state(state) > 1 { verb.replace("was ", "were ") } else { verb.to_owned() };
            format!("{} {verb}", study.in_state(state))
        })
        .collect();
    match (complete, total) {
        (_, 0) => "The sweep has no runs.".to_owned(),
        (1, 1) => "Its run is complete.".to_owned(),
        _ if complete == total => format!("All {total} runs are complete."),
        (0, _) => format!("None of {} is complete: {}.", count(total, "run"), and(&others)),
        _ => format!(
            "{complete} of {total} runs {} complete; {}.",
            if complete == 1 { "is" } else { "are" },
            and(&others)
        ),
    }
}

fn of_run(study: &Study) -> Outcome {
    let Some(run) = study.runs.first() else {
        return Outcome { headline: "There is no run.".into(), sentences: Vec::new(), best: None };
    };
    let row = &run.row;
    let epochs = count(row.epochs as usize, "epoch");
    let verb = match row.state {
        RunState::Complete => "Complete",
        RunState::Stopped => "Stopped",
        RunState::Diverged => "Diverged",
        RunState::Failed => "Failed",
        RunState::Killed => "Killed",
        RunState::Interrupted => "Interrupted",
        RunState::Running => "Still running",
        RunState::Waiting => "Not begun",
    };
    let seconds = run.history.as_ref().map_or(0.0, |history| history.run.seconds_training);
    let headline = format!(
        "{verb} after {epochs} ({}) and {} of training.",
        count(row.steps as usize, "step"),
        duration(seconds)
    );
    let mut sentences = Vec::new();
    if !row.reason.is_empty() {
        sentences.push(format!("Reason: {}.", row.reason.trim_end_matches('.')));
    }
    let last = |name: &str| {
        let index = study.metrics.iter().position(|metric| metric == name)?;
        row.metrics.get(index).copied().flatten()
    };
    if let (Some(d_loss), Some(g_loss)) = (last("d_loss"), last("g_loss")) {
        let (d_loss, g_loss) = (number(d_loss), number(g_loss));
        sentences.push(format!(
            "The last losses are {d_loss} for the discriminator and {g_loss} for the generator."
        ));
    }
    if let (Some(real), Some(fake)) = (last("d_real"), last("d_fake")) {
        let (real, fake) = (number(real), number(fake));
        sentences.push(format!(
            "The discriminator gives real examples a mean probability of {real}, generated ones {fake}."
        ));
    }
    if let (Some(convergence), Some(k)) = (last("convergence"), last("k")) {
        let (convergence, k) = (number(convergence), number(k));
        sentences.push(format!("The measure of convergence is {convergence}, and k is {k}."));
    }
    if let (Some(loss), Some(accuracy)) = (last("test_loss"), last("test_accuracy")) {
        let (percent, loss) = (number(100.0 * accuracy), number(loss));
        sentences.push(format!(
            "It names {percent} % of the test examples rightly; the loss over them is {loss}."
        ));
    }
    if let (Some(test), Some(training)) = (last("test_elbo"), last("elbo")) {
        let (test, training) = (number(test), number(training));
        sentences.push(format!(
            "The evidence lower bound is {test} nats per test example, and {training} per training example."
        ));
    }
    Outcome { headline, sentences, best: None }
}
