//! Sums of two arrays, element by element.

use crate::elementwise::{combine, update};

/// `y = a + b`
pub fn sum(a: &[f32], b: &[f32], y: &mut [f32]) {
    combine(
        a,
        b,
        y,
        #[inline(always)]
        move |a, b| a + b,
    );
}

/// `y += x`
pub fn add(x: &[f32], y: &mut [f32]) {
    update(
        [y],
        x,
        #[inline(always)]
        move |[y], x| [y + x],
    );
}
