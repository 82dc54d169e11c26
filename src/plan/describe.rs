//! A plan in words.

use super::{SweepPlan, tpe};
use crate::config::sweep::{Objective, Strategy};

impl SweepPlan {
    /// What the sweep does, in a sentence or two.
    pub fn describe(&self) -> String {
        let count = self.count;
        let objective = self.objective().map(Objective::describe).unwrap_or_default();
        let mut text = match self.sweep.strategy {
            Strategy::Grid if self.parameters.is_empty() => "one configuration".to_owned(),
            Strategy::Grid => {
                let sizes: Vec<String> =
                    self.sweep.parameters.iter().map(|p| p.settings.len().to_string()).collect();
                let product = sizes.join(" × ");
                if sizes.len() == 1 {
                    format!("{product} configurations")
                } else {
                    format!("a grid of {product} configurations")
                }
            }
            Strategy::Random => format!("{count} configurations, the file's own and others drawn at random"),
            Strategy::Tpe => format!(
                "{count} configurations, the first {} of them the file's own and others drawn at random, the rest proposed \
                 by TPE in batches of {} to find {objective}",
                tpe::startup(count),
                self.sweep.batch
            ),
            Strategy::Halving => {
                let rungs: Vec<String> = self
                    .rungs()
                    .iter()
                    .map(|rung| format!("{} to epoch {}", rung.trials, rung.until_epoch))
                    .collect();
                format!(
                    "successive halving by {objective}: of {count} configurations train {}",
                    rungs.join(", ")
                )
            }
        };
        match self.sweep.seeds.as_slice() {
            [seed] => text.push_str(&format!(", with seed {seed}")),
            seeds => text.push_str(&format!(", each with {} seeds", seeds.len())),
        }
        match self.sweep.final_seeds.len() {
            0 => {}
            1 => text.push_str("; then the best of them with a fresh seed"),
            fresh => text.push_str(&format!("; then the best of them with {fresh} fresh seeds")),
        }
        text
    }
}
