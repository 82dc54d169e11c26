//! Freed memory is used again without page faults.

#![cfg(all(target_os = "linux", target_env = "gnu"))]

use atelier_kernels::memory::{HugePages, keep_freed_memory};

#[global_allocator]
static ALLOCATOR: HugePages = HugePages;

/// Page faults of this process so far, without those that read a disk: the tenth field of its `stat` file (man 5 proc).
fn page_faults() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = &stat[stat.rfind(')').unwrap() + 1..];
    after_name.split_whitespace().nth(7).unwrap().parse().unwrap()
}

/// Allocates, fills and frees what a step of a DCGAN needs: ten blocks of 13 MB.
fn step() {
    let blocks: Vec<Vec<f32>> = (0..10).map(|_| std::hint::black_box(vec![1.0; 13_000_000 / 4])).collect();
    drop(blocks);
}

#[test]
fn freed_blocks_are_used_again_without_page_faults() {
    assert!(keep_freed_memory());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let two_steps = || {
        let before = page_faults();
        step();
        step();
        page_faults() - before
    };
    // The least of three: what another thread of the test program allocates meanwhile may lie in a hole, so that a block finds no place there,
    // and takes fresh pages once.
    let faults = pool.install(|| {
        step();
        (0..3).map(|_| two_steps()).min().unwrap()
    });
    // Afresh, two steps touch 63,000 pages of 4 KiB.
    assert!(faults < 2_000, "{faults} page faults in two steps");
}
