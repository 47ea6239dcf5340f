//! The kernel stack is large enough for the deepest kernel entry, as the machine code shows.
//!
//! [`code`] reads from the kernel's ELF file how much stack each function takes and which functions it calls; [`depth`] finds the deepest
//! chain of calls from the two entries. Three things the code does not show are laid down here:
//!
//! * A panic is a bug of the kernel and never comes back: chains end there.
//! * Formatting (the last words of a thread without fault handler) calls through tables. It is charged with all its functions, each
//!   [`NESTED_FORMATTING`] times: a value contains values, but no deeper.
//! * Recursion is allowed in deletion alone, where it ends by itself: a zombie's slot is emptied at one level below its object's, and a
//!   capability held by the kernel (an interrupt's notification, a reply) at most two below. Every function that can recur there is charged
//!   [`NESTED_DELETIONS`] times.
//!
//! Boot is not analysed: it runs once, with the same stack, and comes back or does not.

mod code;
mod depth;

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rel4_harness::toolchain::GuestToolchain;

use code::Program;
use depth::{Rules, deepest};

const NESTED_FORMATTING: u64 = 2;
const NESTED_DELETIONS: u64 = 4;

const RULES: Rules = Rules {
    entries: &["enter_from_user", "enter_fastpath"],
    never_come_back: &[
        "panic",
        "rust_begin_unwind",
        "unwrap_failed",
        "expect_failed",
        "slice_index_fail",
        "enter_from_kernel",
    ],
    // Of the kernel's own only the report of a fault, into which debug builds inline the formatting of registers.
    formatting: (&["4core3fmt", "core..fmt", "Console", "report_unhandled"], NESTED_FORMATTING),
    recursion: (
        &["cap6delete", "cancel_ipc", "suspend", "unregister", "unbind", "restart_first", "forget_handler"],
        NESTED_DELETIONS,
    ),
};

/// Every build of the kernel whose code differs; the last is the number of harts.
const KERNELS: [(&str, &str, u64); 9] = [
    ("sel4", "sync-ipc,fastpath", 1),
    ("compat", "sync-ipc,fastpath,uintr", 1),
    ("smp", "sync-ipc,fastpath,smp", 2),
    ("everything", "sync-ipc,fastpath,uintr,smp,debug", 2),
    ("compat-async", "sync-ipc,fastpath,async-syscall", 1),
    ("everything-async", "sync-ipc,fastpath,async-syscall,smp,debug", 2),
    ("rel4", "fastpath,uintr", 1),
    ("rel4-async", "fastpath,async-syscall", 1),
    ("rel4-everything", "fastpath,uintr,smp,debug", 2),
];

/// Source files of the kernel that are there for synchronous IPC alone.
const SYNCHRONOUS: [&str; 6] =
    ["call.rs", "endpoint.rs", "reply.rs", "reply_recv.rs", "synchronous.rs", "transfer.rs"];

/// Builds a kernel; `None` without a compiler for guests, except in CI, where it must be there.
fn kernel(name: &str, features: &str) -> Option<Vec<u8>> {
    let toolchain = match GuestToolchain::detect() {
        Ok(toolchain) => toolchain,
        Err(lack) => {
            assert!(env::var_os("CI").is_none(), "CI must not skip this test: {lack}");
            eprintln!("skipped: {lack}");
            return None;
        }
    };
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("kernel-stack-{name}"));
    let mut cargo: Command = toolchain.cargo(rel4_harness::toolchain::KERNEL_TARGET);
    let status = cargo
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "build",
            "--quiet",
            "--locked",
            "--profile",
            "guest",
            "-p",
            "rel4-kernel",
            "--bin",
            "rel4-kernel",
        ])
        .args(["--no-default-features", "--features", features, "--target-dir"])
        .arg(&target)
        .status();
    assert!(status.expect("cargo starts").success(), "kernel {name} does not build");
    let elf: PathBuf = target.join(rel4_harness::toolchain::KERNEL_TARGET).join("guest/rel4-kernel");
    Some(fs::read(elf).expect("cargo left an ELF file"))
}

/// Those of `files` from which the program has code, by the names in its debugging information.
fn sources<'f>(elf: &[u8], files: &[&'f str]) -> Vec<&'f str> {
    let names: BTreeSet<&[u8]> = elf.split(|&byte| byte == 0).collect();
    files.iter().copied().filter(|file| names.contains(file.as_bytes())).collect()
}

#[test]
fn a_kernel_without_synchronous_ipc_has_none_of_its_code() {
    for (name, features, _) in KERNELS {
        let Some(elf) = kernel(name, features) else { return };
        let expected = if features.contains("sync-ipc") { &SYNCHRONOUS[..] } else { &[] };
        let expected: Vec<_> = expected
            .iter()
            .copied()
            .filter(|file| features.contains("fastpath") || !["call.rs", "reply_recv.rs"].contains(file))
            .collect();
        assert_eq!(sources(&elf, &SYNCHRONOUS), expected, "kernel {name}");
        let functions = Program::read(&elf).functions;
        let names = || functions.values().map(|function| function.name.as_str());
        assert_eq!(names().any(|name| name.contains("8endpoint")), !expected.is_empty(), "kernel {name}");
    }
}

#[test]
fn no_kernel_entry_overflows_the_kernel_stack() {
    for (name, features, harts) in KERNELS {
        let Some(elf) = kernel(name, features) else { return };
        let program = Program::read(&elf);
        let stack = program.object_bytes("STACKS") / harts;
        let deepest = deepest(&program, &RULES).unwrap_or_else(|problem| panic!("kernel {name}: {problem}"));
        println!("kernel {name}: {} of {stack} bytes: {}", deepest.bytes, deepest.chain.join(" > "));
        // Less than this would mean that the code was not understood.
        assert!(deepest.bytes > 500, "kernel {name}: {deepest:?}");
        assert!(deepest.bytes <= stack, "kernel {name}: {deepest:?}");
        // The analysis does see recursion: there is some, and it is allowed above.
        let strict = Rules { recursion: (&[], 1), ..RULES };
        assert!(depth::deepest(&program, &strict).is_err_and(|problem| problem.contains("can call itself")));
    }
}
