//! Dense layers and biases against plain loops in f64.

mod common;

use atelier_kernels::bias::{add_bias, bias_gradient};
use atelier_kernels::dense::{Dense, dense_data_gradient, dense_forward, dense_weight_gradient};
use common::{assert_close, assert_same_for_any_threads, random, wide};

fn check(batch: usize, inputs: usize, outputs: usize) {
    let dense = Dense { batch, inputs, outputs };
    let (x, w, dy) = (random(batch * inputs, 1), random(inputs * outputs, 2), random(batch * outputs, 3));
    let before = random(inputs * outputs, 4);
    let (mut y, mut dx, mut dw) = (vec![f32::NAN; dy.len()], vec![f32::NAN; x.len()], before.clone());
    dense_forward(&dense, &x, &w, &mut y);
    dense_data_gradient(&dense, &dy, &w, &mut dx);
    dense_weight_gradient(&dense, &x, &dy, &mut dw);
    let (x, w, dy) = (wide(&x), wide(&w), wide(&dy));
    let (mut y64, mut dx64, mut dw64) = (vec![0.0; dy.len()], vec![0.0; x.len()], wide(&before));
    for b in 0..batch {
        for i in 0..inputs {
            for o in 0..outputs {
                y64[b * outputs + o] += x[b * inputs + i] * w[i * outputs + o];
                dx64[b * inputs + i] += dy[b * outputs + o] * w[i * outputs + o];
                dw64[i * outputs + o] += x[b * inputs + i] * dy[b * outputs + o];
            }
        }
    }
    // One output is one sum, which may cancel: nothing averages over it.
    let bound = 2e-6;
    assert_close(&y, &y64, bound, &format!("forward of {dense:?}"));
    assert_close(&dx, &dx64, bound, &format!("data gradient of {dense:?}"));
    assert_close(&dw, &dw64, bound, &format!("weight gradient of {dense:?}"));
}

#[test]
fn agrees_with_plain_loops_over_odd_sizes() {
    for batch in [1, 3, 17, 50] {
        for inputs in [1, 2, 5, 16, 33, 100] {
            for outputs in [1, 2, 3, 10, 33, 130] {
                check(batch, inputs, outputs);
            }
        }
    }
}

#[test]
fn agrees_with_plain_loops_where_blocks_do_not_divide() {
    check(600, 70, 3);
    check(250, 1300, 1);
    check(260, 20, 1100);
    check(5, 1, 1500);
    check(3, 1500, 40);
}

#[test]
fn dense_gives_the_same_bytes_for_any_number_of_threads() {
    for (batch, inputs, outputs) in [(300, 100, 1100), (100, 1000, 1), (600, 30, 70)] {
        let dense = Dense { batch, inputs, outputs };
        let (x, w, dy) = (random(batch * inputs, 1), random(inputs * outputs, 2), random(batch * outputs, 3));
        assert_same_for_any_threads(&format!("{dense:?}"), || {
            let (mut y, mut dx, mut dw) = (dy.clone(), x.clone(), w.clone());
            dense_forward(&dense, &x, &w, &mut y);
            dense_data_gradient(&dense, &dy, &w, &mut dx);
            dense_weight_gradient(&dense, &x, &dy, &mut dw);
            [y, dx, dw].concat()
        });
    }
}

#[test]
fn bias_and_its_gradient() {
    for (rows, channels) in [(1, 1), (7, 3), (33, 16), (1000, 5), (700, 65), (3, 1300), (5000, 33)] {
        let (mut y, bias, before) = (random(rows * channels, 1), random(channels, 2), random(channels, 3));
        let (dy, mut dbias) = (y.clone(), before.clone());
        add_bias(&mut y, &bias);
        bias_gradient(&dy, &mut dbias);
        let mut expected = wide(&before);
        for (i, (&y, &x)) in y.iter().zip(&dy).enumerate() {
            assert_eq!(y, x + bias[i % channels]);
            expected[i % channels] += f64::from(x);
        }
        assert_close(&dbias, &expected, 1e-6, &format!("bias gradient, {rows} × {channels}"));
    }
    let dy = random(9000 * 33, 4);
    assert_same_for_any_threads("bias gradient", || {
        let (mut y, mut dbias) = (dy.clone(), vec![0.5; 33]);
        bias_gradient(&dy, &mut dbias);
        add_bias(&mut y, &dbias);
        [y, dbias].concat()
    });
}

#[test]
fn other_vectors_agree_too() {
    common::test_again_with_other_vectors();
}
