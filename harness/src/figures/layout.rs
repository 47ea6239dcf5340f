//! Sizes, and text that fits in them. All in pixels.

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::prelude::DrawingBackend;
use plotters::style::{IntoFont as _, RGBColor, TextStyle};

use super::font::FAMILY;

/// A part of a figure on the backend `B`.
pub(super) type Area<B> = DrawingArea<B, Shift>;
/// What drawing on the backend `B` can fail with.
pub(super) type DrawError<B> = DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>;

/// Width of a figure.
pub(super) const WIDTH: u32 = 1600;
/// Free space at the edges.
pub(super) const MARGIN: u32 = 40;
/// Free space between the parts.
pub(super) const GAP: u32 = 24;
/// Height of the plot with its axes.
pub(super) const PLOT_HEIGHT: u32 = 760;
/// Height of the title's line.
pub(super) const TITLE_LINE: u32 = 60;
/// Height of a line of the legend.
pub(super) const LEGEND_LINE: u32 = 44;
/// Height of a line of the caption.
pub(super) const CAPTION_LINE: u32 = 36;

/// Width of a curve.
pub(super) const STROKE: u32 = 4;

/// Size of the title.
pub(super) const TITLE_SIZE: u32 = 38;
/// Size of labels and of the legend.
pub(super) const LABEL_SIZE: u32 = 28;
/// Size of the caption.
pub(super) const CAPTION_SIZE: u32 = 25;

/// The colour of text.
pub(super) const INK: RGBColor = RGBColor(20, 20, 20);

/// Text of `size`.
pub(super) fn text(size: u32) -> TextStyle<'static> {
    (FAMILY, size).into_font().color(&INK)
}

/// Breaks `words` into lines no wider than `width`.
pub(super) fn wrap(words: &str, style: &TextStyle<'_>, width: u32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    // Not at no-break spaces, which also are white space.
    for word in words.split([' ', '\n']).filter(|word| !word.is_empty()) {
        let extended = lines.last().map(|line| format!("{line} {word}"));
        match extended.filter(|line| text_width(line, style) <= width) {
            Some(line) => {
                lines.pop();
                lines.push(line);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// How wide `line` is.
pub(super) fn text_width(line: &str, style: &TextStyle<'_>) -> u32 {
    // The font is registered before anything is laid out, so it has an answer; if not, nothing fits and all is broken.
    style.font.box_size(line).map_or(u32::MAX, |(width, _)| width)
}
