//! Convolutions against plain loops in f64.

mod common;

use atelier_kernels::conv::{Conv, conv_data_gradient, conv_forward, conv_weight_gradient};
use common::convolution::{Gradients, for_each_tap};
use common::{assert_close, assert_same_for_any_threads, random, wide};

fn check(conv: Conv) {
    let (x, w, dy) =
        (random(conv.input_len(), 1), random(conv.weight_len(), 2), random(conv.output_len(), 3));
    let before = random(conv.weight_len(), 4);
    // What was there must be overwritten, or added to.
    let (mut y, mut dx, mut dw) = (vec![f32::NAN; dy.len()], vec![f32::NAN; x.len()], before.clone());
    conv_forward(&conv, &x, &w, &mut y);
    conv_data_gradient(&conv, &dy, &w, &mut dx);
    conv_weight_gradient(&conv, &x, &dy, &mut dw);

    let Gradients { y: y64, dx: dx64, dw: dw64 } = Gradients::of(&conv, &x, &w, &dy, &before);
    // A weight's gradient sums thousands of products of both signs, and a small kernel has few weights to average over.
    let bound = 1e-6;
    assert_close(&y, &y64, bound, &format!("forward of {conv:?}"));
    assert_close(&dx, &dx64, bound, &format!("data gradient of {conv:?}"));
    assert_close(&dw, &dw64, 3.0 * bound, &format!("weight gradient of {conv:?}"));
}

#[test]
fn agrees_with_plain_loops_over_odd_sizes() {
    let channels = [1, 2, 3, 5, 16, 33];
    for kernel in [1, 2, 3, 4, 5, 7] {
        for stride in [1, 2, 3] {
            for (n, &in_channels) in channels.iter().enumerate() {
                for (m, &out_channels) in channels.iter().enumerate() {
                    // A different image and batch for each pair, all three batches for each kernel and stride.
                    let (height, width) = [(5, 8), (7, 3), (1, 6), (9, 9), (4, 1)][(n + 2 * m + kernel) % 5];
                    let batch = [1, 3, 17][(n + m + stride) % 3];
                    check(Conv { batch, height, width, in_channels, out_channels, kernel, stride });
                }
            }
        }
    }
}

#[test]
fn agrees_with_plain_loops_where_blocks_do_not_divide() {
    // Channels over one block and one pass, batches over one tile, wide images.
    check(Conv { batch: 50, height: 3, width: 4, in_channels: 70, out_channels: 37, kernel: 3, stride: 1 });
    check(Conv { batch: 2, height: 5, width: 5, in_channels: 200, out_channels: 65, kernel: 3, stride: 2 });
    check(Conv { batch: 3, height: 4, width: 150, in_channels: 3, out_channels: 20, kernel: 5, stride: 1 });
    check(Conv { batch: 2, height: 6, width: 140, in_channels: 20, out_channels: 3, kernel: 4, stride: 2 });
    check(Conv { batch: 61, height: 14, width: 14, in_channels: 1, out_channels: 64, kernel: 5, stride: 2 });
    for (kernel, in_channels) in [(3, 1), (4, 1), (5, 1), (3, 3), (4, 3), (5, 3)] {
        for (height, width) in [(8, 10), (9, 7), (2, 1)] {
            check(Conv { batch: 5, height, width, in_channels, out_channels: 64, kernel, stride: 2 });
        }
    }
    check(Conv { batch: 13, height: 12, width: 10, in_channels: 64, out_channels: 1, kernel: 5, stride: 1 });
    check(Conv { batch: 2, height: 3, width: 3, in_channels: 3, out_channels: 600, kernel: 1, stride: 1 });
    check(Conv { batch: 2, height: 3, width: 3, in_channels: 1100, out_channels: 2, kernel: 2, stride: 2 });
}

#[test]
fn pads_as_tensorflow_does() {
    let conv = |size, kernel, stride| Conv {
        batch: 1,
        height: size,
        width: size,
        in_channels: 1,
        out_channels: 1,
        kernel,
        stride,
    };
    // 28 → 14 with 5×5 pads (1, 2); 7 → 7 pads (2, 2); 7 → 4 pads (2, 2); an even kernel pads more at the end.
    for (size, kernel, stride, out, before) in [
        (28, 5, 2, 14, 1),
        (14, 5, 2, 7, 1),
        (7, 5, 1, 7, 2),
        (7, 5, 2, 4, 2),
        (7, 4, 1, 7, 1),
        (8, 1, 2, 4, 0),
    ] {
        let conv = conv(size, kernel, stride);
        assert_eq!((conv.out_height(), conv.out_width()), (out, out), "{conv:?}");
        assert_eq!((conv.pad_top(), conv.pad_left()), (before, before), "{conv:?}");
    }
}

#[test]
fn gradients_are_those_of_a_finite_difference() {
    let conv = Conv { batch: 2, height: 5, width: 4, in_channels: 3, out_channels: 6, kernel: 4, stride: 2 };
    let (x, w, dy) =
        (random(conv.input_len(), 5), random(conv.weight_len(), 6), random(conv.output_len(), 7));
    let (direction_x, direction_w) = (wide(&random(x.len(), 8)), wide(&random(w.len(), 9)));
    let (mut dx, mut dw) = (vec![0.0; x.len()], vec![0.0; w.len()]);
    conv_data_gradient(&conv, &dy, &w, &mut dx);
    conv_weight_gradient(&conv, &x, &dy, &mut dw);
    let (x, w, dy) = (wide(&x), wide(&w), wide(&dy));
    let loss = |t: f64| {
        let mut sum = 0.0;
        for_each_tap(&conv, |ix, iw, iy| {
            sum += (x[ix] + t * direction_x[ix]) * (w[iw] + t * direction_w[iw]) * dy[iy]
        });
        sum
    };
    let difference = (loss(1e-3) - loss(-1e-3)) / 2e-3;
    let dot = |gradient: &[f32], direction: &[f64]| -> f64 {
        gradient.iter().zip(direction).map(|(&g, d)| f64::from(g) * d).sum()
    };
    let gradient = dot(&dx, &direction_x) + dot(&dw, &direction_w);
    assert!((gradient - difference).abs() < 1e-5 * difference.abs(), "{gradient} against {difference}");
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    for (in_channels, out_channels, kernel, stride) in
        [(33, 40, 5, 1), (24, 100, 5, 2), (1, 64, 5, 2), (64, 1, 5, 1), (3, 2, 4, 2), (190, 16, 3, 1)]
    {
        let conv = Conv { batch: 61, height: 9, width: 6, in_channels, out_channels, kernel, stride };
        let (x, w, dy) =
            (random(conv.input_len(), 1), random(conv.weight_len(), 2), random(conv.output_len(), 3));
        assert_same_for_any_threads(&format!("{conv:?}"), || {
            let (mut y, mut dx, mut dw) = (dy.clone(), x.clone(), w.clone());
            conv_forward(&conv, &x, &w, &mut y);
            conv_data_gradient(&conv, &dy, &w, &mut dx);
            conv_weight_gradient(&conv, &x, &dy, &mut dw);
            [y, dx, dw].concat()
        });
    }
}

#[test]
fn other_vectors_agree_too() {
    common::test_again_with_other_vectors();
}
