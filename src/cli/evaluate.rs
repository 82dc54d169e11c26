//! `atelier evaluate RUN|FILE` and `atelier extractor RUN FILE`.

use super::Exit;
use super::arguments::{self, Evaluate};
use super::exit::Failure;
use super::output;
use super::reporter::{downloading, preparing};
use super::run::{plan_of_folder, start_threads, threads};
use super::signals::Signals;
use super::table::{Align, grouped, render};
use crate::config::columns::Column;
use crate::config::dataset::{self, Range};
use crate::config::evaluation::{Against, Evaluation, Metric};
use crate::config::{self, Experiment, words};
use crate::data::{Dataset, Folders};
use crate::evaluation::{Memorisation, Parzen};
use crate::record::atomic;
use crate::run::{self, Drawn, Evaluator, Event, Gallery, Options, Plan, Reporter, Scores};
use crate::scoring::outside::{self, Reading};
use crate::scoring::{About, Extractor};
use serde_json::{Map, Value, json};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What is scored.
enum Subject {
    /// A run, by this checkpoint.
    Run(Box<Plan>, PathBuf),
    /// Images of another program.
    Outside(PathBuf),
}

/// Scores samples against a data set.
pub(super) fn evaluate(arguments: &Evaluate) -> Result<Exit, Failure> {
    let subject = subject(arguments)?;
    let section = section(arguments, &subject)?;
    let settings = settings(arguments, &subject, &section)?;
    let folders = Folders::from_environment(arguments.data_dir.as_deref())?;
    let threads = threads(arguments.threads);
    start_threads(threads)?;
    let (mut bar, is_terminal) = (None, std::io::stderr().is_terminal());
    let dataset = run::load_dataset(&section, &folders, &mut |progress| {
        if let Some(line) = downloading(&mut bar, is_terminal, &progress) {
            output::complain(line);
        }
    })?;
    drop(bar);
    let images = match &subject {
        Subject::Outside(path) => Some(outside_images(arguments, path, &section, &dataset)?),
        Subject::Run(..) => None,
    };
    let extractor = match &arguments.extractor {
        Some(path) => Some(own_extractor(path, &dataset)?),
        None => {
            let signals = Signals::listen().map_err(|error| {
                Failure::new(Exit::Unwritable, format!("cannot listen for signals: {error}"))
            })?;
            let options = Options { data: &folders, threads, stop: &signals.stop, until_epoch: None };
            run::extractor_of(&section, &dataset, &options, &mut OnlyPreparing)?
        }
    };
    let started = Instant::now();
    let mut evaluator = Evaluator::new(&settings, &section, &dataset, extractor)?;
    let (step, drawn) = match (&subject, images) {
        (Subject::Run(plan, checkpoint), _) => {
            let (step, drawn) = run::drawn_of_run(plan, checkpoint, &mut evaluator)?;
            (Some(step), drawn)
        }
        (Subject::Outside(_), images) => (None, evaluator.look(images.unwrap_or_default())?),
    };
    let scores = evaluator.scores(&drawn)?;
    let parzen = match arguments.parzen {
        true => Some(run::parzen(&dataset, &drawn)?),
        false => None,
    };
    let seconds = started.elapsed().as_secs_f64();
    let gallery = match &arguments.figures {
        Some(folder) => Some(figures(folder, &subject, &dataset, &mut evaluator, &drawn, &scores)?),
        None => None,
    };
    let outcome = Outcome {
        subject: match &subject {
            Subject::Run(_, checkpoint) => checkpoint.display().to_string(),
            Subject::Outside(path) => path.display().to_string(),
        },
        step,
        dataset: &dataset.name,
        settings: &settings,
        columns: settings.metrics.iter().flat_map(|metric| metric.columns()).collect(),
        scores,
        extractor: evaluator.extractor().map(|extractor| (extractor.sha256(), extractor.about())),
        memorisation: gallery.as_ref().and_then(|gallery| gallery.memorisation),
        parzen,
        seconds,
    };
    if let Some(path) = &arguments.csv {
        if path == Path::new("-") {
            output::bytes(outcome.csv().as_bytes())?;
        } else {
            atomic::write(path, outcome.csv().as_bytes())?;
        }
    }
    for file in gallery.iter().flat_map(|gallery| &gallery.files) {
        output::complain(file.display());
    }
    if arguments.json {
        output::line(format_args!("{:#}", outcome.json()))?;
    } else if arguments.csv.as_deref() != Some(Path::new("-")) {
        output::line(outcome.table())?;
    }
    Ok(Exit::Done)
}

