//! Batch normalisation (Ioffe and Szegedy 2015, algorithm 1) of (rows, channels) matrices; rows are examples, or all pixels of all images.
//!
//! `y = gamma · (x − mean) / sqrt(variance + epsilon) + beta`, per channel. In training, mean and (biased) variance are those of the batch; in
//! evaluation they are running statistics. A LeakyReLU may follow: it is taken in the pass that normalises, and its gradient in the passes of
//! the backward function, which find the sign of its input from x again, by the formula and with the numbers of the forward pass.
//!
//! Each chunk of rows is read once and reduced in two passes while it is in the cache (its mean, then its squared differences from
//! that mean); chunks are combined in `f64` (Chan, Golub and LeVeque 1983), so that a large mean costs no accuracy.

use std::ops::Range;

use crate::columns::{BLOCK, Chunks, add_rows};
use crate::parallel::{Shared, vectorized, with_scratch};

/// What follows the normalisation: `y = leaky_relu(gamma · x̂ + beta)`.
#[derive(Clone, Copy, Debug)]
pub struct Affine<'a> {
    /// Scale: (channels,).
    pub gamma: &'a [f32],
    /// Offset: (channels,).
    pub beta: &'a [f32],
    /// LeakyReLU's slope, from 0 to 1; at 1 there is no activation.
    pub slope: f32,
}

/// How a forward pass normalised, per channel: its backward pass and the running statistics need it.
///
/// The forward passes give it its size; one that is used again is not allocated again.
#[derive(Clone, Debug, Default)]
pub struct BatchStatistics {
    /// The mean that was subtracted: in training the batch's, else the running one.
    pub mean: Vec<f32>,
    /// Likewise the biased variance, the mean of the squared differences.
    pub variance: Vec<f32>,
    /// `1 / sqrt(variance + epsilon)`
    pub inverse_std: Vec<f32>,
    /// What went into LeakyReLU is `scale · (x − mean) + offset`, and only these very numbers give every element its sign again.
    scale: Vec<f32>,
    offset: Vec<f32>,
}

impl BatchStatistics {
    fn resize(&mut self, channels: usize) {
        let Self { mean, variance, inverse_std, scale, offset } = self;
        for vector in [mean, variance, inverse_std, scale, offset] {
            vector.resize(channels, 0.0);
        }
    }

    fn preactivation(&self) -> Preactivation<'_> {
        Preactivation { mean: &self.mean, scale: &self.scale, offset: &self.offset }
    }
}

/// Normalises with the statistics of the batch, which it writes: (rows, channels) -> (rows, channels).
pub fn batch_norm_forward_training(
    x: &[f32],
    affine: Affine<'_>,
    epsilon: f32,
    y: &mut [f32],
    statistics: &mut BatchStatistics,
) {
    let Affine { gamma, beta, slope } = affine;
    let channels = gamma.len();
    check(&[x.len(), y.len()], channels, &[beta.len()], slope);
    statistics.resize(channels);
    let BatchStatistics { mean, variance, inverse_std, scale, offset } = statistics;
    let chunks = Chunks::new(x.len(), channels);
    let outputs = [mean, variance, inverse_std, scale, offset].map(|numbers| Shared::new(numbers));
    let [of_mean, _, _, of_scale, of_offset] = outputs;
    let target = Shared::new(y);
    chunks.reduce_then(
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
        |rows, columns| {
            // SAFETY: these columns have been combined, and nobody writes to their numbers any more.
            let [mean, scale, offset] = [of_mean, of_scale, of_offset]
                .map(|numbers| unsafe { numbers.read(columns.start, columns.len()) });
            normalise_piece(x, Preactivation { mean, scale, offset }, slope, channels, rows, columns, target);
        },
    );
}

