//! The feature extractor of a data set: one that the program ships with, or one that is trained when it is first needed, by the same recipe, and
//! kept in the cache.

use super::{Error, Event, Options, Outcome, Plan, Reporter, configuration_hash};
use crate::architecture::{self, MOST_CLASSES, Networks};
use crate::config::Experiment;
use crate::config::dataset::{Dataset as Section, Range};
use crate::data::Dataset;
use crate::record::{self, Checkpoint, Columns, atomic};
use crate::scoring::{self, About, Extractor};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// What every extractor is trained by.
const RECIPE: &str = include_str!("../../experiments/extractors/extractor_base.toml");

/// How often it is looked whether another process has trained it.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// The extractor of a data set's images; none for points.
///
/// # Errors
/// If the images have no labels or are too small, or an extractor cannot be trained.
pub fn extractor_of(
    section: &Section,
    dataset: &Dataset,
    options: &Options<'_>,
    reporter: &mut dyn Reporter,
) -> Result<Option<Extractor>, Error> {
    if section.is_points() {
        return Ok(None);
    }
    if let Some(shipped) = scoring::shipped(section.name()) {
        return Ok(Some(shipped.extractor()?));
    }
    if dataset.train.labels().is_none() {
        return Err(Error::NoExtractor { dataset: section.name() });
    }
    let folder = options.data.cache.join("extractors");
    let path = folder.join(format!("{}.safetensors", dataset.sha256));
    if !path.exists() {
        train(section, dataset, &folder, &path, options, reporter)?;
    }
    Ok(Some(Extractor::read(&path)?))
}

/// Trains an extractor in `folder`, and puts it at `path`.
fn train(
    section: &Section,
    dataset: &Dataset,
    folder: &Path,
    path: &Path,
    options: &Options<'_>,
    reporter: &mut dyn Reporter,
) -> Result<(), Error> {
    let written = |path: &Path, result: std::io::Result<()>| {
        result.map_err(|source| record::Error::Write { path: path.into(), source })
    };
    let work = folder.join(&dataset.sha256[..16]);
    written(&work, std::fs::create_dir_all(&work))?;
    let recipe = work.join("extractor_base.toml");
    atomic::write(&recipe, RECIPE.as_bytes())?;
    let loaded = Experiment::load(&recipe, &[], std::iter::empty());
    let mut experiment = loaded.map_err(|error| Error::Recipe { reason: error.render() })?.experiment;
    experiment.name = format!("extractor_{}", section.name().replace('-', "_"));
    experiment.dataset = Section { range: Some(Range::Unit), ..section.clone() };
    // How many classes a file's labels tell apart is not known when networks are built.
    experiment.architecture.classes = section.classes().or(Some(MOST_CLASSES));
    let plan = Plan::new(experiment, &work)?;
    reporter.report(&Event::Preparing { dataset: section.name(), path });
    loop {
        let options = Options { until_epoch: None, ..*options };
        match plan.clone().execute(&options, &mut Silent) {
            Ok(Outcome::Complete | Outcome::AlreadyComplete) => break,
            Ok(Outcome::Interrupted | Outcome::Paused) => return Err(Error::Interrupted),
            Ok(Outcome::AlreadyDiverged) => {
                let reason = format!("its training diverged in {}", plan.folder.root().display());
                return Err(Error::Recipe { reason });
            }
            // Another run of the same sweep, perhaps.
            Err(Error::Record(record::Error::Locked { .. })) if !path.exists() => {
                if options.stop.load(Ordering::Relaxed) {
                    return Err(Error::Interrupted);
                }
                std::thread::sleep(BETWEEN_LOOKS);
            }
            Err(Error::Record(record::Error::Locked { .. })) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    extractor_file(&plan, Some(dataset.class_names.len()))?.write(path)?;
    // Whoever waits for the lock finds the file in place of the run.
    written(&work, std::fs::remove_dir_all(&work))?;
    Ok(())
}

/// Says nothing: what is trained on the way is not what was asked for.
struct Silent;

impl Reporter for Silent {
    fn report(&mut self, _: &Event<'_>) {}
}

/// The file of a feature extractor, from the run that trained it; only the first `classes` of its answers count, where that is said.
///
/// # Errors
/// If the run trained no extractor, or its checkpoint is damaged.
pub fn extractor_file(plan: &Plan, classes: Option<usize>) -> Result<Checkpoint, Error> {
    let experiment = &plan.experiment;
    let run = plan.folder.read_run_file()?;
    let (Networks::Classifier { classifier, .. }, Some(run)) = (&plan.networks, run) else {
        return Err(Error::NotAnExtractor);
    };
    let outputs = classifier.output().features();
    if architecture::extractor(classifier.input(), outputs).as_ref() != Ok(classifier) {
        return Err(Error::NotAnExtractor);
    }
    let checkpoint = Checkpoint::read(&plan.folder.latest())?;
    checkpoint.check_configuration(&plan.folder.latest(), &configuration_hash(experiment))?;
    let columns = Columns::new(experiment.columns().iter().map(|column| column.name));
    let rows = record::metrics::read(&plan.folder.metrics(), &columns)?;
    let accuracy = rows.last().and_then(|row| row.value("test_accuracy"));
    let about = About {
        shape: experiment.dataset.shape(),
        outputs,
        classes: classes.unwrap_or(outputs),
        dataset: experiment.dataset.name().to_owned(),
        dataset_sha256: run.dataset.sha256,
        experiment: experiment.name.clone(),
        test_accuracy: accuracy.unwrap_or(f64::NAN),
    };
    Ok(Extractor::file(&about, checkpoint))
}
