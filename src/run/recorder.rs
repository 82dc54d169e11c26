//! Writes a run's folder while it trains: rows, pictures, checkpoints, state.

use super::evaluation::{Evaluator, Scores};
use super::model::checkpoint;
use super::{Error, Event, Folder, Model, Plan, Reporter, early_stop, examples, exhibits, pictures};
use crate::config::architecture::Family;
use crate::data::Dataset;
use crate::figures::{evaluation, faces, losses, progress};
use crate::learner::Learner;
use crate::record::history::Goal;
use crate::record::run_file::{RunFile, State, Timestamp};
use crate::record::tensorboard::{EventFile, Montage};
use crate::record::{EvaluationFile, EvaluationRow, MetricsFile, MetricsRow, atomic};
use crate::training::{Measured, Progress, Schedule, Watcher};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Epochs can be shorter than drawing two figures takes; the curves are then drawn this often, and at the end.
const BETWEEN_FIGURES: Duration = Duration::from_secs(2);

/// What samples are scored by, and where the scores are kept.
pub(super) struct Evaluation {
    pub(super) evaluator: Evaluator,
    pub(super) file: EvaluationFile,
}

/// The tables of a run, as they stood at its checkpoint.
pub(super) struct Tables {
    pub(super) metrics: MetricsFile,
    pub(super) rows: Vec<MetricsRow>,
    /// Where the experiment asks for scores.
    pub(super) evaluation: Option<Evaluation>,
}

