use super::{Array, Diverged, Find};
use crate::config::optimizer::{Method, Optimizer as Rule};
use crate::networks::Network;
use crate::nn::Compute;
use atelier_kernels::optimizer as kernels;
use dfdx::shapes::HasShape;
use dfdx::tensor::{Gradients, Tensor};

/// What a method remembers of each weight.
fn slot_names(method: Method) -> &'static [&'static str] {
    match method {
        Method::Adam { .. } => &["m", "v"],
        Method::RmsProp { momentum: 0.0, .. } => &["v"],
        Method::RmsProp { .. } => &["v", "m"],
        Method::Sgd { momentum: 0.0 } => &[],
        Method::Sgd { .. } => &["m"],
    }
}

/// Step number `t`, from 1, on one parameter.
fn apply(rule: Rule, t: u64, w: &mut [f32], g: &[f32], state: &mut [&mut [f32]]) {
    let learning_rate = rule.learning_rate as f32;
    match (rule.method, state) {
        (Method::Adam { beta1, beta2, epsilon }, [m, v]) => {
            let settings =
                kernels::Adam { learning_rate, betas: [beta1 as f32, beta2 as f32], epsilon: epsilon as f32 };
            kernels::adam(&settings, t, g, w, m, v);
        }
        (Method::RmsProp { rho, momentum, epsilon }, [v, memory @ ..]) => {
            let settings = kernels::RmsProp {
                learning_rate,
                rho: rho as f32,
                momentum: momentum as f32,
                epsilon: epsilon as f32,
            };
            kernels::rms_prop(&settings, g, w, v, memory.first_mut().map_or(&mut [], |memory| &mut **memory));
        }
        (Method::Sgd { momentum }, memory) => {
            let velocity = memory.first_mut().map_or(&mut [][..], |memory| &mut **memory);
            kernels::sgd(learning_rate, momentum as f32, g, w, velocity);
        }
        _ => unreachable!("`slot_names` says how many arrays each method has"),
    }
}

/// A rule with its memory of one network's weights.
pub struct Optimizer<Dev: Compute> {
    rule: Rule,
    /// Whose weights, for messages: "the generator's gradient".
    gradient_name: &'static str,
    steps: u64,
    /// For each trainable parameter in the order of `visit`: its name, shape and slots.
    state: Vec<Slots<Dev>>,
}

struct Slots<Dev: Compute> {
    name: String,
    shape: Vec<usize>,
    arrays: Vec<Tensor<(usize,), f32, Dev>>,
}

/// One trainable parameter's gradient.
pub type Gradient<Dev> = Tensor<(usize,), f32, Dev>;

impl<Dev: Compute> Optimizer<Dev> {
    /// A rule without memory yet, for this network.
    pub fn new(rule: Rule, gradient_name: &'static str, network: &mut dyn Network<Dev>) -> Self {
        let mut state = Vec::new();
        network.visit(&mut |parameter| {
            if parameter.trainable {
                let zeros = || parameter.value.device().zeros_like(&parameter.value);
                state.push(Slots {
                    name: parameter.name.clone(),
                    shape: parameter.shape.clone(),
                    arrays: slot_names(rule.method).iter().map(|_| zeros()).collect(),
                });
            }
        });
        Self { rule, gradient_name, steps: 0, state }
    }

    /// Takes the network's gradients out of `gradients`.
    pub fn take(network: &mut dyn Network<Dev>, gradients: &mut Gradients<f32, Dev>) -> Vec<Gradient<Dev>> {
        let mut taken = Vec::new();
        network.visit(&mut |parameter| {
            if parameter.trainable {
                taken.push(Dev::take_gradient(gradients, &parameter.value));
            }
        });
        taken
    }

    /// The L2 norm of all gradients together.
    ///
    /// # Errors
    /// If it is not finite.
    pub fn norm(&self, gradients: &[Gradient<Dev>]) -> Result<f64, Diverged> {
        let norm = gradients.iter().map(Dev::sum_of_squares).sum::<f64>().sqrt();
        Diverged::check(self.gradient_name, norm)
    }

    /// One step down the gradients that [`Optimizer::take`] took.
    pub fn step(&mut self, network: &mut dyn Network<Dev>, gradients: &[Gradient<Dev>]) {
        self.steps += 1;
        let (rule, t) = (self.rule, self.steps);
        let mut each = self.state.iter_mut().zip(gradients);
        network.visit(&mut |parameter| {
            if parameter.trainable {
                let (slots, gradient) = each.next().expect("a network always visits the same parameters");
                Dev::update(&mut parameter.value, gradient, &mut slots.arrays, &mut |w, g, state| {
                    apply(rule, t, w, g, state);
                });
            }
        });
    }

    /// The memory, each array named `<prefix>.<parameter>.<slot>`.
    pub fn state(&self, prefix: &str) -> impl Iterator<Item = Array> {
        self.state.iter().flat_map(move |slots| {
            slot_names(self.rule.method).iter().zip(&slots.arrays).map(move |(slot, array)| {
                let mut values = vec![0.0; array.shape().0];
                array.copy_into(&mut values);
                Array { name: format!("{prefix}.{}.{slot}", slots.name), shape: slots.shape.clone(), values }
            })
        })
    }

    /// Puts the memory after `steps` steps back.
    ///
    /// # Errors
    /// The first that `find` gives.
    pub fn restore(&mut self, prefix: &str, steps: u64, find: &mut Find<'_>) -> Result<(), String> {
        self.steps = steps;
        for slots in &mut self.state {
            for (slot, array) in slot_names(self.rule.method).iter().zip(&mut slots.arrays) {
                array.copy_from(&find(&format!("{prefix}.{}.{slot}", slots.name), &slots.shape)?);
            }
        }
        Ok(())
    }
}