/// Normalises with running statistics, which it copies to `statistics`: (rows, channels) -> (rows, channels).
pub fn batch_norm_forward_evaluation(
    x: &[f32],
    affine: Affine<'_>,
    running_mean: &[f32],
    running_variance: &[f32],
    epsilon: f32,
    y: &mut [f32],
    statistics: &mut BatchStatistics,
) {
    let Affine { gamma, beta, slope } = affine;
    let channels = gamma.len();
    let vectors = [beta.len(), running_mean.len(), running_variance.len()];
    check(&[x.len(), y.len()], channels, &vectors, slope);
    statistics.resize(channels);
    statistics.mean.copy_from_slice(running_mean);
    statistics.variance.copy_from_slice(running_variance);
    statistics.offset.copy_from_slice(beta);
    for c in 0..channels {
        let variance = f64::from(running_variance[c]);
        statistics.inverse_std[c] = (1.0 / (variance + f64::from(epsilon)).sqrt()) as f32;
        statistics.scale[c] = gamma[c] * statistics.inverse_std[c];
    }
    normalise(x, statistics.preactivation(), slope, y);
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

/// The gradients in training, where mean and variance depend on x.
///
/// With g, the gradient of what goes into LeakyReLU: `gamma·inverse_std · (g − mean(g) − x̂ · mean(g·x̂))` in place of `dy`;
/// `dgamma += Σ g·x̂`, `dbeta += Σ g`. `affine` and `statistics` are those of the forward pass.
pub fn batch_norm_backward_training(
    x: &[f32],
    dy: &mut [f32],
    affine: Affine<'_>,
    statistics: &BatchStatistics,
    dgamma: &mut [f32],
    dbeta: &mut [f32],
) {
    backward(x, dy, affine, statistics, true, dgamma, dbeta);
}

/// The gradients in evaluation, where mean and variance are constants.
///
/// With g, the gradient of what goes into LeakyReLU: `gamma·inverse_std · g` in place of `dy`; `dgamma += Σ g·x̂`, `dbeta += Σ g`.
/// `affine` and `statistics` are those of the forward pass.
pub fn batch_norm_backward_evaluation(
    x: &[f32],
    dy: &mut [f32],
    affine: Affine<'_>,
    statistics: &BatchStatistics,
    dgamma: &mut [f32],
    dbeta: &mut [f32],
) {
    backward(x, dy, affine, statistics, false, dgamma, dbeta);
}

fn backward(
    x: &[f32],
    dy: &mut [f32],
    affine: Affine<'_>,
    statistics: &BatchStatistics,
    training: bool,
    dgamma: &mut [f32],
    dbeta: &mut [f32],
) {
    let Affine { gamma, beta, slope } = affine;
    let channels = gamma.len();
    let inverse_std = &statistics.inverse_std;
    let vectors = [beta.len(), inverse_std.len(), dgamma.len(), dbeta.len()];
    check(&[x.len(), dy.len()], channels, &vectors, slope);
    let before = statistics.preactivation();
    let chunks = Chunks::new(x.len(), channels);
    // dx = of_dy · g + of_x · (x − mean) + constant
    with_scratch(3 * channels, |coefficients| {
        let (of_dy, rest) = coefficients.split_at_mut(channels);
        let (of_x, constant) = rest.split_at_mut(channels);
        let outputs = [dgamma, dbeta, of_dy, of_x, constant].map(Shared::new);
        let [_, _, coefficients @ ..] = outputs;
        let target = Shared::new(dy);
        chunks.reduce_then(
            |rows, columns, sums| reduce_gradients(x, target, before, slope, rows, columns, sums),
            |columns, partial| {
                // SAFETY: each block of columns is combined by one task.
                let outputs = outputs.map(|output| unsafe { output.slice(columns.start, columns.len()) });
                let [dgamma, dbeta, of_dy, of_x, constant] = outputs;
                let sum_dy = partial.total(0, columns.clone());
                let sum_dy_x = partial.total(1, columns.clone());
                let per_row = if training { 1.0 / chunks.rows as f64 } else { 0.0 };
                for (c, channel) in columns.enumerate() {
                    let inverse = f64::from(inverse_std[channel]);
                    let factor = f64::from(gamma[channel]) * inverse;
                    dbeta[c] = (f64::from(dbeta[c]) + sum_dy[c]) as f32;
                    dgamma[c] = (f64::from(dgamma[c]) + sum_dy_x[c] * inverse) as f32;
                    of_dy[c] = factor as f32;
                    of_x[c] = (-factor * inverse * inverse * sum_dy_x[c] * per_row) as f32;
                    constant[c] = (-factor * sum_dy[c] * per_row) as f32;
                }
            },
            |rows, columns| {
                let (before, count) = (before.of(columns.clone()), columns.len());
                // SAFETY: these columns have been combined, and nobody writes to their numbers any more.
                let coefficients = coefficients.map(|numbers| unsafe { numbers.read(columns.start, count) });
                vectorized(
                    #[inline(always)]
                    || {
                        for row in rows {
                            let start = row * channels + columns.start;
                            // SAFETY: each piece of the matrix belongs to one task, and its columns have been reduced.
                            let dy = unsafe { target.slice(start, count) };
                            input_gradient(&x[start..][..count], before, slope, coefficients, dy);
                        }
                    },
                );
            },
        );
    });
}

fn check(matrices: &[usize], channels: usize, vectors: &[usize], slope: f32) {
    assert!(
        matrices.iter().all(|&elements| elements == matrices[0]),
        "matrices of different sizes: {matrices:?}"
    );
    assert!(
        vectors.iter().all(|&length| length == channels),
        "{channels} channels, but vectors of {vectors:?}"
    );
    assert!((0.0..=1.0).contains(&slope), "LeakyReLU's slope is from 0 to 1, not {slope}");
}

/// What goes into LeakyReLU, `scale · (x − mean) + offset`, per channel.
#[derive(Clone, Copy)]
struct Preactivation<'a> {
    mean: &'a [f32],
    scale: &'a [f32],
    offset: &'a [f32],
}

