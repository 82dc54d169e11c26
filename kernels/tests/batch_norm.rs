//! Batch normalisation against its formulas in f64, and finite differences of these.

mod common;

use atelier_kernels::batch_norm::*;
use common::{assert_close, assert_same_for_any_threads, random, wide};

const EPSILON: f32 = 1e-3;
const SIZES: [(usize, usize); 9] =
    [(2, 1), (3, 5), (17, 33), (64, 16), (100, 1), (1000, 3), (1300, 65), (37, 1200), (4099, 20)];

struct Case {
    x: Vec<f32>,
    gamma: Vec<f32>,
    beta: Vec<f32>,
    dy: Vec<f32>,
}

impl Case {
    /// `mean` and `spread` of the data; each channel has its own.
    fn new(rows: usize, channels: usize, mean: f32, spread: f32) -> Self {
        let mut x = random(rows * channels, 1);
        for (i, x) in x.iter_mut().enumerate() {
            let channel = (i % channels) as f32;
            *x = *x * spread * (1.0 + channel / 10.0) + mean * (1.0 - channel / 7.0);
        }
        Self { x, gamma: random(channels, 2), beta: random(channels, 3), dy: random(rows * channels, 4) }
    }

    fn channels(&self) -> usize {
        self.gamma.len()
    }

    fn forward(&self) -> (Vec<f32>, [Vec<f32>; 3]) {
        let mut y = vec![f32::NAN; self.x.len()];
        let [mut mean, mut variance, mut inverse_std] = [(); 3].map(|()| vec![f32::NAN; self.channels()]);
        let statistics =
            BatchStatistics { mean: &mut mean, variance: &mut variance, inverse_std: &mut inverse_std };
        batch_norm_forward_training(&self.x, &self.gamma, &self.beta, EPSILON, &mut y, statistics);
        (y, [mean, variance, inverse_std])
    }
}

/// Mean and biased variance per channel.
fn moments(x: &[f64], channels: usize) -> (Vec<f64>, Vec<f64>) {
    let n = (x.len() / channels) as f64;
    let column = |c: usize| x.iter().skip(c).step_by(channels);
    let mean: Vec<f64> = (0..channels).map(|c| column(c).sum::<f64>() / n).collect();
    let variance = (0..channels).map(|c| column(c).map(|x| (x - mean[c]).powi(2)).sum::<f64>() / n).collect();
    (mean, variance)
}

fn normalised(x: &[f64], mean: &[f64], variance: &[f64], gamma: &[f64], beta: &[f64]) -> Vec<f64> {
    let channels = gamma.len();
    let value = |(i, x): (usize, &f64)| {
        let c = i % channels;
        (x - mean[c]) / (variance[c] + f64::from(EPSILON)).sqrt() * gamma[c] + beta[c]
    };
    x.iter().enumerate().map(value).collect()
}

#[test]
fn training_forward_agrees_with_the_formula() {
    for (rows, channels) in SIZES {
        let case = Case::new(rows, channels, 0.7, 1.0);
        let (y, [mean, variance, inverse_std]) = case.forward();
        let (exact_mean, exact_variance) = moments(&wide(&case.x), channels);
        let exact =
            normalised(&wide(&case.x), &exact_mean, &exact_variance, &wide(&case.gamma), &wide(&case.beta));
        let inverse: Vec<f64> =
            exact_variance.iter().map(|v| 1.0 / (v + f64::from(EPSILON)).sqrt()).collect();
        let what = format!("{rows} × {channels}");
        assert_close(&mean, &exact_mean, 1e-6, &what);
        assert_close(&variance, &exact_variance, 1e-6, &what);
        assert_close(&inverse_std, &inverse, 1e-6, &what);
        assert_close(&y, &exact, 1e-6, &what);
    }
}

