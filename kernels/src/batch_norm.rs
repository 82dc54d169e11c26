//! Batch normalisation (Ioffe and Szegedy 2015, algorithm 1) of (rows, channels) matrices; rows are examples, or all pixels of all images.
//!
//! `y = gamma · (x − mean) / sqrt(variance + epsilon) + beta`, per channel. In training, mean and (biased) variance are those of the batch; in
//! evaluation they are running statistics.
//!
//! Each chunk of rows is read once and reduced in two passes while it is in the cache (its mean, then its squared differences from
//! that mean); chunks are combined in `f64` (Chan, Golub and LeVeque 1983), so that a large mean costs no accuracy.

use std::ops::Range;

use crate::columns::{BLOCK, Chunks, add_rows};
use crate::parallel::{Shared, vectorized, with_scratch};

/// What the training pass finds about a batch, per channel: its backward pass and the running statistics need it.
pub struct BatchStatistics<'a> {
    /// Mean.
    pub mean: &'a mut [f32],
    /// Biased variance, the mean of the squared differences.
    pub variance: &'a mut [f32],
    /// `1 / sqrt(variance + epsilon)`.
    pub inverse_std: &'a mut [f32],
}

/// Normalises with the statistics of the batch, which it writes: (rows, channels) -> (rows, channels).
pub fn batch_norm_forward_training(
    x: &[f32],
    gamma: &[f32],
    beta: &[f32],
    epsilon: f32,
    y: &mut [f32],
    statistics: BatchStatistics<'_>,
) {
    let channels = gamma.len();
    let BatchStatistics { mean, variance, inverse_std } = statistics;
    check(&[x.len(), y.len()], channels, &[beta.len(), mean.len(), variance.len(), inverse_std.len()]);
    with_scratch(2 * channels, |coefficients| {
        let (scale, offset) = coefficients.split_at_mut(channels);
        let chunks = Chunks::new(x.len(), channels);
        let outputs = [&mut *mean, variance, inverse_std, &mut *scale, &mut *offset].map(Shared::new);
        chunks.reduce(
            |rows, columns, sums| reduce_moments(x, channels, rows, columns, sums),
            |columns, partial| {
                // SAFETY: each block of columns is combined by one task.
                let outputs = outputs.map(|output| unsafe { output.slice(columns.start, columns.len()) });
                let [mean, variance, inverse_std, scale, offset] = outputs;
                let moments = combine_moments(chunks.rows, partial.of(columns.clone()));
                for c in 0..columns.len() {
                    let (exact_mean, exact_variance) = (moments.0[c], moments.1[c]);
                    let exact_inverse = 1.0 / (exact_variance + f64::from(epsilon)).sqrt();
                    let exact_scale = f64::from(gamma[columns.start + c]) * exact_inverse;
                    mean[c] = exact_mean as f32;
                    variance[c] = exact_variance as f32;
                    inverse_std[c] = exact_inverse as f32;
                    scale[c] = exact_scale as f32;
                    // What rounding took from the mean is put back here.
                    let rounded = exact_mean - f64::from(mean[c]);
                    offset[c] = (f64::from(beta[columns.start + c]) - rounded * exact_scale) as f32;
                }
            },
        );
        normalise(x, mean, scale, offset, y);
    });
}

/// Normalises with running statistics: (rows, channels) -> (rows, channels).
pub fn batch_norm_forward_evaluation(
    x: &[f32],
    gamma: &[f32],
    beta: &[f32],
    running_mean: &[f32],
    running_variance: &[f32],
    epsilon: f32,
    y: &mut [f32],
) {
    let channels = gamma.len();
    check(&[x.len(), y.len()], channels, &[beta.len(), running_mean.len(), running_variance.len()]);
    with_scratch(channels, |scale| {
        for ((scale, gamma), variance) in scale.iter_mut().zip(gamma).zip(running_variance) {
            *scale = gamma * inverse_std(*variance, epsilon);
        }
        normalise(x, running_mean, scale, beta, y);
    });
}

/// `running = momentum · running + (1 − momentum) · batch`, per channel, for the mean and for the variance.
///
/// As in Keras, the variance that enters is the biased one (PyTorch takes the unbiased one).
pub fn update_running_statistic(running: &mut [f32], batch: &[f32], momentum: f32) {
    assert_eq!(running.len(), batch.len(), "channels of the running and of the batch's statistic");
    for (running, batch) in running.iter_mut().zip(batch) {
        *running = *running * momentum + batch * (1.0 - momentum);
    }
}