/// Draws all that there is to see.
fn figures(
    folder: &Path,
    subject: &Subject,
    dataset: &Dataset,
    evaluator: &mut Evaluator,
    drawn: &Drawn,
    scores: &Scores,
) -> Result<Gallery, Failure> {
    let title = match subject {
        Subject::Run(plan, checkpoint) => {
            let checkpoint = checkpoint.file_stem().unwrap_or_default().to_string_lossy();
            format!("{}, {checkpoint}", plan.experiment.name)
        }
        Subject::Outside(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    };
    let mut gallery = run::gallery(folder, &title, dataset, evaluator, drawn, scores)?;
    if let Subject::Run(plan, checkpoint) = subject
        && !plan.experiment.dataset.is_points()
    {
        let path = folder.join("interpolation.png");
        atomic::write(&path, &run::interpolation(plan, checkpoint)?)?;
        gallery.files.push(path);
    }
    Ok(gallery)
}

/// Says what takes long, on standard error.
struct OnlyPreparing;

impl Reporter for OnlyPreparing {
    fn report(&mut self, event: &Event<'_>) {
        if let Event::Preparing { dataset, path } = event {
            output::complain(preparing(dataset, path));
        }
    }
}

/// Keeps a trained classifier as a feature extractor.
pub(super) fn extractor(arguments: &arguments::Extractor) -> Result<Exit, Failure> {
    let plan = plan_of_folder(&arguments.run)?;
    let file = run::extractor_file(&plan, None)?;
    file.write(&arguments.file)?;
    output::line(arguments.file.display())?;
    Ok(Exit::Done)
}

fn wrong(message: impl Into<String>) -> Failure {
    Failure::new(Exit::Wrong, message)
}

fn subject(arguments: &Evaluate) -> Result<Subject, Failure> {
    let path = &arguments.subject;
    let is_run = path.join("experiment.toml").is_file();
    let unused = [
        (arguments.dataset.is_some(), "--dataset"),
        (arguments.range.is_some(), "--range"),
        (arguments.array.is_some(), "--array"),
    ];
    if let (true, Some((_, flag))) = (is_run, unused.into_iter().find(|(given, _)| *given)) {
        return Err(wrong(format!("{flag} is for samples of another program; {} is a run", path.display())));
    }
    if !is_run {
        return Ok(Subject::Outside(path.clone()));
    }
    let plan = plan_of_folder(path)?;
    let checkpoint = match &arguments.checkpoint[..] {
        "latest" => plan.folder.latest(),
        "best" => plan.folder.best(),
        word => match word.parse() {
            Ok(epoch) => plan.folder.kept(epoch),
            Err(_) => PathBuf::from(word),
        },
    };
    if !checkpoint.is_file() {
        let there = checkpoints(&plan);
        let message = format!("{} is not there; this run has the checkpoints {there}", checkpoint.display());
        return Err(Failure::new(Exit::Damaged, message));
    }
    Ok(Subject::Run(Box::new(plan), checkpoint))
}

/// The names of a run's checkpoints.
fn checkpoints(plan: &Plan) -> String {
    let entries = std::fs::read_dir(plan.folder.checkpoints()).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".safetensors").map(str::to_owned))
        .collect();
    names.sort();
    if names.is_empty() { "none yet".to_owned() } else { names.join(", ") }
}

/// The data set that is compared with.
fn section(arguments: &Evaluate, subject: &Subject) -> Result<dataset::Dataset, Failure> {
    match (subject, &arguments.dataset) {
        (Subject::Run(plan, _), _) => Ok(plan.experiment.dataset.clone()),
        (Subject::Outside(_), Some(file)) if file.ends_with(".toml") => {
            Ok(Experiment::load(Path::new(file), &[], config::environment())?.experiment.dataset)
        }
        (Subject::Outside(_), Some(name)) => dataset::Dataset::named(name).ok_or_else(|| {
            let known = dataset::Dataset::NAMED;
            let near = words::nearest(name, &known);
            let near = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
            wrong(format!(
                "`{name}` is no data set that is told by its name alone; {near}they are {}; for others, give an experiment file that has it in [dataset]",
                words::list(&known)
            ))
        }),
        (Subject::Outside(path), None) => {
            let shown = path.display();
            Err(match path.exists() {
                false => Failure::new(Exit::Damaged, format!("{shown} is not there")),
                true if path.is_dir() => wrong(format!(
                    "{shown} is no run's folder (it has no experiment.toml); if it holds PNG files, say what they are compared with: --dataset fashion-mnist"
                )),
                true => wrong(format!(
                    "say what the samples in {shown} are compared with: --dataset fashion-mnist"
                )),
            })
        }
    }
}

