//! What the kernels' tests share: random numbers, errors, thread pools.

#![allow(dead_code, reason = "each test file uses its share")]

pub(crate) mod convolution;

/// Uniform numbers in [−1, 1), a function of `seed`.
pub(crate) fn random(length: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..length).map(|_| next()).collect()
}

pub(crate) fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&x| f64::from(x)).collect()
}

/// ‖actual − expected‖ / ‖expected‖
pub(crate) fn relative_error(actual: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(actual.len(), expected.len());
    let difference: f64 = actual.iter().zip(expected).map(|(&a, e)| (f64::from(a) - e).powi(2)).sum();
    let size: f64 = expected.iter().map(|e| e * e).sum();
    if difference == 0.0 { 0.0 } else { (difference / size).sqrt() }
}

#[track_caller]
pub(crate) fn assert_close(actual: &[f32], expected: &[f64], bound: f64, what: &str) {
    let error = relative_error(actual, expected);
    assert!(error <= bound, "{what}: relative error {error:e}, more than {bound:e}");
}

/// The bits of what `compute` gives with 1, 2, 3 and 5 threads must be the same.
#[track_caller]
pub(crate) fn assert_same_for_any_threads(what: &str, compute: impl Fn() -> Vec<f32> + Sync + Send) {
    let bits = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(&compute).into_iter().map(f32::to_bits).collect::<Vec<_>>()
    };
    let one = bits(1);
    for threads in [2, 3, 5] {
        // Twice, as the threads draw their tasks in a different order each time.
        for _ in 0..2 {
            assert!(one == bits(threads), "{what}: {threads} threads give other bytes than one");
        }
    }
}

/// Runs all tests of this program again without AVX-512 and without vectors: as other processes, since what is used is chosen once.
pub(crate) fn test_again_with_other_vectors() {
    const CHOICE: &str = "ATELIER_SIMD";
    if std::env::var_os(CHOICE).is_some() {
        return;
    }
    for choice in ["avx2", "scalar"] {
        let this = std::env::current_exe().unwrap();
        let output = std::process::Command::new(this).env(CHOICE, choice).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("test result: ok"), "with {choice}:\n{text}");
    }
}
