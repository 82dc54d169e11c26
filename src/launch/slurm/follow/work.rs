//! Tasks on their way through Slurm, and what the queue says of them.

use super::Watch;
use crate::launch::slurm::Error;
use crate::launch::slurm::client::Client;
use crate::launch::slurm::states::{self, Place, Shown, Stage};
use crate::launch::{self, Event, Task};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// A task that Slurm has.
#[derive(Debug)]
pub(super) struct Followed {
    pub(super) task: Task,
    pub(super) place: Place,
    pub(super) stage: Stage,
    /// Whether it had a node before it was put back into the queue.
    pub(super) was_put_back: bool,
    /// How often Slurm did not know it when asked.
    pub(super) misses: u32,
    /// Since when Slurm says that it is over.
    pub(super) over_since: Option<Duration>,
}

/// What the queue says of a task.
pub(super) enum Sighting {
    Active {
        stage: Stage,
        reason: String,
    },
    Over(Shown),
    /// Slurm has forgotten it, or (`is_job_known`) only it and not the rest of its array: that is what becomes of a task
    /// that is cancelled before it begins.
    Unknown {
        is_job_known: bool,
    },
}

/// What a round of work has come to.
#[derive(Default)]
pub(super) struct Work {
    /// To be submitted.
    pub(super) waiting: Vec<Task>,
    pub(super) followed: Vec<Followed>,
    /// The jobs that had a task in `followed`.
    pub(super) known: BTreeSet<u64>,
    /// All was cancelled, and no more is submitted.
    pub(super) is_stopping: bool,
    /// The first refusal; what was submitted before it is followed all the same.
    pub(super) refused: Option<Error>,
    /// What the user has been told, and need not be told again.
    pub(super) told: BTreeSet<String>,
}

impl Work {
    /// The jobs that are followed.
    pub(super) fn jobs(&self) -> Vec<u64> {
        let jobs: BTreeSet<u64> = self.followed.iter().map(|followed| followed.place.job).collect();
        jobs.into_iter().collect()
    }

    pub(super) fn follow(&mut self, task: Task, place: Place) {
        self.known.insert(place.job);
        self.followed.push(Followed::new(task, place));
    }

    /// What Slurm says of each task: the queue first, and `scontrol` for what the queue no longer lists.
    pub(super) fn sightings(&self, client: &mut dyn Client) -> Result<HashMap<Place, Sighting>, Error> {
        let jobs = self.jobs();
        let mut sightings = HashMap::new();
        for listed in client.queue(&jobs)? {
            let stage = states::stage(&listed.state);
            if stage != Stage::Over {
                sightings.insert(listed.place, Sighting::Active { stage, reason: listed.reason });
            }
        }
        for job in jobs {
            let is_missing =
                |followed: &&Followed| followed.place.job == job && !sightings.contains_key(&followed.place);
            let missing: Vec<Place> =
                self.followed.iter().filter(is_missing).map(|followed| followed.place).collect();
            if missing.is_empty() {
                continue;
            }
            let records = client.show(job)?;
            for place in missing {
                let is_its = |shown: &&Shown| shown.tasks.iter().any(|range| range.contains(&place.task));
                let sighting = match records.iter().find(is_its) {
                    None => Sighting::Unknown { is_job_known: !records.is_empty() },
                    Some(shown) => match states::stage(&shown.state) {
                        Stage::Over => Sighting::Over(shown.clone()),
                        stage => Sighting::Active { stage, reason: shown.reason.clone() },
                    },
                };
                sightings.insert(place, sighting);
            }
        }
        Ok(sightings)
    }

    /// Tells the user something, once.
    pub(super) fn tell(&mut self, text: String, watch: &mut Watch<'_>) -> Result<(), launch::Error> {
        if !self.told.contains(&text) {
            watch(Event::Notice(&text))?;
            self.told.insert(text);
        }
        Ok(())
    }
}

impl Followed {
    pub(super) fn new(task: Task, place: Place) -> Self {
        Self { task, place, stage: Stage::Waiting, was_put_back: false, misses: 0, over_since: None }
    }
}
