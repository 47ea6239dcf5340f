//! Distributions: one stepped curve per cell, with its median and the median's confidence interval.

use plotters::coord::types::RangedCoordf64;
use plotters::element::{PathElement, Text};
use plotters::prelude::{
    BLACK, Cartesian2d, ChartBuilder, ChartContext, DashedLineSeries, DrawingBackend, LineSeries, WHITE,
};
use plotters::style::{Color as _, RGBColor};

use super::curves::Curve;
use super::layout::{
    Area, CAPTION_LINE, CAPTION_SIZE, DrawError, GAP, LABEL_SIZE, MARGIN, PLOT_HEIGHT, STROKE, TITLE_LINE,
    TITLE_SIZE, WIDTH, text, wrap,
};
use super::legend::Legend;
use super::mark::{MARK_SIZE, mark};
use super::palette::{CurveStyle, Dash, STYLES};
use super::picture::Picture;
use super::spec::FigureSpec;
use super::steps::corners;

type Chart<'a, B> = ChartContext<'a, B, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// How far the caps of an interval stand out, so that a mark does not hide them, in pixels.
const CAP: i32 = MARK_SIZE + 7;
/// The colour of the lines behind a plot.
pub(super) const GRID: RGBColor = RGBColor(215, 215, 215);

/// A distribution that has been laid out.
pub(super) struct Distribution<'f> {
    spec: &'f FigureSpec,
    curves: &'f [Curve],
    title: Vec<String>,
    legend: Legend,
    caption: Vec<String>,
}

impl<'f> Distribution<'f> {
    /// Lays out the figure.
    pub(super) fn new(spec: &'f FigureSpec, curves: &'f [Curve], caption: &str) -> Self {
        let width = WIDTH - 2 * MARGIN;
        Self {
            spec,
            curves,
            title: wrap(&spec.title, &text(TITLE_SIZE), width),
            legend: Legend::new(curves),
            caption: wrap(caption, &text(CAPTION_SIZE), width),
        }
    }

    fn head_height(&self) -> u32 {
        MARGIN + TITLE_LINE * self.title.len() as u32
    }

    fn legend_height(&self) -> u32 {
        self.legend.height() + GAP
    }
}

impl Picture for Distribution<'_> {
    fn size(&self) -> (u32, u32) {
        let foot_height = CAPTION_LINE * self.caption.len() as u32 + MARGIN;
        (WIDTH, self.head_height() + PLOT_HEIGHT + self.legend_height() + foot_height)
    }

    fn draw<B: DrawingBackend>(&self, root: &Area<B>) -> Result<(), DrawError<B>> {
        root.fill(&WHITE)?;
        let (head, rest) = root.split_vertically(self.head_height());
        let (plot, rest) = rest.split_vertically(PLOT_HEIGHT);
        let (table, foot) = rest.split_vertically(self.legend_height());
        draw_lines(&head, &self.title, (TITLE_SIZE, TITLE_LINE), MARGIN)?;
        draw_plot(&plot, self.spec, self.curves)?;
        self.legend.draw(&table)?;
        draw_lines(&foot, &self.caption, (CAPTION_SIZE, CAPTION_LINE), 0)?;
        root.present()
    }
}

/// Lines of text, one below the other.
pub(super) fn draw_lines<B: DrawingBackend>(
    area: &Area<B>,
    lines: &[String],
    (size, line_height): (u32, u32),
    top: u32,
) -> Result<(), DrawError<B>> {
    (top..)
        .step_by(line_height as usize)
        .zip(lines)
        .try_for_each(|(y, line)| area.draw(&Text::new(line.clone(), (MARGIN as i32, y as i32), text(size))))
}

fn draw_plot<B: DrawingBackend>(
    area: &Area<B>,
    spec: &FigureSpec,
    curves: &[Curve],
) -> Result<(), DrawError<B>> {
    let (from, to) = value_range(curves);
    let mut chart = ChartBuilder::on(area)
        .margin_left(MARGIN)
        .margin_right(MARGIN)
        .margin_bottom(GAP)
        .x_label_area_size(84)
        .y_label_area_size(130)
        // A little more than 0 to 100, so that lines at both ends keep their whole width.
        .build_cartesian_2d(from..to, -2.0..102.0)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(GRID.stroke_width(2))
        .axis_style(BLACK.stroke_width(2))
        .label_style(text(LABEL_SIZE))
        .axis_desc_style(text(LABEL_SIZE))
        .x_desc(spec.x.text())
        .y_desc(spec.y.text())
        .x_labels(8)
        .y_labels(6)
        .x_label_formatter(&|value| tick(*value))
        .y_label_formatter(&|value| tick(*value))
        .draw()?;
    for (curve, style) in curves.iter().zip(STYLES) {
        draw_curve(&mut chart, curve, style)?;
    }
    for (curve, style) in curves.iter().zip(STYLES) {
        draw_median(&chart, curve, style)?;
    }
    Ok(())
}

/// All samples, with room on both sides: at least one unit, since equal samples alone span nothing.
fn value_range(curves: &[Curve]) -> (f64, f64) {
    let low = curves.iter().map(|curve| curve.summary.min).fold(f64::INFINITY, f64::min);
    let high = curves.iter().map(|curve| curve.summary.max).fold(f64::NEG_INFINITY, f64::max);
    let room = ((high - low) * 0.05).max(high.abs() * 0.01).max(1.0);
    (low - room, high + room)
}

fn draw_curve<B: DrawingBackend>(
    chart: &mut Chart<'_, B>,
    curve: &Curve,
    style: CurveStyle,
) -> Result<(), DrawError<B>> {
    let points = corners(&curve.samples);
    let stroke = style.color.stroke_width(STROKE);
    match style.dash {
        Dash::Solid => chart.draw_series(LineSeries::new(points, stroke))?,
        Dash::Broken { dash, gap } => chart.draw_series(DashedLineSeries::new(points, dash, gap, stroke))?,
    };
    Ok(())
}

/// The mark is a number of pixels large, whatever the axes measure, so it is drawn in pixels.
fn draw_median<B: DrawingBackend>(
    chart: &Chart<'_, B>,
    curve: &Curve,
    style: CurveStyle,
) -> Result<(), DrawError<B>> {
    let area = chart.plotting_area().strip_coord_spec();
    let (left, top) = area.get_base_pixel();
    let at = |value| {
        let (x, y) = chart.backend_coord(&(value, 50.0));
        (x - left, y - top)
    };
    let stroke = style.color.stroke_width(STROKE);
    let summary = &curve.summary;
    let (low, high) = (at(summary.ci_low), at(summary.ci_high));
    if low != high {
        area.draw(&PathElement::new(vec![low, high], stroke))?;
        for (x, y) in [low, high] {
            area.draw(&PathElement::new(vec![(x, y - CAP), (x, y + CAP)], stroke))?;
        }
    }
    area.draw(&mark(at(summary.median), style))
}

/// A number for readers: whole if it is large.
pub(super) fn short(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{}", (value * 100.0).round() / 100.0) }
}

/// An axis's number, without the noise of binary fractions.
pub(super) fn tick(value: f64) -> String {
    format!("{}", (value * 1e6).round() / 1e6)
}
