//! Milliseconds per layer of a DCGAN at batch 256: `cargo run --release --example layers [threads] [rounds]`.

use std::time::Instant;

use atelier_kernels::activation::{leaky_relu, leaky_relu_backward, tanh};
use atelier_kernels::batch_norm::*;
use atelier_kernels::bias::{add_bias, bias_gradient};
use atelier_kernels::conv::{Conv, conv_data_gradient, conv_forward, conv_weight_gradient};
use atelier_kernels::dense::{Dense, dense_data_gradient, dense_forward, dense_weight_gradient};
use atelier_kernels::dropout::{dropout, dropout_backward};
use atelier_kernels::epilogue::{Dropout, Epilogue, scale_rows};
use atelier_kernels::memory::keep_freed_memory;
use atelier_kernels::optimizer::{Adam, adam};
use atelier_kernels::reduce::{all_finite, sum_of_squares};

/// The least time of `rounds` calls, in ms.
fn best(rounds: usize, mut operation: impl FnMut()) -> f64 {
    operation();
    let mut time = || {
        let start = Instant::now();
        operation();
        start.elapsed().as_secs_f64() * 1e3
    };
    (0..rounds).map(|_| time()).fold(f64::INFINITY, f64::min)
}

fn random(length: usize) -> Vec<f32> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1664525).wrapping_add(1013904223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..length).map(|_| next()).collect()
}

fn convolution(name: &str, conv: Conv, rounds: usize) {
    let (x, w, dy) = (random(conv.input_len()), random(conv.weight_len()), random(conv.output_len()));
    let (mut y, mut dx, mut dw) = (dy.clone(), x.clone(), w.clone());
    let gflop = 2e-9 * (conv.output_len() * conv.kernel * conv.kernel * conv.in_channels) as f64;
    let times = [
        best(rounds, || conv_forward(&conv, &x, &w, &mut y)),
        best(rounds, || conv_data_gradient(&conv, &dy, &w, &mut dx)),
        best(rounds, || conv_weight_gradient(&conv, &x, &dy, &mut dw)),
    ];
    print!("{name:28}");
    for time in times {
        print!(" {time:8.2} ms {:6.0} GFLOP/s", gflop / time * 1e3);
    }
    println!();
}

/// Prints the times of some passes of a layer.
fn passes(name: &str, rounds: usize, operations: &mut [(&str, &mut dyn FnMut())]) {
    print!("{name:28}");
    for (pass, operation) in operations {
        print!(" {pass} {:.2} ms;", best(rounds, operation));
    }
    println!();
}

fn dense(name: &str, inputs: usize, outputs: usize, rounds: usize) {
    let dense = Dense { batch: BATCH, inputs, outputs };
    let (x, w, dy) = (random(BATCH * inputs), random(inputs * outputs), random(BATCH * outputs));
    let (mut y, mut dx, mut dw) = (dy.clone(), x.clone(), w.clone());
    passes(
        name,
        rounds,
        &mut [
            ("forward", &mut || dense_forward(&dense, &x, &w, &mut y)),
            ("data gradient", &mut || dense_data_gradient(&dense, &dy, &w, &mut dx)),
            ("weight gradient", &mut || dense_weight_gradient(&dense, &x, &dy, &mut dw)),
        ],
    );
}

fn batch_norm(name: &str, rows: usize, channels: usize, rounds: usize) {
    // Gradients are replaced by gradients again and again: with this gamma they keep their size.
    let (x, gamma, beta) = (random(rows * channels), vec![0.577; channels], random(channels));
    let (mut y, mut dy) = (x.clone(), random(rows * channels));
    let (mut dgamma, mut dbeta) = (vec![0.0; channels], vec![0.0; channels]);
    let mut statistics = BatchStatistics::default();
    for (name, slope) in [(name, 1.0), ("  and leaky relu", 0.3)] {
        let affine = Affine { gamma: &gamma, beta: &beta, slope };
        let forward = &mut || batch_norm_forward_training(&x, affine, 1e-3, &mut y, &mut statistics);
        passes(name, rounds, &mut [("forward", forward)]);
        let backward = &mut || {
            batch_norm_backward_training(&x, &mut dy, affine, &statistics, &mut dgamma, &mut dbeta);
        };
        passes("", rounds, &mut [("backward", backward)]);
    }
}

