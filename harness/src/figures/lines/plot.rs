//! One panel: lines over places that are equally far from each other.

use plotters::coord::combinators::{BindKeyPoints as _, IntoLogRange as _};
use plotters::element::{DashedPathElement, PathElement, Text};
use plotters::prelude::{BLACK, ChartBuilder, DrawingBackend, WHITE};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, ShapeStyle};

use super::points::{Point, Points};
use super::{Lines, Plotted};
use crate::figures::distribution::{GRID, tick};
use crate::figures::layout::{Area, DrawError, GAP, LABEL_SIZE, MARGIN, STROKE, text};
use crate::figures::mark::{MARK_SIZE, mark};
use crate::figures::palette::{CurveStyle, Dash};

/// Height of a panel's title.
const PANEL_TITLE: i32 = 40;
/// Width of an axis's numbers with its label.
const AXIS_WIDTH: u32 = 120;
/// The numbers on a logarithmic axis.
const STEPS: [f64; 3] = [1.0, 2.0, 5.0];

/// How a line of the right axis is drawn.
pub(super) const RIGHT_DASH: Dash = Dash::Broken { dash: 3, gap: 9 };

/// Draws a panel.
pub(super) fn draw<B: DrawingBackend>(
    figure: &Lines<'_>,
    plotted: &Plotted<'_>,
    area: &Area<B>,
) -> Result<(), DrawError<B>> {
    let last = figure.places.len().saturating_sub(1) as f64;
    let (low, high) = left_range(figure);
    let most = right_end(figure);
    let right = figure.spec.right.as_ref();
    let mut chart = ChartBuilder::on(area)
        .margin_left(MARGIN / 2)
        .margin_right(MARGIN / 2)
        .margin_bottom(GAP)
        .margin_top(PANEL_TITLE)
        .x_label_area_size(84)
        .y_label_area_size(AXIS_WIDTH)
        .right_y_label_area_size(AXIS_WIDTH)
        .build_cartesian_2d(-0.3..last + 0.3, (low..high).log_scale().with_key_points(steps(low, high)))?
        .set_secondary_coord(-0.3..last + 0.3, 0.0..most);
    let place = |x: &f64| {
        let index = x.round();
        let known = (x - index).abs() < 1e-6 && index >= 0.0;
        figure.places.get(index as usize).filter(|_| known).map_or(String::new(), i64::to_string)
    };
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(GRID.stroke_width(2))
        .axis_style(BLACK.stroke_width(2))
        .label_style(text(LABEL_SIZE))
        .axis_desc_style(text(LABEL_SIZE))
        .x_desc(figure.spec.x.text())
        .y_desc(figure.spec.y.text())
        .x_labels(figure.places.len().max(2))
        .x_label_formatter(&place)
        .y_label_formatter(&|value| tick(*value))
        .draw()?;
    if let Some(right) = right.filter(|_| plotted.panel.lines.iter().any(|line| line.right_of.is_some())) {
        chart
            .configure_secondary_axes()
            .axis_style(BLACK.stroke_width(2))
            .label_style(text(LABEL_SIZE))
            .axis_desc_style(text(LABEL_SIZE))
            .y_desc(right.text())
            .y_labels(6)
            .y_label_formatter(&|value| tick(*value))
            .draw()?;
    }
    // In pixels, as marks are.
    let plot = chart.plotting_area().strip_coord_spec();
    let corner = plot.get_base_pixel();
    let inside = |(x, y): (i32, i32)| (x - corner.0, y - corner.1);
    for (line, points) in plotted.panel.lines.iter().zip(&plotted.lines) {
        let style = figure.style(line);
        if line.right_of.is_some() {
            let at = |x: f64, value: f64| inside(chart.borrow_secondary().backend_coord(&(x, value)));
            let style = CurveStyle { dash: RIGHT_DASH, ..style };
            draw_line(&plot, &figure.places, points, style, STROKE / 2, &at)?;
        } else {
            let at = |x: f64, value: f64| inside(chart.backend_coord(&(x, value / plotted.base)));
            draw_line(&plot, &figure.places, points, style, STROKE, &at)?;
        }
    }
    let style = text(LABEL_SIZE).pos(Pos::new(HPos::Left, VPos::Top));
    area.draw(&Text::new(plotted.panel.title.clone(), ((MARGIN / 2 + AXIS_WIDTH) as i32, 0), style))
}

