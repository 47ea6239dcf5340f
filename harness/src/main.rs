//! The `harness` command: hands over to the library.

fn main() {}
