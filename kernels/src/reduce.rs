//! Reductions of whole slices to one value.

use rayon::prelude::*;

use crate::parallel::{CHUNK, vectorized};

/// The number of blocks, each with a sum of its own.
const BLOCKS: usize = 64;
/// Sums side by side in one block.
const LANES: usize = 16;

/// `Σ x²` in `f64`, summed in an order that depends on the length alone.
pub fn sum_of_squares(x: &[f32]) -> f64 {
    let block = x.len().div_ceil(BLOCKS).max(1).next_multiple_of(CHUNK);
    let mut sums = [0.0; BLOCKS];
    sums.par_iter_mut().zip(x.par_chunks(block)).for_each(|(sum, x)| *sum = squares_of_block(x));
    sums.iter().sum()
}

fn squares_of_block(x: &[f32]) -> f64 {
    vectorized(
        #[inline(always)]
        || {
            let mut lanes = [0.0; LANES];
            let chunks = x.chunks_exact(LANES);
            let rest: f64 = chunks.remainder().iter().map(|&x| f64::from(x) * f64::from(x)).sum();
            for chunk in chunks {
                for (lane, &x) in lanes.iter_mut().zip(chunk) {
                    *lane += f64::from(x) * f64::from(x);
                }
            }
            lanes.iter().sum::<f64>() + rest
        },
    )
}

/// Whether no element is infinite or not a number.
pub fn all_finite(x: &[f32]) -> bool {
    const EXPONENT: u32 = 0x7f80_0000;
    x.par_chunks(CHUNK).all(|x| {
        vectorized(
            #[inline(always)]
            || x.iter().fold(0, |bad, x| bad | u32::from(x.to_bits() & EXPONENT == EXPONENT)) == 0,
        )
    })
}
