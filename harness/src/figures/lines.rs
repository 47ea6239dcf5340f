//! Lines over a parameter, in panels side by side: costs relative to a base on the left axis, counts on the right one, and a table of
//! all medians below.

mod plot;
mod points;
mod table;

use plotters::prelude::{DrawingBackend, WHITE};

use self::points::Points;
pub(super) use self::points::Sources;
use super::distribution::draw_lines;
use super::error::FigureError;
use super::layout::{
    Area, CAPTION_LINE, CAPTION_SIZE, DrawError, GAP, MARGIN, PLOT_HEIGHT, TITLE_LINE, TITLE_SIZE, WIDTH,
    text, wrap,
};
use super::palette::{CurveStyle, STYLES};
use super::panel::{self, Line, Panel};
use super::picture::Picture;
use super::spec::FigureSpec;
use crate::results::SampleTable;

/// A panel with its points.
struct Plotted<'f> {
    panel: &'f Panel,
    /// The points of its lines, in their order.
    lines: Vec<Points>,
    /// What is 1 on the left axis.
    base: f64,
}

/// Lines that have been laid out.
pub(super) struct Lines<'f> {
    spec: &'f FigureSpec,
    panels: Vec<Plotted<'f>>,
    /// The places on the horizontal axis.
    places: Vec<i64>,
    /// The lines of the left axis, in the order of their styles.
    labels: Vec<&'f str>,
    /// Where the samples came from.
    pub(super) sources: Sources,
    title: Vec<String>,
    caption: Vec<String>,
}

impl<'f> Lines<'f> {
    /// Picks the samples. The caption comes later, since it depends on them.
    pub(super) fn select(spec: &'f FigureSpec, table: &SampleTable) -> Result<Self, FigureError> {
        let mut sources = Sources::default();
        let mut panels = Vec::new();
        for panel in &spec.panels {
            let lines = points::of_panel(spec, panel, table, &mut sources)?;
            let base = panel.lines.iter().position(|line| line.label == panel.base);
            let base = base.and_then(|index| lines[index].first()).map_or(1.0, |point| point.median);
            panels.push(Plotted { panel, lines, base });
        }
        let places = points::places(panels.iter().flat_map(|plotted| &plotted.lines));
        let labels = panel::labels(&spec.panels).unwrap_or_default();
        let title = wrap(&spec.title, &text(TITLE_SIZE), WIDTH - 2 * MARGIN);
        Ok(Self { spec, panels, places, labels, sources, title, caption: Vec::new() })
    }

    /// The same with `caption` below.
    pub(super) fn with_caption(mut self, caption: &str) -> Self {
        self.caption = wrap(caption, &text(CAPTION_SIZE), WIDTH - 2 * MARGIN);
        self
    }

    /// How `line` is drawn: as what it goes with, if it belongs to the right axis.
    fn style(&self, line: &Line) -> CurveStyle {
        let label = line.right_of.as_ref().unwrap_or(&line.label);
        let index = self.labels.iter().position(|known| known == label).unwrap_or_default();
        STYLES[index % STYLES.len()]
    }

    fn head_height(&self) -> u32 {
        MARGIN + TITLE_LINE * self.title.len() as u32
    }
}

impl Picture for Lines<'_> {
    fn size(&self) -> (u32, u32) {
        let foot = CAPTION_LINE * self.caption.len() as u32 + MARGIN;
        (WIDTH, self.head_height() + PLOT_HEIGHT + table::height(self) + GAP + foot)
    }

    fn draw<B: DrawingBackend>(&self, root: &Area<B>) -> Result<(), DrawError<B>> {
        root.fill(&WHITE)?;
        let (head, rest) = root.split_vertically(self.head_height());
        let (plots, rest) = rest.split_vertically(PLOT_HEIGHT);
        let (table, foot) = rest.split_vertically(table::height(self) + GAP);
        draw_lines(&head, &self.title, (TITLE_SIZE, TITLE_LINE), MARGIN)?;
        let areas = plots.split_evenly((1, self.panels.len().max(1)));
        for (plotted, area) in self.panels.iter().zip(&areas) {
            plot::draw(self, plotted, area)?;
        }
        table::draw(self, &table)?;
        draw_lines(&foot, &self.caption, (CAPTION_SIZE, CAPTION_LINE), 0)?;
        root.present()
    }
}

#[cfg(test)]
mod tests;
