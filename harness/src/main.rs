//! The `harness` command: hands over to the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    rel4_harness::cli::main().into()
}
