//! Bars: for each of several metrics the median of every cell, and, where the specification names a table of upstream's numbers, upstream's.

use std::collections::BTreeMap;

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
use crate::upstream::published;

/// Height of a bar with its number.
const BAR_HEIGHT: u32 = 36;
/// Free space between the bars of two metrics.
const GROUP_GAP: u32 = 22;
/// Height of the axis with its label.
const AXIS_HEIGHT: u32 = 110;
/// Side of the piece of colour before a name.
const SAMPLE: u32 = 28;
/// Free space between names.
const COLUMN_GAP: u32 = 40;
/// What upstream's bars are called.
const UPSTREAM: &str = "upstream seL4";

/// The bars of one metric.
struct Group {
    label: String,
    /// One for each name; none where there is no such number.
    values: Vec<Option<f64>>,
}

/// Bars that have been laid out.
pub(super) struct Bars<'f> {
    spec: &'f FigureSpec,
    names: Vec<String>,
    groups: Vec<Group>,
    title: Vec<String>,
    caption: Vec<String>,
}

impl<'f> Bars<'f> {
    /// Picks the samples and lays out the figure.
    pub(super) fn new(spec: &'f FigureSpec, table: &SampleTable, caption: &str) -> Result<Self, FigureError> {
        let upstream = upstream(spec)?;
        let (mut names, mut groups) = (Vec::new(), Vec::new());
        for part in &spec.parts {
            let of_part = FigureSpec { metric: part.metric.clone(), ..spec.clone() };
            let curves = Curves::select(&of_part, table)?.curves;
            let published = upstream.as_ref().map(|numbers| numbers.get(&part.metric).copied());
            let medians = curves.iter().map(|curve| Some(curve.summary.median));
            groups.push(Group {
                label: part.label.clone(),
                values: published.into_iter().chain(medians).collect(),
            });
            names = curves.into_iter().map(|curve| curve.name).collect();
        }
        if upstream.is_some() {
            names.insert(0, UPSTREAM.to_owned());
        }
        let width = WIDTH - 2 * MARGIN;
        Ok(Self {
            spec,
            names,
            groups,
            title: wrap(&spec.title, &text(TITLE_SIZE), width),
            caption: wrap(caption, &text(CAPTION_SIZE), width),
        })
    }

    fn head_height(&self) -> u32 {
        MARGIN + TITLE_LINE * self.title.len() as u32
    }

    fn group_height(&self) -> u32 {
        BAR_HEIGHT * self.names.len() as u32 + GROUP_GAP
    }

    fn plot_height(&self) -> u32 {
        self.group_height() * self.groups.len() as u32 + AXIS_HEIGHT
    }

    fn color(&self, index: usize) -> RGBColor {
        STYLES[index % STYLES.len()].color
    }

    fn draw_bars<B: DrawingBackend>(&self, area: &Area<B>) -> Result<(), DrawError<B>> {
        let style = text(LABEL_SIZE);
        let labels = self.groups.iter().map(|group| text_width(&group.label, &style)).max().unwrap_or(0);
        let values = self.groups.iter().flat_map(|group| group.values.iter().flatten());
        let longest = values.copied().fold(1.0, f64::max);
        let height = f64::from(self.group_height());
        // Room for the number behind the longest bar.
        let room = 1.0 + f64::from(text_width(&tick(longest), &style) + GAP) / f64::from(WIDTH - labels);
        let mut chart = ChartBuilder::on(area)
            .margin_left(MARGIN + labels + GAP)
            .margin_right(MARGIN)
            .margin_bottom(GAP)
            .x_label_area_size(84)
            .build_cartesian_2d(0.0..longest * room, height * self.groups.len() as f64..0.0)?;
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
        let end = style.pos(Pos::new(HPos::Left, VPos::Center));
        let start = style.pos(Pos::new(HPos::Right, VPos::Center));
        for (row, group) in self.groups.iter().enumerate() {
            let top = row as f64 * height + f64::from(GROUP_GAP) / 2.0;
            for (index, value) in group.values.iter().enumerate() {
                let Some(value) = *value else { continue };
                let top = top + f64::from(BAR_HEIGHT * index as u32);
                let bottom = top + f64::from(BAR_HEIGHT) - 4.0;
                let bar = Rectangle::new([(0.0, top), (value, bottom)], self.color(index).filled());
                chart.draw_series([bar])?;
                let number =
                    Text::new(format!(" {}", tick(value)), (value, (top + bottom) / 2.0), end.clone());
                chart.draw_series([number])?;
            }
            // Left of the axis, so in pixels.
            let (x, y) = chart.backend_coord(&(0.0, (row as f64 + 0.5) * height));
            let (left, above) = area.get_base_pixel();
            area.draw(&Text::new(
                group.label.clone(),
                (x - left - GAP as i32 / 2, y - above),
                start.clone(),
            ))?;
        }
        Ok(())
    }

    fn draw_names<B: DrawingBackend>(&self, area: &Area<B>) -> Result<(), DrawError<B>> {
        let style = text(LABEL_SIZE);
        let left = style.pos(Pos::new(HPos::Left, VPos::Center));
        let (middle, half) = (LEGEND_LINE as i32 / 2, SAMPLE as i32 / 2);
        let mut x = MARGIN as i32;
        for (index, name) in self.names.iter().enumerate() {
            let corners = [(x, middle - half), (x + SAMPLE as i32, middle + half)];
            area.draw(&Rectangle::new(corners, self.color(index).filled()))?;
            x += SAMPLE as i32 + 12;
            area.draw(&Text::new(name.clone(), (x, middle), left.clone()))?;
            x += (text_width(name, &style) + COLUMN_GAP) as i32;
        }
        Ok(())
    }
}

/// Upstream's numbers by metric, if the figure shows them.
fn upstream(spec: &FigureSpec) -> Result<Option<BTreeMap<String, f64>>, FigureError> {
    let Some(folder) = &spec.upstream else { return Ok(None) };
    let rows = published::instructions(folder)
        .map_err(|error| FigureError::Drawing { figure: spec.id.clone(), reason: error.to_string() })?;
    Ok(Some(rows.into_iter().map(|row| (row.id, row.instructions)).collect()))
}

impl Picture for Bars<'_> {
    fn size(&self) -> (u32, u32) {
        let foot = CAPTION_LINE * self.caption.len() as u32 + MARGIN;
        (WIDTH, self.head_height() + self.plot_height() + LEGEND_LINE + GAP + foot)
    }

    fn draw<B: DrawingBackend>(&self, root: &Area<B>) -> Result<(), DrawError<B>> {
        root.fill(&WHITE)?;
        let (head, rest) = root.split_vertically(self.head_height());
        let (plot, rest) = rest.split_vertically(self.plot_height());
        let (names, foot) = rest.split_vertically(LEGEND_LINE + GAP);
        draw_lines(&head, &self.title, (TITLE_SIZE, TITLE_LINE), MARGIN)?;
        self.draw_bars(&plot)?;
        self.draw_names(&names)?;
        draw_lines(&foot, &self.caption, (CAPTION_SIZE, CAPTION_LINE), 0)?;
        root.present()
    }
}
