//! The layers as chains on dfdx's tape. The arithmetic itself is tested in `kernels/`, a whole step against TensorFlow in
//! `tests/tensorflow_step.rs`.

use super::*;
use crate::config::architecture::layers::{self as words, Layer as Words};
use crate::random::{Stream, fill_normal};
use dfdx::prelude::Cpu;
use dfdx::shapes::{HasShape, Rank0};
use dfdx::tensor::{AsArray, Gradients, NoneTape, TensorFromVec, Trace};
use dfdx::tensor_ops::{Backward, ReshapeTo, SumTo};

mod blocks;
mod checks;
mod pytorch;

use checks::{check_composition, check_slopes, check_tangent};

const BATCH: usize = 3;

/// Every kind of layer, with sizes that are neither square nor even.
type Every = (
    Conv<5, 6, 2, 3, 3, 4, 3, 2, true, Cpu>,
    (
        BatchNorm<3, 3, 4, Cpu>,
        (
            LeakyRelu,
            (
                Dropout,
                (
                    ConvTranspose<3, 3, 4, 6, 6, 3, 5, 2, true, Cpu>,
                    (Tanh, (Reshape<6, 6, 3, 1, 1, 108>, (Dense<1, 1, 108, 7, true, Cpu>, (Sigmoid, Relu)))),
                ),
            ),
        ),
    ),
);

fn conv(channels: usize, kernel: usize, stride: usize) -> words::Conv {
    words::Conv { channels, kernel, stride, bias: true }
}

fn dense(units: usize) -> Words {
    Words::Dense(words::Dense { units, bias: true })
}

fn every() -> Every {
    let up = words::ConvTranspose { channels: 3, kernel: 5, stride: 2, bias: true };
    let list = [
        Words::Conv(conv(4, 3, 2)),
        Words::batch_norm(),
        Words::LeakyRelu(0.3),
        Words::Dropout(0.3),
        Words::ConvTranspose(up),
        Words::Tanh,
        Words::Flatten,
        dense(7),
        Words::Sigmoid,
        Words::Relu,
    ];
    build::<Image<5, 6, 2>, _>(&list)
}

fn build<X: Shape, L: Layer<X, Cpu>>(list: &[Words]) -> L {
    let initialization = Initialization::Normal { std: 0.3 };
    let mut builder = Builder::new(Cpu::default(), list, initialization, Stream::new(5, "weights"));
    let mut layer = L::build(&mut builder);
    // Biases, scales and statistics away from their zeros and ones, so that each of them counts.
    let mut index = 0;
    layer.visit(&mut |parameter| {
        let noise = normal(index, parameter.shape.iter().product());
        let moved: Vec<f32> = parameter.to_vec().iter().zip(noise).map(|(v, n)| v + 0.1 * n.abs()).collect();
        parameter.set(&moved);
        index += 1;
    });
    layer
}

fn normal(index: u64, length: usize) -> Vec<f32> {
    let mut values = vec![0.0; length];
    fill_normal(&mut Stream::new(9, "test").at(index), &mut values);
    values
}

fn images<const H: usize, const W: usize, const C: usize>(index: u64) -> Tensor<Image<H, W, C>, f32, Cpu> {
    Cpu::default().tensor_from_vec(normal(index, BATCH * H * W * C), (BATCH, Const, Const, Const))
}

/// Σ y c for some fixed c.
fn weigh<Y: Shape, T: Tape<f32, Cpu>>(y: Tensor<Y, f32, Cpu, T>) -> Tensor<Rank0, f32, Cpu, T> {
    let length = y.shape().num_elements();
    let flat = y.reshape_like(&(length,));
    let weights: Tensor<(usize,), f32, Cpu> = Cpu::default().tensor_from_vec(normal(77, length), (length,));
    (flat * weights).sum()
}

/// The gradients of all trainable parameters, one after the other.
fn parameter_gradients<X: Shape, L: Layer<X, Cpu>>(
    layer: &mut L,
    gradients: &Gradients<f32, Cpu>,
) -> Vec<f32> {
    let mut all = Vec::new();
    layer.visit(&mut |parameter| {
        if parameter.trainable {
            all.extend(gradients.get(&parameter.value).as_vec());
        }
    });
    all
}

