//! One configuration, executed once, in a folder of its own.
//!
//! [`Plan::new`] does all that can be done without writing: networks, shapes, the folder's name. [`Plan::execute`] loads
//! the data, takes the folder's lock, resumes from its checkpoint if there is one, and trains.

#[cfg(feature = "cuda")]
mod cuda;
mod early_stop;
mod evaluation;
mod examples;
mod exhibits;
mod extractor;
mod folder;
mod gallery;
mod model;
mod pictures;
mod recorder;
mod report;
mod samples;

use crate::architecture::{self, Examples, Networks};
use crate::config::Experiment;
use crate::config::training::{Device, Length};
use crate::data::{self, Dataset, Folders};
use crate::networks;
use crate::random::Stream;
use crate::record::provenance::{Build, Provenance};
use crate::record::run_file::{DatasetRecord, RunFile, State, Timestamp};
use crate::record::{self, Checkpoint, Columns, EvaluationFile, MetricsFile, MetricsRow, RunLock, atomic};
use crate::scoring;
use crate::training::{self, End, Progress, Schedule, Stop};
use recorder::{Recorder, Tables};
use std::path::Path;
use std::sync::atomic::AtomicBool;

pub use evaluation::{Drawn, Evaluator, Scores, drawn_of_run, parzen};
pub use examples::load as load_dataset;
pub use extractor::{extractor_file, extractor_of};
pub use folder::{Folder, configuration_hash};
pub use gallery::{Gallery, gallery, interpolation};
pub use model::Model;
pub use report::{Event, Reporter};
pub use samples::{sample_arrays, sample_picture};