pub(super) struct Recorder<'a> {
    plan: &'a Plan,
    dataset: &'a Dataset,
    schedule: Schedule,
    folder: Folder,
    metrics: MetricsFile,
    rows: Vec<MetricsRow>,
    /// If it was asked for.
    tensorboard: Option<EventFile>,
    /// Where the experiment asks for scores.
    evaluation: Option<Evaluation>,
    run_file: RunFile,
    /// Every montage of a run draws these.
    latents: Vec<f32>,
    drawn: Option<Instant>,
    reporter: &'a mut dyn Reporter,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        dataset: &'a Dataset,
        schedule: Schedule,
        Tables { metrics, rows, evaluation }: Tables,
        run_file: RunFile,
        reporter: &'a mut dyn Reporter,
    ) -> Self {
        let experiment = &plan.experiment;
        let grid = (experiment.logging.montage.rows, experiment.logging.montage.columns);
        let count = pictures::samples_per_picture(&experiment.dataset, grid);
        Self {
            plan,
            dataset,
            schedule,
            folder: plan.folder.clone(),
            metrics,
            rows,
            tensorboard: None,
            evaluation,
            run_file,
            latents: Model::latents(experiment, experiment.seed, "montage", count),
            drawn: None,
            reporter,
        }
    }

    /// Begins what a process writes anew: the event file for TensorBoard, with all of the run up to `step`.
    pub(super) fn begin(&mut self, step: u64) -> Result<(), Error> {
        // Killed between the checkpoint and `run.toml`, the process before may have said less.
        self.run_file.steps_done = step;
        self.run_file.epochs_done = step / self.schedule.steps_per_epoch();
        let experiment = &self.plan.experiment;
        if experiment.logging.tensorboard {
            let Schedule { total_steps, .. } = self.schedule;
            let montages: Vec<_> = (1..=self.schedule.epochs())
                .map(|epoch| Montage {
                    step: (epoch * self.schedule.steps_per_epoch()).min(total_steps),
                    path: self.folder.montage(epoch),
                })
                // A picture beyond the checkpoint is drawn again.
                .take_while(|montage| montage.step <= step)
                .filter(|montage| montage.path.exists())
                .collect();
            let started = self.run_file.started;
            let folder = self.folder.tensorboard();
            let mut events =
                EventFile::create(&folder, started, &experiment.to_toml(), &self.rows, &montages)?;
            if let Some(Evaluation { file, .. }) = &self.evaluation {
                for row in file.rows() {
                    events.scores(self.seconds_at(row.step), file.columns(), row)?;
                }
            }
            self.tensorboard = Some(events);
        }
        Ok(())
    }

    /// Draws what is drawn once, and says how the run ended.
    pub(super) fn finish(&mut self, state: State, error: Option<String>) -> Result<(), Error> {
        self.draw_curves()?;
        if self.plan.experiment.logging.progress_gif
            && let Some(gif) = progress::from_folder(&self.folder.samples())?
        {
            atomic::write(&self.folder.progress_gif(), &gif)?;
        }
        if let Some(tensorboard) = &mut self.tensorboard {
            tensorboard.sync()?;
        }
        let is_early = state == State::Complete && self.run_file.steps_done < self.schedule.total_steps;
        self.run_file.reason = self.enough(self.run_file.epochs_done).filter(|_| is_early);
        if let Some(reason) = &self.run_file.reason {
            self.reporter.report(&Event::StoppedEarly { reason });
        }
        self.end(state, error)
    }

    /// Says that something could not be written. No more than that is tried: the disk may be what failed, and if even
    /// this cannot be written, `running` without a lock says as much.
    pub(super) fn fail(&mut self, error: String) {
        let _ = self.end(State::Failed, Some(error));
    }

    fn end(&mut self, state: State, error: Option<String>) -> Result<(), Error> {
        self.run_file.state = state;
        self.run_file.error = error;
        self.run_file.ended = Some(Timestamp::now());
        self.run_file.write(&self.folder.run_file())?;
        self.reporter.report(&Event::Ended { folder: &self.folder, state });
        Ok(())
    }

    /// Why the training need not go on after so many epochs, if it need not.
    fn enough(&self, epochs: u64) -> Option<String> {
        let rule = self.plan.experiment.training.early_stop.as_ref()?;
        let scored = self.evaluation.as_ref().and_then(|evaluation| evaluation.file.series(&rule.column));
        match scored {
            Some(scores) => early_stop::reason(rule, scores, epochs),
            None => {
                let value = |row: &MetricsRow| row.value(&rule.column).unwrap_or(f64::NAN);
                early_stop::reason(rule, self.rows.iter().map(|row| (row.epoch, value(row))), epochs)
            }
        }
    }

    fn draw_curves(&mut self) -> Result<(), Error> {
        let title = losses::Title { experiment: &self.run_file.experiment, run: &self.run_file.run };
        let columns = self.metrics.columns();
        atomic::write(&self.folder.losses("png"), &losses::png(title, columns, &self.rows)?)?;
        atomic::write(&self.folder.losses("svg"), losses::svg(title, columns, &self.rows)?.as_bytes())?;
        if let Some(Evaluation { file, .. }) = &self.evaluation
            && !file.rows().is_empty()
        {
            let png = evaluation::png(&self.run_file.experiment, file.columns(), file.rows())?;
            atomic::write(&self.folder.evaluation_figure(), &png)?;
        }
        self.drawn = Some(Instant::now());
        Ok(())
    }

    /// Draws what the learner makes of the test split.
    fn draw_exhibits(&self, epoch: u64, learner: &mut dyn Learner) -> Result<(), Error> {
        let experiment = &self.plan.experiment;
        let data = examples::Loaded::new(experiment, self.dataset);
        exhibits::draw(experiment, &self.folder, self.dataset, &data, learner, epoch)
    }

    /// Draws the fixed latent batch as it comes out now.
    fn draw_montage(&mut self, epoch: u64, step: u64, learner: &mut dyn Learner) -> Result<PathBuf, Error> {
        let experiment = &self.plan.experiment;
        let grid = (experiment.logging.montage.rows, experiment.logging.montage.columns);
        let samples = pictures::generate(experiment, learner, &self.latents, grid.1);
        let title = format!("{}, epoch {epoch}", self.run_file.experiment);
        let png = pictures::draw(self.dataset, experiment.dataset.range, &title, &samples, grid)?;
        let path = self.folder.montage(epoch);
        atomic::write(&path, &png)?;
        if let Some(tensorboard) = &mut self.tensorboard {
            tensorboard.montage(step, &path, png)?;
        }
        if experiment.architecture.family == Family::SlantedFaces {
            self.draw_faces(&title, &samples, learner)?;
        }
        Ok(path)
    }

    /// The four weights of each player as pictures, and the faces.
    fn draw_faces(&self, title: &str, samples: &[f32], learner: &mut dyn Learner) -> Result<(), Error> {
        let state = learner.state();
        let values = |name: &str| {
            let array = state.iter().find(|array| array.name == name);
            array.map_or(&[][..], |array| &array.values)
        };
        let four = |name: &str| <[f32; 4]>::try_from(values(name)).unwrap_or_default();
        let png = faces::png(&faces::Faces {
            title,
            generator_weight: four("generator.0.weight"),
            generator_bias: four("generator.0.bias"),
            discriminator_weight: four("discriminator.1.weight"),
            discriminator_bias: values("discriminator.1.bias").first().copied().unwrap_or_default(),
            samples: samples.as_chunks().0,
        });
        Ok(atomic::write(&self.folder.faces(), &png)?)
    }

    /// Seconds of training at the last row of metrics up to a step.
    fn seconds_at(&self, step: u64) -> f64 {
        self.rows.iter().rev().find(|row| row.step <= step).map_or(0.0, |row| row.seconds)
    }

    /// Scores the samples of this moment, where that is asked for; says whether they are the best so far.
    fn evaluate(&mut self, epoch: u64, step: u64, learner: &mut dyn Learner) -> Result<bool, Error> {
        let experiment = &self.plan.experiment;
        let trained = self.seconds_at(step);
        let (Some(settings), Some(Evaluation { evaluator, file })) =
            (&experiment.evaluation, &mut self.evaluation)
        else {
            return Ok(false);
        };
        let started = Instant::now();
        let drawn = evaluator.draw(experiment, learner)?;
        let Scores { scores, floors, samples, reference } = evaluator.scores(&drawn)?;
        let extractor = evaluator.extractor().map_or("", |extractor| &extractor.sha256()[..16]).to_owned();
        let seconds = started.elapsed().as_secs_f64();
        let row = EvaluationRow { epoch, step, scores, floors, samples, reference, extractor, seconds };
        // Before anyone is told: killed in between, the events must not say more than the table.
        file.add(row.clone())?;
        if let Some(tensorboard) = &mut self.tensorboard {
            tensorboard.scores(trained, file.columns(), &row)?;
        }
        self.reporter.report(&Event::Evaluated { row: &row, columns: file.columns() });
        let series = file.series(&settings.best).unwrap_or_default();
        let Some((&(_, now), before)) = series.split_last() else { return Ok(false) };
        let goal = Goal::of(&settings.best);
        Ok(before.iter().all(|&(_, value)| value.is_nan() || goal.prefers(now, value)))
    }

    /// Saves everything that going on from here needs.
    fn save(
        &mut self,
        kept_epoch: Option<u64>,
        is_best: bool,
        learner: &mut dyn Learner,
        progress: &Progress,
    ) -> Result<(), Error> {
        self.metrics.sync()?;
        let bytes = checkpoint(&self.plan.experiment, learner, progress).to_bytes();
        if let Some(epoch) = kept_epoch {
            atomic::write(&self.folder.kept(epoch), &bytes)?;
        }
        if is_best {
            atomic::write(&self.folder.best(), &bytes)?;
        }
        atomic::write(&self.folder.latest(), &bytes)?;
        self.run_file.steps_done = progress.step;
        self.run_file.epochs_done = progress.step / self.schedule.steps_per_epoch();
        self.run_file.seconds_training = progress.seconds;
        Ok(self.run_file.write(&self.folder.run_file())?)
    }
}

