//! A run's events on the terminal, as plain lines, or as JSON.

use super::output::{complain, mention};
use super::preview::Preview;
use super::table::{duration, grouped};
use crate::config::columns::{self, Column};
use crate::data::fetch;
use crate::record::{EvaluationRow, MetricsRow};
use crate::run::{Event, Plan, Reporter};
use crate::training::Schedule;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::path::Path;
use std::time::Instant;

/// The reporter for this command line and terminal. `preview` is for a terminal that can show pictures.
pub(super) fn choose(plan: &Plan, quiet: bool, json: bool, preview: bool) -> Box<dyn Reporter> {
    if json {
        Box::new(Json)
    } else if quiet {
        Box::new(Silent)
    } else {
        let preview = preview.then(Preview::new);
        Box::new(Terminal::new(plan, std::io::stdout().is_terminal(), preview))
    }
}

/// Shows a download on a bar, where there is a terminal; gives the line that is worth printing, if any.
pub(super) fn downloading(
    bar: &mut Option<ProgressBar>,
    is_terminal: bool,
    progress: &fetch::Progress<'_>,
) -> Option<String> {
    match *progress {
        fetch::Progress::Waiting { file } => Some(format!("waiting for another process to download {file}")),
        fetch::Progress::Asking { file, url } => Some(format!("downloading {file} from {url}")),
        fetch::Progress::Failed { file, reason, .. } => Some(format!("{file}: {reason}")),
        fetch::Progress::Received { file, bytes, total } => {
            if is_terminal {
                let template = "{msg} {bar:30.cyan/dim} {bytes}/{total_bytes}";
                let bar = bar.get_or_insert_with(|| progress_bar(total, template));
                bar.set_length(total);
                bar.set_position(bytes);
                bar.set_message(file.to_owned());
            }
            None
        }
        fetch::Progress::Done { .. } => {
            if let Some(bar) = bar.take() {
                bar.finish_and_clear();
            }
            None
        }
    }
}

fn progress_bar(length: u64, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style.progress_chars("━╸─"))
}

struct Silent;

impl Reporter for Silent {
    fn report(&mut self, _: &Event<'_>) {}
}

/// A line per epoch, and on a terminal a progress bar below; between them the newest picture, if it was asked for.
struct Terminal {
    name: String,
    /// What the learner fills.
    columns: Vec<Column>,
    bar: Option<ProgressBar>,
    is_terminal: bool,
    preview: Option<Preview>,
    started: Instant,
    first_step: u64,
    schedule: Option<Schedule>,
    last_row: Option<MetricsRow>,
}

impl Terminal {
    fn new(plan: &Plan, is_terminal: bool, preview: Option<Preview>) -> Self {
        Self {
            name: plan.experiment.name.clone(),
            columns: plan.experiment.columns(),
            bar: None,
            is_terminal,
            preview,
            started: Instant::now(),
            first_step: 0,
            schedule: None,
            last_row: None,
        }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| mention(text)),
            None => mention(text),
        }
    }

    fn downloading(&mut self, progress: &fetch::Progress<'_>) {
        if let Some(line) = downloading(&mut self.bar, self.is_terminal, progress) {
            self.line(&line);
        }
    }

    /// Steps done since the start of this process, and what is left at that pace.
    fn time_left(&self, step: u64) -> Option<String> {
        let schedule = self.schedule?;
        let done = step - self.first_step;
        let left =
            (schedule.total_steps - step) as f64 * self.started.elapsed().as_secs_f64() / done.max(1) as f64;
        Some(duration(left))
    }

    /// Shows lines and picture that wait, if there are any.
    fn show(&mut self) {
        let Some(preview) = &mut self.preview else { return };
        let shown = match &self.bar {
            Some(bar) => bar.suspend(|| preview.show()),
            None => preview.show(),
        };
        if let Err(reason) = shown {
            self.preview = None;
            let warn = || complain(format_args!("warning: --preview ends here: {reason}"));
            match &self.bar {
                Some(bar) => bar.suspend(warn),
                None => warn(),
            }
        }
    }

    /// The line of an epoch, if there is a row to say something about, and its picture.
    fn epoch(&mut self, montage: Option<&Path>) {
        let line = self.last_row.take().and_then(|row| self.row(&row));
        match (&mut self.preview, line) {
            (Some(preview), line) => {
                preview.add(line, montage);
                if preview.is_due() {
                    self.show();
                }
            }
            (None, Some(line)) => self.line(&line),
            (None, None) => {}
        }
    }

    fn row(&self, row: &MetricsRow) -> Option<String> {
        let schedule = self.schedule?;
        let width = schedule.epochs().to_string().len();
        let left = self.time_left(row.step).unwrap_or_default();
        let measured = self.columns.iter().filter_map(|column| {
            let value = row.value(column.name)?;
            column.decimals.map(|decimals| format!("{} {value:.decimals$}  ", column.name))
        });
        Some(format!(
            "epoch {:>width$}/{}  {}{:>6} images/s  {left} left",
            row.epoch,
            schedule.epochs(),
            measured.collect::<String>(),
            grouped(row.images_per_second.round() as u64),
        ))
    }
}

