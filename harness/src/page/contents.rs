//! Everything that the page says.

use maud::Markup;

use super::layout::{self, Section};
use super::{claims, figures, measurements, outcomes, provenance, stages, suites, upstream};
use crate::claims::{Claim, Table};
use crate::figures::{FigureError, FigureSpec, Kind};
use crate::manifest::Manifest;
use crate::report::Findings;
use crate::upstream::comparison::Comparison;
use crate::upstream::published;
use crate::upstream::validation::Validation;
use crate::workspace::Workspace;

/// A figure that the run has samples for.
#[derive(Debug, Clone)]
pub struct Figure {
    /// What it shows.
    pub spec: FigureSpec,
    /// The picture.
    pub svg: String,
}

/// Claims, held against a run.
#[derive(Debug, Clone)]
pub struct ClaimsOfRun {
    /// Those about experiments of the run.
    pub of_this_run: Table,
    /// The names of the others.
    pub of_others: Vec<String>,
}

/// What the page of a run is made of.
#[derive(Debug, Clone)]
pub struct Contents<'r> {
    /// The run.
    pub manifest: &'r Manifest,
    /// What it measured.
    pub findings: &'r Findings,
    /// Its figures.
    pub figures: Vec<Figure>,
    /// Figures that do not suit what it measured, and why.
    pub not_drawn: Vec<String>,
    /// The paper's claims.
    pub claims: Option<ClaimsOfRun>,
    /// Its instruction counts beside upstream's.
    pub instructions: Option<Comparison>,
    /// The cost model's cycles beside a board's.
    pub cycles: Option<Validation>,
}

impl<'r> Contents<'r> {
    /// Draws the figures and compares with upstream's numbers.
    ///
    /// # Errors
    /// The workspace's figure specifications or upstream's numbers cannot be read, or a figure cannot be drawn.
    pub fn gather(
        manifest: &'r Manifest,
        findings: &'r Findings,
        workspace: Option<&Workspace>,
    ) -> anyhow::Result<Self> {
        let mut contents = Self {
            manifest,
            findings,
            figures: Vec::new(),
            not_drawn: Vec::new(),
            claims: None,
            instructions: None,
            cycles: None,
        };
        let Some(workspace) = workspace else { return Ok(contents) };
        for spec in FigureSpec::load_all(&workspace.figure_specifications())? {
            match crate::figures::svg(&spec, &findings.samples, &manifest.run) {
                Ok(svg) => contents.figures.push(Figure { spec, svg }),
                Err(FigureError::NoSamples { .. }) => {}
                Err(error @ (FigureError::NoFont { .. } | FigureError::BadFont { .. })) => {
                    return Err(error.into());
                }
                Err(error) => contents.not_drawn.push(error.to_string()),
            }
        }
        let folder = workspace.upstream_numbers();
        let (cycles, instructions) = (published::cycles(&folder)?, published::instructions(&folder)?);
        let claims = Claim::load_all(&workspace.claims())?;
        let (of_this_run, of_others): (Vec<_>, Vec<_>) =
            claims.into_iter().partition(|claim| claim.speaks_of(manifest));
        contents.claims = Some(ClaimsOfRun {
            of_this_run: Table::new(&of_this_run, manifest, findings, &instructions),
            of_others: of_others.into_iter().map(|claim| claim.id).collect(),
        });
        contents.instructions = Some(Comparison::new(&instructions, &findings.summary));
        contents.cycles = Some(Validation::new(&cycles, &instructions, &findings.summary, manifest));
        Ok(contents)
    }

    /// The figures that show the stages of a whole.
    pub(super) fn stacks(&self) -> impl Iterator<Item = &FigureSpec> {
        self.figures.iter().map(|figure| &figure.spec).filter(|spec| spec.kind == Kind::Stack)
    }

    /// The page.
    #[must_use]
    pub fn page(&self) -> Markup {
        let sections: Vec<Section> = [
            outcomes::section(self),
            claims::section(self),
            figures::section(self),
            stages::section(self),
            suites::section(self),
            upstream::instructions(self),
            upstream::validation(self),
            measurements::section(self),
            provenance::section(self),
        ]
        .into_iter()
        .flatten()
        .collect();
        layout::page(&self.manifest.run, &sections)
    }
}
