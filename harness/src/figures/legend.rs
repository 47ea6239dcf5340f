//! The legend: a table below the plot, so that it hides no data and gives the numbers too.

use plotters::element::{DashedPathElement, PathElement, Text};
use plotters::prelude::DrawingBackend;
use plotters::style::Color as _;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::curves::Curve;
use super::layout::{
    Area, DrawError, LABEL_SIZE, LEGEND_LINE, MARGIN, STROKE, WIDTH, text, text_width, wrap,
};
use super::mark::mark;
use super::palette::{CurveStyle, Dash, STYLES};

/// Length of the piece of curve before a name.
const SAMPLE_LENGTH: u32 = 110;
/// Free space between columns.
const GAP: u32 = 40;

/// A legend that has been laid out.
pub(super) struct Legend {
    header: Vec<Cell>,
    rows: Vec<Row>,
}

struct Row {
    /// The curve's name, broken into lines.
    name: Vec<String>,
    numbers: Vec<Cell>,
}

/// A right-aligned text.
struct Cell {
    text: String,
    end: u32,
}

impl Legend {
    /// Lays out the table: columns of numbers as wide as they must be, from the right, and the rest for names.
    pub(super) fn new(curves: &[Curve]) -> Self {
        let style = text(LABEL_SIZE);
        let mut table = vec![COLUMNS.map(|(name, _)| name.to_owned())];
        table.extend(curves.iter().map(|curve| COLUMNS.map(|(_, number)| number(curve))));
        let mut ends = [0; COLUMNS.len()];
        let mut end = WIDTH - MARGIN;
        for column in (0..COLUMNS.len()).rev() {
            ends[column] = end;
            end -= GAP + table.iter().map(|row| text_width(&row[column], &style)).max().unwrap_or(0);
        }
        let name_width = end.saturating_sub(name_start());
        let mut rows = table
            .into_iter()
            .map(|row| row.into_iter().zip(ends).map(|(text, end)| Cell { text, end }).collect::<Vec<_>>());
        let header = rows.next().unwrap_or_default();
        let rows = curves
            .iter()
            .zip(rows)
            .map(|(curve, numbers)| Row { name: wrap(&curve.name, &style, name_width), numbers });
        Self { header, rows: rows.collect() }
    }

    /// How high it is.
    pub(super) fn height(&self) -> u32 {
        let lines: usize = self.rows.iter().map(|row| row.name.len().max(1)).sum();
        LEGEND_LINE * (lines as u32 + 1)
    }

    /// Draws it from the top of `area`.
    pub(super) fn draw<B: DrawingBackend>(&self, area: &Area<B>) -> Result<(), DrawError<B>> {
        let left = text(LABEL_SIZE).pos(Pos::new(HPos::Left, VPos::Center));
        let mut y = LEGEND_LINE / 2;
        draw_cells(area, &self.header, y)?;
        for (row, style) in self.rows.iter().zip(STYLES) {
            y += LEGEND_LINE;
            draw_sample(area, y, style)?;
            draw_cells(area, &row.numbers, y)?;
            for (index, line) in row.name.iter().enumerate() {
                if index > 0 {
                    y += LEGEND_LINE;
                }
                area.draw(&Text::new(line.clone(), (name_start() as i32, y as i32), left.clone()))?;
            }
        }
        Ok(())
    }
}

/// A column of numbers: its name and what it says of a curve.
type Column = (&'static str, fn(&Curve) -> String);

const COLUMNS: [Column; 5] = [
    ("median [95 % CI]", |curve| {
        let summary = &curve.summary;
        format!("{} [{}, {}]", short(summary.median), short(summary.ci_low), short(summary.ci_high))
    }),
    ("min", |curve| short(curve.summary.min)),
    ("p99", |curve| short(curve.summary.p99)),
    ("max", |curve| short(curve.summary.max)),
    ("n", |curve| curve.summary.n.to_string()),
];

const fn name_start() -> u32 {
    MARGIN + SAMPLE_LENGTH + GAP
}

/// A number for readers: at most two decimals.
fn short(value: f64) -> String {
    format!("{}", (value * 100.0).round() / 100.0)
}

fn draw_cells<B: DrawingBackend>(area: &Area<B>, cells: &[Cell], y: u32) -> Result<(), DrawError<B>> {
    let right = text(LABEL_SIZE).pos(Pos::new(HPos::Right, VPos::Center));
    cells.iter().try_for_each(|cell| {
        area.draw(&Text::new(cell.text.clone(), (cell.end as i32, y as i32), right.clone()))
    })
}

/// A piece of curve with its mark.
fn draw_sample<B: DrawingBackend>(area: &Area<B>, y: u32, style: CurveStyle) -> Result<(), DrawError<B>> {
    let (start, y) = (MARGIN as i32, y as i32);
    let stroke = style.color.stroke_width(STROKE);
    let ends = [(start, y), (start + SAMPLE_LENGTH as i32, y)];
    match style.dash {
        Dash::Solid => area.draw(&PathElement::new(ends, stroke))?,
        Dash::Broken { dash, gap } => area.draw(&DashedPathElement::new(ends, dash, gap, stroke))?,
    }
    area.draw(&mark((start + SAMPLE_LENGTH as i32 / 2, y), style))
}
