//! The fused element-wise pass against the separate kernels, its formula in f64 and finite differences.

mod common;

use atelier_kernels::activation::{leaky_relu, leaky_relu_backward};
use atelier_kernels::bias::add_bias;
use atelier_kernels::dropout::{dropout, dropout_backward};
use atelier_kernels::epilogue::{Dropout, Epilogue, scale_rows};
use common::{assert_close, assert_same_for_any_threads, random, wide};

/// Rows and channels: some over one chunk, most no multiple of any vector.
const SIZES: [(usize, usize); 9] =
    [(1, 1), (40_001, 1), (5, 3), (13_001, 3), (4099, 16), (1300, 33), (300, 257), (700, 64), (3, 20_011)];

const KEY: u64 = 11;

fn combinations() -> Vec<(bool, Epilogue)> {
    let mut all = Vec::new();
    for with_bias in [false, true] {
        for slope in [None, Some(0.0), Some(0.3), Some(1.0)] {
            for rate in [None, Some(0.0), Some(0.3), Some(0.9)] {
                let dropout = rate.map(|rate| Dropout { rate, key: KEY, first: 0 });
                all.push((with_bias, Epilogue { slope, dropout }));
            }
        }
    }
    all
}

/// `x` with pre-activations that are zeros, of either sign where there is no bias.
fn with_zeros(mut x: Vec<f32>, bias: Option<&[f32]>, channels: usize) -> Vec<f32> {
    for i in (0..x.len()).step_by(7) {
        x[i] = bias.map_or(if i % 2 == 0 { 0.0 } else { -0.0 }, |bias| -bias[i % channels]);
    }
    x
}

/// What each element is multiplied with: the scale, or zero where it is dropped.
fn mask(epilogue: &Epilogue, length: usize) -> Vec<f32> {
    let mut mask = vec![1.0; length];
    if let Some(Dropout { rate, key, .. }) = epilogue.dropout {
        dropout(&vec![1.0; length], rate, key, &mut mask);
    }
    mask
}