fn elementwise(rounds: usize) {
    let length = BATCH * 14 * 14 * 64;
    let (x, mut dy) = (random(length), random(length));
    let (mut y, mut dbias, bias) = (x.clone(), vec![0.0; 64], [0.1; 64]);
    let mut dx = x.clone();
    passes(
        "14x14x64",
        rounds,
        &mut [
            ("dropout", &mut || dropout(&x, 0.3, 1, &mut y)),
            ("leaky relu", &mut || leaky_relu(&x, 0.3, &mut dx)),
        ],
    );
    // The gradients are multiplied in place again and again: by one, lest they fade to numbers that are slow to multiply.
    passes("", rounds, &mut [("leaky relu backward", &mut || leaky_relu_backward(&x, &mut dy, 1.0))]);
    passes("", rounds, &mut [("dropout backward", &mut || dropout_backward(&mut dy, 1e-9, 1))]);
    passes("", rounds, &mut [("bias gradient", &mut || bias_gradient(&dy, &mut dbias))]);
    passes("", rounds, &mut [("bias", &mut || add_bias(&mut dx, &bias))]);
    let dropout = Some(Dropout { rate: 0.3, key: 1, first: 0 });
    for (name, epilogue) in [
        ("bias", Epilogue::default()),
        ("bias, leaky relu", Epilogue { slope: Some(0.3), dropout: None }),
        ("bias, leaky relu, dropout", Epilogue { slope: Some(0.3), dropout }),
    ] {
        let mut y = x.clone();
        passes(
            &format!("  {name}"),
            rounds,
            &mut [("in one", &mut || epilogue.apply(Some(&bias), 64, &mut y))],
        );
        let mut dy = random(length);
        passes("", rounds, &mut [("backward", &mut || epilogue.backward(&y, &mut dy))]);
    }
    passes("256 x 12544", rounds, &mut [("rows scaled", &mut || scale_rows(&[1.0; BATCH], &mut y))]);
    let image = random(BATCH * 28 * 28);
    let mut out = image.clone();
    passes("28x28x1", rounds, &mut [("tanh", &mut || tanh(&image, &mut out))]);
    let g = random(2_330_000);
    let (mut w, mut m, mut v) = (g.clone(), g.clone(), vec![1.0; g.len()]);
    let settings = Adam { learning_rate: 1e-4, betas: [0.9, 0.999], epsilon: 1e-7 };
    passes("2.33 M weights", rounds, &mut [("adam", &mut || adam(&settings, 5, &g, &mut w, &mut m, &mut v))]);
    passes(
        "",
        rounds,
        &mut [
            ("sum of squares", &mut || assert!(sum_of_squares(&g) > 0.0)),
            ("all finite", &mut || assert!(all_finite(&g))),
        ],
    );
}

/// Allocates, fills and frees ten blocks of 13 MB, as a step's tensors are.
fn memory(name: &str, rounds: usize) {
    let mut step =
        || drop((0..10).map(|_| std::hint::black_box(vec![1.0f32; 13_000_000 / 4])).collect::<Vec<_>>());
    passes(name, rounds, &mut [("allocate, fill and free 10 x 13 MB", &mut step)]);
}

const BATCH: usize = 256;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse().expect("a number"));
    let threads = arguments.next().unwrap_or(2);
    let rounds = arguments.next().unwrap_or(10);
    memory("memory, as the system does", rounds);
    println!("memory kept: {}", keep_freed_memory());
    memory("memory, kept", rounds);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    pool.install(|| {
        let conv = |size, in_channels, out_channels, stride| Conv {
            batch: BATCH,
            height: size,
            width: size,
            in_channels,
            out_channels,
            kernel: 5,
            stride,
        };
        println!(
            "{:28} {:>26} {:>26} {:>26}",
            "convolution (nominal rate)", "forward", "data gradient", "weight gradient"
        );
        convolution("256 -> 128, 5x5 s1, 7x7", conv(7, 256, 128, 1), rounds);
        convolution("64 -> 128, 5x5 s2, 14 -> 7", conv(14, 64, 128, 2), rounds);
        convolution("1 -> 64, 5x5 s2, 28 -> 14", conv(28, 1, 64, 2), rounds);
        dense("dense 100 -> 12544", 100, 12544, rounds);
        dense("dense 6272 -> 1", 6272, 1, rounds);
        batch_norm("batch norm 12544 x 256", 12544, 256, rounds);
        batch_norm("batch norm 256 x 12544", 256, 12544, rounds);
        batch_norm("batch norm 50176 x 64", 50176, 64, rounds);
        elementwise(rounds);
    });
}
