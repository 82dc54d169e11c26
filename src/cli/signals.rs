//! Ctrl-C and SIGTERM save a run and end it; a second Ctrl-C ends it at once.

use super::Exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Lets writing beyond a limit on the size of files fail, with a message, instead of killing the program.
pub(super) fn survive_file_size_limit() {
    // Where the system refuses, the limit kills as it would anyway.
    #[cfg(unix)]
    let _ =
        signal_hook::flag::register(signal_hook::consts::signal::SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

/// The flag that a run watches, and which signal set it.
pub(super) struct Signals {
    pub(super) stop: Arc<AtomicBool>,
    which: Arc<AtomicUsize>,
}

impl Signals {
    /// Starts listening.
    pub(super) fn listen() -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let which = Arc::new(AtomicUsize::new(0));
        // In this order: the first Ctrl-C finds the flag unset and sets it, the second finds it set and ends the program.
        // Not so for SIGTERM, of which clusters and containers may send several.
        let interrupt = signal_hook::consts::SIGINT;
        signal_hook::flag::register_conditional_shutdown(interrupt, 128 + interrupt, Arc::clone(&stop))?;
        for signal in [interrupt, signal_hook::consts::SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&stop))?;
            signal_hook::flag::register_usize(signal, Arc::clone(&which), signal as usize)?;
        }
        Ok(Self { stop, which })
    }

    /// Stops as SIGTERM does when standard input ends: its other end is held by the sweep that started this process, and
    /// closes even if that is killed.
    pub(super) fn stop_with_parent(&self) {
        let (stop, which) = (Arc::clone(&self.stop), Arc::clone(&self.which));
        std::thread::spawn(move || {
            // Nobody writes anything: this returns at the end, or on an error, which is an end too.
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            which.store(signal_hook::consts::SIGTERM as usize, Ordering::Relaxed);
            stop.store(true, Ordering::Relaxed);
        });
    }

    /// Whether one has come.
    pub(super) fn have_come(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// What the program exits with after an interruption.
    pub(super) fn exit(&self) -> Exit {
        match self.which.load(Ordering::Relaxed) as i32 {
            signal_hook::consts::SIGTERM => Exit::Terminated,
            _ => Exit::Interrupted,
        }
    }
}
