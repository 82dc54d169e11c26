//! Standard output and error. `println!` and `eprintln!` panic where nobody reads or the disk is full.

use super::Exit;
use super::exit::Failure;
use std::fmt::Display;
use std::io::{ErrorKind, Write};

/// Prints bytes. A reader that has gone, such as `head`, has had enough: that is no failure.
pub(super) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    match output.write_all(bytes).and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::Unwritable, format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints a line.
pub(super) fn line(text: impl Display) -> Result<(), Failure> {
    bytes(format!("{text}\n").as_bytes())
}

/// Prints a line where nothing depends on it: training goes on when nobody listens.
pub(super) fn mention(text: impl Display) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Prints a line on standard error.
pub(super) fn complain(text: impl Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
