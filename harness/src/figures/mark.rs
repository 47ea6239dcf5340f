//! The marks of medians.

use plotters::element::{Circle, Cross, DynElement, IntoDynElement as _, Polygon};
use plotters::prelude::DrawingBackend;
use plotters::style::Color as _;

use super::layout::STROKE;
use super::palette::{CurveStyle, Mark};

/// Half the size of a mark, in pixels.
pub(super) const MARK_SIZE: i32 = 11;

/// A mark with its centre at `(x, y)`.
pub(super) fn mark<'e, B: DrawingBackend + 'e>(
    (x, y): (i32, i32),
    style: CurveStyle,
) -> DynElement<'e, B, (i32, i32)> {
    const R: i32 = MARK_SIZE;
    // What looks as large as a square needs longer points.
    const POINT: i32 = R + 4;
    let polygon = |corners: &[(i32, i32)]| {
        let corners: Vec<_> = corners.iter().map(|(right, down)| (x + right, y + down)).collect();
        Polygon::new(corners, style.color.filled()).into_dyn()
    };
    let stroke = style.color.stroke_width(STROKE);
    match style.mark {
        Mark::Circle => Circle::new((x, y), R, style.color.filled()).into_dyn(),
        Mark::Square => polygon(&[(-R, -R), (R, -R), (R, R), (-R, R)]),
        Mark::Triangle => polygon(&[(0, -POINT), (POINT, R), (-POINT, R)]),
        Mark::Wedge => polygon(&[(0, POINT), (POINT, -R), (-POINT, -R)]),
        Mark::Diamond => polygon(&[(0, -POINT), (POINT, 0), (0, POINT), (-POINT, 0)]),
        Mark::Cross => Cross::new((x, y), R, stroke).into_dyn(),
        Mark::Ring => Circle::new((x, y), R, stroke).into_dyn(),
    }
}
