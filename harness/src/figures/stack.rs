//! Stacks: one bar per cell, or several, each made of the medians of the metrics that its whole consists of, and a table of them.

use plotters::element::Text;
use plotters::prelude::{BLACK, ChartBuilder, DrawingBackend, WHITE};
use plotters::style::Color as _;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::curves::Curves;
use super::distribution::{GRID, draw_lines, short, tick};
use super::error::FigureError;
use super::fill::{FILLS, fill};
use super::layout::{
    Area, CAPTION_LINE, CAPTION_SIZE, DrawError, GAP, LABEL_SIZE, LEGEND_LINE, MARGIN, TITLE_LINE,
    TITLE_SIZE, WIDTH, text, text_width, wrap,
};
use super::picture::Picture;
use super::spec::{FigureSpec, Whole};
use crate::results::SampleTable;

/// Height of a bar with its name.
const BAR_HEIGHT: u32 = 120;
/// Height of the axis with its label.
const AXIS_HEIGHT: u32 = 110;
/// How much of a bar's height is its name.
const NAME_SHARE: f64 = 0.45;
/// Side of the piece of colour before a part's name.
const SAMPLE: u32 = 28;
/// Free space between columns.
const COLUMN_GAP: u32 = 30;

/// A bar.
struct Bar {
    name: String,
    /// The medians of its parts.
    parts: Vec<f64>,
}

/// A stack that has been laid out.
pub(super) struct Stack<'f> {
    spec: &'f FigureSpec,
    bars: Vec<Bar>,
    title: Vec<String>,
    caption: Vec<String>,
}

impl<'f> Stack<'f> {
    /// Picks the samples and lays out the figure.
    pub(super) fn new(spec: &'f FigureSpec, table: &SampleTable, caption: &str) -> Result<Self, FigureError> {
        let mut bars = Vec::new();
        for whole in spec.wholes() {
            bars.extend(bars_of(spec, table, &whole)?);
        }
        let width = WIDTH - 2 * MARGIN;
        Ok(Self {
            spec,
            bars,
            title: wrap(&spec.title, &text(TITLE_SIZE), width),
            caption: wrap(caption, &text(CAPTION_SIZE), width),
        })
    }

    fn head_height(&self) -> u32 {
        MARGIN + TITLE_LINE * self.title.len() as u32
    }

    fn plot_height(&self) -> u32 {
        BAR_HEIGHT * self.bars.len() as u32 + AXIS_HEIGHT
    }

    fn table_height(&self) -> u32 {
        LEGEND_LINE * (self.bars.len() as u32 + 1) + GAP
    }

    fn draw_bars<B: DrawingBackend>(&self, area: &Area<B>) -> Result<(), DrawError<B>> {
        let longest = self.bars.iter().map(|bar| bar.parts.iter().sum()).fold(1.0, f64::max);
        let mut chart = ChartBuilder::on(area)
            .margin_left(MARGIN)
            .margin_right(MARGIN)
            .margin_bottom(GAP)
            .x_label_area_size(84)
            .build_cartesian_2d(0.0..longest * 1.02, self.bars.len() as f64..0.0)?;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .disable_y_axis()
            .light_line_style(WHITE)
            .bold_line_style(GRID.stroke_width(2))
            .axis_style(BLACK.stroke_width(2))
            .label_style(text(LABEL_SIZE))
            .axis_desc_style(text(LABEL_SIZE))
            .x_desc(self.spec.x.text())
            .x_labels(8)
            .x_label_formatter(&|value| tick(*value))
            .draw()?;
        for (row, bar) in self.bars.iter().enumerate() {
            let (top, bottom) = (row as f64 + NAME_SHARE, row as f64 + 0.95);
            let mut start = 0.0;
            let (left, above) = area.get_base_pixel();
            let pixel = |x: f64, y: f64| {
                let (x, y) = chart.backend_coord(&(x, y));
                (x - left, y - above)
            };
            for (&length, &style) in bar.parts.iter().zip(&FILLS) {
                fill(area, [pixel(start, top), pixel(start + length, bottom)], style)?;
                start += length;
            }
            let style = text(LABEL_SIZE).pos(Pos::new(HPos::Left, VPos::Bottom));
            chart.draw_series([Text::new(bar.name.clone(), (0.0, top), style)])?;
        }
        Ok(())
    }

