//! Biases: one number per channel.

use crate::columns::{Chunks, add_column_sums};
use crate::parallel::{Shared, vectorized};

/// `y[r, c] += bias[c]`, in place: (rows, channels), (channels,).
pub fn add_bias(y: &mut [f32], bias: &[f32]) {
    let chunks = Chunks::new(y.len(), bias.len());
    let shared = Shared::new(y);
    chunks.for_each(|_, rows, columns| {
        vectorized(
            #[inline(always)]
            || {
                for row in rows {
                    // SAFETY: each piece of the matrix belongs to one task.
                    let y = unsafe { shared.slice(row * bias.len() + columns.start, columns.len()) };
                    for (y, bias) in y.iter_mut().zip(&bias[columns.clone()]) {
                        *y += bias;
                    }
                }
            },
        );
    });
}

/// Adds the gradient of the bias, the sums of the columns of `dy`, to `dbias`: (rows, channels) -> (channels,).
pub fn bias_gradient(dy: &[f32], dbias: &mut [f32]) {
    add_column_sums(dy, dbias);
}