impl Reporter for Terminal {
    fn report(&mut self, event: &Event<'_>) {
        match event {
            Event::Downloading(progress) => self.downloading(progress),
            Event::Preparing { dataset, path } => self.line(&preparing(dataset, path)),
            Event::Started { folder, schedule, step } => {
                if let Some(bar) = self.bar.take() {
                    bar.finish_and_clear();
                }
                let (verb, from) = match step {
                    0 => ("running", String::new()),
                    step => ("resuming", format!(" at step {}", grouped(*step))),
                };
                self.line(&format!(
                    "{verb} {}{from}: {} steps in {} epochs, into {}",
                    self.name,
                    grouped(schedule.total_steps),
                    schedule.epochs(),
                    folder.root().display()
                ));
                self.schedule = Some(**schedule);
                self.first_step = *step;
                self.started = Instant::now();
                if self.is_terminal {
                    let bar = progress_bar(schedule.total_steps, "{bar:30.cyan/dim} {percent:>3} %  {msg}");
                    bar.set_position(*step);
                    self.bar = Some(bar);
                }
            }
            Event::Step { step, values } => {
                if let (Some(bar), Some(schedule)) = (&self.bar, &self.schedule) {
                    bar.set_position(*step);
                    let done = (step - self.first_step) * schedule.examples_per_step() as u64;
                    let rate = done as f64 / self.started.elapsed().as_secs_f64().max(1e-9);
                    let seen = self.columns.iter().zip(*values).filter(|(column, _)| column.is_headline);
                    let seen = seen.map(|(column, value)| format!("{} {value:.3}  ", column.name));
                    bar.set_message(format!(
                        "{}{} images/s  {} left",
                        seen.collect::<String>(),
                        grouped(rate.round() as u64),
                        self.time_left(*step).unwrap_or_default()
                    ));
                }
                if self.preview.as_ref().is_some_and(Preview::is_due) {
                    self.show();
                }
            }
            Event::Row(row) => self.last_row = Some((*row).clone()),
            Event::Evaluated { row, columns } => self.line(&scored(row, columns)),
            Event::Epoch { montage, .. } => self.epoch(*montage),
            Event::StoppedEarly { reason } => self.line(&format!("stopped early: {reason}")),
            Event::Ended { folder, state } => {
                if self.preview.as_ref().is_some_and(Preview::is_waiting) {
                    self.show();
                }
                if let Some(bar) = self.bar.take() {
                    bar.finish_and_clear();
                }
                mention(format_args!("{state}: {}", folder.root().display()));
            }
        }
    }
}

/// What is done before a run that is to be scored.
pub(super) fn preparing(dataset: &str, path: &Path) -> String {
    format!("training the feature extractor of {dataset}, once; it will be kept in {}", path.display())
}

/// The most important scores of an evaluation, each beside what real examples score.
fn scored(row: &EvaluationRow, columns: &[&str]) -> String {
    let shown =
        columns.iter().zip(row.scores.iter().zip(&row.floors)).filter_map(|(name, (score, floor))| {
            let decimals = columns::find(name)?.decimals?;
            Some(format!("{name} {score:.decimals$} (real {floor:.decimals$})  "))
        });
    format!("scored epoch {}  {}in {:.1} s", row.epoch, shown.collect::<String>(), row.seconds)
}

/// One JSON object per event, each on its line. Steps are left out: rows say the same in fewer lines.
struct Json;

impl Reporter for Json {
    fn report(&mut self, event: &Event<'_>) {
        use serde_json::json;
        let line = match event {
            Event::Downloading(fetch::Progress::Asking { file, url }) => {
                json!({"event": "downloading", "file": file, "url": url})
            }
            Event::Downloading(fetch::Progress::Failed { file, url, reason }) => {
                json!({"event": "download-failed", "file": file, "url": url, "reason": reason})
            }
            Event::Downloading(_) | Event::Step { .. } => return,
            Event::Preparing { dataset, path } => {
                json!({"event": "preparing", "dataset": dataset, "extractor": path})
            }
            Event::Started { folder, schedule, step } => json!({
                "event": "started",
                "run": folder.root(),
                "step": step,
                "total_steps": schedule.total_steps,
                "epochs": schedule.epochs(),
            }),
            Event::Row(row) => {
                let mut line = json!(row);
                line["event"] = json!("row");
                line
            }
            Event::Evaluated { row, columns } => {
                let scores: serde_json::Map<_, _> = columns
                    .iter()
                    .zip(&row.scores)
                    .map(|(name, score)| (name.to_string(), json!(score)))
                    .collect();
                json!({"event": "evaluated", "epoch": row.epoch, "step": row.step, "scores": scores, "seconds": row.seconds})
            }
            Event::Epoch { epoch, montage } => json!({"event": "epoch", "epoch": epoch, "montage": montage}),
            Event::StoppedEarly { reason } => json!({"event": "stopped-early", "reason": reason}),
            Event::Ended { folder, state } => {
                json!({"event": "ended", "run": folder.root(), "state": state.as_str()})
            }
        };
        mention(line);
    }
}
