//! Whether a training may end, from the rows of its `metrics.csv` alone: so a resumed run ends where one that was never stopped does.

use crate::config::sweep::Goal;
use crate::config::training::EarlyStop;

/// Why the training need not go on after `done` epochs, if it need not; `rows` are (epoch, value of the rule's column), in the order of the file. Rows
/// of an epoch that is not over do not count yet.
pub(super) fn reason(
    rule: &EarlyStop,
    rows: impl IntoIterator<Item = (u64, f64)>,
    done: u64,
) -> Option<String> {
    let mut best = None;
    let mut waited = 0;
    for (epoch, value) in means(rows.into_iter().take_while(|(epoch, _)| *epoch <= done)) {
        let is_better = match (best, rule.mode) {
            _ if !value.is_finite() => false,
            (None, _) => true,
            (Some((_, best)), Goal::Min) => value < best - rule.min_delta,
            (Some((_, best)), Goal::Max) => value > best + rule.min_delta,
        };
        if is_better {
            best = Some((epoch, value));
            waited = 0;
            continue;
        }
        waited += 1;
        if waited >= rule.patience {
            let column = &rule.column;
            return Some(match best {
                Some((first, best)) => format!(
                    "{column} has not been better than {best:.6} of epoch {first} since, up to epoch {epoch}"
                ),
                None => format!("{column} has not been finite, up to epoch {epoch}"),
            });
        }
    }
    None
}

/// The mean of the values of each epoch that has any.
fn means(rows: impl Iterator<Item = (u64, f64)>) -> Vec<(u64, f64)> {
    let mut sums: Vec<(u64, f64, f64)> = Vec::new();
    for (epoch, value) in rows {
        match sums.last_mut() {
            Some((last, sum, count)) if *last == epoch => (*sum, *count) = (*sum + value, *count + 1.0),
            _ => sums.push((epoch, value, 1.0)),
        }
    }
    sums.into_iter().map(|(epoch, sum, count)| (epoch, sum / count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(patience: u64, mode: Goal, min_delta: f64) -> EarlyStop {
        EarlyStop { column: "g_loss".into(), patience, mode, min_delta }
    }

    /// The first epoch after which the rule ends a training with a row an epoch.
    fn end(rule: &EarlyStop, values: &[f64]) -> Option<u64> {
        let rows = || (1..).zip(values.iter().copied());
        (0..=values.len() as u64).find(|done| reason(rule, rows(), *done).is_some())
    }

    #[test]
    fn it_ends_after_as_many_epochs_as_the_patience_without_a_better_one() {
        let values = [3.0, 2.0, 2.5, 2.0, 1.9, 1.9, 1.95, 1.7, 5.0];
        assert_eq!(end(&rule(1, Goal::Min, 0.0), &values), Some(3));
        assert_eq!(end(&rule(2, Goal::Min, 0.0), &values), Some(4));
        assert_eq!(end(&rule(3, Goal::Min, 0.0), &values), None);
        // 1.9 is not better than 2.0 by more than 0.1, and 1.7 is.
        assert_eq!(end(&rule(5, Goal::Min, 0.1), &values), Some(7));
        assert_eq!(end(&rule(6, Goal::Min, 0.1), &values), None);
        let risen: Vec<f64> = values.iter().map(|value| -value).collect();
        assert_eq!(end(&rule(2, Goal::Max, 0.0), &risen), Some(4));
        assert_eq!(end(&rule(5, Goal::Max, 0.1), &risen), Some(7));
        assert_eq!(end(&rule(1, Goal::Min, 0.0), &[]), None);
    }

    #[test]
    fn a_value_that_is_no_number_is_no_better_than_any() {
        let nan = f64::NAN;
        assert_eq!(end(&rule(2, Goal::Min, 0.0), &[nan, 3.0, nan, f64::NEG_INFINITY]), Some(4));
        assert_eq!(end(&rule(2, Goal::Min, 0.0), &[nan, nan]), Some(2));
        assert!(
            reason(&rule(2, Goal::Min, 0.0), [(1, nan), (2, nan)], 2).unwrap().contains("not been finite")
        );
    }

    #[test]
    fn an_epoch_counts_once_when_it_is_over() {
        let rule = rule(1, Goal::Min, 0.0);
        // Means 2, 1, 1.5; the second epoch has no row, as can be with `logging.every_steps`.
        let rows = [(1, 1.0), (1, 3.0), (3, 0.5), (3, 1.5), (4, 2.0), (4, 1.0)];
        assert_eq!(reason(&rule, rows, 3), None);
        let reason = reason(&rule, rows, 4).unwrap();
        assert_eq!(reason, "g_loss has not been better than 1.000000 of epoch 3 since, up to epoch 4");
    }
}
