//! The HTML page: a template filled in, with its style and script inside.

mod tables;

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::charts::{self, Chart};
use super::configurations::setting;
use super::evaluation::{Evaluation, evaluation};
use super::exhibits::{Exhibit, exhibits};
use super::importance::importance;
use super::montages::{Montages, montages};
use super::number::{count, fixed};
use super::outcome::{Outcome, outcome};
use super::provenance::{cell, commands, lines, run_command};
use super::study::{Configuration, Run, Study};
use super::{Error, Result, curves};
use crate::record::sweep::RunState;
use tables::{Lost, MOST_RUNS, RunRow, Table, lost, runs, table};

const STYLE: &str = include_str!("../../templates/report.css");
const SCRIPT: &str = include_str!("../../templates/report.js");

/// What the template shows. Everything that is text is escaped there; what is marked safe was made here.
#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    policy: String,
    style: &'static str,
    script: &'static str,
    version: &'static str,
    kind: &'static str,
    name: String,
    subtitle: String,
    description: String,
    header: Vec<(String, String)>,
    chips: Vec<(&'static str, String)>,
    outcome: Outcome,
    table: Option<Table>,
    evaluation: Option<Evaluation>,
    charts: Vec<Chart>,
    charts_legend: Vec<(String, String)>,
    charts_notes: Vec<String>,
    montages: Montages,
    cards: Vec<Card>,
    montages_data: String,
    exhibits: Vec<Exhibit>,
    exhibits_damage: Vec<String>,
    parameters: Option<Chart>,
    parameters_title: &'static str,
    importance: Option<ImportanceView>,
    lost: Vec<Lost>,
    lost_note: String,
    damage: Vec<String>,
    commands: Vec<(String, String)>,
    run_commands: Vec<(String, String)>,
    runs: Vec<RunRow>,
    runs_note: String,
    provenance: Vec<(&'static str, Vec<String>)>,
    texts: Vec<(String, String)>,
}

/// A montage with its slider's first state.
struct Card {
    caption: String,
    width: usize,
    height: usize,
    epoch: u64,
    picture: String,
    alt: String,
}

struct ImportanceView {
    shares: Vec<Share>,
    explanation: String,
}

struct Share {
    name: String,
    percent: String,
    width: String,
    is_rest: bool,
}

/// The page of a study.
///
/// # Errors
/// [`Error::Page`], which no study should lead to.
pub(super) fn html(study: &Study) -> Result<String> {
    page(study).render().map_err(|error| Error::Page(error.to_string()))
}

fn page(study: &Study) -> Page {
    let ranked = study.configurations();
    let outcome = outcome(study, &ranked);
    let evaluation = evaluation(study);
    let has_picture = evaluation.as_ref().is_some_and(|evaluation| evaluation.picture.is_some());
    let (charts, charts_notes) = curves::charts(study, &ranked, !has_picture);
    let montages = montages(study, &ranked);
    let (exhibits, exhibits_damage) = exhibits(study);
    let (lost, lost_note) = lost(study);
    let (runs, runs_note) = runs(study);
    Page {
        policy: policy(),
        style: STYLE,
        script: SCRIPT,
        version: env!("CARGO_PKG_VERSION"),
        kind: if study.is_sweep { "sweep" } else { "run" },
        name: study.name.clone(),
        subtitle: subtitle(study, &ranked),
        description: study.description.clone(),
        header: study.header().iter().map(|paragraph| labelled(paragraph)).collect(),
        chips: chips(study),
        table: table(study, &ranked, &outcome),
        evaluation,
        charts_legend: if study.is_sweep { legend(study, &ranked) } else { Vec::new() },
        charts,
        charts_notes,
        cards: cards(&montages),
        montages_data: data(&montages),
        exhibits,
        exhibits_damage,
        montages,
        parameters: charts::parameters(study, &ranked),
        parameters_title: charts::parameters_title(),
        importance: importance(study, &ranked).map(|found| {
            let share = |is_rest: bool| {
                move |(name, share): &(String, f64)| Share {
                    name: name.clone(),
                    percent: format!("{}\u{a0}%", fixed(100.0 * share, 0)),
                    width: fixed(100.0 * share.clamp(0.0, 1.0), 1),
                    is_rest,
                }
            };
            let shares = found.shares.iter().map(share(false)).chain(found.rest.iter().map(share(true)));
            ImportanceView { shares: shares.collect(), explanation: found.explanation }
        }),
        lost,
        lost_note,
        damage: study.runs.iter().flat_map(|run| run.damage.iter().cloned()).take(MOST_RUNS).collect(),
        commands: commands(study),
        run_commands: run_commands(study),
        runs,
        runs_note,
        provenance: lines(study),
        texts: texts(study, &ranked, &outcome),
        outcome,
    }
}

/// Nothing runs but the page's own script, nothing is styled but by its own sheet, and nothing is fetched.
fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; img-src data:; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// `Question: …` in two parts; other paragraphs have no first part.
fn labelled(paragraph: &str) -> (String, String) {
    match paragraph.split_once(": ") {
        Some((label, text)) if label.len() < 20 && !label.contains(' ') => {
            (label.to_owned(), text.to_owned())
        }
        _ => (String::new(), paragraph.to_owned()),
    }
}

fn subtitle(study: &Study, ranked: &[Configuration]) -> String {
    let date = |run: &Run| cell(run, "started").get(..10).unwrap_or_default().to_owned();
    let mut dates: Vec<String> = study.runs.iter().map(date).filter(|date| !date.is_empty()).collect();
    dates.sort();
    let when = match (dates.first(), dates.last()) {
        (Some(first), Some(last)) if first == last => format!(" · {first}"),
        (Some(first), Some(last)) => format!(" · {first} to {last}"),
        _ => String::new(),
    };
    let Some(run) = study.runs.first() else { return "a sweep without runs".to_owned() };
    if !study.is_sweep {
        return format!("Run {} · seed {}{when}", run.row.run, run.row.seed);
    }
    let configurations = ranked.iter().filter(|configuration| !configuration.is_final).count();
    let strategy = study.sweep.as_ref().map_or_else(String::new, |file| match file.strategy.as_str() {
        "grid" => "grid · ".to_owned(),
        "random" => "random search · ".to_owned(),
        "tpe" => "tree-structured Parzen estimator · ".to_owned(),
        "halving" => "successive halving · ".to_owned(),
        other => format!("{other} · "),
    });
    format!("{strategy}{} · {}{when}", count(configurations, "configuration"), count(study.runs.len(), "run"))
}

/// How many runs are in each state.
fn chips(study: &Study) -> Vec<(&'static str, String)> {
    let states = RunState::ALL.into_iter().filter(|state| study.in_state(*state) > 0);
    let text = |state: RunState| match study.is_sweep {
        true => format!("{} {state}", study.in_state(state)),
        false => state.to_string(),
    };
    states.map(|state| (state.as_str(), text(state))).collect()
}

/// The colours of the first configurations.
fn legend(study: &Study, ranked: &[Configuration]) -> Vec<(String, String)> {
    let search: Vec<&Configuration> = ranked.iter().filter(|configuration| !configuration.is_final).collect();
    let mut entries: Vec<(String, String)> = search
        .iter()
        .take(curves::COLORED)
        .enumerate()
        .map(|(color, configuration)| {
            (format!("c{color}"), super::configurations::describe(study, configuration))
        })
        .collect();
    if search.len() > curves::COLORED {
        let others = count(search.len() - curves::COLORED, "other configuration");
        entries.push(("faint".to_owned(), others));
    }
    entries
}

fn cards(montages: &Montages) -> Vec<Card> {
    let card = |figure: &super::montages::Figure| {
        let (picture, epoch) = figure.last()?;
        Some(Card {
            caption: figure.caption.clone(),
            width: figure.width,
            height: figure.height,
            epoch,
            picture: montages.pictures[picture].clone(),
            alt: format!("Generated samples, {}, after epoch {epoch}", figure.caption),
        })
    };
    montages.figures.iter().filter_map(card).collect()
}

/// What the script needs: the pictures that no card shows at first, and which one each card shows at each epoch.
fn data(montages: &Montages) -> String {
    let mut first_shown = vec![None; montages.pictures.len()];
    for (card, figure) in montages.figures.iter().enumerate() {
        if let Some((picture, _)) = figure.last() {
            first_shown[picture].get_or_insert(card);
        }
    }
    // A picture that a card shows already is told by the card's number, and so is in the page once.
    let pictures: Vec<serde_json::Value> = montages
        .pictures
        .iter()
        .zip(&first_shown)
        .map(|(picture, card)| {
            card.map_or_else(|| serde_json::json!(picture), |card| serde_json::json!(card))
        })
        .collect();
    let figures: Vec<&Vec<Option<(usize, u64)>>> =
        montages.figures.iter().map(|figure| &figure.frames).collect();
    let data = serde_json::json!({"epochs": montages.epochs, "pictures": pictures, "figures": figures});
    // Numbers and base64, and still: nothing may end the element.
    data.to_string().replace('<', "\\u003c")
}

fn run_commands(study: &Study) -> Vec<(String, String)> {
    if !study.is_sweep {
        return Vec::new();
    }
    let begun = study.runs.iter().filter(|run| run.row.state != RunState::Waiting);
    begun.take(MOST_RUNS).filter_map(|run| Some((setting(study, run), run_command(study, run)?))).collect()
}

/// Long texts to look up: the experiment file, and a resolved configuration.
fn texts(study: &Study, ranked: &[Configuration], outcome: &Outcome) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    if let Some(file) = &study.sweep {
        texts.push((format!("The sweep's experiment file, {}", file.file), file.source.clone()));
    }
    let best = outcome.best.and_then(|best| ranked.get(best)).or(ranked.first());
    let run = best.and_then(|best| best.runs.first()).and_then(|run| study.runs.get(*run));
    if let Some((run, text)) = run.and_then(|run| Some((run, study.resolved(run)?))) {
        let title = if !study.is_sweep {
            "The resolved configuration".to_owned()
        } else if outcome.best.is_some() {
            format!("The resolved configuration of the best, {}", setting(study, run))
        } else {
            format!("The resolved configuration of one run, {}", setting(study, run))
        };
        texts.push((title, text));
    }
    texts
}
