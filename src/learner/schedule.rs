use crate::config::optimizer::{Curve, Method, Optimizer as Rule, Over, Ramp, Schedule};

/// How long a training is, in the updates of one network or, for a whole learner, in generator steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// In all.
    pub updates: u64,
    /// In an epoch.
    pub per_epoch: u64,
}

impl Length {
    /// The length for a network that is updated `count` times as often.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self { updates: self.updates * count, per_epoch: self.per_epoch * count }
    }
}

/// The learning rate of update `t`, from 0; [`Schedule`] has the formulas, and the warm-up comes before it.
///
/// # Panics
/// If it depends on the training's length, and that is `None`.
pub(super) fn learning_rate(rule: &Rule, length: Option<Length>, t: u64) -> f64 {
    let (full, warm_up) = (rule.learning_rate, rule.warm_up);
    if t < warm_up {
        return full * (t + 1) as f64 / warm_up as f64;
    }
    let t = t - warm_up;
    match rule.schedule {
        Schedule::Constant => full,
        Schedule::Ramp(ramp) => along(ramp, full, t, updates(ramp.over, length, warm_up)),
        Schedule::Exponential { decay, floor } => (full * libm::pow(decay, t as f64)).max(floor),
    }
}

/// The method of update `t`, from 0: with that update's momentum, or for Adam its beta2.
///
/// # Panics
/// If it depends on the training's length, and that is `None`.
pub(super) fn method(rule: &Rule, length: Option<Length>, t: u64) -> Method {
    let mut method = rule.method;
    if let Some(ramp) = rule.momentum_schedule {
        let (Method::Adam { beta2: moving, .. }
        | Method::RmsProp { momentum: moving, .. }
        | Method::Sgd { momentum: moving }) = &mut method;
        *moving = along(ramp, *moving, t, updates(ramp.over, length, 0));
    }
    method
}

/// How many updates a ramp takes, of a training whose first `before` are not its.
fn updates(over: Over, length: Option<Length>, before: u64) -> u64 {
    let length = || length.expect("the training loop says how long it is before its first step");
    match over {
        Over::Training => length().updates.saturating_sub(before),
        Over::Updates(updates) => updates,
        Over::Epochs(epochs) => epochs.saturating_mul(length().per_epoch),
    }
}