/// What is computed: what the run's file says, and the command line above that.
fn settings(
    arguments: &Evaluate,
    subject: &Subject,
    section: &dataset::Dataset,
) -> Result<Evaluation, Failure> {
    let mut settings = match subject {
        Subject::Run(plan, _) => plan.experiment.evaluation.clone(),
        Subject::Outside(_) => None,
    }
    .unwrap_or_else(|| Evaluation::usual(section));
    if let Some(samples) = arguments.samples {
        settings.samples = samples as usize;
    }
    match arguments.against {
        Some(arguments::Against::Test) => settings.against = Against::Test,
        Some(arguments::Against::Train) => settings.against = Against::Train,
        None => {}
    }
    if !arguments.metrics.is_empty() {
        let known: Vec<&str> = Metric::ALL.into_iter().map(Metric::word).collect();
        let metric = |word: &String| {
            Metric::ALL.into_iter().find(|metric| metric.word() == word).ok_or_else(|| {
                let near = words::nearest(word, &known);
                let near = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
                wrong(format!("`{word}` is no metric; {near}they are {}", words::list(&known)))
            })
        };
        settings.metrics = arguments.metrics.iter().map(metric).collect::<Result<_, _>>()?;
    }
    if let Some(metric) = settings.metrics.iter().find(|metric| section.is_points() && metric.needs_classes())
    {
        let message =
            format!("{} goes by a classifier's answers, but {} gives points", metric.word(), section.name());
        return Err(wrong(message));
    }
    Ok(settings)
}

fn outside_images(
    arguments: &Evaluate,
    path: &Path,
    section: &dataset::Dataset,
    dataset: &Dataset,
) -> Result<Vec<u8>, Failure> {
    if section.is_points() {
        return Err(wrong(format!(
            "{} gives points; of other programs, only images are read",
            section.name()
        )));
    }
    let range = arguments.range.map(|range| match range {
        arguments::Range::Unit => Range::Unit,
        arguments::Range::Symmetric => Range::Symmetric,
    });
    let reading = Reading { range, array: arguments.array.as_deref() };
    Ok(outside::read(path, dataset.shape, reading)?.pixels)
}

/// An extractor that the user names.
fn own_extractor(path: &Path, dataset: &Dataset) -> Result<Extractor, Failure> {
    let extractor = Extractor::read(path)?;
    let About { shape, .. } = extractor.about();
    if *shape != dataset.shape {
        let message = format!(
            "{} is an extractor for images of {shape:?}, but those of {} are {:?}",
            path.display(),
            dataset.name,
            dataset.shape
        );
        return Err(wrong(message));
    }
    Ok(extractor)
}

/// What came out, for its three forms.
struct Outcome<'a> {
    subject: String,
    step: Option<u64>,
    dataset: &'a str,
    settings: &'a Evaluation,
    columns: Vec<&'static Column>,
    scores: Scores,
    extractor: Option<(&'a str, &'a About)>,
    memorisation: Option<Memorisation>,
    parzen: Option<Parzen>,
    seconds: f64,
}

