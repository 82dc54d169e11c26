//! From merged values to the typed experiment, section by section, with everything that is wrong on the way.

use figment::value::{Dict, Value};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::architecture::Architecture;
use super::check::{Finding, Findings, Mark};
use super::error::Problem;
use super::key::{self, path};
use super::layers::Tree;
use super::read::{self, Misfit};
use super::source::{Kind, Layer, Place};
use super::sweep::Sweep;
use super::{
    Error, Experiment, SECTIONS, TOP, columns, contradictions, explain, learner, networks, top_finding,
};
use super::{dataset, evaluation, logging, objective, optimizer, sweep, training};

/// The keys at the top of the file, without `extends`, which loading has taken.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Top {
    name: Option<String>,
    description: String,
    case: Option<String>,
    seed: i64,
}

/// The sections as the file spells them; `None` where one could not be read, or is not there and need not be.
struct Sections {
    top: Option<Top>,
    dataset: Option<dataset::Section>,
    architecture: Option<Architecture>,
    objective: Option<objective::Section>,
    optimizer: Option<optimizer::Section>,
    training: Option<training::Section>,
    evaluation: Option<evaluation::Section>,
    logging: Option<logging::Section>,
    sweep: Option<sweep::Section>,
}

impl Sections {
    fn read(root: &Dict, findings: &mut Findings) -> Self {
        let is_top = |name: &String| TOP.contains(&name.as_str());
        let top = root.iter().filter(|(name, _)| is_top(name));
        let top = top.map(|(name, value)| (name.clone(), value.clone())).collect();
        if let Some(section) = key::find_table(root, &path("architecture")) {
            networks::check_numbers(section, findings);
        }
        Self {
            top: read_table(root, &[], top, findings),
            dataset: read_section(root, "dataset", findings),
            architecture: read_section(root, "architecture", findings),
            objective: read_section(root, "objective", findings),
            optimizer: read_section(root, "optimizer", findings),
            training: read_section(root, "training", findings),
            evaluation: read_if_given(root, "evaluation", findings),
            logging: read_section(root, "logging", findings),
            sweep: read_if_given(root, "sweep", findings),
        }
    }
}

/// Reads everything; the experiment is `None` where a section could not be read at all.
pub(super) fn resolve(tree: &Tree, merged: &Dict) -> (Option<Experiment>, Option<Sweep>, Vec<Finding>) {
    let mut findings = Findings::default();
    let mut root = merged.clone();
    networks::add_defaults(&mut root);
    check_top_keys(&root, &mut findings);
    let sections = Sections::read(&root, &mut findings);

    let seed = sections.top.as_ref().map_or(0, |top| findings.whole("seed", top.seed, 0..=i64::MAX, ""));
    let name = resolve_name(tree, sections.top.as_ref(), &mut findings);
    if let Some(architecture) = &sections.architecture {
        networks::check_family(architecture, &mut findings);
        learner::check(architecture.family, tree, merged, &mut findings);
    }
    let dataset = sections.dataset.map(|section| section.resolve(&mut findings));
    let objective = sections.objective.map(|section| section.resolve(&mut findings));
    let optimizer = sections.optimizer.map(|section| section.resolve(&mut findings));
    let training = sections.training.map(|section| section.resolve(&mut findings));
    let evaluation = sections.evaluation.map(|section| section.resolve(dataset.as_ref(), &mut findings));
    let logging = sections.logging.map(|section| section.resolve(&mut findings));
    let columns = match (&dataset, &sections.architecture, &objective) {
        (Some(dataset), Some(architecture), Some(objective)) => columns::of(dataset, architecture, objective),
        _ => columns::GAN.to_vec(),
    };
    let around = sweep::Surroundings {
        tree,
        merged: &root,
        seed,
        training: training.as_ref(),
        evaluation: evaluation.as_ref(),
        columns: &columns,
    };
    let sweep = sections.sweep.map(|section| section.resolve(&around, &mut findings));

    let assemble = || {
        let top = sections.top?;
        Some(Experiment {
            name,
            description: top.description,
            case: top.case,
            seed,
            dataset: dataset?,
            architecture: sections.architecture?,
            objective: objective?,
            optimizer: optimizer?,
            training: training?,
            evaluation,
            logging: logging?,
        })
    };
    let experiment = assemble();
    // A number out of its range would bring contradictions that are not the user's.
    if let Some(experiment) = experiment.as_ref().filter(|_| findings.is_empty()) {
        contradictions::check(experiment, &mut findings);
    }
    (experiment, sweep, findings.into_list())
}

fn check_top_keys(root: &Dict, findings: &mut Findings) {
    for (name, value) in root {
        let is_table = matches!(value, Value::Dict(..));
        if SECTIONS.contains(&name.as_str()) {
            if !is_table {
                findings.add(explain::not_a_table(name, &key::show(value)));
            }
        } else if !TOP.contains(&name.as_str()) {
            findings.add(explain::unknown_top(name, is_table));
        }
    }
}