/// Why a run did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The architecture does not fit together or does not fit the data.
    #[error(transparent)]
    Architecture(#[from] architecture::Error),
    /// The program was built without these networks.
    #[error(
        "this program was built without the {name} of this experiment; `just run FILE` builds and runs it (or put the \
         file under experiments/ and build again)"
    )]
    NotBuilt {
        /// Which network, such as `generator`.
        name: &'static str,
    },
    /// The device is not part of this build.
    #[error(
        "training.device is \"cuda\", but this program was built without CUDA: cargo build --release --features cuda \
         (or set training.device = \"cpu\")"
    )]
    WithoutCuda,
    /// There is no GPU, or its driver does not work.
    #[error(
        "training.device is \"cuda\", but no GPU can be used here ({reason}): see what `nvidia-smi` says, or set \
         training.device = \"cpu\""
    )]
    NoGpu {
        /// What CUDA answered.
        reason: String,
    },
    /// What is left of CUDA's kernels to compile cannot be compiled.
    #[error(
        "training.device is \"cuda\", but some of its kernels, which are compiled when the program runs, cannot be \
         ({reason}): they need the folder that the program was built in, and CUDA's headers where they were then; build \
         it on this machine, or set training.device = \"cpu\""
    )]
    NoGpuCompiler {
        /// What the compiler answered.
        reason: String,
    },
    /// There are fewer examples than one step takes.
    #[error(
        "one step takes {needed} examples ({batches} batches of {batch_size}), but there are only {examples}: use a \
         smaller training.batch_size"
    )]
    TooFewExamples {
        /// Training examples.
        examples: usize,
        /// Examples per step.
        needed: usize,
        /// Batches per step.
        batches: usize,
        /// Examples per batch.
        batch_size: usize,
    },
    /// A classifier, or a conditional network, needs the class of every example.
    #[error("these networks need labels, but {reason}")]
    Labels {
        /// What is wrong with them.
        reason: String,
    },
    /// Nothing can be drawn with a learner that draws nothing.
    #[error(
        "this run trained a classifier, which draws no examples: only those of GANs and VAEs can be sampled"
    )]
    DrawsNothing,
    /// Scores compare two splits, and there is only one.
    #[error(
        "{dataset} has no test examples, and scores compare samples with them: give it some, or remove [evaluation]"
    )]
    NoTestExamples {
        /// The data set.
        dataset: String,
    },
    /// A Parzen window stands on pixels.
    #[error("{dataset} gives points: a Parzen window of 2014 is about the pixels of images")]
    NoPixels {
        /// The data set.
        dataset: String,
    },
    /// Scores need a classifier of the data set.
    #[error("there is no feature extractor for {dataset}, whose examples have no labels: scores need one")]
    NoExtractor {
        /// The data set.
        dataset: &'static str,
    },
    /// An extractor could not be trained.
    #[error("the feature extractor of this data set cannot be trained: {reason}")]
    Recipe {
        /// Why.
        reason: String,
    },
    /// It was asked to stop before the run itself began.
    #[error("interrupted while the feature extractor was trained; the same command goes on with it")]
    Interrupted,
    /// Features come from a certain network.
    #[error(
        "this run trained no feature extractor: that is a classifier with architecture.variant = \"extractor\""
    )]
    NotAnExtractor,
    /// A sample is NaN or infinite.
    #[error("a sample has a value that is not finite, so that there is no score")]
    NotFinite,
    /// There is no score.
    #[error(transparent)]
    Scoring(#[from] scoring::Error),
    /// The data set is missing or damaged.
    #[error(transparent)]
    Data(#[from] data::Error),
    /// A file of the run's folder could not be read, written or locked.
    #[error(transparent)]
    Record(#[from] record::Error),
    /// The data are not those that the run began with.
    #[error(
        "{folder}: this run began on other data (SHA-256 {before} before, {now} now); bring the old data back, or start \
         again with --again"
    )]
    OtherData {
        /// The run's folder.
        folder: String,
        /// The content's hash in `run.toml`.
        before: String,
        /// The content's hash now.
        now: String,
    },
    /// A loss or gradient is not finite.
    #[error("training diverged at step {step}: {reason}; {}", if *.is_kept { "the last good checkpoint is kept" } else { "no checkpoint had been written yet" })]
    Diverged {
        /// The step that could not be made, from 1.
        step: u64,
        /// Which quantity, and its value.
        reason: String,
        /// Whether there is a checkpoint from before.
        is_kept: bool,
    },
    /// A picture could not be drawn.
    #[error(transparent)]
    Figure(#[from] crate::figures::Error),
}

/// What `execute` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The run is complete now.
    Complete,
    /// It was complete before; nothing was done.
    AlreadyComplete,
    /// It diverged before, and would do so again; nothing was done.
    AlreadyDiverged,
    /// It was asked to stop, and its state is saved.
    Interrupted,
    /// It has come to [`Options::until_epoch`], and its state is saved.
    Paused,
}

/// What the caller decides about a run, beyond its configuration.
#[derive(Debug)]
pub struct Options<'a> {
    /// Where data sets are looked for.
    pub data: &'a Folders,
    /// Threads that compute, for the record.
    pub threads: usize,
    /// Set when the run should save its state and end.
    pub stop: &'a AtomicBool,
    /// The epoch (from 1) after which it saves its state and ends, if before its own end.
    pub until_epoch: Option<u64>,
}

/// A run that is ready to be executed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The whole configuration.
    pub experiment: Experiment,
    /// Its networks.
    pub networks: Networks,
    /// Where it lives.
    pub folder: Folder,
}

impl Plan {
    /// Plans the run of an experiment below the folder `out`. Nothing is written.
    ///
    /// # Errors
    /// If the architecture does not fit together.
    pub fn new(experiment: Experiment, out: &Path) -> Result<Self, architecture::Error> {
        let networks = architecture::networks(&experiment.architecture, Examples::from(&experiment.dataset))?;
        let folder = Folder::of(&experiment, &format!("seed{}", experiment.seed), out);
        Ok(Self { experiment, networks, folder })
    }

