//! Keeping freed memory within the process.

/// Asks the C library to keep freed blocks for the next allocation instead of giving them back to the system; returns whether it will.
///
/// A training step allocates and frees the same tensors of many megabytes again and again. glibc gives freed blocks of this size back to
/// the system, and the first touch of each page of a new one then costs a page fault: ten blocks of 13 MB, allocated, filled and freed
/// together, took 59 ms, and take 6 ms afterwards. Call it once, before the program starts threads: these share the one heap from then on,
/// as the heaps of other threads are given back whatever is asked. The memory in use stays at its peak until the process ends. On other
/// systems than Linux with glibc it does nothing.
pub fn keep_freed_memory() -> bool {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        /// Blocks up to this size come from the heap, which is kept, not from a mapping of their own.
        const LARGEST: libc::c_int = 1 << 30;
        let settings = [
            (libc::M_MMAP_THRESHOLD, LARGEST),
            (libc::M_TRIM_THRESHOLD, libc::c_int::MAX),
            (libc::M_ARENA_MAX, 1),
        ];
        // SAFETY: mallopt changes documented parameters of the allocator, under its lock.
        settings.iter().all(|&(parameter, value)| unsafe { libc::mallopt(parameter, value) } == 1)
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    false
}

pub fn unspecified(length: usize) -> Vec<f32> {
    vec![0.0; length]
}
