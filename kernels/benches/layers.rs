//! Every layer shape of the shipped experiments (the smallest GAN of 2x2 images aside), and what else a step is made of:
//! `just bench-layers [FILTER]`; with `--output-format bencher` each is one line.
//!
//! A group is `experiment/layer`, its benchmarks are the passes. The throughput counts nominal operations (two for a
//! multiply-add, the taps on padding among them), so `Gelem/s` reads as GFLOP/s. `RAYON_NUM_THREADS` says how many threads.

use std::time::Duration;

use atelier_kernels::activation::{tanh, tanh_backward};
use atelier_kernels::batch_norm::{
    Affine, BatchStatistics, batch_norm_backward_training, batch_norm_forward_training,
};
use atelier_kernels::bias::bias_gradient;
use atelier_kernels::conv::{Conv, conv_data_gradient, conv_forward, conv_weight_gradient};
use atelier_kernels::dense::{Dense, dense_data_gradient, dense_forward, dense_weight_gradient};
use atelier_kernels::epilogue::{Dropout, Epilogue};
use atelier_kernels::memory::{HugePages, keep_freed_memory};
use atelier_kernels::optimizer::{Adam, adam};
use atelier_kernels::reduce::{all_finite, sum_of_squares};
use atelier_kernels::spectral::Spectral;
use criterion::{Criterion, SamplingMode, Throughput};

#[global_allocator]
static ALLOCATOR: HugePages = HugePages;

/// The shipped DCGANs: experiment, width, batch.
const DCGANS: [(&str, usize, usize); 4] =
    [("dcgan_fashion", 64, 256), ("quickstart", 32, 64), ("fashion_update_rules", 16, 256), ("tiny", 4, 32)];

/// The shipped dense networks: experiment, batch, and the layers of both players, inputs and outputs.
const MLPS: [(&str, usize, &[[usize; 2]]); 2] = [
    ("gan_mnist", 100, &[[100, 512], [512, 512], [512, 784], [784, 512], [512, 1]]),
    ("gaussian_ring", 256, &[[16, 128], [128, 128], [128, 2], [2, 128], [128, 1]]),
];

/// A pass over one layer: its name and what it does.
type Pass<'a> = (&'a str, &'a mut dyn FnMut());

/// Benchmarks the passes of one layer, each of so many nominal operations or, where there is no such number, elements.
fn layer(criterion: &mut Criterion, name: &str, operations: usize, passes: &mut [Pass]) {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(operations as u64)).sampling_mode(SamplingMode::Flat);
    for (pass, operation) in passes {
        group.bench_function(*pass, |bencher| bencher.iter(&mut *operation));
    }
    group.finish();
}

fn random(length: usize) -> Vec<f32> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..length).map(|_| next()).collect()
}

fn convolution(criterion: &mut Criterion, experiment: &str, conv: &Conv) {
    let (x, w, dy) = (random(conv.input_len()), random(conv.weight_len()), random(conv.output_len()));
    let (mut y, mut dx, mut dw) = (dy.clone(), x.clone(), w.clone());
    let Conv { height, in_channels, out_channels, kernel, stride, .. } = *conv;
    layer(
        criterion,
        &format!(
            "{experiment}/conv {kernel}x{kernel} stride {stride} {in_channels}-{out_channels} on {height}"
        ),
        2 * conv.output_len() * kernel * kernel * in_channels,
        &mut [
            ("forward", &mut || conv_forward(conv, &x, &w, &mut y)),
            ("data gradient", &mut || conv_data_gradient(conv, &dy, &w, &mut dx)),
            ("weight gradient", &mut || conv_weight_gradient(conv, &x, &dy, &mut dw)),
        ],
    );
    let Some(plan) = Spectral::new(conv) else { return };
    let pays = if Spectral::where_it_pays(conv).is_some() { "chosen" } else { "not chosen" };
    let (of_x, of_dy) = (plan.input_spectrum(&x), plan.output_spectrum(&dy));
    layer(
        criterion,
        &format!(
            "{experiment}/conv {kernel}x{kernel} stride {stride} {in_channels}-{out_channels} on {height} by frequencies, {pays}"
        ),
        2 * conv.output_len() * kernel * kernel * in_channels,
        &mut [
            ("forward", &mut || drop(plan.forward(&x, &w, &mut y, &|_, _| {}))),
            ("data gradient", &mut || drop(plan.data_gradient(&dy, &w, &mut dx, &|_, _| {}))),
            ("weight gradient", &mut || plan.weight_gradient(&of_x, &of_dy, &mut dw)),
        ],
    );
}

fn dense(criterion: &mut Criterion, experiment: &str, batch: usize, inputs: usize, outputs: usize) {
    let dense = Dense { batch, inputs, outputs };
    let (x, w, dy) = (random(batch * inputs), random(inputs * outputs), random(batch * outputs));
    let (mut y, mut dx, mut dw) = (dy.clone(), x.clone(), w.clone());
    layer(
        criterion,
        &format!("{experiment}/dense {inputs}-{outputs}"),
        2 * batch * inputs * outputs,
        &mut [
            ("forward", &mut || dense_forward(&dense, &x, &w, &mut y)),
            ("data gradient", &mut || dense_data_gradient(&dense, &dy, &w, &mut dx)),
            ("weight gradient", &mut || dense_weight_gradient(&dense, &x, &dy, &mut dw)),
        ],
    );
}

