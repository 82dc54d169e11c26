//! The arithmetic of Atelier's layers: plain `f32` slices and sizes in and out.
//!
//! - Results are the same bytes for any number of threads (on one kind of processor). Threads are those of rayon's current pool.
//! - Nothing is allocated per call once the threads' scratch buffers have grown.
//! - Vector instructions are chosen at run time.
//! - Images are channels-last: (batch, height, width, channels).

#![allow(unsafe_code)]

pub mod activation;
pub mod batch_norm;
pub mod bias;
pub mod conv;
pub mod dense;
pub mod dropout;
pub mod epilogue;
pub mod memory;
pub mod optimizer;
pub mod reduce;
pub mod spectral;
pub mod sum;

pub use parallel::{instructions, start_threads};

mod columns;
mod conv_taps;
mod conv_weights;
mod elementwise;
mod matmul;
mod parallel;
mod prefetch;
