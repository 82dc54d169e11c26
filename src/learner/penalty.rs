//! A penalty on the discriminator's gradient at examples, with its exact gradient with respect to the weights.
//!
//! dfdx's tape is of first order. With g = ∂D/∂x at an example and P(g) its penalty, v = ∂P/∂g is taken as a constant, and pushed through the
//! network as a tangent: J v = ⟨g, v⟩ is recorded as a function of the weights, and its gradient is that of P, since ∂P/∂w = ⟨∂P/∂g, ∂g/∂w⟩ = ∂⟨v, g⟩/∂w.

use crate::networks::{Network, Traced};
use crate::nn::{Batch, Compute, Memory, Pass, weighted_sum};
use crate::objective::penalty::{Penalty, Points};
use crate::random::fill_uniform;
use dfdx::shapes::HasShape;
use dfdx::tensor::{Gradients, Tensor, Trace};
use dfdx::tensor_ops::Backward;
use rand::RngCore;

/// The examples that a penalty is taken at, from a batch of real and one of generated examples, both (batch, features); the latter are only asked for
/// where they count.
pub(super) fn examples_at(
    points: Points,
    real: &[f32],
    fake: impl Fn() -> Vec<f32>,
    batch: usize,
    generator: &mut impl RngCore,
) -> Vec<f32> {
    let features = real.len() / batch;
    let mut mix = |count| {
        let mut numbers = vec![0.0; count];
        fill_uniform(generator, 0.0, 1.0, &mut numbers);
        numbers
    };
    match points {
        Points::Real => real.to_vec(),
        Points::Fake => fake(),
        Points::Between => {
            let shares = mix(batch);
            let pairs = real.iter().zip(fake()).enumerate();
            pairs.map(|(i, (real, fake))| fake + shares[i / features] * (real - fake)).collect()
        }
        Points::Around => {
            let (shares, noise) = (mix(batch), mix(real.len()));
            let half = (0.5 * standard_deviation(real)) as f32;
            let each = real.iter().zip(noise).enumerate();
            each.map(|(i, (real, noise))| real + shares[i / features] * half * noise).collect()
        }
    }
}

fn standard_deviation(numbers: &[f32]) -> f64 {
    let count = numbers.len() as f64;
    let mean = numbers.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
    (numbers.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / count).sqrt()
}

/// The mean penalty at the examples `x`, and its gradients with respect to the discriminator's weights.
pub(super) fn penalty_at<Dev: Compute>(
    penalty: &dyn Penalty,
    discriminator: &mut dyn Network<Dev>,
    x: &Tensor<Batch, f32, Dev>,
    pass: &Pass,
) -> (f64, Gradients<f32, Dev>) {
    let (batch, features) = *x.shape();
    // Values at the examples are the same in both passes.
    let memory = Memory::default();
    let before = if discriminator.is_curved() { pass.clone() } else { pass.clone().remembering(&memory) };
    let logits = discriminator.traced(x.leaky_trace(), before.frozen());
    let mut gradients = weighted_sum(logits, vec![1.0; batch]).backward();
    let mut v = Dev::take_flat_gradient(&mut gradients, x);
    drop(gradients);
    let mut sum = 0.0;
    for g in v.chunks_exact_mut(features) {
        let norm = g.iter().map(|&g| f64::from(g).powi(2)).sum::<f64>().sqrt();
        sum += penalty.value(norm);
        let factor = penalty.factor(norm) / batch as f64;
        g.iter_mut().for_each(|g| *g = (f64::from(*g) * factor) as f32);
    }
    let v: Tensor<Batch, f32, Dev> = x.device().tensor_from_vec(v, (batch, features));
    let pass = pass.clone().from_data().recalling(&memory);
    let (y, along) = discriminator.tangent(x.leaky_trace(), v.leaky_trace(), pass);
    (sum / batch as f64, tangent_sum(discriminator, y, along).backward())
}

/// Σ of the derivatives along v, on a tape that leads to everything that they depend on.
fn tangent_sum<Dev: Compute>(
    discriminator: &dyn Network<Dev>,
    y: Traced<Dev>,
    along: Traced<Dev>,
) -> Tensor<dfdx::shapes::Rank0, f32, Dev, dfdx::tensor::OwnedTape<f32, Dev>> {
    let batch = y.shape().0;
    let sum = weighted_sum(along, vec![1.0; batch]);
    // Through leaky ReLUs, J v depends on the weights by itself alone; through a tanh, also by way of where its derivative is taken.
    if discriminator.is_curved() { sum + weighted_sum(y, vec![0.0; batch]) } else { sum }
}

#[cfg(test)]
mod tests;
