//! Hands the linker script to guest builds of the loader.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=loader.ld");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("none") {
        let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
        println!("cargo:rustc-link-arg-bins=-T{root}/loader.ld");
    }
}