/// Moves all trainable parameters by `by` along `direction`.
fn shift<X: Shape, L: Layer<X, Cpu>>(layer: &mut L, direction: &[f32], by: f32) {
    let mut rest = direction;
    layer.visit(&mut |parameter| {
        if parameter.trainable {
            let values = parameter.to_vec();
            let (here, after) = rest.split_at(values.len());
            rest = after;
            parameter.set(&values.iter().zip(here).map(|(value, d)| value + by * d).collect::<Vec<_>>());
        }
    });
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    let apart: Vec<f32> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    (dot(&apart, &apart) / dot(b, b).max(1e-30)).sqrt()
}

#[test]
fn gradients_are_the_slopes_of_the_output() {
    for mode in [Mode::Train, Mode::Evaluate] {
        check_slopes(&every, &Pass::train(3).in_mode(mode));
    }
}

/// The promise for devices without kernels: the same numbers from dfdx's own operations.
#[test]
fn kernels_agree_with_the_composition_of_dfdx_operations() {
    for mode in [Mode::Train, Mode::Evaluate] {
        check_composition(&every, &Pass::train(3).in_mode(mode));
    }
}

#[test]
fn convolutions_agree_with_their_composition_for_other_strides_and_kernels() {
    fn check<const H: usize, const W: usize, const C: usize, L: Layer<Image<H, W, C>, Cpu>>(list: &[Words]) {
        let x = images::<H, W, C>(1);
        let run = |pass: Pass| {
            let mut layer: L = build::<Image<H, W, C>, L>(list);
            let y = layer.forward(x.leaky_trace(), &mut pass.clone());
            let values = y.retaped::<NoneTape>().as_vec();
            let gradients = weigh(y).backward();
            [values, gradients.get(&x).as_vec(), parameter_gradients(&mut layer, &gradients)]
        };
        for (a, b) in run(Pass::train(0)).iter().zip(&run(Pass::train(0).composed())) {
            assert!(distance(a, b) < 1e-5, "{list:?}: {:e}", distance(a, b));
        }
    }
    let up = |channels, kernel, stride| {
        Words::ConvTranspose(words::ConvTranspose { channels, kernel, stride, bias: true })
    };
    check::<4, 7, 3, Conv<4, 7, 3, 4, 7, 2, 5, 1, true, Cpu>>(&[Words::Conv(conv(2, 5, 1))]);
    check::<7, 4, 1, Conv<7, 4, 1, 4, 2, 5, 4, 2, true, Cpu>>(&[Words::Conv(conv(5, 4, 2))]);
    check::<3, 2, 5, ConvTranspose<3, 2, 5, 3, 2, 2, 3, 1, true, Cpu>>(&[up(2, 3, 1)]);
    check::<3, 2, 5, ConvTranspose<3, 2, 5, 6, 4, 1, 4, 2, true, Cpu>>(&[up(1, 4, 2)]);
}

/// Layers whose followers are computed in the same pass, the middle one by its frequencies; the first takes the batch in parts.
type Fused = (
    Conv<14, 14, 1, 14, 14, 32, 3, 1, true, Cpu>,
    (
        LeakyRelu,
        (
            Dropout,
            (
                Conv<14, 14, 32, 7, 7, 48, 5, 2, true, Cpu>,
                (
                    Relu,
                    (
                        ConvTranspose<7, 7, 48, 14, 14, 32, 5, 2, true, Cpu>,
                        (
                            Dropout,
                            (
                                BatchNorm<14, 14, 32, Cpu>,
                                (Relu, (Dense<14, 14, 32, 3, true, Cpu>, LeakyRelu)),
                            ),
                        ),
                    ),
                ),
            ),
        ),
    ),
);

fn fused() -> Fused {
    let up = words::ConvTranspose { channels: 32, kernel: 5, stride: 2, bias: true };
    let list = [
        Words::Conv(conv(32, 3, 1)),
        Words::LeakyRelu(0.3),
        Words::Dropout(0.3),
        Words::Conv(conv(48, 5, 2)),
        Words::Relu,
        Words::ConvTranspose(up),
        Words::Dropout(0.2),
        Words::batch_norm(),
        Words::Relu,
        dense(3),
        Words::LeakyRelu(0.2),
    ];
    build::<Image<14, 14, 1>, _>(&list)
}

