//! `harness build`.

use anyhow::bail;

use crate::build;
use crate::cli::BuildArgs;
use crate::config::{Matrix, RootServer};
use crate::exit::Exit;
use crate::plan::{ImagePlan, Plan};
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
    let chosen = |image: &ImagePlan| args.kernels.is_empty() || args.kernels.contains(&image.kernel);
    let mut images = Plan::new(&matrix).images();
    // Kernels that no experiment uses are built for whoever wants to boot one by hand.
    for kernel in matrix.kernels.keys() {
        if !images.iter().any(|image| image.kernel == *kernel) {
            images.push(ImagePlan { kernel: kernel.clone(), root_server: RootServer::RootTask });
        }
    }
    images.retain(chosen);
    // One that is asked for by its name is an error when it comes to be read.
    images
        .retain(|image| !args.kernels.is_empty() || matrix.kernels[&image.kernel].source.absent().is_none());
    if args.dry_run {
        let workspace = Workspace::current()?;
        let commands = images
            .iter()
            .flat_map(|image| build::commands(image, &matrix.kernels[&image.kernel], &workspace));
        for command in commands {
            println!("{}", shell::line(&command));
        }
        return Ok(Exit::Done);
    }
    for (name, image) in build::images(&images, &matrix.kernels)? {
        println!("{name}: {} ({} bytes, sha256 {})", image.path.display(), image.bytes, image.sha256);
    }
    Ok(Exit::Done)
}
