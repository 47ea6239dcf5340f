//! Drawing a figure into files.

use std::path::{Path, PathBuf};

use ab_glyph::FontRef;
use anyhow::Context as _;

use super::bars::Bars;
use super::caption;
use super::curves::Curves;
use super::distribution::Distribution;
use super::error::FigureError;
use super::font;
use super::lines::{Lines, Sources};
use super::picture::{self, Picture};
use super::spec::{FigureSpec, Kind};
use super::stack::Stack;
use crate::results::SampleTable;
use crate::store;

/// The files of a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// The picture, scalable.
    pub svg: PathBuf,
    /// The same picture in pixels.
    pub png: PathBuf,
}

/// Draws the figure `spec` from the samples of the run called `run` into `folder`.
///
/// # Errors
///
/// A [`FigureError`], or the files cannot be written.
pub fn draw(spec: &FigureSpec, samples: &SampleTable, run: &str, folder: &Path) -> anyhow::Result<Drawn> {
    let (svg, png) = render(spec, samples, run)?;
    let drawn = Drawn {
        svg: folder.join(&spec.id).with_extension("svg"),
        png: folder.join(&spec.id).with_extension("png"),
    };
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    store::replace(&drawn.svg, |file| Ok(file.write_all(svg.as_bytes())?))?;
    store::replace(&drawn.png, |file| Ok(file.write_all(&png)?))?;
    Ok(drawn)
}

/// The figure `spec` of the run called `run` as SVG.
///
/// # Errors
///
/// A [`FigureError`].
pub fn svg(spec: &FigureSpec, samples: &SampleTable, run: &str) -> Result<String, FigureError> {
    font::load()?;
    in_format(&Svg, spec, samples, run)
}

/// The figure as SVG and as PNG.
pub(super) fn render(
    spec: &FigureSpec,
    samples: &SampleTable,
    run: &str,
) -> Result<(String, Vec<u8>), FigureError> {
    in_format(&SvgAndPng { font: font::load()? }, spec, samples, run)
}

/// What a figure that has been laid out is drawn into.
trait Format {
    /// What comes of it.
    type File;

    /// Draws `figure`.
    fn draw(&self, figure: &impl Picture) -> Result<Self::File, String>;
}

struct Svg;

impl Format for Svg {
    type File = String;

    fn draw(&self, figure: &impl Picture) -> Result<String, String> {
        picture::svg(figure)
    }
}

struct SvgAndPng {
    font: FontRef<'static>,
}

impl Format for SvgAndPng {
    type File = (String, Vec<u8>);

    fn draw(&self, figure: &impl Picture) -> Result<Self::File, String> {
        Ok((picture::svg(figure)?, picture::png(figure, self.font.clone())?))
    }
}

fn in_format<F: Format>(
    format: &F,
    spec: &FigureSpec,
    samples: &SampleTable,
    run: &str,
) -> Result<F::File, FigureError> {
    let curves = || {
        let curves = Curves::select(spec, samples)?;
        let caption = caption_of(spec, &curves, run);
        Ok((curves.curves, caption))
    };
    let drawn = match spec.kind {
        Kind::Distribution => {
            let (curves, caption) = curves()?;
            format.draw(&Distribution::new(spec, &curves, &caption))
        }
        Kind::Bars => format.draw(&Bars::new(spec, samples, &curves()?.1)?),
        Kind::Stack => format.draw(&Stack::new(spec, samples, &curves()?.1)?),
        Kind::Lines => {
            let figure = Lines::select(spec, samples)?;
            let caption = caption_of_lines(spec, &figure.sources, run);
            format.draw(&figure.with_caption(&caption))
        }
    };
    drawn.map_err(|reason| FigureError::Drawing { figure: spec.id.clone(), reason })
}

fn caption_of_lines(spec: &FigureSpec, sources: &Sources, run: &str) -> String {
    let platforms: Vec<_> = sources.platforms.iter().cloned().collect();
    let values = [
        ("run", run.to_owned()),
        ("metric", spec.metric.clone()),
        ("platform", platforms.join(", ")),
        ("n", sources.samples.to_string()),
    ];
    caption::fill(&spec.caption, &values)
}

fn caption_of(spec: &FigureSpec, curves: &Curves, run: &str) -> String {
    let n: usize = curves.curves.iter().map(|curve| curve.summary.n).sum();
    let values = [
        ("run", run.to_owned()),
        ("experiment", spec.experiment.clone()),
        ("metric", spec.metric.clone()),
        ("unit", curves.unit.clone()),
        ("platform", curves.platforms.join(", ")),
        ("parameters", curves.parameters.clone()),
        ("n", n.to_string()),
    ];
    caption::fill(&spec.caption, &values)
}
