//! A sweep's values are tried when the file is loaded: what is wrong with one is told before anything runs.

use std::collections::HashMap;

use super::error::Problem;
use super::sweep::{self, Parameter, Setting};
use super::{Loaded, MOST_PROBLEMS};

/// A sweep with more combinations of values is tried pair by pair when its file is loaded; the plan tries them all.
const MOST_TRIED: usize = 1000;

impl Loaded {
    /// Tries each swept value by itself, a range at both ends. What speaks of two keys is left to the combinations where
    /// several are swept.
    pub(super) fn try_settings(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let parameters = self.sweep.as_ref().map_or(&[][..], |sweep| &sweep.parameters);
        for parameter in parameters {
            let mut runs: Vec<(String, &Setting)> = Vec::new();
            for setting in &parameter.settings {
                let (experiment, found) =
                    self.attempt(&[setting], |finding| parameters.len() == 1 || finding.also.is_none());
                if !found.is_empty() {
                    problems
                        .extend(self.explain_range(parameter, setting).map_or(found, |better| vec![better]));
                    if problems.len() >= MOST_PROBLEMS {
                        return problems;
                    }
                    // The other end of a range would say the same.
                    if parameter.range.is_some() {
                        break;
                    }
                    continue;
                }
                let Some(run) = experiment.map(|experiment| experiment.canonical()) else {
                    continue;
                };
                if let Some((_, first)) = runs.iter().find(|(known, _)| *known == run) {
                    problems.push(sweep::repeated(setting, first));
                }
                runs.push((run, setting));
            }
        }
        problems
    }

    /// A better word for a range of fractions over a key that takes whole numbers.
    fn explain_range(&self, parameter: &Parameter, setting: &Setting) -> Option<Problem> {
        let whole = parameter.as_whole()?;
        self.resolved_with(&[&whole])?;
        Some(sweep::must_be_whole(parameter, setting))
    }

    /// Tries the combinations of the swept values: all of them, or each pair where there are too many.
    pub(super) fn try_combinations(&self) -> Vec<Problem> {
        let parameters = self.sweep.as_ref().map_or(&[][..], |sweep| &sweep.parameters);
        if parameters.len() < 2 {
            return Vec::new();
        }
        let count = |chosen: &[&Parameter]| {
            chosen.iter().try_fold(1_usize, |n, parameter| n.checked_mul(parameter.settings.len()))
        };
        let all: Vec<&Parameter> = parameters.iter().collect();
        if count(&all).is_some_and(|count| count <= MOST_TRIED) {
            return self.try_grid(&all);
        }
        let mut problems = Vec::new();
        for (index, one) in parameters.iter().enumerate() {
            for other in &parameters[..index] {
                if problems.is_empty() && count(&[other, one]).is_some_and(|count| count <= MOST_TRIED) {
                    problems = self.try_grid(&[other, one]);
                }
            }
        }
        problems
    }

    fn try_grid(&self, parameters: &[&Parameter]) -> Vec<Problem> {
        let mut runs: HashMap<String, Vec<&Setting>> = HashMap::new();
        let count = parameters.iter().map(|parameter| parameter.settings.len()).product();
        for index in 0..count {
            let settings = sweep::combination(parameters, index);
            match self.with(&settings) {
                Err(error) => return error.problems().to_vec(),
                Ok(experiment) => {
                    if let Some(known) = runs.get(&experiment.canonical()) {
                        return sweep::same_run(known, &settings).into_iter().collect();
                    }
                    runs.insert(experiment.canonical(), settings);
                }
            }
        }
        Vec::new()
    }
}
