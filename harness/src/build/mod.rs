//! Building guests: kernel, loader and root server, packed into one boot image per pair of kernel and root server.
//!
//! Cargo decides what has to be compiled again. The same sources give the same bytes in whatever folder they are built
//! ([`reproducible`]).

mod guest;
pub mod reproducible;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use fs4::fs_std::FileExt as _;
use rel4_loader::image::pack;
use rel4_loader::payload::Contents;

use crate::config::{Kernel, KernelSource, RootServer};
use crate::costmodel::landmarks;
use crate::digest::sha256;
use crate::manifest::{BuildRecord, PartRecord};
use crate::plan::ImagePlan;
use crate::store;
use crate::toolchain::GuestToolchain;
use crate::workspace::Workspace;
use guest::{Guest, KERNEL, ROOT_SERVER, build_order};

/// A boot image and what is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Where it is.
    pub path: PathBuf,
    /// SHA-256 of it.
    pub sha256: String,
    /// Its size, in bytes.
    pub bytes: u64,
    /// How it was made, if the harness made it.
    pub build: Option<BuildRecord>,
}

/// The boot images of `plans`, whose kernels are among `kernels`, by name. A checkout is needed only if one of them has
/// to be built.
///
/// # Errors
/// One cannot be built or read.
pub fn images(
    plans: &[ImagePlan],
    kernels: &BTreeMap<String, Kernel>,
) -> anyhow::Result<BTreeMap<String, Image>> {
    let is_built = |plan: &ImagePlan| !matches!(kernels[&plan.kernel].source, KernelSource::Image(_));
    let builder = plans.iter().any(is_built).then(|| Builder::new(&Workspace::current()?)).transpose()?;
    plans
        .iter()
        .map(|plan| {
            let kernel = &kernels[&plan.kernel];
            let image =
                builder.as_ref().map_or_else(|| existing(kernel), |builder| builder.image(plan, kernel))?;
            Ok((plan.name(), image))
        })
        .collect()
}

/// Builds boot images in a checkout. While it lives, no other harness builds there.
#[derive(Debug)]
struct Builder {
    workspace: Workspace,
    toolchain: GuestToolchain,
    /// Flags for the compiler that keep paths out of the binaries.
    flags: OsString,
    _lock: File,
}

impl Builder {
    /// Finds the compiler and waits until no other harness builds here.
    fn new(workspace: &Workspace) -> anyhow::Result<Self> {
        let toolchain = GuestToolchain::detect()?;
        let flags = reproducible::flags(&workspace.root, &toolchain.sysroot()?);
        let target = workspace.guest_target();
        fs::create_dir_all(&target).with_context(|| format!("cannot make {}", target.display()))?;
        let path = target.join(".lock");
        let lock = File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
        if !lock.try_lock_exclusive()? {
            eprintln!("waiting for another harness that builds in {}", target.display());
            lock.lock_exclusive()?;
        }
        Ok(Self { workspace: workspace.clone(), toolchain, flags, _lock: lock })
    }

    /// Makes the boot image of `plan`, or takes the one that the matrix names.
    fn image(&self, plan: &ImagePlan, kernel: &Kernel) -> anyhow::Result<Image> {
        let (features, settings, max_harts) = match &kernel.source {
            KernelSource::Build { features, settings, .. } => {
                (features.as_slice(), settings.environment().to_vec(), settings.max_harts)
            }
            KernelSource::Elf { max_harts, .. } => (&[][..], Vec::new(), *max_harts),
            KernelSource::Image(_) => return existing(kernel),
        };
        let mut elfs = BTreeMap::new();
        let name = &plan.kernel;
        for guest in build_order(name, kernel, &plan.root_server) {
            elfs.insert(guest.part, self.elf(name, &guest)?);
        }
        if let KernelSource::Elf { path, .. } = &kernel.source {
            elfs.insert(KERNEL, elsewhere(path, "kernel", "elf")?);
        }
        if let RootServer::Elf { path, .. } = &plan.root_server {
            elfs.insert(ROOT_SERVER, elsewhere(path, "root server", "root_server")?);
        }
        let image = pack(
            &elfs["loader"],
            &Contents {
                kernel: &elfs[KERNEL],
                root_server: &elfs[ROOT_SERVER],
                device_tree: None,
                max_harts,
            },
        )
        .with_context(|| format!("cannot pack the boot image `{}`", plan.name()))?;
        let folder = self.workspace.guest_target().join(plan.name());
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let path = folder.join("image.elf");
        store::replace(&path, |file| Ok(file.write_all(&image)?))?;
        let parts = elfs.iter().map(|(part, elf)| {
            ((*part).to_owned(), PartRecord { sha256: sha256(elf), bytes: elf.len() as u64 })
        });
        let mut landmarks = BTreeMap::new();
        for (part, elf) in &elfs {
            let found = landmarks::of_program(elf);
            landmarks.extend(
                found.with_context(|| format!("cannot find the symbols of the {part} of kernel `{name}`"))?,
            );
        }
        Ok(Image {
            path,
            sha256: sha256(&image),
            bytes: image.len() as u64,
            build: Some(BuildRecord {
                features: features.iter().map(ToString::to_string).collect(),
                settings: settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
                parts: parts.collect(),
                symbols: landmarks,
            }),
        })
    }