/// What the backward passes know from the forward pass, per channel.
#[derive(Clone, Copy)]
pub struct Normalisation<'a> {
    /// Scale.
    pub gamma: &'a [f32],
    /// The mean that was subtracted.
    pub mean: &'a [f32],
    /// What was multiplied with: in training [`BatchStatistics::inverse_std`], in evaluation [`inverse_stds`] of the running variance.
    pub inverse_std: &'a [f32],
}

/// `1 / sqrt(variance + epsilon)`, per channel.
pub fn inverse_stds(variance: &[f32], epsilon: f32, inverse: &mut [f32]) {
    assert_eq!(variance.len(), inverse.len(), "channels");
    for (inverse, &variance) in inverse.iter_mut().zip(variance) {
        *inverse = inverse_std(variance, epsilon);
    }
}

/// The gradients in training, where mean and variance depend on x:
/// `dx = gamma·inverse_std · (dy − mean(dy) − x̂ · mean(dy·x̂))`, overwritten; `dgamma += Σ dy·x̂`, `dbeta += Σ dy`.
pub fn batch_norm_backward_training(
    x: &[f32],
    dy: &[f32],
    with: Normalisation<'_>,
    dx: &mut [f32],
    dgamma: &mut [f32],
    dbeta: &mut [f32],
) {
    backward(x, dy, with, true, dx, dgamma, dbeta);
}

/// The gradients in evaluation, where mean and variance are constants: `dx = gamma·inverse_std · dy`, overwritten; `dgamma += Σ dy·x̂`,
/// `dbeta += Σ dy`.
pub fn batch_norm_backward_evaluation(
    x: &[f32],
    dy: &[f32],
    with: Normalisation<'_>,
    dx: &mut [f32],
    dgamma: &mut [f32],
    dbeta: &mut [f32],
) {
    backward(x, dy, with, false, dx, dgamma, dbeta);
}

fn backward(
    x: &[f32],
    dy: &[f32],
    with: Normalisation<'_>,
    training: bool,
    dx: &mut [f32],
    dgamma: &mut [f32],
    dbeta: &mut [f32],
) {
    let Normalisation { gamma, mean, inverse_std } = with;
    let channels = gamma.len();
    check(
        &[x.len(), dy.len(), dx.len()],
        channels,
        &[mean.len(), inverse_std.len(), dgamma.len(), dbeta.len()],
    );
    let chunks = Chunks::new(x.len(), channels);
    // dx = scale · dy + slope · (x − mean) + offset
    with_scratch(3 * channels, |coefficients| {
        let (scale, rest) = coefficients.split_at_mut(channels);
        let (slope, offset) = rest.split_at_mut(channels);
        let outputs = [dgamma, dbeta, &mut *scale, &mut *slope, &mut *offset].map(Shared::new);
        chunks.reduce(
            |rows, columns, sums| reduce_gradients(x, dy, mean, rows, columns, sums),
            |columns, partial| {
                // SAFETY: each block of columns is combined by one task.
                let outputs = outputs.map(|output| unsafe { output.slice(columns.start, columns.len()) });
                let [dgamma, dbeta, scale, slope, offset] = outputs;
                let sum_dy = partial.total(0, columns.clone());
                let sum_dy_x = partial.total(1, columns.clone());
                let per_row = if training { 1.0 / chunks.rows as f64 } else { 0.0 };
                for (c, channel) in columns.enumerate() {
                    let inverse = f64::from(inverse_std[channel]);
                    let factor = f64::from(gamma[channel]) * inverse;
                    dbeta[c] = (f64::from(dbeta[c]) + sum_dy[c]) as f32;
                    dgamma[c] = (f64::from(dgamma[c]) + sum_dy_x[c] * inverse) as f32;
                    scale[c] = factor as f32;
                    slope[c] = (-factor * inverse * inverse * sum_dy_x[c] * per_row) as f32;
                    offset[c] = (-factor * sum_dy[c] * per_row) as f32;
                }
            },
        );
        let target = Shared::new(dx);
        chunks.for_each(|_, rows, columns| {
            let [mean, scale, slope, offset] = [mean, scale, slope, offset].map(|all| &all[columns.clone()]);
            vectorized(
                #[inline(always)]
                || {
                    let count = columns.len();
                    for row in rows {
                        let start = row * channels + columns.start;
                        // SAFETY: each piece of the matrix belongs to one task.
                        let dx = unsafe { target.slice(start, count) };
                        let (x, dy) = (&x[start..][..count], &dy[start..][..count]);
                        input_gradient(x, dy, mean, scale, slope, offset, dx);
                    }
                },
            );
        });
    });
}

fn check(matrices: &[usize], channels: usize, vectors: &[usize]) {
    assert!(
        matrices.iter().all(|&elements| elements == matrices[0]),
        "matrices of different sizes: {matrices:?}"
    );
    assert!(
        vectors.iter().all(|&length| length == channels),
        "{channels} channels, but vectors of {vectors:?}"
    );
}