impl Outcome<'_> {
    /// Each score beside what real examples score.
    fn rows(&self) -> impl Iterator<Item = (&'static Column, f64, f64)> {
        let numbers = self.scores.scores.iter().zip(&self.scores.floors);
        self.columns.iter().zip(numbers).map(|(column, (score, floor))| (*column, *score, *floor))
    }

    fn against(&self) -> &'static str {
        match self.settings.against {
            Against::Test => "test",
            Against::Train => "train",
        }
    }

    fn table(&self) -> String {
        let header = [
            ("score", Align::Left),
            ("samples", Align::Right),
            ("real", Align::Right),
            ("better", Align::Left),
            ("what", Align::Left),
        ];
        let rows: Vec<Vec<String>> = self
            .rows()
            .map(|(column, score, floor)| {
                let better = match column.name {
                    name if name.ends_with("_std") => "",
                    _ if column.is_higher_better => "high",
                    _ => "low",
                };
                vec![
                    column.name.to_owned(),
                    shown(score),
                    shown(floor),
                    better.to_owned(),
                    column.what.to_owned(),
                ]
            })
            .collect();
        let count = |count: usize| grouped(count as u64);
        let mut text = render(&header, &rows);
        text += &format!(
            "\n{}: {} samples against {} {} examples of {}; \"real\" is what as many of its other examples score\n",
            self.subject,
            count(self.scores.samples),
            count(self.scores.reference),
            self.against(),
            self.dataset
        );
        if let Some(Memorisation { nearer, copies }) = self.memorisation {
            text += &format!(
                "memorisation: a sample is nearer to the training images than a test image is with probability {nearer:.3} (0.5 where nothing is copied, 1 where all is); {:.1} % lie as near as the nearest 1 % of the test images\n",
                100.0 * copies
            );
        }
        if let Some(Parzen { sigma, log_likelihood, standard_error }) = self.parzen {
            text += &format!(
                "Parzen window: log-likelihood {log_likelihood:.1} ± {standard_error:.1} nats a test image (± is the standard error), bandwidth {sigma:.3}; high is better, but it says little about images (Theis et al. 2016)\n"
            );
        }
        if let Some((sha256, about)) = self.extractor {
            text += &format!(
                "features of {} (SHA-256 {}…; it names {:.1} % of the test images rightly): comparable with scores of the same features only, and no FID\n",
                about.experiment,
                &sha256[..16],
                100.0 * about.test_accuracy
            );
        }
        text + &format!("{:.1} s", self.seconds)
    }

    fn csv(&self) -> String {
        let mut names = vec!["subject".to_owned(), "step".to_owned()];
        let mut cells = vec![self.subject.clone(), self.step.map_or(String::new(), |step| step.to_string())];
        for (column, score, _) in self.rows() {
            names.push(column.name.to_owned());
            cells.push(score.to_string());
        }
        for (column, _, floor) in self.rows() {
            names.push(format!("{}{}", column.name, crate::record::evaluation::FLOOR));
            cells.push(floor.to_string());
        }
        if let Some(Parzen { sigma, log_likelihood, standard_error }) = self.parzen {
            names.extend(["parzen", "parzen_error", "parzen_sigma"].map(str::to_owned));
            cells.extend([log_likelihood, standard_error, sigma].map(|number| number.to_string()));
        }
        let rest = [
            ("samples", self.scores.samples.to_string()),
            ("reference", self.scores.reference.to_string()),
            ("against", self.against().to_owned()),
            ("dataset", self.dataset.to_owned()),
            ("extractor", self.extractor.map_or(String::new(), |(sha256, _)| sha256.to_owned())),
        ];
        for (name, cell) in rest {
            names.push(name.to_owned());
            cells.push(cell);
        }
        let mut writer = csv::Writer::from_writer(Vec::new());
        for record in [names, cells] {
            writer.write_record(record).expect("memory takes every record");
        }
        String::from_utf8(writer.into_inner().expect("memory takes every byte")).expect("cells are text")
    }

    fn json(&self) -> Value {
        let numbers = |pick: fn((&'static Column, f64, f64)) -> f64| -> Map<String, Value> {
            self.rows().map(|row| (row.0.name.to_owned(), json!(pick(row)))).collect()
        };
        json!({
            "subject": self.subject,
            "step": self.step,
            "dataset": self.dataset,
            "against": self.against(),
            "samples": self.scores.samples,
            "reference": self.scores.reference,
            "scores": numbers(|row| row.1),
            "floors": numbers(|row| row.2),
            "extractor": self.extractor.map(|(sha256, about)| json!({
                "sha256": sha256,
                "experiment": about.experiment,
                "dataset": about.dataset,
                "test_accuracy": about.test_accuracy,
            })),
            "memorisation": self.memorisation.map(|found| json!({"nearer": found.nearer, "copies": found.copies})),
            "parzen": self.parzen.map(|found| json!({
                "log_likelihood": found.log_likelihood,
                "standard_error": found.standard_error,
                "sigma": found.sigma,
            })),
            "seconds": self.seconds,
        })
    }
}

/// Four significant digits or so.
fn shown(score: f64) -> String {
    match score.abs() {
        size if size >= 100.0 => format!("{score:.1}"),
        size if size >= 1.0 => format!("{score:.3}"),
        size if size >= 0.01 || size == 0.0 => format!("{score:.4}"),
        _ => format!("{score:.2e}"),
    }
}
