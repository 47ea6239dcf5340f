//! The legend of lines: every line with its medians, place by place.

use plotters::element::{DashedPathElement, PathElement, Text};
use plotters::prelude::DrawingBackend;
use plotters::style::Color as _;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::Lines;
use crate::figures::distribution::short;
use crate::figures::layout::{Area, DrawError, LABEL_SIZE, LEGEND_LINE, MARGIN, STROKE, WIDTH, text};
use crate::figures::mark::mark;
use crate::figures::palette::Dash;

/// Length of the piece of line before a name.
const SAMPLE_LENGTH: i32 = 110;
/// Free space behind it.
const GAP: i32 = 24;
/// Width of a column of numbers.
const COLUMN: i32 = 120;

/// How high the table is.
pub(super) fn height(figure: &Lines<'_>) -> u32 {
    let lines: usize = figure.panels.iter().map(|plotted| plotted.lines.len() + 1).sum();
    LEGEND_LINE * lines as u32
}

/// Draws the table from the top of `area`.
pub(super) fn draw<B: DrawingBackend>(figure: &Lines<'_>, area: &Area<B>) -> Result<(), DrawError<B>> {
    let left = text(LABEL_SIZE).pos(Pos::new(HPos::Left, VPos::Center));
    let right = text(LABEL_SIZE).pos(Pos::new(HPos::Right, VPos::Center));
    let column = |index: usize| (WIDTH - MARGIN) as i32 - COLUMN * (figure.places.len() - 1 - index) as i32;
    let start = MARGIN as i32;
    let mut y = LEGEND_LINE as i32 / 2;
    for plotted in &figure.panels {
        area.draw(&Text::new(plotted.panel.title.clone(), (start, y), left.clone()))?;
        for (index, place) in figure.places.iter().enumerate() {
            area.draw(&Text::new(place.to_string(), (column(index), y), right.clone()))?;
        }
        y += LEGEND_LINE as i32;
        for (line, points) in plotted.panel.lines.iter().zip(&plotted.lines) {
            let style = figure.style(line);
            let ends = [(start, y), (start + SAMPLE_LENGTH, y)];
            let (dash, width) = match line.right_of {
                None => (style.dash, STROKE),
                Some(_) => (super::plot::RIGHT_DASH, STROKE / 2),
            };
            let stroke = style.color.stroke_width(width);
            match dash {
                Dash::Solid => area.draw(&PathElement::new(ends, stroke))?,
                Dash::Broken { dash, gap } => area.draw(&DashedPathElement::new(ends, dash, gap, stroke))?,
            }
            area.draw(&mark((start + SAMPLE_LENGTH / 2, y), style))?;
            area.draw(&Text::new(line.label.clone(), (start + SAMPLE_LENGTH + GAP, y), left.clone()))?;
            for (index, &place) in figure.places.iter().enumerate() {
                let number = points.at(place).map_or(String::new(), |point| short(point.median));
                area.draw(&Text::new(number, (column(index), y), right.clone()))?;
            }
            y += LEGEND_LINE as i32;
        }
    }
    Ok(())
}
