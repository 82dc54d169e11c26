//! Activation functions, element by element.
//!
//! Backward passes put the gradient of x in place of `dy`. Those of [`tanh`] and [`sigmoid`] start from the forward result `y`, those of
//! [`leaky_relu`] and [`relu`] from x or, which has the same sign where the slope is not negative, from y.

use crate::elementwise::{combine, map, update};

/// `y = x` where x > 0, else `slope · x` (Maas, Hannun and Ng 2013).
pub fn leaky_relu(x: &[f32], slope: f32, y: &mut [f32]) {
    map(
        x,
        y,
        #[inline(always)]
        move |_, x| if x > 0.0 { x } else { slope * x },
    );
}

/// `dy *= slope` except where x > 0. For `slope` > 0 the forward result may be given for x.
pub fn leaky_relu_backward(x: &[f32], dy: &mut [f32], slope: f32) {
    update(
        [dy],
        x,
        #[inline(always)]
        move |[dy], x| [if x > 0.0 { dy } else { slope * dy }],
    );
}

/// `y = v` where x > 0, else `slope · v`: the derivative along v. For `slope` > 0 the forward result may be given for x.
pub fn leaky_relu_along(x: &[f32], v: &[f32], slope: f32, y: &mut [f32]) {
    combine(
        x,
        v,
        y,
        #[inline(always)]
        move |x, v| if x > 0.0 { v } else { slope * v },
    );
}

/// `y = max(x, 0)`; not-a-number stays.
pub fn relu(x: &[f32], y: &mut [f32]) {
    map(
        x,
        y,
        #[inline(always)]
        move |_, x| if x <= 0.0 { 0.0 } else { x },
    );
}

/// `dy = 0` except where x > 0. The forward result may be given for x.
pub fn relu_backward(x: &[f32], dy: &mut [f32]) {
    update(
        [dy],
        x,
        #[inline(always)]
        move |[dy], x| [if x > 0.0 { dy } else { 0.0 }],
    );
}

/// `y = tanh(x)`, to 3 units in the last place.
pub fn tanh(x: &[f32], y: &mut [f32]) {
    map(
        x,
        y,
        #[inline(always)]
        move |_, x| tanh_of(x),
    );
}

/// `dy *= 1 − y²`
pub fn tanh_backward(y: &[f32], dy: &mut [f32]) {
    // (1 − y)(1 + y) keeps its relative accuracy near ±1, where 1 − y² cancels.
    update(
        [dy],
        y,
        #[inline(always)]
        move |[dy], y| [dy * ((1.0 - y) * (1.0 + y))],
    );
}

/// `y = 1 / (1 + exp(−x))`, to 3 units in the last place; below −87.3 the result stays at 1.2e−38.
pub fn sigmoid(x: &[f32], y: &mut [f32]) {
    map(
        x,
        y,
        #[inline(always)]
        move |_, x| sigmoid_of(x),
    );
}

/// `dy *= y · (1 − y)`
pub fn sigmoid_backward(y: &[f32], dy: &mut [f32]) {
    update(
        [dy],
        y,
        #[inline(always)]
        move |[dy], y| [dy * (y * (1.0 - y))],
    );
}

/// The exponential for −87.3 ≤ x ≤ 88; numbers beyond are taken as these bounds, not-a-number stays. After Cephes' `expf` (Moshier):
/// x = n·ln 2 + r, a polynomial for exp(r), and n into the exponent.
#[inline(always)]
fn exp(x: f32) -> f32 {
    // Adding it rounds to an integer, which then stands in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let clamped = x.clamp(-87.3, 88.0);
    let shifted = clamped * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    // ln 2 in two parts, the first with few digits, so that its product with n is exact.
    let r = (clamped - n * 0.693_359_4) - n * -2.121_944_4e-4;
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 5e-1;
    let mantissa = p * (r * r) + r + 1.0;
    mantissa * f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000))
}

/// After Cephes' `tanhf`: an odd polynomial near zero, else through the exponential.
#[inline(always)]
fn tanh_of(x: f32) -> f32 {
    let z = x * x;
    let p = -5.704_988_7e-3;
    let p = p * z + 2.063_909e-2;
    let p = p * z - 5.373_971_5e-2;
    let p = p * z + 1.333_144_2e-1;
    let p = p * z - 3.333_328e-1;
    let near = p * z * x + x;
    let far = 1.0 - 2.0 / (exp(2.0 * x.abs()) + 1.0);
    if x.abs() < 0.625 { near } else { far.copysign(x) }
}

#[inline(always)]
fn sigmoid_of(x: f32) -> f32 {
    let e = exp(-x.abs());
    let numerator = if x < 0.0 { e } else { 1.0 };
    numerator / (1.0 + e)
}