fn inverse_std(variance: f32, epsilon: f32) -> f32 {
    (1.0 / (f64::from(variance) + f64::from(epsilon)).sqrt()) as f32
}

/// A chunk's mean m (rounded), Σ (x − m) and Σ (x − m)², per column.
fn reduce_moments(
    x: &[f32],
    channels: usize,
    rows: Range<usize>,
    columns: Range<usize>,
    sums: [&mut [f32]; 3],
) {
    let [mean, residual, squares] = sums;
    vectorized(
        #[inline(always)]
        || {
            // The sums' own memory, of any content, stands in for numbers that the first pass does not need.
            add_rows(rows.clone(), columns.clone(), channels, [x], residual, [&mut *mean], |[x], _| [x]);
            let factor = 1.0 / rows.len() as f32;
            mean.iter_mut().for_each(|mean| *mean *= factor);
            add_rows(rows, columns, channels, [x], mean, [residual, squares], |[x], mean| {
                let difference = x - mean;
                [difference, difference * difference]
            });
        },
    );
}

/// Mean and biased variance of all rows, from those of the chunks.
fn combine_moments<'a>(
    rows: usize,
    chunks: impl Iterator<Item = (usize, [&'a [f32]; 3])> + Clone,
) -> ([f64; BLOCK], [f64; BLOCK]) {
    let (mut mean, mut variance) = ([0.0; BLOCK], [0.0; BLOCK]);
    for (size, [rounded, residual, _]) in chunks.clone() {
        for ((mean, &rounded), &residual) in mean.iter_mut().zip(rounded).zip(residual) {
            *mean += f64::from(rounded) * size as f64 + f64::from(residual);
        }
    }
    mean.iter_mut().for_each(|mean| *mean /= rows as f64);
    for (size, [rounded, residual, squares]) in chunks {
        let n = size as f64;
        for c in 0..rounded.len() {
            let residual = f64::from(residual[c]);
            let distance = f64::from(rounded[c]) + residual / n - mean[c];
            variance[c] += f64::from(squares[c]) - residual * residual / n + n * distance * distance;
        }
    }
    variance.iter_mut().for_each(|variance| *variance = (*variance / rows as f64).max(0.0));
    (mean, variance)
}

/// A chunk's Σ dy and Σ dy·(x − mean), per column.
fn reduce_gradients(
    x: &[f32],
    dy: &[f32],
    mean: &[f32],
    rows: Range<usize>,
    columns: Range<usize>,
    sums: [&mut [f32]; 2],
) {
    vectorized(
        #[inline(always)]
        || {
            let stride = mean.len();
            let mean = &mean[columns.clone()];
            add_rows(rows, columns, stride, [x, dy], mean, sums, |[x, dy], mean| [dy, dy * (x - mean)]);
        },
    );
}

/// `y = scale · (x − mean) + offset`
fn normalise(x: &[f32], mean: &[f32], scale: &[f32], offset: &[f32], y: &mut [f32]) {
    let channels = mean.len();
    let target = Shared::new(y);
    Chunks::new(x.len(), channels).for_each(|_, rows, columns| {
        let [mean, scale, offset] = [mean, scale, offset].map(|all| &all[columns.clone()]);
        vectorized(
            #[inline(always)]
            || {
                let count = columns.len();
                for row in rows {
                    let start = row * channels + columns.start;
                    // SAFETY: each piece of the matrix belongs to one task.
                    let y = unsafe { target.slice(start, count) };
                    normalise_row(&x[start..][..count], mean, scale, offset, y);
                }
            },
        );
    });
}

// Rows are functions of their own because the compiler knows of their arguments, and of nothing else, that the output overlaps no input.

#[inline(always)]
fn normalise_row(x: &[f32], mean: &[f32], scale: &[f32], offset: &[f32], y: &mut [f32]) {
    let count = y.len();
    let (x, mean, scale, offset) = (&x[..count], &mean[..count], &scale[..count], &offset[..count]);
    for c in 0..count {
        y[c] = scale[c] * (x[c] - mean[c]) + offset[c];
    }
}

#[inline(always)]
fn input_gradient(
    x: &[f32],
    dy: &[f32],
    mean: &[f32],
    scale: &[f32],
    slope: &[f32],
    offset: &[f32],
    dx: &mut [f32],
) {
    let count = dx.len();
    let (x, dy, mean) = (&x[..count], &dy[..count], &mean[..count]);
    let (scale, slope, offset) = (&scale[..count], &slope[..count], &offset[..count]);
    for c in 0..count {
        dx[c] = scale[c] * dy[c] + (slope[c] * (x[c] - mean[c]) + offset[c]);
    }
}
