use super::*;
use crate::config::architecture::layers::{Conv as ConvWords, Dense as DenseWords, Layer as Words};
use crate::learner::Optimizer;
use crate::networks::boxed;
use crate::nn::{BatchNorm, Builder, Conv, Dense, Initialization, LeakyRelu, Tanh, read};
use crate::objective::penalty::{GradientPenalty, R1};
use crate::random::Stream;
use dfdx::prelude::Cpu;
use dfdx::tensor::TensorFromVec;
use safetensors::SafeTensors;

/// Made by `tests/reference/make_penalties.py` with PyTorch's double backward.
const REFERENCE: &[u8] = include_bytes!("../../../tests/reference/penalties.safetensors");

fn get(reference: &SafeTensors<'_>, name: &str) -> Vec<f32> {
    let tensor = reference.tensor(name).unwrap_or_else(|_| panic!("{name} is not in the reference"));
    tensor.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

type Pieces = (
    Conv<8, 8, 2, 4, 4, 6, 5, 2, true, Cpu>,
    (LeakyRelu, (Conv<4, 4, 6, 2, 2, 8, 3, 2, true, Cpu>, (Tanh, Dense<2, 2, 8, 1, true, Cpu>))),
);
type Batched = (
    Conv<8, 8, 2, 4, 4, 6, 5, 2, true, Cpu>,
    (BatchNorm<4, 4, 6, Cpu>, (LeakyRelu, Dense<4, 4, 6, 1, true, Cpu>)),
);

fn network(name: &str) -> Box<dyn Network<Cpu>> {
    let conv = |channels, kernel| Words::Conv(ConvWords { channels, kernel, stride: 2, bias: true });
    let dense = || Words::Dense(DenseWords { units: 1, bias: true });
    let pieces = [conv(6, 5), Words::LeakyRelu(0.2), conv(8, 3), Words::Tanh, dense()];
    let batched = [conv(6, 5), Words::batch_norm(), Words::LeakyRelu(0.2), dense()];
    let build =
        |words| Builder::new(Cpu::default(), words, Initialization::GlorotUniform, Stream::new(0, "weights"));
    match name {
        "pieces" => boxed::<8, 8, 2, Cpu, Pieces>(&mut build(&pieces)),
        _ => boxed::<8, 8, 2, Cpu, Batched>(&mut build(&batched)),
    }
}

#[test]
fn penalties_and_their_gradients_are_those_of_a_double_backward_pass() {
    let reference = SafeTensors::deserialize(REFERENCE).unwrap();
    let penalties: [(&str, &dyn Penalty); 3] = [
        ("gradient-penalty", &GradientPenalty { weight: 10.0, one_sided: false }),
        ("one-sided", &GradientPenalty { weight: 10.0, one_sided: true }),
        ("r1", &R1 { gamma: 3.0 }),
    ];
    let x = get(&reference, "x");
    let batch = x.len() / 128;
    let x: Tensor<Batch, f32, Cpu> = Cpu::default().tensor_from_vec(x, (batch, 128));
    for name in ["pieces", "batch"] {
        let mut network = network(name);
        let mut index = 0;
        network.visit(&mut |parameter| {
            if parameter.trainable {
                parameter.set(&get(&reference, &format!("{name}.{index}")));
                index += 1;
            }
        });
        for (word, penalty) in penalties {
            let (value, mut gradients) = penalty_at(penalty, &mut *network, &x, &Pass::train(0));
            let expected = f64::from(get(&reference, &format!("{name}.{word}.value"))[0]);
            assert!((value - expected).abs() < 1e-5 * expected, "{name}, {word}: {value}, not {expected}");
            let gradients = Optimizer::take(&mut *network, &mut gradients);
            assert_eq!(gradients.len(), index);
            // Of all weights together: a bias before the batch norm has no influence, and a gradient of rounding alone.
            let (mut apart, mut size) = (0.0, 0.0);
            for (index, gradient) in gradients.iter().enumerate() {
                let expected = get(&reference, &format!("{name}.{word}.{index}"));
                for (a, b) in read(gradient).iter().zip(&expected) {
                    apart += f64::from(a - b).powi(2);
                    size += f64::from(*b).powi(2);
                }
            }
            let apart = (apart / size).sqrt();
            assert!(apart < 2e-6, "{name}, {word}: gradients {apart:e} apart");
        }
    }
}

#[test]
fn points_lie_where_they_should() {
    let batch = 50;
    let real: Vec<f32> = (0..batch * 3).map(|i| i as f32).collect();
    let fake: Vec<f32> = real.iter().map(|x| -x - 1.0).collect();
    let at =
        |points| examples_at(points, &real, || fake.clone(), batch, &mut Stream::new(1, "penalty").at(0));
    assert_eq!(at(Points::Real), real);
    assert_eq!(at(Points::Fake), fake);

    // One share for all numbers of an example, another for the next.
    let shares: Vec<Vec<f32>> = at(Points::Between)
        .chunks(3)
        .zip(real.chunks(3).zip(fake.chunks(3)))
        .map(|(x, (real, fake))| {
            x.iter().zip(real.iter().zip(fake)).map(|(x, (r, f))| (x - f) / (r - f)).collect()
        })
        .collect();
    assert!(
        shares
            .iter()
            .all(|share| share.iter().all(|s| (0.0..=1.0).contains(s) && (s - share[0]).abs() < 1e-4))
    );
    let mean = shares.iter().map(|share| share[0]).sum::<f32>() / batch as f32;
    assert!((mean - 0.5).abs() < 0.15, "{mean}");

    // Never below, by half the standard deviation at most, and not by one amount.
    let half = 0.5 * standard_deviation(&real) as f32;
    let steps: Vec<f32> = at(Points::Around).iter().zip(&real).map(|(x, real)| (x - real) / half).collect();
    assert!(steps.iter().all(|step| (-1e-5..=1.0).contains(step)));
    assert!(
        steps.iter().any(|&step| step > 0.5) && steps.windows(2).any(|two| (two[0] - two[1]).abs() > 0.1)
    );
}

#[test]
fn the_standard_deviation_is_that_of_all_numbers() {
    assert!((standard_deviation(&[1.0, 3.0, 5.0, 7.0]) - 5f64.sqrt()).abs() < 1e-12);
}
