//! Passes the linker script to the guest build, and tells the tests of domains whether there are several.

fn main() {
    println!("cargo:rustc-check-cfg=cfg(rel4_domains)");
    println!("cargo:rerun-if-env-changed=REL4_NUM_DOMAINS");
    if std::env::var("REL4_NUM_DOMAINS").is_ok_and(|number| number != "1") {
        println!("cargo:rustc-cfg=rel4_domains");
    }
    println!("cargo:rerun-if-changed=kernel.ld");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("none") {
        let dir = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
        println!("cargo:rustc-link-arg-bins=-T{dir}/kernel.ld");
    }
}
