//! A run as one HTML page, `report.html`: what it is made of, what became of every cell, what was measured.
//!
//! [`Contents`] gathers everything that the page says → each section is a module that turns its part into markup → `layout` puts a
//! head, a style and a table of contents around them.
//!
//! The page loads nothing: style and figures are inside. Every text is escaped by `maud`'s macros, and figures are images, which run no
//! scripts: whatever a guest writes to its serial line, it stays text.

mod contents;
mod figures;
mod layout;
mod measurements;
mod outcomes;
mod provenance;
mod stages;
mod suites;
mod upstream;

use std::path::Path;

pub use contents::Contents;

use crate::manifest::Manifest;
use crate::report::Findings;
use crate::store;
use crate::workspace::Workspace;

/// The page's name in a run directory.
pub const PAGE_FILE: &str = "report.html";

/// Writes the page of a run to `path`. Figures and upstream's numbers are those of `workspace`; without one the page has none.
///
/// # Errors
/// Figures or upstream's numbers cannot be read or drawn, or the page cannot be written.
pub fn write(
    path: &Path,
    manifest: &Manifest,
    findings: &Findings,
    workspace: Option<&Workspace>,
) -> anyhow::Result<()> {
    let page = Contents::gather(manifest, findings, workspace)?.page();
    store::replace(path, |file| Ok(file.write_all(page.into_string().as_bytes())?))
}

#[cfg(test)]
mod tests;