    /// Compiles one part and returns its ELF file.
    fn elf(&self, kernel: &str, guest: &Guest) -> anyhow::Result<Vec<u8>> {
        let target = self.workspace.guest_target();
        let mut cargo = self.toolchain.cargo(guest.target);
        cargo
            .current_dir(&self.workspace.root)
            .args(guest.arguments(&target))
            .env("CARGO_ENCODED_RUSTFLAGS", &self.flags)
            .envs(guest.environment.iter().map(|(name, value)| (*name, value)));
        let status = cargo
            .status()
            .with_context(|| format!("cannot start {}", cargo.get_program().to_string_lossy()))?;
        if !status.success() {
            bail!(
                "the {} of kernel `{kernel}` does not build (cargo: {status}); its messages are above",
                guest.part
            );
        }
        let path = guest.elf(&target);
        fs::read(&path).with_context(|| format!("cargo succeeded but left no {}", path.display()))
    }
}

/// The commands that make the image of `plan`, for a reader. What the toolchain adds to them is left out.
#[must_use]
pub fn commands(plan: &ImagePlan, kernel: &Kernel, workspace: &Workspace) -> Vec<Vec<OsString>> {
    let target = workspace.guest_target();
    build_order(&plan.kernel, kernel, &plan.root_server)
        .iter()
        .map(|guest| {
            let environment = guest.environment.iter().map(|(name, value)| format!("{name}={value}").into());
            let triple = format!("CARGO_BUILD_TARGET={}", guest.target).into();
            let cargo = ["cargo".into()].into_iter().chain(guest.arguments(&target));
            environment.chain([triple]).chain(cargo).collect()
        })
        .collect()
}

/// The ELF file of a `what` that was built elsewhere and that the matrix names by `key`.
fn elsewhere(path: &Path, what: &str, key: &str) -> anyhow::Result<Vec<u8>> {
    let bytes = fs::read(path).with_context(|| {
        format!("cannot read the {what} {}; build it or correct `{key}` in the matrix", path.display())
    })?;
    anyhow::ensure!(
        bytes.starts_with(b"\x7fELF"),
        "{} is no ELF file; name a {what}, as its build leaves it",
        path.display()
    );
    Ok(bytes)
}

/// An image made earlier.
fn existing(kernel: &Kernel) -> anyhow::Result<Image> {
    let KernelSource::Image(path) = &kernel.source else { bail!("the kernel has to be built") };
    let bytes = fs::read(path).with_context(|| {
        format!(
            "cannot read the image {}; make it with `harness build` or correct `image` in the matrix",
            path.display()
        )
    })?;
    anyhow::ensure!(bytes.starts_with(b"\x7fELF"), "{} is no ELF file; name a boot image", path.display());
    Ok(Image { path: path.clone(), sha256: sha256(&bytes), bytes: bytes.len() as u64, build: None })
}

/// Copies `image` to `to`, whole or not at all.
///
/// # Errors
/// It cannot be read or written, or changed since it was made.
pub fn keep(image: &Image, to: &Path) -> anyhow::Result<()> {
    let bytes = fs::read(&image.path).with_context(|| format!("cannot read {}", image.path.display()))?;
    anyhow::ensure!(
        sha256(&bytes) == image.sha256,
        "{} changed while it was being used",
        image.path.display()
    );
    store::replace(to, |file| Ok(file.write_all(&bytes)?))
}
