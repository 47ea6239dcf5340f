//! Tells the build scripts of programs where the linker script is (`DEP_REL4_RUNTIME_LINKER_SCRIPT`).

fn main() {
    let script =
        std::path::Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("set by cargo")).join("user.ld");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={}", script.display());
    println!("cargo:linker_script={}", script.display());
}