impl Watcher for Recorder<'_> {
    type Error = Error;

    fn step(&mut self, progress: &Progress, values: &[f64]) {
        self.reporter.report(&Event::Step { step: progress.step, values });
    }

    fn row(&mut self, measured: Measured) -> Result<(), Error> {
        let row = MetricsRow {
            columns: self.metrics.columns().clone(),
            epoch: measured.epoch,
            step: measured.step,
            values: measured.values,
            images_per_second: measured.images_per_second,
            seconds: measured.seconds,
        };
        // Forced to the disk with the checkpoint: rows can come every few milliseconds.
        self.metrics.append_unsynced(&row)?;
        if let Some(tensorboard) = &mut self.tensorboard {
            tensorboard.row(&row)?;
        }
        self.reporter.report(&Event::Row(&row));
        self.rows.push(row);
        Ok(())
    }

    fn epoch(&mut self, epoch: u64, learner: &mut dyn Learner, progress: &Progress) -> Result<(), Error> {
        // Before it is asked whether this was enough: that may go by the scores.
        let is_due = progress.step == self.schedule.total_steps
            || self.plan.experiment.evaluation.as_ref().is_some_and(|rule| epoch.is_multiple_of(rule.every));
        let is_best = is_due && self.evaluate(epoch, progress.step, learner)?;
        let is_last = progress.step == self.schedule.total_steps || self.has_enough(epoch);
        let is_shown = epoch.is_multiple_of(self.plan.experiment.logging.montage.every) || is_last;
        let montage = match is_shown && self.plan.experiment.learner().draws() {
            true => Some(self.draw_montage(epoch, progress.step, learner)?),
            false => None,
        };
        if self.drawn.is_none_or(|drawn| drawn.elapsed() > BETWEEN_FIGURES) {
            self.draw_curves()?;
            self.draw_exhibits(epoch, learner)?;
        } else if is_last {
            self.draw_exhibits(epoch, learner)?;
        }
        let keeps =
            self.plan.experiment.training.checkpoint_every.is_some_and(|every| epoch.is_multiple_of(every));
        self.save(keeps.then_some(epoch), is_best, learner, progress)?;
        self.reporter.report(&Event::Epoch { epoch, montage: montage.as_deref() });
        Ok(())
    }

    fn has_enough(&self, epochs: u64) -> bool {
        self.enough(epochs).is_some()
    }

    fn interrupted(&mut self, learner: &mut dyn Learner, progress: &Progress) -> Result<(), Error> {
        self.save(None, false, learner, progress)
    }
}
