//! Stacks: one bar per cell, made of the medians of the metrics that its whole consists of, and a table of them.

use plotters::element::{Rectangle, Text};
use plotters::prelude::{BLACK, ChartBuilder, DrawingBackend, WHITE};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, RGBColor};

use super::curves::Curves;
use super::distribution::{GRID, draw_lines, tick};
use super::error::FigureError;
use super::layout::{
    Area, CAPTION_LINE, CAPTION_SIZE, DrawError, GAP, LABEL_SIZE, LEGEND_LINE, MARGIN, TITLE_LINE,
    TITLE_SIZE, WIDTH, text, text_width, wrap,
};
use super::palette::STYLES;
use super::picture::Picture;
use super::spec::FigureSpec;
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
const COLUMN_GAP: u32 = 40;

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
        let mut bars: Vec<Bar> = Vec::new();
        for part in &spec.parts {
            let of_part = FigureSpec { metric: part.metric.clone(), ..spec.clone() };
            for (index, curve) in Curves::select(&of_part, table)?.curves.into_iter().enumerate() {
                if bars.len() <= index {
                    bars.push(Bar { name: curve.name, parts: Vec::new() });
                }
                bars[index].parts.push(curve.summary.median);
            }
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

    fn color(part: usize) -> RGBColor {
        // Black, the first, would hide the edges.
        STYLES[1 + part].color
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
            for (part, &length) in bar.parts.iter().enumerate() {
                let corners = [(start, top), (start + length, bottom)];
                chart.draw_series([
                    Rectangle::new(corners, Self::color(part).filled()),
                    Rectangle::new(corners, WHITE.stroke_width(2)),
                ])?;
                start += length;
            }
            let style = text(LABEL_SIZE).pos(Pos::new(HPos::Left, VPos::Bottom));
            chart.draw_series([Text::new(bar.name.clone(), (0.0, top), style)])?;
        }
        Ok(())
    }

    /// The parts' names with their colours, and each bar's numbers below them.
    fn draw_table<B: DrawingBackend>(&self, area: &Area<B>) -> Result<(), DrawError<B>> {
        let style = text(LABEL_SIZE);
        let right = style.pos(Pos::new(HPos::Right, VPos::Center));
        let left = style.pos(Pos::new(HPos::Left, VPos::Center));
        let middle = |row: usize| (LEGEND_LINE as usize * row) as i32 + LEGEND_LINE as i32 / 2;
        let mut end = (WIDTH - MARGIN) as i32;
        let whole = |bar: &Bar| bar.parts.iter().sum::<f64>();
        area.draw(&Text::new("whole", (end, middle(0)), right.clone()))?;
        for (row, bar) in self.bars.iter().enumerate() {
            area.draw(&Text::new(tick(whole(bar)), (end, middle(row + 1)), right.clone()))?;
            area.draw(&Text::new(bar.name.clone(), (MARGIN as i32, middle(row + 1)), left.clone()))?;
        }
        end -= (text_width("whole", &style).max(120) + COLUMN_GAP) as i32;
        for (index, part) in self.spec.parts.iter().enumerate().rev() {
            area.draw(&Text::new(part.label.clone(), (end, middle(0)), right.clone()))?;
            for (row, bar) in self.bars.iter().enumerate() {
                let number = bar.parts.get(index).map_or(String::new(), |&value| tick(value));
                area.draw(&Text::new(number, (end, middle(row + 1)), right.clone()))?;
            }
            let start = end - (text_width(&part.label, &style) + SAMPLE + 12) as i32;
            let half = SAMPLE as i32 / 2;
            let corners = [(start, middle(0) - half), (start + SAMPLE as i32, middle(0) + half)];
            area.draw(&Rectangle::new(corners, Self::color(index).filled()))?;
            end = start - COLUMN_GAP as i32;
        }
        Ok(())
    }
}

impl Picture for Stack<'_> {
    fn size(&self) -> (u32, u32) {
        let foot = CAPTION_LINE * self.caption.len() as u32 + MARGIN;
        (WIDTH, self.head_height() + self.plot_height() + self.table_height() + foot)
    }

    fn draw<B: DrawingBackend>(&self, root: &Area<B>) -> Result<(), DrawError<B>> {
        root.fill(&WHITE)?;
        let (head, rest) = root.split_vertically(self.head_height());
        let (plot, rest) = rest.split_vertically(self.plot_height());
        let (table, foot) = rest.split_vertically(self.table_height());
        draw_lines(&head, &self.title, (TITLE_SIZE, TITLE_LINE), MARGIN)?;
        self.draw_bars(&plot)?;
        self.draw_table(&table)?;
        draw_lines(&foot, &self.caption, (CAPTION_SIZE, CAPTION_LINE), 0)?;
        root.present()
    }
}
