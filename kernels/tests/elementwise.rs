//! Activations, dropout, optimizers and reductions against their formulas in f64.

mod common;

use atelier_kernels::activation::*;
use atelier_kernels::dropout::{dropout, dropout_backward};
use atelier_kernels::optimizer::*;
use atelier_kernels::reduce::{all_finite, sum_of_squares};
use atelier_kernels::sum::{add, sum};
use common::{assert_close, assert_same_for_any_threads, random, wide};

/// Over one chunk and not a multiple of any vector.
const LENGTH: usize = 40_003;

/// The distance of `actual` from `exact` in units in the last place of `exact` as f32.
fn ulps(actual: f32, exact: f64) -> f64 {
    let rounded = exact as f32;
    let unit = f64::from(f32::from_bits(rounded.abs().to_bits() + 1)) - f64::from(rounded.abs());
    (f64::from(actual) - exact).abs() / unit
}

/// Numbers of all sizes and both signs.
fn many_numbers() -> Vec<f32> {
    let mut numbers: Vec<f32> = (-30_000..=30_000).map(|i| i as f32 * 1e-3).collect();
    numbers.extend((-60_000..60_000).map(|i| i as f32 * 2e-5));
    numbers.extend((0..80).map(|i| 2.0f32.powi(-i)));
    numbers.extend([0.0, 40.0, -40.0, 80.0, -80.0]);
    numbers
}

#[test]
fn tanh_and_sigmoid_are_accurate() {
    let x = many_numbers();
    let (mut t, mut s) = (vec![0.0; x.len()], vec![0.0; x.len()]);
    tanh(&x, &mut t);
    sigmoid(&x, &mut s);
    let (mut worst_tanh, mut worst_sigmoid) = (0.0f64, 0.0f64);
    for i in 0..x.len() {
        let x = f64::from(x[i]);
        worst_tanh = worst_tanh.max(ulps(t[i], x.tanh()));
        worst_sigmoid = worst_sigmoid.max(ulps(s[i], 1.0 / (1.0 + (-x).exp())));
    }
    println!("tanh {worst_tanh:.2} ulp, sigmoid {worst_sigmoid:.2} ulp");
    assert!(worst_tanh < 3.0, "tanh is off by {worst_tanh} units in the last place");
    assert!(worst_sigmoid < 3.0, "sigmoid is off by {worst_sigmoid} units in the last place");
}

#[test]
fn tanh_and_sigmoid_saturate_and_keep_not_a_number() {
    let x = [f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30, f32::NAN];
    let (mut t, mut s) = ([0.0; 5], [0.0; 5]);
    tanh(&x, &mut t);
    sigmoid(&x, &mut s);
    assert_eq!(t[..4], [1.0, -1.0, 1.0, -1.0]);
    assert!(s[0] == 1.0 && s[2] == 1.0 && s[1] < 1e-37 && s[3] < 1e-37, "{s:?}");
    assert!(t[4].is_nan() && s[4].is_nan());
}

#[test]
fn a_leaky_relus_derivative_along_a_direction_is_its_gradient() {
    let (x, v) = (random(LENGTH, 1), random(LENGTH, 2));
    let (mut along, mut gradient) = (vec![f32::NAN; LENGTH], v.clone());
    leaky_relu_along(&x, &v, 0.2, &mut along);
    leaky_relu_backward(&x, &mut gradient, 0.2);
    assert_eq!(along, gradient);
}

#[test]
fn sums_are_those_of_each_pair() {
    let (a, b) = (random(LENGTH, 1), random(LENGTH, 2));
    let expected: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
    let mut y = vec![f32::NAN; LENGTH];
    sum(&a, &b, &mut y);
    assert_eq!(y, expected);
    let mut y = b.clone();
    add(&a, &mut y);
    assert_eq!(y, expected);
}

/// Takes x, y and dy, and puts dx in its place.
type Backward<'a> = &'a dyn Fn(&[f32], &[f32], &mut [f32]);