fn batch_norm(criterion: &mut Criterion, experiment: &str, rows: usize, channels: usize) {
    let (x, dy) = (random(rows * channels), random(rows * channels));
    let (gamma, beta) = (random(channels), random(channels));
    let affine = Affine { gamma: &gamma, beta: &beta, slope: 0.3 };
    let (mut y, mut dx) = (x.clone(), dy.clone());
    let (mut dgamma, mut dbeta) = (vec![0.0; channels], vec![0.0; channels]);
    let mut statistics = BatchStatistics::default();
    batch_norm_forward_training(&x, affine, 1e-3, &mut y, &mut statistics);
    let before = statistics.clone();
    layer(
        criterion,
        &format!("{experiment}/batch norm and leaky relu {rows}x{channels}"),
        x.len(),
        &mut [
            ("forward", &mut || batch_norm_forward_training(&x, affine, 1e-3, &mut y, &mut statistics)),
            ("backward", &mut || {
                // In place: the gradient of a gradient, and so on, costs the same.
                batch_norm_backward_training(&x, &mut dx, affine, &before, &mut dgamma, &mut dbeta);
            }),
        ],
    );
}

/// What is left of the reference's step: (256, 14, 14, 64) is the discriminator's largest image.
fn elementwise(criterion: &mut Criterion) {
    let length = 256 * 14 * 14 * 64;
    let (x, dy) = (random(length), random(length));
    let (mut y, mut dx, mut bias) = (x.clone(), dy.clone(), vec![0.0; 64]);
    let dropout = Some(Dropout { rate: 0.3, key: 1, first: 0 });
    let epilogue = Epilogue { slope: Some(0.3), dropout };
    layer(
        criterion,
        "dcgan_fashion/bias, leaky relu, dropout 14x14x64",
        length,
        &mut [
            ("forward", &mut || epilogue.apply(Some(&[0.1; 64]), 64, &mut y)),
            ("backward", &mut || epilogue.backward(&x, &mut dx)),
            ("bias gradient", &mut || bias_gradient(&dy, &mut bias)),
        ],
    );
    let image = random(256 * 28 * 28);
    let (mut out, mut gradient) = (image.clone(), image.clone());
    layer(
        criterion,
        "dcgan_fashion/tanh 28x28x1",
        image.len(),
        &mut [
            ("forward", &mut || tanh(&image, &mut out)),
            ("backward", &mut || tanh_backward(&image, &mut gradient)),
        ],
    );
}

/// What is done once a step with all weights of the reference's generator, 2.33 million.
fn weights(criterion: &mut Criterion) {
    let gradient = random(2_330_000);
    let (mut w, mut m, mut v) = (gradient.clone(), gradient.clone(), vec![1.0; gradient.len()]);
    let settings = Adam { learning_rate: 1e-4, betas: [0.9, 0.999], epsilon: 1e-7 };
    layer(
        criterion,
        "dcgan_fashion/weights",
        gradient.len(),
        &mut [
            ("adam", &mut || adam(&settings, 5, &gradient, &mut w, &mut m, &mut v)),
            ("sum of squares", &mut || assert!(sum_of_squares(&gradient) > 0.0)),
            ("all finite", &mut || assert!(all_finite(&gradient))),
        ],
    );
}

/// Allocates, fills and frees ten blocks of 13 MB, as a step's tensors are: what `keep_freed_memory` saves.
fn memory(criterion: &mut Criterion, name: &str) {
    let mut blocks = || {
        drop((0..10).map(|_| std::hint::black_box(vec![1.0f32; 13_000_000 / 4])).collect::<Vec<_>>());
    };
    layer(criterion, "memory", 10 * 13_000_000 / 4, &mut [(name, &mut blocks)]);
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    memory(&mut criterion, "as the system does");
    keep_freed_memory();
    memory(&mut criterion, "kept");
    for (experiment, width, batch) in DCGANS {
        let conv = |size, in_channels, out_channels, stride| Conv {
            batch,
            height: size,
            width: size,
            in_channels,
            out_channels,
            kernel: 5,
            stride,
        };
        // A transposed convolution is the transpose of one of these: its forward pass is the data gradient here.
        convolution(&mut criterion, experiment, &conv(7, 2 * width, 4 * width, 1));
        convolution(&mut criterion, experiment, &conv(14, width, 2 * width, 2));
        convolution(&mut criterion, experiment, &conv(28, 1, width, 2));
        let latent = if experiment == "tiny" { 50 } else { 100 };
        dense(&mut criterion, experiment, batch, latent, 7 * 7 * 4 * width);
        dense(&mut criterion, experiment, batch, 7 * 7 * 2 * width, 1);
        batch_norm(&mut criterion, experiment, batch, 7 * 7 * 4 * width);
        batch_norm(&mut criterion, experiment, batch * 7 * 7, 2 * width);
        batch_norm(&mut criterion, experiment, batch * 14 * 14, width);
    }
    for (experiment, batch, layers) in MLPS {
        for [inputs, outputs] in layers {
            dense(&mut criterion, experiment, batch, *inputs, *outputs);
        }
    }
    elementwise(&mut criterion);
    weights(&mut criterion);
    criterion.final_summary();
}
