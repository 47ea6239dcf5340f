//! `harness build`.

use anyhow::bail;

use crate::build;
use crate::cli::BuildArgs;
use crate::config::Matrix;
use crate::exit::Exit;
use crate::shell;
use crate::workspace::Workspace;

/// Builds the kernels of a matrix.
///
/// # Errors
/// The matrix is wrong, or something does not build.
pub fn build(args: &BuildArgs) -> anyhow::Result<Exit> {
    let matrix = Matrix::load(&args.matrix)?;
    if let Some(unknown) = args.kernels.iter().find(|name| !matrix.kernels.contains_key(*name)) {
        let known: Vec<&str> = matrix.kernels.keys().map(String::as_str).collect();
        bail!("{} has no kernel `{unknown}`; known: {}", args.matrix.display(), known.join(", "));
    }
    let mut kernels = matrix.kernels;
    kernels.retain(|name, _| args.kernels.is_empty() || args.kernels.contains(name));
    if args.dry_run {
        let workspace = Workspace::current()?;
        for command in kernels.iter().flat_map(|(name, kernel)| build::commands(name, kernel, &workspace)) {
            println!("{}", shell::line(&command));
        }
        return Ok(Exit::Done);
    }
    for (name, image) in build::images(kernels.iter().map(|(name, kernel)| (name.as_str(), kernel)))? {
        println!("{name}: {} ({} bytes, sha256 {})", image.path.display(), image.bytes, image.sha256);
    }
    Ok(Exit::Done)
}