    /// Whether this program can run it. Whether this machine has the device is asked when it is run: an experiment for a
    /// GPU can be checked where there is none.
    ///
    /// # Errors
    /// If it was built without one of the networks, or without the device.
    pub fn check_built(&self) -> Result<(), Error> {
        for (name, network) in self.networks.named() {
            if !networks::holds(network) {
                return Err(Error::NotBuilt { name });
            }
        }
        match self.experiment.training.device {
            Device::Cuda if cfg!(not(feature = "cuda")) => Err(Error::WithoutCuda),
            Device::Cpu | Device::Cuda => Ok(()),
        }
    }

    /// Whether there are examples enough for a step, where their number is known without the data.
    ///
    /// # Errors
    /// If they are too few.
    pub fn check_length(&self) -> Result<(), Error> {
        match self.experiment.dataset.training_examples() {
            Some(examples) => self.schedule(examples).map(drop),
            None => Ok(()),
        }
    }

    /// How long it trains on so many examples.
    ///
    /// # Errors
    /// If they are too few for one step.
    pub fn schedule(&self, examples: usize) -> Result<Schedule, Error> {
        let training = &self.experiment.training;
        let batches_per_step = self.experiment.batches_per_step();
        let mut schedule = Schedule {
            examples,
            batch_size: training.batch_size,
            batches_per_step,
            total_steps: 0,
            row_every: self.experiment.logging.every_steps,
        };
        if schedule.steps_per_epoch() == 0 {
            return Err(Error::TooFewExamples {
                examples,
                needed: schedule.examples_per_step(),
                batches: batches_per_step,
                batch_size: training.batch_size,
            });
        }
        schedule.total_steps = match training.length {
            Length::Epochs(epochs) => epochs * schedule.steps_per_epoch(),
            Length::Steps(steps) => steps,
            Length::Images(images) => images / schedule.examples_per_step() as u64,
        };
        Ok(schedule)
    }

    /// Runs it, or goes on with it, or says that it is done.
    ///
    /// # Errors
    /// [`Error`]; whatever was saved before is kept, and the run can be given again.
    pub fn execute(self, options: &Options<'_>, reporter: &mut dyn Reporter) -> Result<Outcome, Error> {
        self.check_built()?;
        if let Some(run) = self.folder.read_run_file()? {
            let has_paused = options.until_epoch.is_some_and(|last| run.epochs_done >= last);
            match run.state {
                State::Complete => return Ok(Outcome::AlreadyComplete),
                State::Diverged => return Ok(Outcome::AlreadyDiverged),
                State::Interrupted if has_paused => return Ok(Outcome::Paused),
                State::Interrupted | State::Running | State::Failed => {}
            }
        }
        // First, so that a machine without the device says so before data are fetched or anything is written.
        let mut model = Model::new(&self.experiment, &self.networks)?;
        let dataset = examples::load(&self.experiment.dataset, options.data, &mut |progress| {
            reporter.report(&Event::Downloading(progress));
        })?;
        let classes = match &self.networks {
            Networks::Classifier { classifier, .. } => Some(classifier.output().features()),
            _ => model.learner().classes(),
        };
        if let Some(classes) = classes {
            examples::check_labels(&dataset, classes)?;
        }
        let schedule = self.schedule(dataset.train.len())?;
        let evaluator = match &self.experiment.evaluation {
            Some(settings) => {
                let section = &self.experiment.dataset;
                let extractor = match extractor_of(section, &dataset, options, reporter) {
                    Err(Error::Interrupted) => return Ok(Outcome::Interrupted),
                    extractor => extractor?,
                };
                Some(Evaluator::new(settings, section, &dataset, extractor)?)
            }
            None => None,
        };
        let folder = self.folder.clone();
        for path in [folder.root(), &folder.samples(), &folder.checkpoints()] {
            std::fs::create_dir_all(path)
                .map_err(|source| record::Error::Write { path: path.into(), source })?;
        }
        let _lock = RunLock::acquire(folder.root())?;
        for path in [folder.root(), &folder.samples(), &folder.checkpoints()] {
            atomic::clean(path)?;
        }
        self.train(model, &dataset, evaluator, schedule, options, reporter)
    }

