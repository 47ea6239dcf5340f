//! Fills of areas that can be told apart in colour and in grey: each has a hatching of its own or a lightness of its own.

use plotters::element::{PathElement, Rectangle};
use plotters::prelude::{DrawingBackend, WHITE};
use plotters::style::{Color as _, RGBColor};

use super::layout::{Area, DrawError};

/// How an area is filled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fill {
    color: RGBColor,
    hatching: Hatching,
}

/// White lines across an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hatching {
    None,
    Rising,
    Falling,
    Upright,
    Level,
}

/// The fills in the order in which areas take them. The colours are the palette's, its yellow, a grey and a brown.
pub(super) const FILLS: [Fill; 9] = [
    Fill { color: RGBColor(0, 114, 178), hatching: Hatching::None },
    Fill { color: RGBColor(213, 94, 0), hatching: Hatching::Rising },
    Fill { color: RGBColor(0, 158, 115), hatching: Hatching::Falling },
    Fill { color: RGBColor(204, 121, 167), hatching: Hatching::None },
    Fill { color: RGBColor(0, 0, 0), hatching: Hatching::Upright },
    Fill { color: RGBColor(86, 180, 233), hatching: Hatching::Level },
    Fill { color: RGBColor(240, 228, 66), hatching: Hatching::None },
    Fill { color: RGBColor(160, 160, 160), hatching: Hatching::Upright },
    Fill { color: RGBColor(90, 55, 20), hatching: Hatching::Level },
];

/// From one line of a hatching to the next, in pixels.
const SPACING: usize = 12;
/// Width of such a line.
const LINE: u32 = 3;

/// Fills the rectangle between two corners, in pixels of `area`: the upper left one and the lower right one.
pub(super) fn fill<B: DrawingBackend>(
    area: &Area<B>,
    [(left, top), (right, bottom)]: [(i32, i32); 2],
    fill: Fill,
) -> Result<(), DrawError<B>> {
    area.draw(&Rectangle::new([(left, top), (right, bottom)], fill.color.filled()))?;
    for line in lines([(left, top), (right, bottom)], fill.hatching) {
        area.draw(&PathElement::new(line, WHITE.stroke_width(LINE)))?;
    }
    area.draw(&Rectangle::new([(left, top), (right, bottom)], WHITE.stroke_width(2)))
}

/// The lines of a hatching, cut off at the edges.
fn lines([(left, top), (right, bottom)]: [(i32, i32); 2], hatching: Hatching) -> Vec<[(i32, i32); 2]> {
    let height = bottom - top;
    // Where a line that crosses the whole height begins and ends is cut to what is inside.
    let inside = |foot: i32| (foot.max(left), (foot + height).min(right));
    let slanted = (left - height..right).step_by(SPACING).filter(|&foot| {
        let (from, to) = inside(foot);
        from < to
    });
    match hatching {
        Hatching::None => Vec::new(),
        Hatching::Rising => slanted
            .map(|foot| {
                let (from, to) = inside(foot);
                [(from, bottom - (from - foot)), (to, bottom - (to - foot))]
            })
            .collect(),
        Hatching::Falling => slanted
            .map(|foot| {
                let (from, to) = inside(foot);
                [(from, top + (from - foot)), (to, top + (to - foot))]
            })
            .collect(),
        Hatching::Upright => {
            (left..right).step_by(SPACING).skip(1).map(|x| [(x, top), (x, bottom)]).collect()
        }
        Hatching::Level => (top..bottom).step_by(SPACING).skip(1).map(|y| [(left, y), (right, y)]).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_hatching_leaves_its_area() {
        for corners in [[(10, 20), (200, 60)], [(10, 20), (13, 60)], [(10, 20), (10, 60)]] {
            let [(left, top), (right, bottom)] = corners;
            for hatching in [Hatching::Rising, Hatching::Falling, Hatching::Upright, Hatching::Level] {
                for (x, y) in lines(corners, hatching).into_iter().flatten() {
                    assert!(
                        (left..=right).contains(&x) && (top..=bottom).contains(&y),
                        "{hatching:?} {x} {y}"
                    );
                }
            }
        }
    }

    #[test]
    fn fills_differ_in_hatching_or_in_lightness() {
        let grey = |color: RGBColor| {
            0.2126 * f64::from(color.0) + 0.7152 * f64::from(color.1) + 0.0722 * f64::from(color.2)
        };
        for (index, one) in FILLS.iter().enumerate() {
            for other in &FILLS[index + 1..] {
                let apart = (grey(one.color) - grey(other.color)).abs() > 35.0;
                assert!(one.hatching != other.hatching || apart, "{one:?} {other:?}");
            }
        }
    }
}
