//! Element-wise loops: fixed chunks, vectorised, threaded.
//!
//! Operations must own what they capture (`move`) and be `Copy`: each chunk works with a copy on its own stack. Numbers behind a reference could,
//! for all the compiler knows, change with every store, and the loop would not be vectorised (measured: 8 times slower).

use rayon::prelude::*;

use crate::parallel::{CHUNK, vectorized};

/// `y[i] = operation(i, x[i])`
#[inline(always)]
pub(crate) fn map(x: &[f32], y: &mut [f32], operation: impl Fn(usize, f32) -> f32 + Copy + Sync + Send) {
    assert_eq!(x.len(), y.len(), "elements of input and output");
    y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).enumerate().for_each(|(chunk, (y, x))| {
        vectorized(
            #[inline(always)]
            || {
                let (operation, first) = (operation, chunk * CHUNK);
                for (i, (y, &x)) in y.iter_mut().zip(x).enumerate() {
                    *y = operation(first + i, x);
                }
            },
        );
    });
}

/// `y[i] = operation(a[i], b[i])`
#[inline(always)]
pub(crate) fn combine(
    a: &[f32],
    b: &[f32],
    y: &mut [f32],
    operation: impl Fn(f32, f32) -> f32 + Copy + Sync + Send,
) {
    assert!(a.len() == y.len() && b.len() == y.len(), "elements of inputs and output");
    let inputs = a.par_chunks(CHUNK).zip(b.par_chunks(CHUNK));
    y.par_chunks_mut(CHUNK).zip(inputs).for_each(|(y, (a, b))| {
        vectorized(
            #[inline(always)]
            || {
                let own = operation;
                for (y, (&a, &b)) in y.iter_mut().zip(a.iter().zip(b)) {
                    *y = own(a, b);
                }
            },
        );
    });
}

/// `y[i] = operation(i, y[i])`
#[inline(always)]
pub(crate) fn map_in_place(y: &mut [f32], operation: impl Fn(usize, f32) -> f32 + Copy + Sync + Send) {
    y.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, y)| {
        vectorized(
            #[inline(always)]
            || {
                let (operation, first) = (operation, chunk * CHUNK);
                for (i, y) in y.iter_mut().enumerate() {
                    *y = operation(first + i, *y);
                }
            },
        );
    });
}

/// Changes `N` slices in place: `operation([&mut s0[i], &mut s1[i], …], x[i])`.
#[inline(always)]
pub(crate) fn update<const N: usize>(
    states: [&mut [f32]; N],
    x: &[f32],
    operation: impl Fn([f32; N], f32) -> [f32; N] + Copy + Sync + Send,
) {
    for state in &states {
        assert_eq!(state.len(), x.len(), "elements of state and gradient");
    }
    let states = states.map(crate::parallel::Shared::new);
    x.par_chunks(CHUNK).enumerate().for_each(|(chunk, x)| {
        // SAFETY: the chunks of different tasks do not overlap, and the slices were given as distinct exclusive borrows.
        let states = states.map(|state| unsafe { state.slice(chunk * CHUNK, x.len()) });
        vectorized(
            #[inline(always)]
            || update_chunk(states, x, operation),
        );
    });
}

#[inline(always)]
fn update_chunk<const N: usize>(
    mut states: [&mut [f32]; N],
    x: &[f32],
    operation: impl Fn([f32; N], f32) -> [f32; N],
) {
    // The lengths, known to be equal, spare the checks in the loop.
    for state in &mut states {
        let whole = std::mem::take(state);
        *state = &mut whole[..x.len()];
    }
    for (i, &x) in x.iter().enumerate() {
        let new = operation(std::array::from_fn(|n| states[n][i]), x);
        for (state, new) in states.iter_mut().zip(new) {
            state[i] = new;
        }
    }
}