impl<'a> Preactivation<'a> {
    fn of(self, columns: Range<usize>) -> Self {
        let Self { mean, scale, offset } = self;
        let [mean, scale, offset] = [mean, scale, offset].map(|all| &all[columns.clone()]);
        Self { mean, scale, offset }
    }
}

/// Of x less the mean. Both directions call this one, so that they agree about every sign.
#[inline(always)]
fn preactivation(centred: f32, scale: f32, offset: f32) -> f32 {
    scale * centred + offset
}

/// `x` where `preactivation` > 0, else `slope · x`: LeakyReLU if x is the pre-activation, its backward pass if x is a gradient. A slope of
/// one changes no bit.
#[inline(always)]
fn leaky(preactivation: f32, slope: f32, x: f32) -> f32 {
    if preactivation > 0.0 { x } else { slope * x }
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
    let x = Shared::only_read(x);
    vectorized(
        #[inline(always)]
        // SAFETY: the matrix is borrowed, so nobody writes to it.
        || unsafe {
            add_rows(rows.clone(), columns.clone(), channels, [x], [], [&mut *mean], |[x], []| [x]);
            let factor = 1.0 / rows.len() as f32;
            mean.iter_mut().for_each(|mean| *mean *= factor);
            add_rows(rows, columns, channels, [x], [mean], [residual, squares], |[x], [mean]| {
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

/// A chunk's Σ g and Σ g·(x − mean), per column, where g is the gradient of what goes into LeakyReLU. Nobody may write to these columns of
/// `dy` meanwhile.
fn reduce_gradients(
    x: &[f32],
    dy: Shared<'_>,
    before: Preactivation<'_>,
    slope: f32,
    rows: Range<usize>,
    columns: Range<usize>,
    sums: [&mut [f32]; 2],
) {
    let stride = before.mean.len();
    let Preactivation { mean, scale, offset } = before.of(columns.clone());
    let x = Shared::only_read(x);
    vectorized(
        #[inline(always)]
        // SAFETY: x is borrowed, so nobody writes to it; columns of dy are written after they were reduced, by the task that reduced them or
        // when all are.
        || unsafe {
            let of_column = [mean, scale, offset];
            add_rows(
                rows,
                columns,
                stride,
                [x, dy],
                of_column,
                sums,
                move |[x, dy], [mean, scale, offset]| {
                    let centred = x - mean;
                    let dy = leaky(preactivation(centred, scale, offset), slope, dy);
                    [dy, dy * centred]
                },
            );
        },
    );
}

/// `y = leaky_relu(scale · (x − mean) + offset)`
fn normalise(x: &[f32], before: Preactivation<'_>, slope: f32, y: &mut [f32]) {
    let channels = before.mean.len();
    let target = Shared::new(y);
    Chunks::new(x.len(), channels).for_each(|_, rows, columns| {
        normalise_piece(x, before.of(columns.clone()), slope, channels, rows, columns, target);
    });
}

/// The same of some rows and columns, which belong to the task that calls; `before` are these columns'.
fn normalise_piece(
    x: &[f32],
    before: Preactivation<'_>,
    slope: f32,
    channels: usize,
    rows: Range<usize>,
    columns: Range<usize>,
    y: Shared<'_>,
) {
    vectorized(
        #[inline(always)]
        || {
            let count = columns.len();
            for row in rows {
                let start = row * channels + columns.start;
                // SAFETY: each piece of the matrix belongs to one task.
                let y = unsafe { y.slice(start, count) };
                normalise_row(&x[start..][..count], before, slope, y);
            }
        },
    );
}

// Rows are functions of their own because the compiler knows of their arguments, and of nothing else, that the output overlaps no input.

#[inline(always)]
fn normalise_row(x: &[f32], before: Preactivation<'_>, slope: f32, y: &mut [f32]) {
    let count = y.len();
    let Preactivation { mean, scale, offset } = before;
    let (x, mean, scale, offset) = (&x[..count], &mean[..count], &scale[..count], &offset[..count]);
    for c in 0..count {
        let value = preactivation(x[c] - mean[c], scale[c], offset[c]);
        y[c] = leaky(value, slope, value);
    }
}

#[inline(always)]
fn input_gradient(
    x: &[f32],
    before: Preactivation<'_>,
    slope: f32,
    coefficients: [&[f32]; 3],
    dy: &mut [f32],
) {
    let count = dy.len();
    let Preactivation { mean, scale, offset } = before;
    let (x, mean, scale, offset) = (&x[..count], &mean[..count], &scale[..count], &offset[..count]);
    let [of_dy, of_x, constant] = coefficients.map(|numbers| &numbers[..count]);
    for c in 0..count {
        let centred = x[c] - mean[c];
        let g = leaky(preactivation(centred, scale[c], offset[c]), slope, dy[c]);
        dy[c] = of_dy[c] * g + (of_x[c] * centred + constant[c]);
    }
}
