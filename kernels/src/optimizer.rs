//! Optimizers' updates, in place, each in one pass. Formulas are Keras 3's, so that its default settings mean the same here.

use crate::elementwise::update;

/// Adam's settings (Kingma and Ba 2015).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// Step size.
    pub learning_rate: f32,
    /// Decay of the first and of the second moment, each in [0, 1).
    pub betas: [f32; 2],
    /// Added to the root of the uncorrected second moment (the paper's "epsilon hat").
    pub epsilon: f32,
}

/// One step of Adam; `step` counts from 1:
/// `m ← m + (g − m)(1 − β₁)`, `v ← v + (g² − v)(1 − β₂)`, `w ← w − α·m / (√v + ε)` with `α = learning_rate · √(1 − β₂ᵗ) / (1 − β₁ᵗ)`.
pub fn adam(
    settings: &Adam,
    step: u64,
    gradient: &[f32],
    weights: &mut [f32],
    first: &mut [f32],
    second: &mut [f32],
) {
    assert!(step > 0, "Adam's steps count from 1");
    let [beta1, beta2] = settings.betas;
    let corrections = settings.betas.map(|beta| 1.0 - f64::from(beta).powf(step as f64));
    let alpha = (f64::from(settings.learning_rate) * corrections[1].sqrt() / corrections[0]) as f32;
    let (keep1, keep2, epsilon) = (1.0 - beta1, 1.0 - beta2, settings.epsilon);
    update(
        [weights, first, second],
        gradient,
        #[inline(always)]
        move |[w, m, v], g| {
            let m = m + (g - m) * keep1;
            let v = v + (g * g - v) * keep2;
            [w - alpha * m / (v.sqrt() + epsilon), m, v]
        },
    );
}

/// RMSProp's settings (Hinton 2012, lecture 6).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsProp {
    /// Step size.
    pub learning_rate: f32,
    /// Decay of the mean square, in [0, 1).
    pub rho: f32,
    /// Momentum of the update, in [0, 1).
    pub momentum: f32,
    /// Added to the mean square, under the root.
    pub epsilon: f32,
}

/// One step of RMSProp: `v ← ρ·v + (1 − ρ)·g²`, `u ← momentum·u + learning_rate · g / √(v + ε)`, `w ← w − u`.
///
/// `update_memory` holds u; it may be empty where the momentum is zero, and stays so.
pub fn rms_prop(
    settings: &RmsProp,
    gradient: &[f32],
    weights: &mut [f32],
    mean_square: &mut [f32],
    update_memory: &mut [f32],
) {
    let RmsProp { learning_rate, rho, momentum, epsilon } = *settings;
    let keep = 1.0 - rho;
    // A memory is kept also while a momentum that will rise is zero.
    if momentum == 0.0 && update_memory.is_empty() {
        update(
            [weights, mean_square],
            gradient,
            #[inline(always)]
            move |[w, v], g| {
                let v = rho * v + keep * (g * g);
                [w - learning_rate * g / (v + epsilon).sqrt(), v]
            },
        );
    } else {
        update(
            [weights, mean_square, update_memory],
            gradient,
            #[inline(always)]
            move |[w, v, u], g| {
                let v = rho * v + keep * (g * g);
                let u = momentum * u + learning_rate * g / (v + epsilon).sqrt();
                [w - u, v, u]
            },
        );
    }
}

/// One step of gradient descent with momentum: `m ← momentum·m − learning_rate·g`, `w ← w + m`.
///
/// `velocity` holds m; it may be empty where the momentum is zero, and stays so.
pub fn sgd(learning_rate: f32, momentum: f32, gradient: &[f32], weights: &mut [f32], velocity: &mut [f32]) {
    // A memory is kept also while a momentum that will rise is zero.
    if momentum == 0.0 && velocity.is_empty() {
        update(
            [weights],
            gradient,
            #[inline(always)]
            move |[w], g| [w - learning_rate * g],
        );
    } else {
        update(
            [weights, velocity],
            gradient,
            #[inline(always)]
            move |[w, m], g| {
                let m = momentum * m - learning_rate * g;
                [w + m, m]
            },
        );
    }
}

/// Exponential moving average: `average ← decay · average + (1 − decay) · value`.
pub fn ema(average: &mut [f32], value: &[f32], decay: f32) {
    let keep = 1.0 - decay;
    update(
        [average],
        value,
        #[inline(always)]
        move |[average], value| [average + keep * (value - average)],
    );
}
