//! Asking for memory before it is needed.
//!
//! Products of matrices find their operands in the caches and leave the way to memory idle; what comes before and after them waits for it. So
//! products ask, a few lines at a time, for what the next kernel or task touches for the first time.

/// Floats of a cache line.
pub(crate) const LINE: usize = 16;

/// Asks for a cache line to be brought into the second-level cache; any address will do.
#[inline(always)]
pub(crate) fn prefetch(address: *const f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, which reads nothing that the program sees and never faults.
    unsafe {
        core::arch::x86_64::_mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T1 }>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

/// Asks for a cache line that will be written soon; any address will do.
#[inline(always)]
pub(crate) fn prefetch_to_write(address: *mut f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, which changes nothing that the program sees and never faults.
    unsafe {
        core::arch::x86_64::_mm_prefetch::<{ core::arch::x86_64::_MM_HINT_ET0 }>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
