//! The training loop: which examples come when, what is measured, and when something happens besides learning.
//!
//! It knows neither GANs nor files: a [`Learner`] learns, a [`Watcher`] records.

use crate::learner::{Data, Diverged, Learner, Length, Minibatch};
use crate::random::Stream;
use rand::seq::SliceRandom;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// How long a training is, in its units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Training examples in the data set.
    pub examples: usize,
    /// Examples per batch.
    pub batch_size: usize,
    /// Batches per generator step.
    pub batches_per_step: usize,
    /// Generator steps in all.
    pub total_steps: u64,
    /// Generator steps between rows of metrics; `None` for one row per epoch.
    pub row_every: Option<u64>,
}

impl Schedule {
    /// Generator steps per epoch. What is left of the examples after the last whole step is left out of that epoch;
    /// each epoch shuffles anew, so it is another part each time.
    pub fn steps_per_epoch(&self) -> u64 {
        (self.examples / (self.batch_size * self.batches_per_step)) as u64
    }

    /// Epochs in all, the last perhaps cut short.
    pub fn epochs(&self) -> u64 {
        self.total_steps.div_ceil(self.steps_per_epoch())
    }

    /// Examples that one generator step sees.
    pub fn examples_per_step(&self) -> usize {
        self.batch_size * self.batches_per_step
    }
}

/// Where a training stands: with the learner's state, all that is needed to go on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// Generator steps done.
    pub step: u64,
    /// Sums since the last row of metrics, of what each step gives; zeros, or nothing yet, before the first step.
    pub sums: Vec<f64>,
    /// Steps since the last row.
    pub steps_since_row: u64,
    /// Seconds of training since the last row.
    pub seconds_since_row: f64,
    /// Seconds of training in all.
    pub seconds: f64,
}

/// A row of metrics.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The epoch that the last of the steps lies in, from 1.
    pub epoch: u64,
    /// Generator steps done.
    pub step: u64,
    /// Means of what the steps since the last row gave, then what was measured for this row.
    pub values: Vec<f64>,
    /// Examples per second.
    pub images_per_second: f64,
    /// Seconds of training in all.
    pub seconds: f64,
}

/// What happens besides learning.
pub trait Watcher {
    /// What can go wrong in it.
    type Error;

    /// After each step, with what it gave.
    fn step(&mut self, progress: &Progress, values: &[f64]);

    /// When a row of metrics is due.
    ///
    /// # Errors
    /// Stops the training.
    fn row(&mut self, measured: Measured) -> Result<(), Self::Error>;

    /// After each epoch, numbered from 1, and after the last step.
    ///
    /// # Errors
    /// Stops the training.
    fn epoch(
        &mut self,
        epoch: u64,
        learner: &mut dyn Learner,
        progress: &Progress,
    ) -> Result<(), Self::Error>;

    /// Whether the training may end after `epochs` whole epochs. Asked whenever one is over, and when a training goes on: what it says
    /// must depend on what was measured in those epochs alone.
    fn has_enough(&self, _epochs: u64) -> bool {
        false
    }

    /// When the training is asked to stop before its end.
    ///
    /// # Errors
    /// Handed on.
    fn interrupted(&mut self, learner: &mut dyn Learner, progress: &Progress) -> Result<(), Self::Error>;
}

/// How a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All steps are done, or those that the watcher wanted.
    Complete,
    /// It was asked to stop, and its state is saved.
    Interrupted,
    /// It has come to the epoch after which it was to pause, and its state is saved.
    Paused,
}

/// What ends a training before all its steps are done.
#[derive(Clone, Copy, Debug)]
pub struct Stop<'a> {
    /// Set when it should save its state and end, after the step that is being made.
    pub asked: &'a AtomicBool,
    /// The epoch (from 1) after which it pauses.
    pub after_epoch: Option<u64>,
}

/// Why a training ended early.
#[derive(Debug)]
pub enum Error<E> {
    /// A loss or gradient is not finite at this step (from 1).
    Diverged {
        /// The step that could not be made.
        step: u64,
        /// What was not finite.
        reason: Diverged,
    },
    /// The watcher failed.
    Watcher(E),
}