#[test]
fn activations_and_their_gradients() {
    let x: Vec<f32> = random(LENGTH, 1).iter().map(|x| 4.0 * x).collect();
    let dy = random(LENGTH, 2);
    let check = |forward: &dyn Fn(&[f32], &mut [f32]),
                 backward: Backward<'_>,
                 exact: &dyn Fn(f64) -> f64,
                 what: &str| {
        let (mut y, mut dx) = (vec![f32::NAN; LENGTH], dy.clone());
        forward(&x, &mut y);
        backward(&x, &y, &mut dx);
        let h = 1e-6;
        let (mut y64, mut dx64) = (Vec::new(), Vec::new());
        for (&x, &dy) in x.iter().zip(&dy) {
            let x = f64::from(x);
            y64.push(exact(x));
            dx64.push(f64::from(dy) * (exact(x + h) - exact(x - h)) / (2.0 * h));
        }
        assert_close(&y, &y64, 2e-7, what);
        assert_close(&dx, &dx64, 1e-6, what);
    };
    let slope = 0.3;
    let exact_leaky = |x: f64| if x > 0.0 { x } else { f64::from(slope) * x };
    check(
        &|x, y| leaky_relu(x, slope, y),
        &|x, _, dy| leaky_relu_backward(x, dy, slope),
        &exact_leaky,
        "leaky",
    );
    check(
        &|x, y| leaky_relu(x, slope, y),
        &|_, y, dy| leaky_relu_backward(y, dy, slope),
        &exact_leaky,
        "from y",
    );
    check(&|x, y| relu(x, y), &|x, _, dy| relu_backward(x, dy), &|x| x.max(0.0), "relu");
    check(&|x, y| tanh(x, y), &|_, y, dy| tanh_backward(y, dy), &f64::tanh, "tanh");
    let exact_sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    check(&|x, y| sigmoid(x, y), &|_, y, dy| sigmoid_backward(y, dy), &exact_sigmoid, "sigmoid");
    let mut y = [0.0; 2];
    relu(&[f32::NAN, -1.0], &mut y);
    assert!(y[0].is_nan() && y[1] == 0.0, "a not-a-number must not be hidden: {y:?}");
}

/// Which elements a key keeps.
fn kept(rate: f32, key: u64, length: usize) -> Vec<bool> {
    let mut y = vec![0.0; length];
    dropout(&vec![1.0; length], rate, key, &mut y);
    y.iter().map(|&y| y != 0.0).collect()
}

/// How far a count of `n` trials of probability `p` is from its expectation, in standard deviations.
fn deviations(count: usize, n: usize, p: f64) -> f64 {
    (count as f64 - n as f64 * p).abs() / (n as f64 * p * (1.0 - p)).sqrt()
}

#[test]
fn dropout_scales_what_it_keeps_and_repeats_itself() {
    let (x, rate) = (random(LENGTH, 1), 0.3);
    let (mut y, mut dx) = (vec![f32::NAN; LENGTH], x.clone());
    dropout(&x, rate, 7, &mut y);
    dropout_backward(&mut dx, rate, 7);
    assert_eq!(y, dx, "the gradient has the mask and scale of the forward pass");
    let mask = kept(rate, 7, LENGTH);
    for i in 0..LENGTH {
        assert_eq!(y[i], if mask[i] { x[i] * (1.0 / (1.0 - rate)) } else { 0.0 });
    }
    // A prefix has the prefix of the mask, and rate zero changes nothing.
    assert_eq!(kept(rate, 7, 100), mask[..100]);
    dropout(&x, 0.0, 7, &mut y);
    assert_eq!(x, y);
}

