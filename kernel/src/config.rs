//! Build settings, from environment variables at compile time; each has seL4's default.

/// log2 of the slots of the root task's CNode (`REL4_ROOT_CNODE_BITS`).
pub const ROOT_CNODE_BITS: u8 = setting(option_env!("REL4_ROOT_CNODE_BITS"), 13) as u8;
/// Kernel tick in milliseconds (`REL4_TICK_MS`).
pub const TICK_MS: u64 = setting(option_env!("REL4_TICK_MS"), 2);
/// Ticks of a thread's time slice (`REL4_TIME_SLICE_TICKS`).
pub const TIME_SLICE_TICKS: u32 = setting(option_env!("REL4_TIME_SLICE_TICKS"), 5) as u32;
/// Scheduling domains (`REL4_NUM_DOMAINS`).
pub const NUM_DOMAINS: usize = setting(option_env!("REL4_NUM_DOMAINS"), 1) as usize;
/// Entries of the domain schedule, the last of which always ends it.
pub const NUM_DOMAIN_SCHEDULES: usize = if NUM_DOMAINS == 1 { 2 } else { 100 };
/// Harts that the kernel runs on: exactly as many (`REL4_MAX_HARTS`; 1 without the feature `smp`).
pub const MAX_HARTS: usize =
    if cfg!(feature = "smp") { setting(option_env!("REL4_MAX_HARTS"), 2) as usize } else { 1 };

const _: () = assert!(ROOT_CNODE_BITS >= 9 && ROOT_CNODE_BITS <= 20, "REL4_ROOT_CNODE_BITS must be 9 to 20");
const _: () = assert!(TICK_MS >= 1 && TICK_MS <= 100_000, "REL4_TICK_MS must be 1 to 100000");
const _: () = assert!(TIME_SLICE_TICKS >= 1, "REL4_TIME_SLICE_TICKS must be at least 1");
const _: () = assert!(NUM_DOMAINS >= 1 && NUM_DOMAINS <= 16, "REL4_NUM_DOMAINS must be 1 to 16");

const _: () = assert!(
    !cfg!(feature = "smp") || (MAX_HARTS >= 2 && MAX_HARTS <= 4),
    "REL4_MAX_HARTS must be 2 to 4 with the feature smp"
);
const _: () =
    assert!(MAX_HARTS == 1 || NUM_DOMAINS == 1, "domains and several harts exclude each other, as in seL4");

const fn setting(text: Option<&str>, default: u64) -> u64 {
    match text {
        None => default,
        Some(text) => match u64::from_str_radix(text, 10) {
            Ok(value) => value,
            Err(_) => panic!("a build setting (REL4_...) is not a decimal number"),
        },
    }
}
