//! The experiment file: layered TOML in, complete, checked, immutable structs out.
//!
//! [`Experiment::load`] reads the built-in defaults, the files that `extends` names, the file itself, the environment
//! (`ATELIER__SECTION__KEY`) and `--set section.key=value`, each over those before it (`layers.rs` has the rules), and
//! gives a [`Loaded`]: the typed [`Experiment`], the [`Sweep`] if the file has one, and the place each key came from.
//! Nothing downstream sees TOML. Whatever is wrong ends in an [`Error`] that names file, line and column, the reason
//! and the nearest valid word; all independent problems are told at once.
//!
//! This module knows no tensors and uses no other module of the project, because the build script compiles it too.

pub mod architecture;
mod check;
pub mod columns;
mod contradictions;
pub mod dataset;
mod elements;
mod error;
pub mod evaluation;
mod explain;
mod key;
mod layers;
pub mod learner;
pub mod logging;
pub mod names;
mod networks;
pub mod objective;
pub mod optimizer;
mod read;
mod resolve;
mod schema;
mod source;
pub mod sweep;
pub mod training;
mod tried;
pub(crate) mod words;
mod write;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use figment::value::Dict;

pub use error::{Error, Problem};
pub use learner::Learner;
pub use objective::Update;
pub use schema::json as schema;
pub use source::{ENVIRONMENT_PREFIX, LARGEST_FILE, Place, environment};
pub use sweep::{Setting, Sweep};

use architecture::Architecture;
use columns::Column;
use dataset::Dataset;
use evaluation::Evaluation;
use logging::Logging;
use objective::Objective;
use optimizer::Optimizers;
use training::Training;

use check::{Finding, Mark};
use layers::Tree;

/// The sections of the file, in their usual order.
const SECTIONS: &[&str] =
    &["dataset", "architecture", "objective", "optimizer", "training", "evaluation", "logging", "sweep"];

/// The keys at the top of the file.
const TOP: &[&str] = &["name", "description", "case", "seed", "extends"];

/// The most files that one experiment may be made of.
const MOST_FILES: usize = 64;

/// The most problems that are told at once.
const MOST_PROBLEMS: usize = 20;

/// One fully resolved configuration: every default filled in, every number in its range.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// The folder under `results/`: 1 to 64 letters, digits, `_`, `-` and `.`, not beginning with a dot. Default: the
    /// file's name without its ending.
    pub name: String,
    /// What it is about, in the author's words.
    pub description: String,
    /// Which of its sweep's `[sweep.cases]` the run is; a label that changes nothing.
    pub case: Option<String>,
    /// Feeds every random stream, 0 to 2⁶³ − 1.
    pub seed: u64,
    /// Which examples are learned from.
    pub dataset: Dataset,
    /// The networks.
    pub architecture: Architecture,
    /// The loss and the players' turns.
    pub objective: Objective,
    /// How the players step.
    pub optimizer: Optimizers,
    /// How long and in what batches.
    pub training: Training,
    /// How samples are scored, where the file asks for it.
    pub evaluation: Option<Evaluation>,
    /// What the run writes.
    pub logging: Logging,
}

/// A loaded file.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The experiment, without its sweep.
    pub experiment: Experiment,
    /// What varies, where the file has a `[sweep]`.
    pub sweep: Option<Sweep>,
    /// What is allowed but probably not meant, a sentence each.
    pub warnings: Vec<String>,
    /// Every file that was read, bases first, the experiment's own last.
    pub files: Vec<PathBuf>,
    tree: Tree,
    /// The merged values without `[sweep]`.
    base: Dict,
}

impl Experiment {
    /// Loads the file at `path` with everything that goes below and above it.
    ///
    /// `sets` are the arguments of `--set`, each `section.key=value` with a TOML value or a bare word; `environment`
    /// is usually [`environment()`], of which those with [`ENVIRONMENT_PREFIX`] count.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the configuration, with its place. The program ends with exit code 2 then.
    pub fn load(
        path: &Path,
        sets: &[String],
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Loaded, Box<Error>> {
        let main = source::read_file(path)?;
        let mut tree = Tree::new(main.clone());
        tree.push(defaults());
        let mut files = Vec::new();
        push_file(&mut tree, main, &mut Vec::new(), &mut files)?;
        for layer in [source::parse_environment(environment)?, source::parse_sets(sets)?] {
            refuse_extends(&layer)?;
            tree.push(layer);
        }
        Loaded::new(tree, files)
    }

    /// What a training step updates.
    pub fn learner(&self) -> Learner {
        self.architecture.family.learner()
    }

    /// How many batches of real examples one step takes: for a GAN one for each step of its discriminator.
    pub fn batches_per_step(&self) -> usize {
        match self.learner() {
            Learner::Gan | Learner::Began => self.objective.discriminator_steps,
            Learner::Vae | Learner::Classifier => 1,
        }
    }

    /// The columns of `metrics.csv` that the learner fills, in the order of the file.
    pub fn columns(&self) -> Vec<Column> {
        columns::of(&self.dataset, &self.architecture, &self.objective)
    }

    /// The complete configuration as TOML, in a fixed order with every default spelt out. Loading it gives an equal
    /// experiment, and running it the same run.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        write::entry(&mut text, "name", &self.name.as_str().into());
        write::entry(&mut text, "description", &self.description.as_str().into());
        if let Some(case) = &self.case {
            write::entry(&mut text, "case", &case.as_str().into());
        }
        self.write_results(&mut text, (&self.training).into(), (&self.logging).into());
        text
    }

