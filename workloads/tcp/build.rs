//! Links the guest's program with the runtime's linker script.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("none") {
        let script =
            std::env::var("DEP_REL4_RUNTIME_LINKER_SCRIPT").expect("rel4-runtime names its linker script");
        println!("cargo:rustc-link-arg-bins=-T{script}");
    }
}
