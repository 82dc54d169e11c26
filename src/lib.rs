//! Atelier: an experiment runner for generative adversarial networks.
//!
//! A TOML file describes one question; `atelier run FILE` answers it in a folder of its own. The modules stand in the
//! order in which data flow, and each uses only those above it (a test in `tests/` checks that):

// Named, counter-based random streams: every random choice of a run is an argument.
pub mod random;

// The experiment file: layers of TOML in, checked and immutable structs out. Knows no tensors; `build.rs` uses it too.
pub mod config;

// The plan of a sweep: which configurations are run, in which order. Knows no tensors; `build.rs` uses its trials too.
pub mod plan;

// Data sets: found, downloaded or drawn, and brought into memory.
pub mod data;

// From `[architecture]` to networks with known shapes, and to Rust types. Knows no tensors; `build.rs` uses it too.
pub mod architecture;

// Layers with compile-time shapes over dfdx's tensors and tape.
pub mod nn;

// Every network that this program was built with, behind one trait.
pub mod networks;

// Losses on what networks give, and penalties on gradients.
pub mod objective;

// How samples are scored.
pub mod evaluation;

// What a training step updates: a GAN, a BEGAN, a VAE or a classifier, with its optimizers.
pub mod learner;

// What a run's folder holds, and how it is written and read back.
pub mod record;

// From images to scores: features of a classifier, and samples of other programs.
pub mod scoring;

// The training loop.
pub mod training;

// The pictures of a run's folder, drawn from `record`'s row types.
pub mod figures;

// One configuration, executed once, in a folder of its own.
pub mod run;

// The runs of a sweep, each in a process of its own.
pub mod launch;

// Runs side by side, from their files.
pub mod compare;

// One page about a run or a sweep, from its files.
pub mod report;

// The command line.
pub mod cli;