#[test]
fn fused_passes_agree_with_the_composition() {
    let batch = 70;
    let values = normal(1, batch * 14 * 14);
    let x: Tensor<Image<14, 14, 1>, f32, Cpu> =
        Cpu::default().tensor_from_vec(values, (batch, Const, Const, Const));
    for mode in [Mode::Train, Mode::Evaluate] {
        let run = |pass: Pass| {
            let mut layer = fused();
            let y = layer.forward(x.leaky_trace(), &mut pass.in_mode(mode));
            let values = y.retaped::<NoneTape>().as_vec();
            let gradients = weigh(y).backward();
            [values, gradients.get(&x).as_vec(), parameter_gradients(&mut layer, &gradients)]
        };
        let composed = run(Pass::train(3).composed());
        for pass in [Pass::train(3), Pass::train(3).with_direct_convolutions(true)] {
            // One pre-activation so near zero that rounding changes its sign changes the gradients by some 1e-4.
            for ((a, b), bound) in run(pass).iter().zip(&composed).zip([1e-5, 1e-3, 1e-3]) {
                assert!(distance(a, b) < bound, "{mode:?}: {:e}", distance(a, b));
            }
        }
    }
}

/// Weights of the examples give the parameters the gradient of a weighted sum of the outputs, and the input that of the sum itself.
#[test]
fn example_weights_weigh_the_parameters_gradients_only() {
    type Independent = (
        Conv<14, 14, 16, 7, 7, 32, 5, 2, true, Cpu>,
        (LeakyRelu, (Dropout, (Dense<7, 7, 32, 1, true, Cpu>, Sigmoid))),
    );
    let list =
        [Words::Conv(conv(32, 5, 2)), Words::LeakyRelu(0.3), Words::Dropout(0.3), dense(1), Words::Sigmoid];
    // Enough for the way by frequencies.
    let batch = 40;
    let x: Tensor<Image<14, 14, 16>, f32, Cpu> =
        Cpu::default().tensor_from_vec(normal(1, batch * 14 * 14 * 16), (batch, Const, Const, Const));
    let run = |pass: Pass, seeds: &[f32]| {
        let mut layer: Independent = build::<Image<14, 14, 16>, _>(&list);
        let y = layer.forward(x.leaky_trace(), &mut pass.clone());
        let seeds: Tensor<(usize,), f32, Cpu> = Cpu::default().tensor_from_vec(seeds.to_vec(), (batch,));
        let gradients = (y.reshape_like(&(batch,)) * seeds).sum::<Rank0, _>().backward();
        (
            Cpu::take_flat_gradient(&mut gradients.clone(), &x.clone().reshape_like(&(batch, 14 * 14 * 16))),
            parameter_gradients(&mut layer, &gradients),
        )
    };
    let weights = ExampleWeights::default();
    weights.set(vec![0.0, -3.0, 1e-30]).unwrap();
    let seeds = |last: [f32; 3]| -> Vec<f32> { (0..batch - 3).map(|i| 0.1 * i as f32).chain(last).collect() };
    for direct in [false, true] {
        let pass = Pass::train(7).with_direct_convolutions(direct);
        let (input, parameters) = run(pass.clone().weighted(&weights), &seeds([1.0; 3]));
        let (plain, _) = run(pass.clone(), &seeds([1.0; 3]));
        let (_, weighted) = run(pass.clone(), &seeds([0.0, -3.0, 1e-30]));
        assert!(distance(&input, &plain) < 1e-7 && distance(&parameters, &weighted) < 1e-6);
        // From one example on.
        let (part, _) = run(pass.input_gradient_from(3), &seeds([1.0; 3]));
        assert!(distance(&part, &plain[3 * 14 * 14 * 16..]) < 1e-6);
    }
}

