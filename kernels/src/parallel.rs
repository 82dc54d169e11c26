//! Work split into fixed tasks, which any number of threads may draw.
//!
//! The split never depends on the number of threads, and every output element is computed by one task in one order, so that results are
//! the same bytes for any number of threads. Threads are those of rayon's current pool.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::OnceLock;

use rayon::prelude::*;

use crate::prefetch::LINE;

/// Elements in one task of an element-wise loop: large enough to hide the cost of a task (about a microsecond), small enough to
/// balance.
pub(crate) const CHUNK: usize = 1 << 14;

/// Calls `task` with every number below `tasks`, in any order, on the threads of rayon's current pool.
pub(crate) fn for_each_task(tasks: usize, task: impl Fn(usize) + Sync + Send) {
    if tasks == 1 {
        task(0);
    } else {
        (0..tasks).into_par_iter().with_max_len(1).for_each(task);
    }
}

/// Runs a closure in a copy compiled for the widest vectors that this processor has, chosen at run time.
///
/// Mark everything that the closure calls `#[inline(always)]`: a call that stays a call runs the plain copy.
#[inline(always)]
pub(crate) fn vectorized<R>(operation: impl FnOnce() -> R) -> R {
    arch().dispatch(operation)
}

/// Runs an operation that is written over vectors of any width with the widest that this processor has.
#[inline(always)]
pub(crate) fn dispatch<O: pulp::WithSimd>(operation: O) -> O::Output {
    arch().dispatch(operation)
}

/// The processor's widest vectors, or what the environment variable `ATELIER_SIMD` (`avx2`, `scalar`) says, if the processor has them:
/// so that one machine can test the others' code.
fn arch() -> pulp::Arch {
    static ARCH: OnceLock<pulp::Arch> = OnceLock::new();
    *ARCH.get_or_init(|| match std::env::var("ATELIER_SIMD").as_deref() {
        #[cfg(target_arch = "x86_64")]
        Ok("avx2") => pulp::x86::V3::try_new().map_or(pulp::Arch::Scalar, pulp::Arch::V3),
        Ok("scalar") => pulp::Arch::Scalar,
        _ => pulp::Arch::new(),
    })
}

/// What the kernels use, in words: `avx512`, `avx2`, `neon` or `scalar`.
pub fn instructions() -> &'static str {
    struct Lanes;
    impl pulp::WithSimd for Lanes {
        type Output = usize;
        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) -> usize {
            S::F32_LANES
        }
    }
    match dispatch(Lanes) {
        16 => "avx512",
        8 => "avx2",
        4 => "neon",
        _ => "scalar",
    }
}

/// A slice that several tasks write at once, each its own elements.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'a> {
    pointer: *mut f32,
    length: usize,
    borrowed: PhantomData<&'a mut [f32]>,
}

// SAFETY: the only ways to the elements are `unsafe` functions, whose callers promise that no two tasks touch the same ones.
unsafe impl Send for Shared<'_> {}
// SAFETY: as above.
unsafe impl Sync for Shared<'_> {}

impl<'a> Shared<'a> {
    /// A slice that several tasks read, where one is wanted that may be written: nobody may write to this one.
    pub(crate) fn only_read(slice: &'a [f32]) -> Self {
        Self { pointer: slice.as_ptr().cast_mut(), length: slice.len(), borrowed: PhantomData }
    }

    pub(crate) fn len(self) -> usize {
        self.length
    }

    pub(crate) fn new(slice: &'a mut [f32]) -> Self {
        Self { pointer: slice.as_mut_ptr(), length: slice.len(), borrowed: PhantomData }
    }

    /// The `length` elements from `start` on.
    ///
    /// # Safety
    /// While the result lives, nothing else reads or writes these elements.
    pub(crate) unsafe fn slice(self, start: usize, length: usize) -> &'a mut [f32] {
        // SAFETY: in bounds, which `pointer` checks; exclusive by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.pointer(start, length), length) }
    }

    /// The `length` elements from `start` on, to be read only.
    ///
    /// # Safety
    /// While the result lives, nothing writes these elements.
    #[inline(always)]
    pub(crate) unsafe fn read(self, start: usize, length: usize) -> &'a [f32] {
        // SAFETY: in bounds, which `pointer` checks; not written to by the caller's promise.
        unsafe { std::slice::from_raw_parts(self.pointer(start, length), length) }
    }

    /// A pointer to element `start`, from which `extent` elements may be reached.
    pub(crate) fn pointer(self, start: usize, extent: usize) -> *mut f32 {
        assert!(start <= self.length && extent <= self.length - start);
        self.pointer.wrapping_add(start)
    }
}

/// Starts the threads that the kernels use, the calling one among them; 0 for as many as `RAYON_NUM_THREADS` says, or there are cores. Call it once,
/// from the thread that trains.
///
/// Were the calling thread none of them, each of a step's many short kernels would wait for another to wake up, and be woken up itself afterwards.
/// Where there is one thread only, kernels that are called from others wait for this one to call one.
///
/// # Errors
/// If they cannot be started, or were before.
pub fn start_threads(threads: usize) -> Result<(), rayon::ThreadPoolBuildError> {
    rayon::ThreadPoolBuilder::new().num_threads(threads).use_current_thread().build_global()
}

thread_local! {
    static BUFFERS: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// Lends `length` floats of unspecified content to `operation`, from buffers that the thread keeps and that only grow.
///
/// Calls may nest, also through rayon running another task on a waiting thread: each takes a buffer of its own.
pub(crate) fn with_scratch<R>(length: usize, operation: impl FnOnce(&mut [f32]) -> R) -> R {
    let mut buffer = BUFFERS.with_borrow_mut(|buffers| {
        // The smallest that is large enough, else the largest.
        let best = (0..buffers.len()).min_by_key(|&i| {
            let size = buffers[i].len();
            if size >= length + LINE { (0, size) } else { (1, usize::MAX - size) }
        });
        best.map(|i| buffers.swap_remove(i)).unwrap_or_default()
    });
    if buffer.len() < length + LINE {
        buffer.resize(length + LINE, 0.0);
    }
    // At the start of a cache line, so that whole vectors are in one line.
    let start = buffer.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
    let result = operation(&mut buffer[start..start + length]);
    BUFFERS.with_borrow_mut(|buffers| buffers.push(buffer));
    result
}