    /// The text whose hash identifies a run: [`Experiment::to_toml`] without what changes no number and no picture,
    /// which are `name`, `description`, `case`, `training.checkpoint_every`, `logging.progress_gif` and `logging.tensorboard`.
    pub fn canonical(&self) -> String {
        let mut training = training::Section::from(&self.training);
        training.checkpoint_every = None;
        let mut logging = logging::Section::from(&self.logging);
        logging.progress_gif = None;
        logging.tensorboard = None;
        let mut text = String::new();
        self.write_results(&mut text, training, logging);
        text
    }

    fn write_results(&self, text: &mut String, training: training::Section, logging: logging::Section) {
        write::entry(text, "seed", &self.seed.into());
        let learner = self.learner();
        write::section(text, "dataset", &dataset::Section::from(&self.dataset), learner);
        write::section(text, "architecture", &self.architecture, learner);
        write::section(text, "objective", &objective::Section::from(&self.objective), learner);
        write::section(text, "optimizer", &optimizer::Section::from(&self.optimizer), learner);
        write::section(text, "training", &training, learner);
        if let Some(evaluation) = &self.evaluation {
            write::section(text, "evaluation", &evaluation::Section::from(evaluation), learner);
        }
        write::section(text, "logging", &logging, learner);
    }
}

impl Loaded {
    fn new(tree: Tree, files: Vec<PathBuf>) -> Result<Self, Box<Error>> {
        let merged = tree.merged();
        let (experiment, sweep, findings) = resolve::resolve(&tree, &merged);
        let mut problems: Vec<Problem> =
            findings.into_iter().map(|finding| tree.locate(&merged, finding)).collect();
        let Some(experiment) = experiment.filter(|_| problems.is_empty()) else {
            return Err(sorted(problems, tree.main()));
        };
        let mut warnings = contradictions::warnings(&experiment);
        warnings.extend(resolve::inherited_name(&tree, &merged));
        let mut base = merged;
        base.remove("sweep");
        let loaded = Self { experiment, sweep, warnings, files, tree, base };
        problems.extend(loaded.try_settings());
        if problems.is_empty() {
            problems.extend(loaded.try_combinations());
        }
        if problems.is_empty() { Ok(loaded) } else { Err(sorted(problems, loaded.tree.main())) }
    }

    /// The merged values of all layers, before defaults that depend on other keys.
    pub fn values(&self) -> Dict {
        self.tree.merged()
    }

    /// Where a dotted key was given: a file's line, an environment variable, `--set`, or the built-in defaults; `None`
    /// where it was not given at all.
    pub fn origin(&self, key: &str) -> Option<Place> {
        self.tree.spot(&self.values(), &key::path(key)).map(|spot| spot.value)
    }

    /// The value of a swept key in the experiment itself, as a trial that changes nothing shows it.
    pub fn own(&self, key: &str) -> Option<String> {
        let mut root = self.base.clone();
        networks::add_defaults(&mut root);
        let given = key::find(&root, &key::path(key)).map(sweep::shown);
        given.or_else(|| {
            let written = source::Source::new(source::Kind::Default, &self.experiment.to_toml());
            let layer = source::parse_document(&written).ok()?;
            key::find(&layer.values, &key::path(key)).map(sweep::shown)
        })
    }

    /// The experiment with other values for some keys, which go through the same checks as the file's own.
    ///
    /// # Errors
    ///
    /// What is wrong with the combination, at the settings' places in the file.
    pub fn with(&self, settings: &[&Setting]) -> Result<Experiment, Box<Error>> {
        if let Some(experiment) = self.resolved_with(settings) {
            return Ok(experiment);
        }
        let (experiment, problems) = self.attempt(settings, |_| true);
        experiment.filter(|_| problems.is_empty()).ok_or_else(|| sorted(problems, self.tree.main()))
    }

    /// The problem of two combinations of settings for the same keys that give the same run.
    pub fn same_run(&self, one: &[&Setting], other: &[&Setting]) -> Box<Error> {
        match sweep::same_run(one, other) {
            Some(problem) => Box::new(problem.into()),
            None => self.problem_at("sweep.parameters", "the sweep has the same run twice"),
        }
    }