/// A frozen network gives its input's gradient only, and data take none.
#[test]
fn only_wanted_gradients_are_computed() {
    let x = images::<5, 6, 2>(1);
    let mut layer = every();
    let whole = weigh(layer.forward(x.leaky_trace(), &mut Pass::train(3))).backward();
    let mut layer = every();
    let frozen = weigh(layer.forward(x.leaky_trace(), &mut Pass::train(3).frozen())).backward();
    assert_eq!(frozen.get(&x).as_vec(), whole.get(&x).as_vec());
    let mut layer_again = every();
    let data = weigh(layer_again.forward(x.leaky_trace(), &mut Pass::train(3).from_data())).backward();
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| data.get(&x))).is_err());
    layer.visit(&mut |parameter| {
        let taken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| frozen.get(&parameter.value)));
        assert!(taken.is_err(), "{} has a gradient", parameter.name);
    });
}

/// Layers that a discriminator may have, smooth ones at the kinks' place so that differences are exact to second order.
type Smooth = (
    Conv<5, 4, 1, 3, 2, 3, 5, 2, true, Cpu>,
    (
        Tanh,
        (
            BatchNorm<3, 2, 3, Cpu>,
            (
                Dropout,
                (
                    ConvTranspose<3, 2, 3, 6, 4, 2, 3, 2, false, Cpu>,
                    (Sigmoid, (Dense<6, 4, 2, 4, true, Cpu>, (Tanh, Dense<1, 1, 4, 1, true, Cpu>))),
                ),
            ),
        ),
    ),
);

fn smooth() -> Smooth {
    let up = words::ConvTranspose { channels: 2, kernel: 3, stride: 2, bias: false };
    let list = [
        Words::Conv(conv(3, 5, 2)),
        Words::Tanh,
        Words::BatchNorm(words::BatchNorm { momentum: 0.5, epsilon: 0.2 }),
        Words::Dropout(0.2),
        Words::ConvTranspose(up),
        Words::Sigmoid,
        dense(4),
        Words::Tanh,
        dense(1),
    ];
    build::<Image<5, 4, 1>, _>(&list)
}

#[test]
fn a_tangent_is_the_slope_along_its_direction_and_so_is_its_gradient() {
    for mode in [Mode::Train, Mode::Evaluate] {
        check_tangent(&smooth, &Pass::train(3).in_mode(mode));
    }
}

/// Leaky ReLU's tangent is exact between the kinks: one step of a piecewise linear network is its derivative.
#[test]
fn the_tangent_of_a_piecewise_linear_network_is_its_increment() {
    type Pieces = (Dense<1, 1, 6, 5, true, Cpu>, (LeakyRelu, (Dense<1, 1, 5, 4, true, Cpu>, Relu)));
    let mut layer: Pieces =
        build::<Image<1, 1, 6>, _>(&[dense(5), Words::LeakyRelu(0.2), dense(4), Words::Relu]);
    let (x, v) = (images::<1, 1, 6>(1), images::<1, 1, 6>(2));
    let (y, along) = layer.tangent(x.leaky_trace(), v.leaky_trace(), &mut Pass::train(0).with_tangent(false));
    let h = 1e-3;
    let values = x.as_vec().iter().zip(v.as_vec()).map(|(x, v)| x + h * v).collect();
    let after = layer.forward(x.device().tensor_from_vec(values, *x.shape()), &mut Pass::train(0));
    let increment: Vec<f32> =
        after.as_vec().iter().zip(y.as_vec()).map(|(after, y)| (after - y) / h).collect();
    assert!(distance(&increment, &along.as_vec()) < 2e-3, "{increment:?} {:?}", along.as_vec());
}

/// R1 by hand: D(x) = w·x has the gradient w everywhere, so γ/2 |w|² has the gradient γ w.
#[test]
fn r1_of_a_linear_critic_is_gamma_times_its_weights() {
    let gamma = 3.0;
    let mut critic: Dense<2, 2, 1, 1, false, Cpu> =
        build::<Image<2, 2, 1>, _>(&[Words::Dense(words::Dense { units: 1, bias: false })]);
    let mut weights = Vec::new();
    Layer::<Image<2, 2, 1>, Cpu>::visit(&mut critic, &mut |parameter| weights = parameter.to_vec());
    let x = images::<2, 2, 1>(1);
    let y = critic.forward(x.leaky_trace(), &mut Pass::train(0).frozen());
    let at_x = y.sum::<Rank0, _>().backward().get(&x);
    // P = γ/2 mean |g|², so v = ∂P/∂g = γ/B g, a constant.
    let v = at_x * (gamma / BATCH as f32);
    let (_, along) =
        critic.tangent(x.leaky_trace(), v.leaky_trace(), &mut Pass::train(0).with_tangent(false));
    let gradients = along.sum::<Rank0, _>().backward();
    let gradient = parameter_gradients::<Image<2, 2, 1>, _>(&mut critic, &gradients);
    let expected: Vec<f32> = weights.iter().map(|w| gamma * w).collect();
    assert!(distance(&gradient, &expected) < 1e-6, "{gradient:?} {expected:?}");
}