fn read_section<T: DeserializeOwned>(root: &Dict, section: &str, findings: &mut Findings) -> Option<T> {
    match root.get(section) {
        Some(Value::Dict(_, table)) => read_table(root, &path(section), table.clone(), findings),
        Some(_) => None,
        None => read_table(root, &path(section), Dict::new(), findings),
    }
}

fn read_if_given<T: DeserializeOwned>(root: &Dict, section: &str, findings: &mut Findings) -> Option<T> {
    root.contains_key(section).then(|| read_section(root, section, findings)).flatten()
}

/// Reads a table; a key that does not fit is noted and taken out, and the reading goes on without it.
fn read_table<T: DeserializeOwned>(
    root: &Dict,
    at: &[String],
    mut table: Dict,
    findings: &mut Findings,
) -> Option<T> {
    let mut removed: Vec<key::Path> = Vec::new();
    for _ in 0..super::MOST_PROBLEMS {
        let misfit = match read::read::<T>(&table) {
            Ok(section) => return Some(section),
            Err(misfit) => misfit,
        };
        let inner = misfit.path.clone();
        if let read::Kind::Missing(missing) = misfit.kind {
            if !removed.contains(&key::below(&inner, missing)) {
                findings
                    .add(explain::explain(root, Misfit { path: [at, &inner].concat(), kind: misfit.kind }));
            }
            return None;
        }
        // Where the one key of `{ word = … }` was taken out, the table that is left is no mistake of the user's.
        let is_leftover = matches!(misfit.kind, read::Kind::NotOneWord { found: 0, .. })
            && removed.iter().any(|path| path.starts_with(&inner));
        if !is_leftover {
            findings.add(explain::explain(root, Misfit { path: [at, &inner].concat(), kind: misfit.kind }));
        }
        if !key::remove(&mut table, &inner) {
            return None;
        }
        removed.push(inner);
    }
    None
}

/// The experiment's name: the file's own key, or else the file's name without its ending.
fn resolve_name(tree: &Tree, top: Option<&Top>, findings: &mut Findings) -> String {
    let stem = match &tree.main().kind {
        Kind::File(file) => file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        _ => String::new(),
    };
    let given = top.and_then(|top| top.name.clone());
    let rule = "1 to 64 letters, digits, `_`, `-` and `.`, not beginning with a dot";
    match given {
        Some(name) if is_folder_name(&name) => name,
        Some(name) => {
            let message = format!("`name` is {name:?}, but must be {rule}: it names a folder");
            let finding = top_finding("name", Mark::Value, message).label("not a folder's name");
            findings.add(finding.help(format!("for example name = \"{}\"", safe(&name))));
            safe(&name)
        }
        None if is_folder_name(&stem) => stem,
        None => {
            let message =
                format!("the file's name {stem:?} cannot name the folder of results, which must be {rule}");
            let finding = top_finding("name", Mark::Table, message);
            findings.add(finding.help(format!("rename the file, or add name = \"{}\" to it", safe(&stem))));
            safe(&stem)
        }
    }
}

fn is_folder_name(name: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    (1..=64).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(good)
}

/// The nearest name that a folder may have.
fn safe(name: &str) -> String {
    let good = |c: char| if c.is_ascii_alphanumeric() || "_-.".contains(c) { c } else { '_' };
    let name: String = name.trim_start_matches('.').chars().map(good).take(64).collect();
    if name.is_empty() { "experiment".to_owned() } else { name }
}

/// A word about a name that comes from a base: the results then go to the base's folder.
pub(super) fn inherited_name(tree: &Tree, merged: &Dict) -> Option<String> {
    let spot = tree.spot(merged, &path("name"))?;
    let base = spot.value.file().filter(|_| !std::sync::Arc::ptr_eq(&spot.value.source, tree.main()))?;
    let name = key::find(merged, &path("name"))?.as_str()?;
    Some(format!(
        "`name` comes from {}: results go to the folder {name:?}; give this file a `name` to keep them apart",
        base.display()
    ))
}

/// Takes `extends` out of a file's layer: the paths, with their places.
pub(super) fn take_extends(layer: &mut Layer) -> Result<Vec<(String, Place)>, Box<Error>> {
    let at = path("extends");
    let Some(value) = layer.values.remove("extends") else {
        return Ok(Vec::new());
    };
    let place = |at: &[String]| layer.spots.get(at).map(|spot| spot.value.clone());
    let wrong = |at: &[String], found: &Value| {
        let message = format!("`extends` must be a list of files, but is {}", key::show(found));
        let problem = place(at).map(|place| Problem::new(message, place).label("must be a list of texts"));
        let help = match found {
            Value::String(_, file) => format!("write extends = [{file:?}]"),
            _ => "write extends = [\"base.toml\"]".to_owned(),
        };
        problem.map(|problem| Box::new(Error::from(problem.help(help))))
    };
    let Value::Array(_, items) = &value else {
        return wrong(&at, &value).map_or(Ok(Vec::new()), Err);
    };
    let mut files = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let at = key::below(&at, &index.to_string());
        match (item.as_str(), place(&at)) {
            (Some(file), Some(place)) => files.push((file.to_owned(), place)),
            _ => return wrong(&at, item).map_or(Ok(Vec::new()), Err),
        }
    }
    Ok(files)
}