#[test]
fn dropout_is_uniform_and_independent() {
    let n = 1 << 20;
    let rates = [0.001, 0.3, 0.5, 0.9];
    // Successive, distant and one-bit keys: those that a counter or a hash might give.
    let keys = [0, 1, 2, 3, 1 << 32, 1 << 63, u64::MAX, 0xdead_beef_0123_4567];
    let mut worst = 0.0f64;
    for rate in rates {
        let keep = 1.0 - f64::from(rate);
        let masks: Vec<Vec<bool>> = keys.iter().map(|&key| kept(rate, key, n)).collect();
        for (k, mask) in masks.iter().enumerate() {
            let ones = mask.iter().filter(|&&kept| kept).count();
            worst = worst.max(deviations(ones, n, keep));
            // Neighbours in a row, a channel, a row of pixels and an image.
            for lag in [1, 2, 3, 4, 7, 8, 16, 64, 128, 896, 4096, 12_544] {
                let both = (0..n - lag).filter(|&i| mask[i] && mask[i + lag]).count();
                // Products of overlapping pairs are correlated, which widens the spread of their count.
                worst = worst.max(deviations(both, n - lag, keep * keep) / (1.0 + 2.0 * keep).sqrt());
            }
            // The same element under another key.
            for other in &masks[..k] {
                let both = mask.iter().zip(other).filter(|&(&a, &b)| a && b).count();
                worst = worst.max(deviations(both, n, keep * keep));
            }
            // Blocks of 256: the variance of their counts is the binomial one.
            let blocks =
                mask.chunks_exact(256).map(|block| block.iter().filter(|&&kept| kept).count() as f64);
            let spread: f64 =
                blocks.map(|count| (count - 256.0 * keep).powi(2)).sum::<f64>() / (n / 256) as f64;
            let ratio = spread / (256.0 * keep * (1.0 - keep));
            // The standard deviation of this ratio over 4096 blocks is about sqrt(2 / 4096), more where drops are rare.
            let tolerance = 5.0 * ((2.0 + 1.0 / (256.0 * keep * (1.0 - keep))) / (n / 256) as f64).sqrt();
            assert!(
                (ratio - 1.0).abs() < tolerance,
                "rate {rate}, key {k}: block variance {ratio} of the binomial"
            );
        }
    }
    println!("largest of all: {worst:.2} standard deviations");
    // Some 700 tests: the largest of as many normal numbers is over 5 once in 2,000 times, and these do not change.
    assert!(worst < 5.0, "{worst} standard deviations");
}

#[test]
fn dropout_words_avalanche() {
    // Flipping any bit of the index flips the outcome half of the time at rate 0.5.
    let n = 1 << 20;
    let mask = kept(0.5, 42, n);
    for bit in 0..20 {
        let flipped = (0..n).filter(|&i| mask[i] != mask[i ^ (1 << bit)]).count() / 2;
        let deviation = deviations(flipped, n / 2, 0.5);
        assert!(deviation < 4.5, "bit {bit}: {deviation} standard deviations");
    }
}

/// Five steps of an optimizer in f32, and of its formula in f64 for each weight alone.
fn check_optimizer<const N: usize>(
    step: impl Fn(u64, &[f32], &mut [f32], &mut [Vec<f32>; N]),
    exact: impl Fn(u64, f64, &mut f64, &mut [f64; N]),
) {
    let mut weights = random(LENGTH, 1);
    let mut weights64 = wide(&weights);
    let mut states: [Vec<f32>; N] = std::array::from_fn(|_| vec![0.0; LENGTH]);
    let mut states64: Vec<[f64; N]> = std::iter::repeat_n([0.0; N], LENGTH).collect();
    for t in 1..=5 {
        let gradient = random(LENGTH, 100 + t);
        step(t, &gradient, &mut weights, &mut states);
        for i in 0..LENGTH {
            exact(t, f64::from(gradient[i]), &mut weights64[i], &mut states64[i]);
        }
        assert_close(&weights, &weights64, 1e-6, &format!("weights after step {t}"));
        for n in 0..N {
            let state64: Vec<f64> = states64.iter().map(|state| state[n]).collect();
            assert_close(&states[n], &state64, 1e-6, &format!("state {n} after step {t}"));
        }
    }
}