fn draw_line<B: DrawingBackend>(
    plot: &Area<B>,
    places: &[i64],
    points: &Points,
    style: CurveStyle,
    width: u32,
    at: &dyn Fn(f64, f64) -> (i32, i32),
) -> Result<(), DrawError<B>> {
    let stroke = style.color.stroke_width(width);
    let known: Vec<(f64, Point)> =
        (0..places.len()).filter_map(|index| Some((index as f64, points.at(places[index])?))).collect();
    let path: Vec<_> = known.iter().map(|(x, point)| at(*x, point.median)).collect();
    draw_path(plot, path.clone(), style.dash, stroke)?;
    for (x, point) in &known {
        draw_interval(plot, at(*x, point.low), at(*x, point.high), stroke)?;
    }
    path.into_iter().try_for_each(|center| plot.draw(&mark(center, style)))
}

fn draw_path<B: DrawingBackend>(
    plot: &Area<B>,
    path: Vec<(i32, i32)>,
    dash: Dash,
    stroke: ShapeStyle,
) -> Result<(), DrawError<B>> {
    match dash {
        Dash::Solid => plot.draw(&PathElement::new(path, stroke)),
        Dash::Broken { dash, gap } => plot.draw(&DashedPathElement::new(path, dash, gap, stroke)),
    }
}

/// An interval that a mark would not hide.
fn draw_interval<B: DrawingBackend>(
    plot: &Area<B>,
    low: (i32, i32),
    high: (i32, i32),
    stroke: ShapeStyle,
) -> Result<(), DrawError<B>> {
    const CAP: i32 = MARK_SIZE + 5;
    if low == high {
        return Ok(());
    }
    plot.draw(&PathElement::new(vec![low, high], stroke))?;
    for (x, y) in [low, high] {
        plot.draw(&PathElement::new(vec![(x - CAP, y), (x + CAP, y)], stroke))?;
    }
    Ok(())
}

/// What the left axes of all panels span.
fn left_range(figure: &Lines<'_>) -> (f64, f64) {
    let mut range = (1.0_f64, 1.0_f64);
    for plotted in &figure.panels {
        for (line, points) in plotted.panel.lines.iter().zip(&plotted.lines) {
            for point in figure.places.iter().filter_map(|&place| points.at(place)) {
                if line.right_of.is_none() {
                    range = (range.0.min(point.low / plotted.base), range.1.max(point.high / plotted.base));
                }
            }
        }
    }
    (range.0 / 1.3, range.1 * 1.3)
}

/// Where the right axes of all panels end.
fn right_end(figure: &Lines<'_>) -> f64 {
    let mut most = 0.0_f64;
    for plotted in &figure.panels {
        for (line, points) in plotted.panel.lines.iter().zip(&plotted.lines) {
            if line.right_of.is_some() {
                most = figure
                    .places
                    .iter()
                    .filter_map(|&place| points.at(place))
                    .fold(most, |most, point| most.max(point.high));
            }
        }
    }
    if most == 0.0 { 1.0 } else { most * 1.15 }
}

/// The numbers 1, 2, 5, 10, … between `low` and `high`, and those below 1.
fn steps(low: f64, high: f64) -> Vec<f64> {
    let decades = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let all = decades.flat_map(|decade| STEPS.map(|step| step * 10_f64.powi(decade)));
    all.filter(|step| (low..=high).contains(step)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logarithmic_axis_has_round_numbers() {
        let steps: Vec<_> = steps(0.15, 6.0).into_iter().map(tick).collect();
        assert_eq!(steps, ["0.2", "0.5", "1", "2", "5"]);
    }
}