/// Trains from `progress` to the end of the schedule, or until it is stopped.
///
/// Which of the `data`'s training examples come when depends on the seed and the epoch alone.
///
/// # Errors
/// If a loss or gradient is not finite, or the watcher fails.
pub fn train<W: Watcher>(
    learner: &mut dyn Learner,
    schedule: &Schedule,
    mut progress: Progress,
    batches: &Stream,
    data: &dyn Data,
    watcher: &mut W,
    stop: Stop<'_>,
) -> Result<End, Error<W::Error>> {
    let per_epoch = schedule.steps_per_epoch();
    learner.set_length(Length { updates: schedule.total_steps, per_epoch });
    while progress.step < schedule.total_steps {
        let epoch = progress.step / per_epoch;
        if watcher.has_enough(epoch) {
            break;
        }
        if stop.after_epoch.is_some_and(|last| epoch >= last) {
            return Ok(End::Paused);
        }
        let order = shuffled(schedule.examples, batches, epoch);
        let first = progress.step - epoch * per_epoch;
        let steps = order.chunks_exact(schedule.examples_per_step()).skip(first as usize);
        for examples in steps.take((schedule.total_steps - progress.step) as usize) {
            if stop.asked.load(Ordering::Relaxed) {
                watcher.interrupted(learner, &progress).map_err(Error::Watcher)?;
                return Ok(End::Interrupted);
            }
            let started = Instant::now();
            let batches = examples.chunks_exact(schedule.batch_size).map(|indices| data.training(indices));
            let batches: Vec<Minibatch> = batches.collect();
            let values = learner
                .step(progress.step, &batches)
                .map_err(|reason| Error::Diverged { step: progress.step + 1, reason })?;
            progress.add(&values, started.elapsed().as_secs_f64());
            watcher.step(&progress, &values);
            if schedule.row_every.is_some_and(|every| progress.step.is_multiple_of(every)) {
                let measured = progress.take_row(epoch + 1, schedule, learner.measure(data));
                watcher.row(measured).map_err(Error::Watcher)?;
            }
        }
        let is_last = progress.step == schedule.total_steps;
        if progress.steps_since_row > 0 && (schedule.row_every.is_none() || is_last) {
            let measured = progress.take_row(epoch + 1, schedule, learner.measure(data));
            watcher.row(measured).map_err(Error::Watcher)?;
        }
        watcher.epoch(epoch + 1, learner, &progress).map_err(Error::Watcher)?;
    }
    Ok(End::Complete)
}

/// The order of the examples in an epoch (from 0).
fn shuffled(examples: usize, batches: &Stream, epoch: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..examples).collect();
    order.shuffle(&mut batches.at(epoch));
    order
}

impl Progress {
    fn add(&mut self, values: &[f64], seconds: f64) {
        self.step += 1;
        self.steps_since_row += 1;
        self.seconds += seconds;
        self.seconds_since_row += seconds;
        self.sums.resize(values.len(), 0.0);
        for (sum, value) in self.sums.iter_mut().zip(values) {
            *sum += value;
        }
    }

    fn take_row(&mut self, epoch: u64, schedule: &Schedule, measured: Vec<f64>) -> Measured {
        let steps = self.steps_since_row as f64;
        let images = steps * schedule.examples_per_step() as f64;
        let measured = Measured {
            epoch,
            step: self.step,
            values: self.sums.iter().map(|sum| sum / steps).chain(measured).collect(),
            images_per_second: images / self.seconds_since_row.max(1e-9),
            seconds: self.seconds,
        };
        self.sums.fill(0.0);
        self.steps_since_row = 0;
        self.seconds_since_row = 0.0;
        measured
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learner::{Array, Find};
    use std::ops::Range;

    /// Learns nothing, but remembers what it was shown.
    #[derive(Default)]
    struct Recorder {
        seen: Vec<(u64, Vec<f32>)>,
        length: Option<Length>,
        diverge_at: Option<u64>,
    }

    impl Learner for Recorder {
        fn batches_per_step(&self) -> usize {
            1
        }
        fn set_length(&mut self, length: Length) {
            self.length = Some(length);
        }
        fn step(&mut self, step: u64, batches: &[Minibatch]) -> Result<Vec<f64>, Diverged> {
            if self.diverge_at == Some(step) {
                return Err(Diverged { quantity: "the loss", value: f64::NAN });
            }
            self.seen.push((step, batches.iter().flat_map(|batch| batch.values.clone()).collect()));
            Ok(vec![step as f64, 1.0])
        }
        fn measure(&mut self, data: &dyn Data) -> Vec<f64> {
            vec![(self.seen.len() + data.test_examples()) as f64]
        }
        fn sample(&mut self, _: &[f32], _: &[u32]) -> Vec<f32> {
            Vec::new()
        }
        fn state(&mut self) -> Vec<Array> {
            Vec::new()
        }
        fn restore(&mut self, _: u64, _: &mut Find<'_>) -> Result<(), String> {
            Ok(())
        }
    }

    /// Examples that are their own indices.
    struct Numbers;

    impl Data for Numbers {
        fn training(&self, indices: &[usize]) -> Minibatch {
            Minibatch { values: indices.iter().map(|&index| index as f32).collect(), labels: None }
        }
        fn test_examples(&self) -> usize {
            100
        }
        fn test(&self, indices: Range<usize>) -> Minibatch {
            self.training(&indices.collect::<Vec<_>>())
        }
    }

    #[derive(Default)]
    struct Log {
        rows: Vec<Measured>,
        epochs: Vec<u64>,
        stopped_at: Option<Progress>,
    }

    /// Writes into the log, pulls the brake after a step, and has enough after an epoch.
    struct Passenger<'a>(&'a mut Log, &'a AtomicBool, Option<u64>, Option<u64>);

    impl Watcher for Passenger<'_> {
        type Error = ();
        fn step(&mut self, progress: &Progress, _: &[f64]) {
            if self.2 == Some(progress.step) {
                self.1.store(true, Ordering::Relaxed);
            }
        }
        fn row(&mut self, measured: Measured) -> Result<(), ()> {
            self.0.rows.push(measured);
            Ok(())
        }
        fn epoch(&mut self, epoch: u64, _: &mut dyn Learner, _: &Progress) -> Result<(), ()> {
            self.0.epochs.push(epoch);
            Ok(())
        }
        fn has_enough(&self, epochs: u64) -> bool {
            self.3.is_some_and(|last| epochs >= last)
        }
        fn interrupted(&mut self, _: &mut dyn Learner, progress: &Progress) -> Result<(), ()> {
            self.0.stopped_at = Some(progress.clone());
            Ok(())
        }
    }