#[test]
fn a_large_mean_does_not_cancel() {
    // The mean is 10,000 times the spread: f32 squares would leave nothing of the variance.
    for (rows, channels) in [(1300, 5), (12_544, 16)] {
        let case = Case::new(rows, channels, 1e4, 1.0);
        let (y, [mean, variance, _]) = case.forward();
        let (exact_mean, exact_variance) = moments(&wide(&case.x), channels);
        let exact =
            normalised(&wide(&case.x), &exact_mean, &exact_variance, &wide(&case.gamma), &wide(&case.beta));
        assert_close(&mean, &exact_mean, 1e-7, "mean");
        assert_close(&variance, &exact_variance, 1e-5, "variance");
        assert_close(&y, &exact, 1e-5, "output");
    }
}

#[test]
fn a_constant_channel_has_no_variance() {
    let case = Case { x: vec![3.3; 200], gamma: vec![2.0; 2], beta: vec![0.25; 2], dy: vec![1.0; 200] };
    let (y, [_, variance, _]) = case.forward();
    assert!(variance.iter().all(|&v| (0.0..1e-9).contains(&v)), "{variance:?}");
    assert!(y.iter().all(|y| (y - 0.25).abs() < 1e-5), "{:?}", &y[..4]);
}

/// Σ dy·y of the training formula at x + t·direction and alike for gamma and beta, in f64.
fn loss(case: &Case, t: f64, directions: &[Vec<f64>; 3]) -> f64 {
    let shifted = |values: &[f32], direction: &[f64]| -> Vec<f64> {
        values.iter().zip(direction).map(|(&v, d)| f64::from(v) + t * d).collect()
    };
    let x = shifted(&case.x, &directions[0]);
    let (mean, variance) = moments(&x, case.channels());
    let y = normalised(
        &x,
        &mean,
        &variance,
        &shifted(&case.gamma, &directions[1]),
        &shifted(&case.beta, &directions[2]),
    );
    y.iter().zip(&case.dy).map(|(y, &dy)| y * f64::from(dy)).sum()
}

#[test]
fn training_backward_is_the_gradient() {
    for (rows, channels) in SIZES {
        let case = Case::new(rows, channels, 0.7, 1.0);
        let (_, [mean, _, inverse_std]) = case.forward();
        let with = Normalisation { gamma: &case.gamma, mean: &mean, inverse_std: &inverse_std };
        let mut dx = vec![f32::NAN; case.x.len()];
        let (mut dgamma, mut dbeta) = (random(channels, 5), random(channels, 6));
        let before = [wide(&dgamma), wide(&dbeta)];
        batch_norm_backward_training(&case.x, &case.dy, with, &mut dx, &mut dgamma, &mut dbeta);

        let (x, dy) = (wide(&case.x), wide(&case.dy));
        let (mean, variance) = moments(&x, channels);
        let n = rows as f64;
        let hat = normalised(&x, &mean, &variance, &vec![1.0; channels], &vec![0.0; channels]);
        let (mut sum, mut weighted) = (vec![0.0; channels], vec![0.0; channels]);
        for i in 0..x.len() {
            sum[i % channels] += dy[i];
            weighted[i % channels] += dy[i] * hat[i];
        }
        let gradient = |i: usize| {
            let c = i % channels;
            let factor = f64::from(case.gamma[c]) / (variance[c] + f64::from(EPSILON)).sqrt();
            factor * (dy[i] - sum[c] / n - hat[i] * weighted[c] / n)
        };
        let exact: Vec<f64> = (0..x.len()).map(gradient).collect();
        // With two rows the terms nearly cancel (x̂ is ±1), so the bound is relative to them.
        let bound = if rows == 2 { 1e-3 } else { 2e-6 };
        let what = format!("{rows} × {channels}");
        assert_close(&dx, &exact, bound, &what);
        let added = |before: &[f64], sum: &[f64]| -> Vec<f64> {
            before.iter().zip(sum).map(|(b, s)| b + s).collect()
        };
        assert_close(&dgamma, &added(&before[0], &weighted), 2e-6, &what);
        assert_close(&dbeta, &added(&before[1], &sum), 2e-6, &what);
    }
}