#[test]
fn optimizers_follow_their_formulas() {
    let settings = Adam { learning_rate: 0.01, betas: [0.5, 0.99], epsilon: 1e-7 };
    check_optimizer(
        |t, g, w, [m, v]| adam(&settings, t, g, w, m, v),
        |t, g, w, [m, v]| {
            let (b1, b2) = (0.5, f64::from(0.99f32));
            *m = b1 * *m + (1.0 - b1) * g;
            *v = b2 * *v + (1.0 - b2) * g * g;
            let alpha = 0.01 * (1.0 - b2.powi(t as i32)).sqrt() / (1.0 - b1.powi(t as i32));
            *w -= alpha * *m / (v.sqrt() + 1e-7);
        },
    );
    for momentum in [0.0, 0.5] {
        let settings = RmsProp { learning_rate: 0.01, rho: 0.75, momentum, epsilon: 1e-7 };
        check_optimizer(
            |_, g, w, [v, u]| rms_prop(&settings, g, w, v, if momentum == 0.0 { &mut [] } else { u }),
            |_, g, w, [v, u]| {
                *v = 0.75 * *v + 0.25 * g * g;
                let change = 0.01 * g / (*v + 1e-7).sqrt();
                if momentum == 0.0 {
                    *w -= change;
                } else {
                    *u = f64::from(momentum) * *u + change;
                    *w -= *u;
                }
            },
        );
        check_optimizer(
            |_, g, w, [m]| sgd(0.1, momentum, g, w, if momentum == 0.0 { &mut [] } else { m }),
            |_, g, w, [m]| {
                let step = f64::from(momentum) * *m - f64::from(0.1f32) * g;
                *m = if momentum == 0.0 { 0.0 } else { step };
                *w += step;
            },
        );
    }
    check_optimizer(
        |_, g, average, []| ema(average, g, 0.75),
        |_, g, average, []| *average = 0.75 * *average + 0.25 * g,
    );
}

#[test]
fn reductions() {
    for length in [0, 1, 15, 16, 17, 16_384, 16_385, LENGTH, 1_200_001] {
        let x = random(length, 1);
        let exact: f64 = x.iter().map(|&x| f64::from(x).powi(2)).sum();
        let sum = sum_of_squares(&x);
        assert!((sum - exact).abs() <= 1e-12 * exact, "{length}: {sum} against {exact}");
        assert!(all_finite(&x));
        for (index, bad) in
            [(0, f32::NAN), (length / 2, f32::INFINITY), (length.wrapping_sub(1), f32::NEG_INFINITY)]
        {
            if index < length {
                let mut x = x.clone();
                x[index] = bad;
                assert!(!all_finite(&x), "{bad} at {index} of {length}");
            }
        }
    }
    assert!(all_finite(&[f32::MAX, f32::MIN, f32::MIN_POSITIVE / 2.0]));
    let large = [1e30f32; 3];
    assert!((sum_of_squares(&large) - 3e60).abs() < 1e54, "squares are taken in f64");
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let (x, g) = (random(LENGTH * 3, 1), random(LENGTH * 3, 2));
    assert_same_for_any_threads("element-wise kernels", || {
        let [mut a, mut b, mut c] = [(); 3].map(|()| vec![0.0; x.len()]);
        let mut d = g.clone();
        tanh(&x, &mut a);
        dropout(&x, 0.3, 5, &mut b);
        sigmoid(&x, &mut c);
        leaky_relu_backward(&x, &mut d, 0.2);
        dropout_backward(&mut d, 0.3, 6);
        let mut w = x.clone();
        let settings = Adam { learning_rate: 0.01, betas: [0.5, 0.99], epsilon: 1e-7 };
        adam(&settings, 3, &g, &mut w, &mut a.clone(), &mut c.clone());
        let squares = sum_of_squares(&x).to_bits();
        [a, b, c, d, w, vec![f32::from_bits(squares as u32), f32::from_bits((squares >> 32) as u32)]].concat()
    });
}

#[test]
fn other_vectors_agree_too() {
    common::test_again_with_other_vectors();
}
