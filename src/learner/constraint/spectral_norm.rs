use super::{Array, Constraint, Find, Gradient};
use crate::networks::Network;
use crate::nn::{Compute, Parameter};
use crate::random::{Stream, fill_normal};
use std::borrow::Borrow;

/// Power iterations before the first step; afterwards there is one a step.
const FIRST_ITERATIONS: usize = 15;
/// Keeps a weight of zeros from being divided by zero.
const SMALLEST: f64 = 1e-12;

/// Spectral normalisation (Miyato et al. 2018, section 2.1 and algorithm 1): the network computes with W / σ, where σ is the largest singular value of
/// W as a matrix of (inputs, outputs), and the optimizer moves W.
///
/// σ = vᵀ W u with v and u from one power iteration a step: v ← W u / ‖W u‖, u ← Wᵀ v / ‖Wᵀ v‖. They count as constants in the gradient (appendix A):
/// ∂/∂W = (G - ⟨G, W/σ⟩ v uᵀ) / σ, where G is the gradient with respect to W / σ. Every weight of two or more axes is normalised, the last
/// axis being its outputs; biases are not.
///
/// Deviations: (1) u begins as a normal vector after 15 power iterations, as PyTorch has it, so that the first steps are normalised too; (2) the
/// iteration is made once after each step of the network, not at each pass through it.
pub(super) struct SpectralNorm {
    pub(super) weights: Vec<Normalised>,
}

/// One weight.
pub(super) struct Normalised {
    /// Its place among the network's trainable parameters.
    pub(super) index: usize,
    name: String,
    shape: Vec<usize>,
    /// W, (inputs, outputs) row-major.
    pub(super) raw: Vec<f32>,
    /// (outputs).
    u: Vec<f32>,
    /// (inputs).
    v: Vec<f32>,
    sigma: f64,
}

impl SpectralNorm {
    /// Takes the network's weights as W, and gives it W / σ.
    pub(super) fn new<Dev: Compute>(seed: u64, network: &mut dyn Network<Dev>) -> Self {
        let first = Stream::new(seed, "spectral-norm");
        let (mut weights, mut index) = (Vec::new(), 0);
        network.visit(&mut |parameter| {
            if !parameter.trainable {
                return;
            }
            if let [inputs @ .., outputs] = &parameter.shape[..]
                && !inputs.is_empty()
            {
                let mut u = vec![0.0; *outputs];
                fill_normal(&mut first.at(index as u64), &mut u);
                let mut weight = Normalised {
                    index,
                    name: parameter.name.clone(),
                    shape: parameter.shape.clone(),
                    raw: parameter.to_vec(),
                    v: vec![0.0; inputs.iter().product()],
                    u,
                    sigma: 1.0,
                };
                (0..FIRST_ITERATIONS).for_each(|_| weight.iterate());
                parameter.set(&weight.normalised());
                weights.push(weight);
            }
            index += 1;
        });
        Self { weights }
    }
}

/// Calls `visitor` with each normalised weight and its place in the network.
fn visit<W: Borrow<Normalised>, Dev: Compute>(
    weights: impl Iterator<Item = W>,
    network: &mut dyn Network<Dev>,
    mut visitor: impl FnMut(W, &mut Parameter<Dev>),
) {
    let (mut rest, mut index) = (weights.peekable(), 0);
    network.visit(&mut |parameter| {
        if parameter.trainable {
            if let Some(weight) = rest.next_if(|weight| weight.borrow().index == index) {
                visitor(weight, parameter);
            }
            index += 1;
        }
    });
}

impl Normalised {
    fn iterate(&mut self) {
        self.v = scaled_to_one(&product(&self.raw, &self.u));
        self.u = scaled_to_one(&transposed_product(&self.raw, &self.v, self.u.len()));
        self.find_sigma();
    }

    pub(super) fn find_sigma(&mut self) {
        let along: f64 =
            product(&self.raw, &self.u).iter().zip(&self.v).map(|(a, &b)| a * f64::from(b)).sum();
        self.sigma = along.max(SMALLEST);
    }

    pub(super) fn normalised(&self) -> Vec<f32> {
        self.raw.iter().map(|&weight| (f64::from(weight) / self.sigma) as f32).collect()
    }
}

/// W u.
fn product(matrix: &[f32], u: &[f32]) -> Vec<f64> {
    let dot = |row: &[f32]| row.iter().zip(u).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
    matrix.chunks_exact(u.len()).map(dot).collect()
}

/// Wᵀ v.
fn transposed_product(matrix: &[f32], v: &[f32], columns: usize) -> Vec<f64> {
    let mut sums = vec![0.0; columns];
    for (row, &factor) in matrix.chunks_exact(columns).zip(v) {
        for (sum, &weight) in sums.iter_mut().zip(row) {
            *sum += f64::from(weight) * f64::from(factor);
        }
    }
    sums
}

fn scaled_to_one(vector: &[f64]) -> Vec<f32> {
    let norm = vector.iter().map(|x| x * x).sum::<f64>().sqrt().max(SMALLEST);
    vector.iter().map(|x| (x / norm) as f32).collect()
}

impl<Dev: Compute> Constraint<Dev> for SpectralNorm {
    fn pull_back(&self, network: &mut dyn Network<Dev>, gradients: &mut [Gradient<Dev>]) {
        visit(self.weights.iter(), network, |weight, parameter| {
            let gradient = &mut gradients[weight.index];
            Dev::update(gradient, &parameter.value, &mut [], &mut |gradient, normalised, _| {
                let dot = |(&g, &w): (&f32, &f32)| f64::from(g) * f64::from(w);
                let along: f64 = gradient.iter().zip(normalised).map(dot).sum();
                for (row, &v) in gradient.chunks_exact_mut(weight.u.len()).zip(&weight.v) {
                    for (g, &u) in row.iter_mut().zip(&weight.u) {
                        *g = ((f64::from(*g) - along * f64::from(v) * f64::from(u)) / weight.sigma) as f32;
                    }
                }
            });
        });
    }

    fn before_step(&mut self, network: &mut dyn Network<Dev>) {
        visit(self.weights.iter_mut(), network, |weight, parameter| parameter.set(&weight.raw));
    }

    fn after_step(&mut self, network: &mut dyn Network<Dev>) {
        visit(self.weights.iter_mut(), network, |weight, parameter| {
            weight.raw = parameter.to_vec();
            weight.iterate();
            parameter.set(&weight.normalised());
        });
    }

    fn state(&self) -> Vec<Array> {
        let arrays = |weight: &Normalised| {
            let array = |what: &str, shape: &[usize], values: &[f32]| Array {
                name: format!("spectral_norm.{}.{what}", weight.name),
                shape: shape.to_vec(),
                values: values.to_vec(),
            };
            [
                array("raw", &weight.shape, &weight.raw),
                array("u", &[weight.u.len()], &weight.u),
                array("v", &[weight.v.len()], &weight.v),
            ]
        };
        self.weights.iter().flat_map(arrays).collect()
    }

    fn restore(&mut self, find: &mut Find<'_>) -> Result<(), String> {
        for weight in &mut self.weights {
            let name = |what: &str| format!("spectral_norm.{}.{what}", weight.name);
            weight.raw = find(&name("raw"), &weight.shape)?;
            weight.u = find(&name("u"), &[weight.u.len()])?;
            weight.v = find(&name("v"), &[weight.v.len()])?;
            weight.find_sigma();
        }
        Ok(())
    }
}