#[test]
fn training_backward_is_a_finite_difference_of_the_formula() {
    let case = Case::new(23, 6, 0.7, 1.0);
    let (_, [mean, _, inverse_std]) = case.forward();
    let with = Normalisation { gamma: &case.gamma, mean: &mean, inverse_std: &inverse_std };
    let (mut dx, mut dgamma, mut dbeta) = (vec![0.0; case.x.len()], vec![0.0; 6], vec![0.0; 6]);
    batch_norm_backward_training(&case.x, &case.dy, with, &mut dx, &mut dgamma, &mut dbeta);
    let gradients = [dx, dgamma, dbeta];
    for which in 0..3 {
        let mut directions = [vec![0.0; case.x.len()], vec![0.0; 6], vec![0.0; 6]];
        directions[which] = wide(&random(directions[which].len(), 9));
        let difference = (loss(&case, 1e-4, &directions) - loss(&case, -1e-4, &directions)) / 2e-4;
        let dot: f64 = gradients[which].iter().zip(&directions[which]).map(|(&g, d)| f64::from(g) * d).sum();
        assert!(
            (dot - difference).abs() < 1e-5 * (1.0 + difference.abs()),
            "{which}: {dot} against {difference}"
        );
    }
}

#[test]
fn evaluation_uses_the_running_statistics() {
    for (rows, channels) in SIZES {
        let case = Case::new(rows, channels, 0.7, 1.0);
        let mean = random(channels, 7);
        let variance: Vec<f32> = random(channels, 8).iter().map(|v| v + 1.5).collect();
        let mut y = vec![f32::NAN; case.x.len()];
        batch_norm_forward_evaluation(&case.x, &case.gamma, &case.beta, &mean, &variance, EPSILON, &mut y);
        let (x, dy) = (wide(&case.x), wide(&case.dy));
        let (mean64, variance64) = (wide(&mean), wide(&variance));
        let exact = normalised(&x, &mean64, &variance64, &wide(&case.gamma), &wide(&case.beta));
        assert_close(&y, &exact, 1e-6, "output");

        let mut inverse = vec![0.0; channels];
        inverse_stds(&variance, EPSILON, &mut inverse);
        let with = Normalisation { gamma: &case.gamma, mean: &mean, inverse_std: &inverse };
        let (mut dx, mut dgamma, mut dbeta) =
            (vec![f32::NAN; x.len()], vec![1.0; channels], vec![2.0; channels]);
        batch_norm_backward_evaluation(&case.x, &case.dy, with, &mut dx, &mut dgamma, &mut dbeta);
        let hat = normalised(&x, &mean64, &variance64, &vec![1.0; channels], &vec![0.0; channels]);
        let (mut dgamma64, mut dbeta64) = (vec![1.0; channels], vec![2.0; channels]);
        let mut dx64 = vec![0.0; x.len()];
        for i in 0..x.len() {
            let c = i % channels;
            dgamma64[c] += dy[i] * hat[i];
            dbeta64[c] += dy[i];
            dx64[i] = dy[i] * f64::from(case.gamma[c]) / (variance64[c] + f64::from(EPSILON)).sqrt();
        }
        assert_close(&dx, &dx64, 1e-6, "dx");
        assert_close(&dgamma, &dgamma64, 2e-6, "dgamma");
        assert_close(&dbeta, &dbeta64, 2e-6, "dbeta");
    }
}

#[test]
fn running_statistics_move_as_in_keras() {
    let mut running = vec![0.0, 1.0];
    update_running_statistic(&mut running, &[10.0, 3.0], 0.99);
    assert_close(&running, &[0.1, 1.02], 1e-6, "one update");
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    for (rows, channels) in [(5000, 33), (60, 2000), (30_000, 3)] {
        let case = Case::new(rows, channels, 0.7, 1.0);
        assert_same_for_any_threads(&format!("{rows} × {channels}"), || {
            let (y, [mean, variance, inverse_std]) = case.forward();
            let with = Normalisation { gamma: &case.gamma, mean: &mean, inverse_std: &inverse_std };
            let (mut dx, mut dgamma, mut dbeta) = (y.clone(), mean.clone(), mean.clone());
            batch_norm_backward_training(&case.x, &case.dy, with, &mut dx, &mut dgamma, &mut dbeta);
            [y, mean.clone(), variance, inverse_std.clone(), dx, dgamma, dbeta].concat()
        });
    }
}

#[test]
fn other_vectors_agree_too() {
    common::test_again_with_other_vectors();
}
