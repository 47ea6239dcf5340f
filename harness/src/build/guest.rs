//! The three programs of an image and how cargo is called for each.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::config::{Feature, Kernel, KernelSource, Profile, RootServer};
use crate::toolchain::{KERNEL_TARGET, USER_TARGET};

/// A program that runs on the guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Guest {
    /// What it is in the image.
    pub(super) part: &'static str,
    package: &'static str,
    binary: &'static str,
    /// Cargo's name for the instruction set.
    pub(super) target: &'static str,
    /// Features, if the program has any to choose.
    features: Option<String>,
    /// Settings for its build.
    pub(super) environment: Vec<(&'static str, String)>,
    /// Folder in the guest target directory. Programs that are the same for every kernel share one.
    folder: String,
}

/// The name of the kernel among the parts of an image.
pub(super) const KERNEL: &str = "kernel";

/// The name of the root server among the parts of an image.
pub(super) const ROOT_SERVER: &str = "root-task";

/// The programs of the image of `kernel` and `root_server`, in the order in which they are built: only those that are
/// built here.
pub(super) fn build_order(name: &str, kernel: &Kernel, root_server: &RootServer) -> Vec<Guest> {
    if matches!(kernel.source, KernelSource::Image(_)) {
        return Vec::new();
    }
    let shared = |part, package, binary, target| Guest {
        part,
        package,
        binary,
        target,
        features: None,
        environment: Vec::new(),
        folder: "shared".to_owned(),
    };
    let program = match root_server {
        RootServer::RootTask => Some(("rel4-workloads", "root-task")),
        RootServer::Sel4test => Some(("rel4-sel4test", "sel4test")),
        RootServer::Tcp => Some(("rel4-tcp", "tcp-server")),
        RootServer::Elf { .. } => None,
    };
    let mut order = Vec::new();
    if let KernelSource::Build { features, profile, settings } = &kernel.source {
        let features = features.iter().map(|feature| feature.name());
        let debug = (*profile == Profile::Debug).then_some("debug");
        order.push(Guest {
            features: Some(features.chain(debug).collect::<Vec<_>>().join(",")),
            environment: settings.environment().to_vec(),
            folder: name.to_owned(),
            ..shared(KERNEL, "rel4-kernel", "rel4-kernel", KERNEL_TARGET)
        });
    }
    order.push(shared("loader", "rel4-loader", "rel4-loader", KERNEL_TARGET));
    order.extend(program.map(|(package, binary)| {
        let program = shared(ROOT_SERVER, package, binary, USER_TARGET);
        if *root_server == RootServer::RootTask && is_traced(kernel) { traced(program) } else { program }
    }));
    order
}

/// The feature, of kernel and programs, that sets markers where stages begin.
const TRACEPOINTS: &str = "tracepoints";

/// Whether the stages of system calls are marked; then those of programs are as well.
fn is_traced(kernel: &Kernel) -> bool {
    matches!(&kernel.source, KernelSource::Build { features, .. } if features.contains(&Feature::Tracepoints))
}

/// `program` with markers, built beside the one without.
fn traced(program: Guest) -> Guest {
    Guest { features: Some(TRACEPOINTS.to_owned()), folder: TRACEPOINTS.to_owned(), ..program }
}

impl Guest {
    /// Cargo's arguments.
    pub(super) fn arguments(&self, guest_target: &Path) -> Vec<OsString> {
        let words = ["build", "--locked", "--profile", "guest", "-p", self.package, "--bin", self.binary];
        let mut arguments: Vec<OsString> = words.map(OsString::from).to_vec();
        if let Some(features) = &self.features {
            arguments.extend(["--no-default-features", "--features", features].map(OsString::from));
        }
        arguments.push("--target-dir".into());
        arguments.push(guest_target.join(&self.folder).into());
        arguments
    }

    /// Where cargo leaves the ELF file.
    pub(super) fn elf(&self, guest_target: &Path) -> PathBuf {
        guest_target.join(&self.folder).join(self.target).join("guest").join(self.binary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    fn kernel(profile: Profile) -> Kernel {
        kernel_of(vec![Feature::SyncIpc], profile)
    }

    fn kernel_of(features: Vec<Feature>, profile: Profile) -> Kernel {
        let settings = Settings::default();
        Kernel { source: KernelSource::Build { features, profile, settings }, max_harts: 1 }
    }

    #[test]
    fn the_root_task_has_tracepoints_where_the_kernel_has_them() {
        let traced = kernel_of(vec![Feature::SyncIpc, Feature::Tracepoints], Profile::Release);
        let root_task =
            |kernel: &Kernel| build_order("k", kernel, &RootServer::RootTask).pop().expect("last");
        assert_eq!(root_task(&traced).features.as_deref(), Some("tracepoints"));
        assert_eq!(root_task(&kernel(Profile::Release)).features, None);
        let folders = [&traced, &kernel(Profile::Release)].map(|kernel| root_task(kernel).folder);
        assert_eq!(folders, ["tracepoints", "shared"]);
        let suite = build_order("k", &traced, &RootServer::Sel4test).pop().expect("last");
        assert_eq!(suite.features, None);
    }

    #[test]
    fn the_configuration_reaches_the_kernel_alone() {
        let parts = build_order("sel4", &kernel(Profile::Debug), &RootServer::RootTask);
        let words: Vec<String> = parts
            .iter()
            .map(|part| part.arguments(Path::new("t")).join(" ".as_ref()).to_string_lossy().into_owned())
            .collect();
        assert_eq!(
            words,
            [
                "build --locked --profile guest -p rel4-kernel --bin rel4-kernel --no-default-features --features \
                 sync-ipc,debug --target-dir t/sel4",
                "build --locked --profile guest -p rel4-loader --bin rel4-loader --target-dir t/shared",
                "build --locked --profile guest -p rel4-workloads --bin root-task --target-dir t/shared",
            ]
        );
        assert!(parts[0].environment.contains(&("REL4_ROOT_CNODE_BITS", "13".to_owned())));
        assert!(parts[1..].iter().all(|part| part.environment.is_empty()));
        assert_eq!(
            parts[2].elf(Path::new("t")),
            Path::new("t/shared/riscv64gc-unknown-none-elf/guest/root-task")
        );
    }

    #[test]
    fn a_root_server_from_elsewhere_is_not_built() {
        let elsewhere = RootServer::Elf { workload: "w".to_owned(), path: "w.elf".into() };
        let parts = build_order("sel4", &kernel(Profile::Release), &elsewhere);
        assert_eq!(parts.iter().map(|part| part.part).collect::<Vec<_>>(), ["kernel", "loader"]);
    }

    #[test]
    fn a_kernel_from_elsewhere_is_not_built() {
        let source = KernelSource::Elf { path: "kernel.elf".into(), max_harts: 1 };
        let parts = build_order("theirs", &Kernel { source, max_harts: 1 }, &RootServer::RootTask);
        assert_eq!(parts.iter().map(|part| part.part).collect::<Vec<_>>(), ["loader", "root-task"]);
    }

    #[test]
    fn an_image_that_exists_needs_no_build() {
        let kernel = Kernel { source: KernelSource::Image("old.elf".into()), max_harts: 1 };
        assert!(build_order("old", &kernel, &RootServer::RootTask).is_empty());
    }
}