    /// The run itself, with its folder locked.
    fn train(
        &self,
        mut model: Model,
        dataset: &Dataset,
        evaluator: Option<Evaluator>,
        schedule: Schedule,
        options: &Options<'_>,
        reporter: &mut dyn Reporter,
    ) -> Result<Outcome, Error> {
        let mut run_file = self.run_file(&model, dataset, options)?;
        let progress = self.resume(&mut model, &schedule)?;
        let columns = Columns::new(self.experiment.columns().iter().map(|column| column.name));
        let (metrics, rows) = match progress.step {
            0 => (MetricsFile::create(&self.folder.metrics(), &columns)?, Vec::new()),
            step => MetricsFile::resume(&self.folder.metrics(), &columns, step)?,
        };
        self.check_rows(&rows, &progress)?;
        let progress = progress_in_time(progress, &rows, &run_file);
        run_file.resumed += u32::from(progress.step > 0);
        atomic::write(&self.folder.experiment(), self.experiment.to_toml().as_bytes())?;
        run_file.write(&self.folder.run_file())?;
        reporter.report(&Event::Started { folder: &self.folder, schedule: &schedule, step: progress.step });

        let data = examples::Loaded::new(&self.experiment, dataset);
        let batches = Stream::new(self.experiment.seed, "batches");
        let evaluation = match evaluator {
            Some(evaluator) => {
                let file =
                    EvaluationFile::open(&self.folder.evaluation(), evaluator.columns(), progress.step)?;
                Some(recorder::Evaluation { evaluator, file })
            }
            None => None,
        };
        let tables = Tables { metrics, rows, evaluation };
        let mut recorder = Recorder::new(self, dataset, schedule, tables, run_file, reporter);
        let result = match recorder.begin(progress.step) {
            Err(error) => Err(training::Error::Watcher(error)),
            Ok(()) => training::train(
                model.learner(),
                &schedule,
                progress,
                &batches,
                &data,
                &mut recorder,
                Stop { asked: options.stop, after_epoch: options.until_epoch },
            ),
        };
        let finished = match result {
            Ok(End::Complete) => recorder.finish(State::Complete, None).map(|()| Outcome::Complete),
            Ok(End::Interrupted) => recorder.finish(State::Interrupted, None).map(|()| Outcome::Interrupted),
            Ok(End::Paused) => recorder.finish(State::Interrupted, None).map(|()| Outcome::Paused),
            Err(training::Error::Diverged { step, reason }) => {
                let is_kept = self.folder.latest().exists();
                let error = Error::Diverged { step, reason: reason.to_string(), is_kept };
                match recorder.finish(State::Diverged, Some(error.to_string())) {
                    Ok(()) => return Err(error),
                    Err(error) => Err(error),
                }
            }
            Err(training::Error::Watcher(error)) => Err(error),
        };
        if let Err(error) = &finished {
            recorder.fail(error.to_string());
        }
        finished
    }

    /// `run.toml` as it stands at the start of this process.
    fn run_file(&self, model: &Model, dataset: &Dataset, options: &Options<'_>) -> Result<RunFile, Error> {
        let provenance = Provenance::gather(BUILD, model.gpu().map(str::to_owned), options.threads);
        let dataset = DatasetRecord { name: dataset.name.clone(), sha256: dataset.sha256.clone() };
        if let Some(before) = self.folder.read_run_file()? {
            if before.dataset != dataset {
                return Err(Error::OtherData {
                    folder: self.folder.root().display().to_string(),
                    before: before.dataset.sha256,
                    now: dataset.sha256,
                });
            }
            let (error, reason, ended) = (None, None, None);
            return Ok(RunFile { state: State::Running, error, reason, ended, provenance, ..before });
        }
        Ok(RunFile {
            state: State::Running,
            error: None,
            reason: None,
            experiment: self.experiment.name.clone(),
            run: self.folder.name(),
            seed: self.experiment.seed,
            configuration_hash: configuration_hash(&self.experiment),
            started: Timestamp::now(),
            ended: None,
            seconds_training: 0.0,
            resumed: 0,
            epochs_done: 0,
            steps_done: 0,
            dataset,
            provenance,
        })
    }