    const SCHEDULE: Schedule =
        Schedule { examples: 11, batch_size: 3, batches_per_step: 1, total_steps: 8, row_every: None };

    fn run(
        schedule: &Schedule,
        learner: &mut Recorder,
        log: &mut Log,
        from: Progress,
        stop_after: Option<u64>,
    ) -> Result<End, Error<()>> {
        let stop = AtomicBool::new(false);
        let mut passenger = Passenger(log, &stop, stop_after, None);
        let stop = Stop { asked: &stop, after_epoch: None };
        train(learner, schedule, from, &Stream::new(0, "batches"), &Numbers, &mut passenger, stop)
    }

    #[test]
    fn an_epoch_shows_each_example_at_most_once_and_the_next_in_another_order() {
        let (mut learner, mut log) = (Recorder::default(), Log::default());
        assert_eq!(run(&SCHEDULE, &mut learner, &mut log, Progress::default(), None).unwrap(), End::Complete);
        assert_eq!(log.epochs, [1, 2, 3]);
        assert_eq!(learner.length, Some(Length { updates: 8, per_epoch: 3 }));
        assert_eq!(
            log.rows.iter().map(|row| (row.epoch, row.step)).collect::<Vec<_>>(),
            [(1, 3), (2, 6), (3, 8)]
        );
        // The mean of steps 3 to 5, and what is measured after them.
        assert_eq!(log.rows[1].values, [4.0, 1.0, 106.0]);
        let mut first: Vec<f32> = learner.seen[..3].iter().flat_map(|(_, batch)| batch.clone()).collect();
        assert_ne!(first, learner.seen[3..6].iter().flat_map(|(_, batch)| batch.clone()).collect::<Vec<_>>());
        first.sort_by(f32::total_cmp);
        first.dedup();
        assert_eq!(first.len(), 9);
    }

    #[test]
    fn stopped_anywhere_and_gone_on_it_sees_and_measures_the_same() {
        for row_every in [None, Some(2)] {
            let schedule = Schedule { row_every, ..SCHEDULE };
            let (mut whole, mut whole_log) = (Recorder::default(), Log::default());
            run(&schedule, &mut whole, &mut whole_log, Progress::default(), None).unwrap();
            for stop_after in 1..8 {
                let (mut learner, mut log) = (Recorder::default(), Log::default());
                let end =
                    run(&schedule, &mut learner, &mut log, Progress::default(), Some(stop_after)).unwrap();
                assert_eq!(end, End::Interrupted);
                let from = log.stopped_at.clone().unwrap();
                assert_eq!(from.step, stop_after);
                run(&schedule, &mut learner, &mut log, from, None).unwrap();
                assert_eq!(learner.seen, whole.seen);
                let columns = |log: &Log| {
                    log.rows.iter().map(|row| (row.epoch, row.step, row.values.clone())).collect::<Vec<_>>()
                };
                assert_eq!(columns(&log), columns(&whole_log));
            }
        }
    }

    #[test]
    fn a_watcher_that_has_enough_ends_it_after_an_epoch() {
        let train = |from, log: &mut Log, stop_after| {
            let stop = AtomicBool::new(false);
            let mut passenger = Passenger(log, &stop, stop_after, Some(2));
            let (mut learner, batches) = (Recorder::default(), Stream::new(0, "batches"));
            let stop = Stop { asked: &stop, after_epoch: Some(2) };
            train(&mut learner, &SCHEDULE, from, &batches, &Numbers, &mut passenger, stop).unwrap()
        };
        let mut log = Log::default();
        assert_eq!(train(Progress::default(), &mut log, None), End::Complete);
        assert_eq!((log.epochs, log.rows.len()), (vec![1, 2], 2));
        // Killed between the checkpoint and the end, or in the middle of an epoch.
        let mut log = Log::default();
        assert_eq!(train(Progress { step: 6, ..Progress::default() }, &mut log, None), End::Complete);
        assert!(log.epochs.is_empty());
        assert_eq!(train(Progress::default(), &mut log, Some(5)), End::Interrupted);
        let from = log.stopped_at.clone().unwrap();
        assert_eq!(train(from, &mut log, None), End::Complete);
        assert_eq!(log.epochs, [1, 2]);
    }

    #[test]
    fn a_divergence_names_the_step() {
        let (mut learner, mut log) =
            (Recorder { diverge_at: Some(4), ..Recorder::default() }, Log::default());
        let error = run(&SCHEDULE, &mut learner, &mut log, Progress::default(), None).unwrap_err();
        assert!(matches!(error, Error::Diverged { step: 5, .. }));
    }
}
