//! How much memory is free, and how much a process holds.

use sysinfo::{MemoryRefreshKind, Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// What a run is taken to need before one of the sweep has been seen, in bytes.
const UNSEEN: u64 = 256 << 20;

/// Decides whether another process fits into memory.
#[derive(Debug)]
pub(super) struct Guard {
    /// `None` where the system does not tell: then nothing is guarded.
    system: Option<System>,
    /// The most that a process of this sweep has held.
    largest: u64,
}

impl Guard {
    pub(super) fn new() -> Self {
        Self { system: System::new().ok(), largest: 0 }
    }

    /// What the process holds now, in bytes, if it is there.
    pub(super) fn held(&mut self, process: u32) -> Option<u64> {
        let system = self.system.as_mut()?;
        let process = Pid::from_u32(process);
        let what = ProcessRefreshKind::nothing().with_memory();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[process]), true, what);
        let held = system.process(process)?.memory();
        self.largest = self.largest.max(held);
        Some(held)
    }

    /// Whether one more process fits beside those that hold so much now.
    pub(super) fn has_room(&mut self, held_now: &[u64]) -> bool {
        let Some(system) = self.system.as_mut() else { return true };
        system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
        let mut available = system.available_memory();
        // A container may have less than its machine.
        if let Some(limits) = system.cgroup_limits() {
            available = available.min(limits.free_memory);
        }
        fits(available, self.largest.max(UNSEEN), held_now)
    }
}

/// Whether a process that needs `each` fits into what is available, when those that run may still grow to as much.
fn fits(available: u64, each: u64, held_now: &[u64]) -> bool {
    let growth: u64 = held_now.iter().map(|held| each.saturating_sub(*held)).sum();
    available >= each.saturating_add(growth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_run_may_still_grow() {
        assert!(fits(1000, 400, &[400]));
        assert!(!fits(999, 400, &[100, 100]));
        assert!(fits(1000, 400, &[100, 100]));
        assert!(fits(1000, 400, &[100, 400]));
        assert!(!fits(399, 400, &[]));
    }

    #[test]
    fn this_process_holds_memory_and_there_is_some() {
        let mut guard = Guard::new();
        assert!(guard.held(std::process::id()).unwrap() > 1 << 20);
        assert!(guard.has_room(&[]));
    }
}