    /// Puts the newest checkpoint into the model, if there is one; says where training stands.
    fn resume(&self, model: &mut Model, schedule: &Schedule) -> Result<Progress, Error> {
        let path = self.folder.latest();
        if !path.exists() {
            return Ok(model::beginning(&self.experiment));
        }
        let checkpoint = Checkpoint::read(&path)?;
        checkpoint.check_configuration(&path, &configuration_hash(&self.experiment))?;
        let progress = model.restore(&path, checkpoint)?;
        if progress.step > schedule.total_steps {
            return Err(record::Error::Damaged {
                place: path.display().to_string(),
                reason: format!(
                    "it stands at step {}, but the run has only {}",
                    progress.step, schedule.total_steps
                ),
                advice: "take an older checkpoint, or train again with --again".into(),
            }
            .into());
        }
        Ok(progress)
    }

    /// Rows that should lie before the checkpoint and do not would be missing from `metrics.csv` for ever.
    fn check_rows(&self, rows: &[MetricsRow], progress: &Progress) -> Result<(), Error> {
        let last = rows.last().map_or(0, |row| row.step);
        if last.checked_add(progress.steps_since_row) == Some(progress.step) {
            return Ok(());
        }
        Err(record::Error::Damaged {
            place: self.folder.metrics().display().to_string(),
            reason: format!(
                "its rows end at step {last}, but the checkpoint stands at step {}",
                progress.step
            ),
            advice: "bring the missing rows back, or train again with --again".into(),
        }
        .into())
    }
}

/// Where this program comes from.
pub const BUILD: Build<'static> = Build {
    version: env!("CARGO_PKG_VERSION"),
    git_commit: option_env!("ATELIER_GIT_COMMIT"),
    git_dirty: match option_env!("ATELIER_GIT_DIRTY") {
        Some(word) => Some(matches!(word.as_bytes(), b"true")),
        None => None,
    },
    rustc: env!("ATELIER_RUSTC"),
};

/// `progress` with its seconds, which checkpoints do not hold, as equal trainings have equal ones: `run.toml` has them. Where a crash came between the checkpoint and
/// `run.toml`, the last row has them, and what followed it is lost.
fn progress_in_time(progress: Progress, rows: &[MetricsRow], before: &RunFile) -> Progress {
    let until_row = rows.last().map_or(0.0, |row| row.seconds);
    let is_of_checkpoint = before.steps_done == progress.step;
    let seconds = if is_of_checkpoint { before.seconds_training.max(until_row) } else { until_row };
    Progress { seconds, seconds_since_row: seconds - until_row, ..progress }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_images_are_as_many_discriminator_steps_however_often_the_generator_moves() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.toml");
        let text = "architecture.family = 'infogan'\ntraining = { images = 1_000_000, batch_size = 64 }\nobjective.update = 'alternating'\n";
        std::fs::write(&file, text).unwrap();
        for (discriminator_steps, steps) in [(1, 15_625), (5, 3_125), (7, 2_232)] {
            let set = format!("objective.discriminator_steps={discriminator_steps}");
            let experiment = Experiment::load(&file, &[set], std::iter::empty()).unwrap().experiment;
            let schedule = Plan::new(experiment, folder.path()).unwrap().schedule(60_000).unwrap();
            assert_eq!(schedule.total_steps, steps);
            let seen = schedule.total_steps * schedule.examples_per_step() as u64;
            assert!(seen <= 1_000_000 && seen + schedule.examples_per_step() as u64 > 1_000_000);
        }
    }
}