    /// The parts' names with their fills.
    fn draw_names<B: DrawingBackend>(&self, area: &Area<B>) -> Result<(), DrawError<B>> {
        let style = text(LABEL_SIZE);
        let left = style.pos(Pos::new(HPos::Left, VPos::Center));
        let (middle, half) = (LEGEND_LINE as i32 / 2, SAMPLE as i32 / 2);
        let mut x = MARGIN as i32;
        for (part, &filled) in self.spec.parts.iter().zip(&FILLS) {
            fill(area, [(x, middle - half), (x + SAMPLE as i32, middle + half)], filled)?;
            x += SAMPLE as i32 + 12;
            area.draw(&Text::new(part.label.clone(), (x, middle), left.clone()))?;
            x += (text_width(&part.label, &style) + COLUMN_GAP) as i32;
        }
        Ok(())
    }

    /// Each bar's numbers below the names of the parts.
    fn draw_table<B: DrawingBackend>(&self, area: &Area<B>) -> Result<(), DrawError<B>> {
        let style = text(LABEL_SIZE);
        let right = style.pos(Pos::new(HPos::Right, VPos::Center));
        let left = style.pos(Pos::new(HPos::Left, VPos::Center));
        let middle = |row: usize| (LEGEND_LINE as usize * row) as i32 + LEGEND_LINE as i32 / 2;
        for (row, bar) in self.bars.iter().enumerate() {
            area.draw(&Text::new(bar.name.clone(), (MARGIN as i32, middle(row + 1)), left.clone()))?;
        }
        let mut end = (WIDTH - MARGIN) as i32;
        let mut column = |heading: &str, number: &dyn Fn(&Bar) -> Option<f64>| {
            let numbers: Vec<_> =
                self.bars.iter().map(|bar| number(bar).map_or(String::new(), short)).collect();
            let texts = || numbers.iter().map(String::as_str).chain([heading]);
            let width = texts().map(|text| text_width(text, &style)).max().unwrap_or(0);
            area.draw(&Text::new(heading.to_owned(), (end, middle(0)), right.clone()))?;
            for (row, number) in numbers.iter().enumerate() {
                area.draw(&Text::new(number.clone(), (end, middle(row + 1)), right.clone()))?;
            }
            end -= (width + COLUMN_GAP) as i32;
            Ok(())
        };
        column("whole", &|bar| Some(bar.parts.iter().sum()))?;
        for (index, part) in self.spec.parts.iter().enumerate().rev() {
            column(&part.label, &|bar| bar.parts.get(index).copied())?;
        }
        Ok(())
    }
}

/// The bars of one whole, one per cell.
fn bars_of(spec: &FigureSpec, table: &SampleTable, whole: &Whole) -> Result<Vec<Bar>, FigureError> {
    let mut bars: Vec<Bar> = Vec::new();
    for part in &whole.parts {
        let of_part =
            FigureSpec { experiment: whole.experiment.clone(), metric: part.clone(), ..spec.clone() };
        for (index, curve) in Curves::select(&of_part, table)?.curves.into_iter().enumerate() {
            if bars.len() <= index {
                let name = match &whole.label {
                    Some(label) => format!("{label}, {}", curve.name),
                    None => curve.name,
                };
                bars.push(Bar { name, parts: Vec::new() });
            }
            bars[index].parts.push(curve.summary.median);
        }
    }
    Ok(bars)
}

impl Picture for Stack<'_> {
    fn size(&self) -> (u32, u32) {
        let foot = CAPTION_LINE * self.caption.len() as u32 + MARGIN;
        (WIDTH, self.head_height() + LEGEND_LINE + self.plot_height() + self.table_height() + foot)
    }

    fn draw<B: DrawingBackend>(&self, root: &Area<B>) -> Result<(), DrawError<B>> {
        root.fill(&WHITE)?;
        let (head, rest) = root.split_vertically(self.head_height());
        let (names, rest) = rest.split_vertically(LEGEND_LINE);
        let (plot, rest) = rest.split_vertically(self.plot_height());
        let (table, foot) = rest.split_vertically(self.table_height());
        draw_lines(&head, &self.title, (TITLE_SIZE, TITLE_LINE), MARGIN)?;
        self.draw_names(&names)?;
        self.draw_bars(&plot)?;
        self.draw_table(&table)?;
        draw_lines(&foot, &self.caption, (CAPTION_SIZE, CAPTION_LINE), 0)?;
        root.present()
    }
}