fn bits(x: &[f32]) -> Vec<u32> {
    x.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn gives_the_values_of_the_separate_kernels_and_the_signs_of_its_zeros() {
    for (rows, channels) in SIZES {
        for (with_bias, epilogue) in combinations() {
            let length = rows * channels;
            let values = random(channels, 2);
            let bias = with_bias.then_some(&values[..]);
            let x = with_zeros(random(length, 1), bias, channels);
            let mut y = x.clone();
            epilogue.apply(bias, channels, &mut y);

            let mut sum = x.clone();
            if let Some(bias) = bias {
                add_bias(&mut sum, bias);
            }
            let mut expected = sum.clone();
            if let Some(slope) = epilogue.slope {
                leaky_relu(&sum, slope, &mut expected);
            }
            if let Some(Dropout { rate, key, .. }) = epilogue.dropout {
                dropout(&expected.clone(), rate, key, &mut expected);
            }
            let what = format!("{rows} × {channels}, bias {with_bias}, {epilogue:?}");
            // Zeros are equal whatever their sign; all else has the same bits.
            assert!(y.iter().zip(&expected).all(|(y, expected)| y == expected), "{what}");

            if epilogue.dropout.is_some_and(|dropout| dropout.rate > 0.0) {
                let mask = mask(&epilogue, length);
                for i in 0..length {
                    let minus_zero = y[i].to_bits() == (-0.0f32).to_bits();
                    let flat = epilogue.slope == Some(0.0) && sum[i] < 0.0;
                    assert_eq!(minus_zero, mask[i] == 0.0 || flat, "{what}: {i}, {} of {}", y[i], sum[i]);
                }
            }
        }
    }
}

#[test]
fn backward_gives_the_bytes_of_the_separate_kernels() {
    for (rows, channels) in SIZES {
        for (with_bias, epilogue) in combinations() {
            let length = rows * channels;
            let values = random(channels, 2);
            let bias = with_bias.then_some(&values[..]);
            let x = with_zeros(random(length, 1), bias, channels);
            let mut y = x.clone();
            epilogue.apply(bias, channels, &mut y);
            let mut actual = random(length, 3);
            epilogue.backward(&y, &mut actual);

            let mut sum = x;
            if let Some(bias) = bias {
                add_bias(&mut sum, bias);
            }
            let mut expected = random(length, 3);
            if let Some(Dropout { rate, key, .. }) = epilogue.dropout {
                dropout_backward(&mut expected, rate, key);
            }
            if let Some(slope) = epilogue.slope {
                leaky_relu_backward(&sum, &mut expected, slope);
            }
            let what = format!("{rows} × {channels}, bias {with_bias}, {epilogue:?}");
            assert!(actual.iter().zip(&expected).all(|(actual, expected)| actual == expected), "{what}");
        }
    }
}

/// The sum of dy · y, in f64, with the mask given.
fn loss(x: &[f64], bias: &[f64], slope: f64, mask: &[f32], dy: &[f32]) -> f64 {
    let value = |i: usize| {
        let sum = x[i] + bias[i % bias.len()];
        f64::from(dy[i]) * f64::from(mask[i]) * if sum > 0.0 { sum } else { slope * sum }
    };
    (0..x.len()).map(value).sum()
}

#[test]
fn agrees_with_the_formula_and_its_finite_difference() {
    let (rows, channels) = (57, 33);
    let (x, bias, dy) = (random(rows * channels, 1), random(channels, 2), random(rows * channels, 3));
    for (with_bias, epilogue) in combinations() {
        let bias64 = if with_bias { wide(&bias) } else { vec![0.0; channels] };
        let mask = mask(&epilogue, x.len());
        let slope = f64::from(epilogue.slope.unwrap_or(1.0));
        let mut y = x.clone();
        epilogue.apply(with_bias.then_some(&bias[..]), channels, &mut y);
        let x64 = wide(&x);
        let exact: Vec<f64> = (0..x.len())
            .map(|i| {
                let sum = x64[i] + bias64[i % channels];
                f64::from(mask[i]) * if sum > 0.0 { sum } else { slope * sum }
            })
            .collect();
        let what = format!("bias {with_bias}, {epilogue:?}");
        assert_close(&y, &exact, 2e-7, &what);

        let mut gradient = dy.clone();
        epilogue.backward(&y, &mut gradient);
        let h = 1e-7;
        let moved = |i: usize, by: f64| {
            let mut x = x64.clone();
            x[i] += by;
            loss(&x, &bias64, slope, &mask, &dy)
        };
        for i in (0..x.len()).step_by(29) {
            let difference = (moved(i, h) - moved(i, -h)) / (2.0 * h);
            let actual = f64::from(gradient[i]);
            assert!((actual - difference).abs() < 1e-5, "{what}: {i}: {actual} against {difference}");
        }
    }
}

#[test]
fn not_a_number_and_infinity_stay_unless_dropped() {
    for (with_bias, epilogue) in combinations() {
        let bias = with_bias.then_some(&[0.5f32; 3][..]);
        let mut y = [f32::NAN; 300];
        epilogue.apply(bias, 3, &mut y);
        let mask = mask(&epilogue, y.len());
        for (y, mask) in y.iter().zip(&mask) {
            assert!(if *mask == 0.0 { *y == 0.0 } else { y.is_nan() }, "{epilogue:?}: {y}");
        }
        let mut y = [f32::INFINITY; 300];
        epilogue.apply(bias, 3, &mut y);
        for (y, mask) in y.iter().zip(&mask) {
            assert!(*y == if *mask == 0.0 { 0.0 } else { f32::INFINITY }, "{epilogue:?}: {y}");
        }
    }
}

#[test]
fn the_identity_changes_nothing() {
    for (_, epilogue) in combinations() {
        let expected = epilogue.slope.is_none_or(|s| s == 1.0)
            && epilogue.dropout.is_none_or(|dropout| dropout.rate == 0.0);
        assert_eq!(epilogue.is_identity(), expected, "{epilogue:?}");
        let x = random(5000, 1);
        let (mut y, mut dy) = (x.clone(), x.clone());
        epilogue.apply(None, 5, &mut y);
        epilogue.backward(&y, &mut dy);
        assert_eq!(bits(&x) == bits(&y) && bits(&x) == bits(&dy), expected, "{epilogue:?}");
    }
    assert!(Epilogue::default().is_identity());
}

#[test]
fn rows_are_scaled() {
    for (rows, features) in [(1, 1), (40_001, 1), (7, 3), (256, 130), (3, 20_011), (0, 4), (4, 0)] {
        let (factors, x) = (random(rows, 1), random(rows * features, 2));
        let mut y = x.clone();
        scale_rows(&factors, &mut y);
        for i in 0..y.len() {
            assert_eq!(y[i].to_bits(), (x[i] * factors[i / features]).to_bits(), "{rows} × {features}: {i}");
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    for (rows, channels) in [(5000, 33), (60, 2000), (90_000, 1)] {
        let (x, bias, factors) = (random(rows * channels, 1), random(channels, 2), random(rows, 4));
        let epilogue =
            Epilogue { slope: Some(0.2), dropout: Some(Dropout { rate: 0.3, key: KEY, first: 0 }) };
        assert_same_for_any_threads(&format!("{rows} × {channels}"), || {
            let (mut y, mut dy) = (x.clone(), random(x.len(), 3));
            epilogue.apply(Some(&bias), channels, &mut y);
            epilogue.backward(&y, &mut dy);
            let mut scaled = x.clone();
            scale_rows(&factors, &mut scaled);
            [y, dy, scaled].concat()
        });
    }
}
