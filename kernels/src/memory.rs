//! Keeping freed memory within the process, and using it again as it is; and having large blocks in large pages.

use std::alloc::{GlobalAlloc, Layout, System};

use rayon::prelude::*;

use crate::parallel::CHUNK;

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

/// The system's allocator, which asks for huge pages (2 MiB) where large blocks lie.
///
/// A step walks through hundreds of megabytes, some ten times as much as the processor knows addresses of in pages of 4 KiB: looking up the others
/// took 3 to 9 % of the reference DCGAN's step. Make it a program's `#[global_allocator]`. It needs a Linux that gives huge pages to those who ask
/// (`/sys/kernel/mm/transparent_hugepage/enabled` is `madvise`, or `always`); elsewhere it is the system's allocator as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct HugePages;

// SAFETY: the system's allocator does all of it; advice changes no content and no address.
unsafe impl GlobalAlloc for HugePages {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise, here and below.
        advised(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        advised(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        advised(unsafe { System.realloc(block, layout, size) }, size)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}

/// The block, after asking for huge pages if it is large. Its first and last page are shared with neighbours, which is as good for them.
#[inline]
fn advised(block: *mut u8, size: usize) -> *mut u8 {
    #[cfg(target_os = "linux")]
    {
        const PAGE: usize = 2 << 20;
        if size >= PAGE / 2 && !block.is_null() {
            let start = block.addr() / PAGE * PAGE;
            let end = (block.addr() + size).next_multiple_of(PAGE);
            // SAFETY: the advice is about pages that hold this process's memory, or none, and changes no content. Systems that cannot follow it say so,
            // which changes nothing.
            unsafe { libc::madvise(block.with_addr(start).cast(), end - start, libc::MADV_HUGEPAGE) };
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = size;
    block
}

/// `length` numbers of unspecified value, whatever the memory held: for a result that is overwritten entirely, without the pass that
/// would zero it first.
///
/// In builds with debug assertions they are not-a-numbers, so that what was not overwritten shows. On other processors than x86-64 and AArch64
/// they are zeros.
pub fn unspecified(length: usize) -> Vec<f32> {
    if cfg!(debug_assertions) {
        return vec![f32::NAN; length];
    }
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    {
        let mut numbers = Vec::with_capacity(length);
        let pointer: *mut f32 = numbers.as_mut_ptr();
        // SAFETY: the block has no instruction, so it touches neither memory, nor the stack, nor flags. But the compiler does not look
        // inside. It is told of the pointer, and not (by `nomem` or `readonly`) that memory stays as it is, so it must allow for a
        // block that wrote numbers to all that the pointer reaches: to the compiler this memory is initialised from here on, with
        // numbers it does not know. The processor for its part knows no uninitialised memory, and any 32 bits are an `f32`.
        unsafe {
            core::arch::asm!("/* {0} */", in(reg) pointer, options(nostack, preserves_flags));
        }
        // SAFETY: the capacity is at least `length`, and the numbers are initialised, as said above.
        unsafe { numbers.set_len(length) };
        numbers
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    vec![0.0; length]
}

/// The same numbers in memory of their own, copied on all threads.
pub fn copied(values: &[f32]) -> Vec<f32> {
    let mut copy = unspecified(values.len());
    copy.par_chunks_mut(CHUNK).zip(values.par_chunks(CHUNK)).for_each(|(to, from)| to.copy_from_slice(from));
    copy
}

#[cfg(test)]
mod tests {
    use super::unspecified;

    #[test]
    fn unspecified_numbers_are_numbers_that_can_be_overwritten() {
        for length in [0, 1, 7, 1000, 3_000_000] {
            let mut numbers = unspecified(length);
            assert_eq!(numbers.len(), length);
            // Whatever they are, they stay it: uninitialised memory might not.
            let bits: Vec<u32> = numbers.iter().map(|x| x.to_bits()).collect();
            assert!(numbers.iter().zip(&bits).all(|(x, &bits)| x.to_bits() == bits));
            assert!(!cfg!(debug_assertions) || numbers.iter().all(|x| x.is_nan()));
            for (i, x) in numbers.iter_mut().enumerate() {
                *x = i as f32;
            }
            assert!(numbers.iter().enumerate().all(|(i, &x)| x == i as f32));
        }
    }
}