    /// An error about a key that another part of the program found, at the key's place: `key` is dotted and may count
    /// list elements, as in `architecture.generator.layers[3]`.
    pub fn problem_at(&self, key: &str, reason: impl Into<String>) -> Box<Error> {
        let path = key::path(&key.replace('[', ".").replace(']', ""));
        let finding = Finding::new(path, Mark::Value, reason);
        Box::new(self.tree.locate(&self.values(), finding).into())
    }

    /// [`Loaded::with`] where nothing is wrong: without the layers, which only the places of errors need.
    fn resolved_with(&self, settings: &[&Setting]) -> Option<Experiment> {
        let merged = sweep::layers(settings)
            .into_iter()
            .fold(self.base.clone(), |old, layer| layers::over(&old, layer));
        let (experiment, _, findings) = resolve::resolve(&self.tree, &merged);
        experiment.filter(|_| findings.is_empty())
    }

    fn attempt(
        &self,
        settings: &[&Setting],
        keep: impl Fn(&Finding) -> bool,
    ) -> (Option<Experiment>, Vec<Problem>) {
        let mut tree = self.tree.clone();
        sweep::layers(settings).into_iter().for_each(|layer| tree.push(layer));
        let mut merged = tree.merged();
        merged.remove("sweep");
        let (experiment, _, findings) = resolve::resolve(&tree, &merged);
        let problems =
            findings.into_iter().filter(keep).map(|finding| tree.locate(&merged, finding)).collect();
        (experiment, problems)
    }
}

/// The first layer.
fn defaults() -> source::Layer {
    let source = source::Source::new(source::Kind::Default, include_str!("defaults.toml"));
    source::parse_document(&source).expect("the built-in defaults are valid TOML")
}

/// `extends` is about files.
fn refuse_extends(layer: &source::Layer) -> Result<(), Box<Error>> {
    match layer.spots.get(["extends".to_owned()].as_slice()) {
        None => Ok(()),
        Some(spot) => {
            let problem =
                Problem::new("`extends` can only stand in a file", spot.key.clone()).label("not here");
            Err(Box::new(problem.into()))
        }
    }
}

/// Pushes the bases of a file, then the file. `chain` holds the files that led here.
fn push_file(
    tree: &mut Tree,
    source: Arc<source::Source>,
    chain: &mut Vec<PathBuf>,
    files: &mut Vec<PathBuf>,
) -> Result<(), Box<Error>> {
    let source::Kind::File(file) = source.kind.clone() else {
        return Ok(());
    };
    let mut layer = source::parse_document(&source)?;
    let bases = resolve::take_extends(&mut layer)?;
    chain.push(file.clone());
    for (base, place) in bases {
        let path = file.parent().unwrap_or(Path::new("")).join(&base);
        let same = |known: &PathBuf| match (known.canonicalize(), path.canonicalize()) {
            (Ok(known), Ok(path)) => known == path,
            _ => false,
        };
        if let Some(start) = chain.iter().position(same) {
            let mut names: Vec<String> =
                chain[start..].iter().map(|file| file.display().to_string()).collect();
            names.push(names[0].clone());
            let problem =
                Problem::new(format!("`extends` goes round in a circle: {}", names.join(" → ")), place);
            return Err(Box::new(
                problem.label("closes the circle").help("take one of these `extends` out").into(),
            ));
        }
        if chain.len() + files.len() >= MOST_FILES {
            let problem = Problem::new(format!("`extends` leads to more than {MOST_FILES} files"), place);
            return Err(Box::new(problem.label("one too many").into()));
        }
        let base = source::read_file(&path).map_err(|error| {
            let problem = &error.problems()[0];
            let message = format!("`extends`: {}", problem.message());
            let help = problem.advice().map_or_else(
                || "paths are relative to the folder of the file that they stand in".to_owned(),
                str::to_owned,
            );
            Box::new(Problem::new(message, place).label("this base").help(help).into())
        })?;
        push_file(tree, base, chain, files)?;
    }
    chain.pop();
    files.push(file);
    tree.push(layer);
    Ok(())
}

/// The problems in the order of the experiment's file, then those of other texts, then those without a line.
fn sorted(mut problems: Vec<Problem>, main: &Arc<source::Source>) -> Box<Error> {
    problems.sort_by_key(|problem| {
        let Place { source, span } = problem.place();
        (span.is_none(), !Arc::ptr_eq(source, main), span.as_ref().map(|span| span.start))
    });
    problems.truncate(MOST_PROBLEMS);
    Error::from_problems(problems).unwrap_or_else(|| {
        let problem = Problem::new("the configuration cannot be read", Place::whole(main));
        Box::new(problem.into())
    })
}

/// A finding at a key of the top.
fn top_finding(key: &str, mark: Mark, message: String) -> Finding {
    Finding::new(vec![key.to_owned()], mark, message)
}

#[cfg(test)]
mod tests;