#[test]
fn running_statistics_move_only_in_a_network_that_learns() {
    let statistics = |pass: &Pass| {
        let mut layer = every();
        let before = moving(&mut layer);
        layer.forward(images::<5, 6, 2>(1), &mut pass.clone());
        (before, moving(&mut layer))
    };
    fn moving(layer: &mut Every) -> Vec<f32> {
        let mut all = Vec::new();
        layer.visit(&mut |parameter| {
            if !parameter.trainable {
                all.extend(parameter.to_vec());
            }
        });
        all
    }
    for (pass, moves) in [(Pass::train(0), true), (Pass::train(0).frozen(), false), (Pass::evaluate(), false)]
    {
        let (before, after) = statistics(&pass);
        assert_eq!(before != after, moves, "{pass:?}");
    }
}

/// By the formula, in f64, with parameters that are not the usual ones.
#[test]
fn a_batch_norm_goes_by_the_parameters_of_its_words() {
    type Norm = BatchNorm<1, 2, 2, Cpu>;
    let (momentum, epsilon) = (0.75, 0.5);
    let list = [Words::BatchNorm(words::BatchNorm { momentum, epsilon })];
    let mut layer = build::<Image<1, 2, 2>, Norm>(&list);
    let mut parameters: Vec<Vec<f64>> = Vec::new();
    Layer::<Image<1, 2, 2>, Cpu>::visit(&mut layer, &mut |parameter| {
        parameters.push(parameter.to_vec().into_iter().map(f64::from).collect());
    });
    let [gamma, beta, running_mean, running_variance] = &parameters[..] else { panic!("four parameters") };
    // Two examples of two pixels of two channels.
    let x = [1.0f32, 10.0, 3.0, 30.0, -2.0, 5.0, 4.0, -5.0];
    let image = || Cpu::default().tensor_from_vec(x.to_vec(), (2, Const, Const, Const));
    let channel =
        |channel: usize| x.iter().skip(channel).step_by(2).map(|&x| f64::from(x)).collect::<Vec<_>>();
    let moments = [0, 1].map(|index| {
        let values = channel(index);
        let mean = values.iter().sum::<f64>() / 4.0;
        (mean, values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 4.0)
    });
    let (m, e) = (f64::from(momentum), f64::from(epsilon));
    let moved = [0, 1].map(|channel| {
        let (mean, variance) = moments[channel];
        let keep = |old: f64, new: f64| m * old + (1.0 - m) * new;
        (keep(running_mean[channel], mean), keep(running_variance[channel], variance))
    });
    let normalised = |statistics: [(f64, f64); 2]| -> Vec<f32> {
        let of = |(index, &x): (usize, &f32)| {
            let (mean, variance) = statistics[index % 2];
            let normal = (f64::from(x) - mean) / (variance + e).sqrt();
            (gamma[index % 2] * normal + beta[index % 2]) as f32
        };
        x.iter().enumerate().map(of).collect()
    };
    let trained = layer.forward(image(), &mut Pass::train(0)).as_vec();
    assert!(distance(&trained, &normalised(moments)) < 1e-6, "{trained:?}");
    let evaluated = layer.forward(image(), &mut Pass::evaluate()).as_vec();
    assert!(distance(&evaluated, &normalised(moved)) < 1e-6, "{evaluated:?}");
    let make = || build::<Image<1, 2, 2>, (Norm, Dense<1, 2, 2, 2, true, Cpu>)>(&[list[0].clone(), dense(2)]);
    for mode in [Mode::Train, Mode::Evaluate] {
        check_slopes(&make, &Pass::train(3).in_mode(mode));
        check_composition(&make, &Pass::train(3).in_mode(mode));
        check_tangent(&make, &Pass::train(3).in_mode(mode));
    }
}
