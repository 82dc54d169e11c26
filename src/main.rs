//! The program `atelier`.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: atelier_kernels::memory::HugePages = atelier_kernels::memory::HugePages;

fn main() -> ExitCode {
    atelier::cli::main()
}