/// The number at `t` on the way from `start`, at 0, to the ramp's end, at `updates` and after.
fn along(ramp: Ramp, start: f64, t: u64, updates: u64) -> f64 {
    if t >= updates {
        return ramp.end;
    }
    let part = t as f64 / updates as f64;
    match ramp.curve {
        Curve::Linear => start + (ramp.end - start) * part,
        Curve::Cosine => ramp.end + (start - ramp.end) * (1.0 + libm::cos(std::f64::consts::PI * part)) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: Option<Length> = Some(Length { updates: 100, per_epoch: 20 });

    fn rule(schedule: Schedule, warm_up: u64) -> Rule {
        Rule {
            learning_rate: 0.1,
            method: Method::Sgd { momentum: 0.5 },
            schedule,
            warm_up,
            momentum_schedule: None,
            clip_norm: None,
        }
    }

    fn ramp(curve: Curve, end: f64, over: Over) -> Schedule {
        Schedule::Ramp(Ramp { curve, end, over })
    }

    fn rates(rule: &Rule, updates: &[u64]) -> Vec<f64> {
        updates.iter().map(|&t| learning_rate(rule, LENGTH, t)).collect()
    }

    fn near(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() <= 1e-15, "{found} instead of {expected}");
        }
    }

    #[test]
    fn ramps_begin_at_the_learning_rate_and_stay_at_their_end() {
        for (over, last) in [(Over::Training, 100), (Over::Updates(40), 40), (Over::Epochs(3), 60)] {
            for (curve, quarter) in [(Curve::Linear, 0.75), (Curve::Cosine, (1.0 + 0.5_f64.sqrt()) / 2.0)] {
                let found = rates(
                    &rule(ramp(curve, 0.02, over), 0),
                    &[0, last / 4, last / 2, last, last + 7, u64::MAX],
                );
                near(&found, &[0.1, 0.02 + 0.08 * quarter, 0.06, 0.02, 0.02, 0.02]);
            }
        }
    }

    #[test]
    fn the_exponential_schedule_is_that_of_the_2014_paper() {
        // pylearn2's ExponentialDecay divides by 1.000004 after every batch, down to min_lr.
        let schedule = Schedule::Exponential { decay: 1.0 / 1.000_004, floor: 1e-6 };
        let found = rates(&rule(schedule, 0), &[0, 1, 500_000, 10_000_000]);
        let at = |t: i32| 0.1 / 1.000_004_f64.powi(t);
        assert!((found[0] - 0.1).abs() < 1e-17 && (found[1] - at(1)).abs() < 1e-12, "{found:?}");
        assert!((found[2] / at(500_000) - 1.0).abs() < 1e-9 && found[3] == 1e-6, "{found:?}");
    }

    #[test]
    fn the_schedule_begins_when_the_warm_up_ends() {
        let mut warm = rule(Schedule::Constant, 4);
        near(&rates(&warm, &[0, 1, 3, 4, 99]), &[0.025, 0.05, 0.1, 0.1, 0.1]);
        warm.schedule = ramp(Curve::Linear, 0.0, Over::Training);
        near(&rates(&warm, &[3, 4, 52, 100]), &[0.1, 0.1, 0.05, 0.0]);
        warm.warm_up = 100;
        near(&rates(&warm, &[0, 99, 100]), &[0.001, 0.1, 0.0]);
    }

    #[test]
    fn momentum_and_beta2_move_from_the_methods_value() {
        let goodfellow = Ramp { curve: Curve::Linear, end: 0.7, over: Over::Epochs(2) };
        let mut rule = Rule { momentum_schedule: Some(goodfellow), ..rule(Schedule::Constant, 50) };
        let momentum = |rule: &Rule, t| match method(rule, LENGTH, t) {
            Method::Sgd { momentum } | Method::RmsProp { momentum, .. } => momentum,
            Method::Adam { beta1, beta2, .. } => {
                assert_eq!(beta1, 0.0);
                beta2
            }
        };
        near(&[0, 20, 40, 41].map(|t| momentum(&rule, t)), &[0.5, 0.6, 0.7, 0.7]);
        rule.method = Method::Adam { beta1: 0.0, beta2: 0.9, epsilon: 1e-7 };
        rule.momentum_schedule = Some(Ramp { curve: Curve::Cosine, end: 0.99, over: Over::Training });
        near(&[0, 50, 100].map(|t| momentum(&rule, t)), &[0.9, 0.945, 0.99]);
    }

    /// Learning rates of PyTorch's schedulers, which `tests/reference/make_schedules.py` wrote down.
    #[test]
    fn schedules_are_those_of_pytorch() {
        let text = include_str!("../../tests/reference/schedules.json");
        let reference: serde_json::Value = serde_json::from_str(text).unwrap();
        let cases = [
            ("linear", rule(ramp(Curve::Linear, 0.01, Over::Updates(30)), 0)),
            ("cosine", rule(ramp(Curve::Cosine, 0.02, Over::Training), 0)),
            ("exponential", rule(Schedule::Exponential { decay: 0.97, floor: 0.0 }, 0)),
            ("warm-up and cosine", rule(ramp(Curve::Cosine, 0.02, Over::Training), 10)),
        ];
        assert_eq!(reference["rates"].as_object().unwrap().len(), cases.len());
        for (name, rule) in cases {
            let expected: Vec<f64> = serde_json::from_value(reference["rates"][name].clone()).unwrap();
            assert_eq!(expected.len(), 101);
            for (t, expected) in (0..).zip(expected) {
                let found = learning_rate(&rule, LENGTH, t);
                assert!((found - expected).abs() < 1e-14, "{name} at {t}: {found} instead of {expected}");
            }
        }
    }
}
