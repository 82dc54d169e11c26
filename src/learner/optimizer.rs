use super::schedule::{self, Length};
use super::{Array, Diverged, Find};
use crate::config::optimizer::{Method, Optimizer as Rule};
use crate::networks::Network;
use crate::nn::Compute;
use atelier_kernels::optimizer as kernels;
use dfdx::shapes::HasShape;
use dfdx::tensor::{Gradients, Tensor};

/// What a rule remembers of each weight.
fn slot_names(rule: &Rule) -> &'static [&'static str] {
    let moves = rule.momentum_schedule.is_some();
    match rule.method {
        Method::Adam { .. } => &["m", "v"],
        Method::RmsProp { momentum: 0.0, .. } if !moves => &["v"],
        Method::RmsProp { .. } => &["v", "m"],
        Method::Sgd { momentum: 0.0 } if !moves => &[],
        Method::Sgd { .. } => &["m"],
    }
}

/// Step number `t`, from 1, on one parameter.
fn apply(learning_rate: f64, method: Method, t: u64, w: &mut [f32], g: &[f32], state: &mut [&mut [f32]]) {
    let learning_rate = learning_rate as f32;
    match (method, state) {
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

/// What gradients are multiplied by to have the L2 norm `most`; `None` if they are no longer than that.
fn clipping<Dev: Compute>(most: f64, gradients: &[Gradient<Dev>]) -> Option<f32> {
    let norm = gradients.iter().map(Dev::sum_of_squares).sum::<f64>().sqrt();
    (norm > most).then(|| (most / norm) as f32)
}

/// A rule with its memory of one network's weights.
pub struct Optimizer<Dev: Compute> {
    rule: Rule,
    /// Whose weights, for messages: "the generator's gradient".
    gradient_name: &'static str,
    steps: u64,
    /// How many steps there will be, once it is known.
    length: Option<Length>,
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
                    arrays: slot_names(&rule).iter().map(|_| zeros()).collect(),
                });
            }
        });
        Self { rule, gradient_name, steps: 0, length: None, state }
    }

    /// Says how long the training is, for schedules that depend on it.
    pub fn set_length(&mut self, length: Length) {
        self.length = Some(length);
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

    /// Takes the network's gradients out of `gradients`, with their L2 norm.
    ///
    /// # Errors
    /// If the norm is not finite.
    pub fn gradients(
        &self,
        network: &mut dyn Network<Dev>,
        gradients: &mut Gradients<f32, Dev>,
    ) -> Result<(Vec<Gradient<Dev>>, f64), Diverged> {
        let taken = Self::take(network, gradients);
        let norm = self.norm(&taken)?;
        Ok((taken, norm))
    }

    /// The L2 norm of all gradients together.
    ///
    /// # Errors
    /// If it is not finite.
    pub fn norm(&self, gradients: &[Gradient<Dev>]) -> Result<f64, Diverged> {
        let norm = gradients.iter().map(Dev::sum_of_squares).sum::<f64>().sqrt();
        Diverged::check(self.gradient_name, norm)
    }

    /// One step down these gradients, one for each trainable parameter in the order of `visit`: shortened first if they are together longer
    /// than the rule's `clip_norm`, with what the rule's schedules say for this step.
    ///
    /// # Panics
    /// If a schedule depends on the training's length and [`Optimizer::set_length`] has not said it.
    pub fn step(&mut self, network: &mut dyn Network<Dev>, gradients: &[Gradient<Dev>]) {
        let learning_rate = schedule::learning_rate(&self.rule, self.length, self.steps);
        let method = schedule::method(&self.rule, self.length, self.steps);
        let factor = self.rule.clip_norm.and_then(|most| clipping::<Dev>(most, gradients));
        self.steps += 1;
        let t = self.steps;
        let mut each = self.state.iter_mut().zip(gradients);
        network.visit(&mut |parameter| {
            if parameter.trainable {
                let (slots, gradient) = each.next().expect("a network always visits the same parameters");
                Dev::update(
                    &mut parameter.value,
                    gradient,
                    &mut slots.arrays,
                    &mut |w, g, state| match factor {
                        None => apply(learning_rate, method, t, w, g, state),
                        Some(factor) => {
                            let shorter: Vec<f32> = g.iter().map(|g| g * factor).collect();
                            apply(learning_rate, method, t, w, &shorter, state);
                        }
                    },
                );
            }
        });
    }

    /// The memory, each array named `<prefix>.<parameter>.<slot>`.
    pub fn state(&self, prefix: &str) -> impl Iterator<Item = Array> {
        self.state.iter().flat_map(move |slots| {
            slot_names(&self.rule).iter().zip(&slots.arrays).map(move |(slot, array)| {
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
            for (slot, array) in slot_names(&self.rule).iter().zip(&mut slots.arrays) {
                array.copy_from(&find(&format!("{prefix}.{}.{slot}", slots.name), &slots.shape)?);
            }
        }
        Ok(())
    }
}
