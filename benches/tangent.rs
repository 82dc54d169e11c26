//! What a tangent costs, which a penalty on a discriminator's gradient needs, beside a forward and backward pass of the same batch: `just bench-tangent`.
//!
//! Both give the gradient of one number with respect to all weights: of the logits' sum, and of the sum of their derivatives along a
//! direction, after a pass that gave the direction, as a penalty has one. What is compared is their ratio in the same round.

use atelier::architecture::{self, Examples};
use atelier::config::Experiment;
use atelier::networks::{self, Network};
use atelier::nn::{Initialization, Memory, Pass, weighted_sum};
use atelier::random::{Stream, fill_normal};
use dfdx::prelude::Cpu;
use dfdx::tensor::{Tensor, TensorFromVec, Trace};
use dfdx::tensor_ops::Backward;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: atelier_kernels::memory::HugePages = atelier_kernels::memory::HugePages;

/// The experiments whose discriminators are timed.
const FILES: [&str; 3] = ["dcgan_fashion.toml", "methods/r1_fashion.toml", "methods/sngan_fashion.toml"];
const BATCH: usize = 64;
const ROUNDS: usize = 15;
/// Untimed rounds before.
const WARM_UP: usize = 2;

fn main() -> Result<(), Box<dyn Error>> {
    atelier_kernels::memory::keep_freed_memory();
    println!("batch {BATCH}, medians of {ROUNDS} rounds          forward and backward   tangent    ratio");
    for file in FILES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments").join(file);
        let experiment = Experiment::load(&path, &[], std::iter::empty())?.experiment;
        let examples = Examples::from(&experiment.dataset);
        let networks = architecture::networks(&experiment.architecture, examples)?;
        let network = networks.get("discriminator").ok_or("a GAN has a discriminator")?;
        let weights = Stream::new(0, "weights");
        let mut network = networks::build(network, Cpu::default(), Initialization::GlorotUniform, weights)
            .ok_or("the program was built without it")?;
        let (x, v) = (normal(examples.shape.features(), 0), normal(examples.shape.features(), 1));
        let mut rounds = Vec::new();
        for round in 0..WARM_UP + ROUNDS {
            let passes = (timed(|| plain(&mut *network, &x)), tangent(&mut *network, &x, &v));
            if round >= WARM_UP {
                rounds.push(passes);
            }
        }
        let median = |pick: fn(&(f64, f64)) -> f64| {
            let mut values: Vec<f64> = rounds.iter().map(pick).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        println!(
            "{file:40} {:17.1} ms {:8.1} ms {:7.2}",
            1e3 * median(|round| round.0),
            1e3 * median(|round| round.1),
            median(|round| round.1 / round.0)
        );
    }
    Ok(())
}

type Batch = Tensor<(usize, usize), f32, Cpu>;

fn normal(features: usize, index: u64) -> Batch {
    let mut values = vec![0.0; BATCH * features];
    fill_normal(&mut Stream::new(0, "examples").at(index), &mut values);
    Cpu::default().tensor_from_vec(values, (BATCH, features))
}

fn timed(pass: impl FnOnce()) -> f64 {
    let start = Instant::now();
    pass();
    start.elapsed().as_secs_f64()
}

/// Dropout's choices are the same in every round.
fn pass() -> Pass {
    Pass::train(Stream::new(0, "dropout").key(0)).from_data()
}

fn plain(network: &mut dyn Network<Cpu>, x: &Batch) {
    let logits = network.traced(x.leaky_trace(), pass());
    drop(weighted_sum(logits, vec![1.0; BATCH]).backward());
}

/// The seconds of the tangent alone.
fn tangent(network: &mut dyn Network<Cpu>, x: &Batch, v: &Batch) -> f64 {
    let memory = Memory::default();
    let logits = network.traced(x.leaky_trace(), pass().frozen().remembering(&memory));
    drop(weighted_sum(logits, vec![1.0; BATCH]).backward());
    timed(|| {
        let (_, along) = network.tangent(x.leaky_trace(), v.leaky_trace(), pass().recalling(&memory));
        drop(weighted_sum(along, vec![1.0; BATCH]).backward());
    })
}
