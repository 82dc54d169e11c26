//! The promises of the runner, kept or not by the built program: each test starts `atelier` in a folder of its own.

mod bad_experiments;
mod byte_for_byte;
mod compare;
mod damaged_data;
mod damaged_results;
mod disk_full;
mod evaluation;
mod learners;
mod life;
mod other_programs;
mod practice;
mod preview;
mod slanted_faces;
mod support;
mod sweep;
mod tensorboard;
