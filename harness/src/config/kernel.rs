//! Kernels: what to build, or what was built elsewhere.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// A kernel of the matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kernel {
    /// Where its boot image comes from.
    pub source: KernelSource,
    /// The most harts it serves.
    pub max_harts: u32,
}

/// Where a kernel's boot image comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KernelSource {
    /// Built from the kernel of this workspace.
    Build {
        /// The kernel's features without `debug`.
        features: Vec<Feature>,
        /// Whether console printing, assertions and debug system calls are in.
        profile: Profile,
        /// The build settings.
        settings: Settings,
    },
    /// A kernel's ELF file that was built elsewhere, for example upstream's seL4. It is packed with our loader and root
    /// server; where it is absent, its cells are skipped.
    Elf {
        /// Where it is.
        path: PathBuf,
        /// The harts that it was built for.
        max_harts: u32,
    },
    /// A boot image packed earlier (`harness build`, or `images/` of a run), measured as it is.
    Image(PathBuf),
}

impl KernelSource {
    /// The file of a kernel that was to be built elsewhere and is not there.
    #[must_use]
    pub fn absent(&self) -> Option<&Path> {
        match self {
            Self::Elf { path, .. } if !path.exists() => Some(path),
            _ => None,
        }
    }
}

/// Whether a kernel is a release or a debug one. Both are optimised alike; `debug` adds code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// What is measured.
    Release,
    /// With console printing, assertions and debug system calls.
    Debug,
}

/// A build feature of the kernel that a configuration may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Feature {
    /// Endpoints and reply capabilities.
    SyncIpc,
    /// A short way through the kernel for the commonest system calls.
    Fastpath,
    /// User threads in VS-mode, which the hardware can interrupt without the kernel.
    Uintr,
    /// System calls through rings that a thread shares with the kernel; brings `uintr` with it.
    AsyncSyscall,
    /// Several harts under one big lock, and the SMP numbering of invocations.
    Smp,
    /// The benchmark system calls, and what they measure.
    Benchmark,
    /// Markers where the stages of a system call begin.
    Tracepoints,
}

impl Feature {
    /// Every feature that the kernel has today.
    pub const ALL: [Self; 7] = [
        Self::SyncIpc,
        Self::Fastpath,
        Self::Uintr,
        Self::AsyncSyscall,
        Self::Smp,
        Self::Benchmark,
        Self::Tracepoints,
    ];

    /// The feature's name in Cargo.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SyncIpc => "sync-ipc",
            Self::Fastpath => "fastpath",
            Self::Uintr => "uintr",
            Self::AsyncSyscall => "async-syscall",
            Self::Smp => "smp",
            Self::Benchmark => "benchmark",
            Self::Tracepoints => "tracepoints",
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Build settings: numbers compiled into the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// log2 of the root CNode's slots.
    pub root_cnode_bits: u32,
    /// Timer tick, in milliseconds.
    pub tick_ms: u32,
    /// A thread's time slice, in ticks.
    pub time_slice_ticks: u32,
    /// Scheduling domains.
    pub domains: u32,
    /// The most harts the kernel serves.
    pub max_harts: u32,
}

impl Default for Settings {
    /// seL4's own defaults.
    fn default() -> Self {
        Self { root_cnode_bits: 13, tick_ms: 2, time_slice_ticks: 5, domains: 1, max_harts: 1 }
    }
}

impl Settings {
    /// The environment variables through which the settings reach the kernel's build.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, String); 5] {
        [
            ("REL4_ROOT_CNODE_BITS", self.root_cnode_bits.to_string()),
            ("REL4_TICK_MS", self.tick_ms.to_string()),
            ("REL4_TIME_SLICE_TICKS", self.time_slice_ticks.to_string()),
            ("REL4_NUM_DOMAINS", self.domains.to_string()),
            ("REL4_MAX_HARTS", self.max_harts.to_string()),
        ]
    }
}
