//! Styles that can be told apart in colour, in grey and by those who see colours differently: each differs from the
//! others in its dashes and its mark, and the colours (Okabe and Ito, "Color Universal Design", 2008) also in lightness.

use plotters::style::RGBColor;

/// How a curve is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct CurveStyle {
    pub(super) color: RGBColor,
    pub(super) dash: Dash,
    pub(super) mark: Mark,
}

/// How a line is interrupted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Dash {
    /// Not at all.
    Solid,
    /// Dashes and gaps of these lengths, in pixels.
    Broken { dash: u32, gap: u32 },
}

/// What marks a curve's median.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mark {
    Circle,
    Square,
    Triangle,
    Diamond,
    Cross,
    Ring,
    Wedge,
}

/// The styles, in the order in which curves take them.
pub(super) const STYLES: [CurveStyle; 7] = [
    CurveStyle { color: RGBColor(0, 0, 0), dash: Dash::Solid, mark: Mark::Circle },
    CurveStyle { color: RGBColor(0, 114, 178), dash: Dash::Broken { dash: 28, gap: 12 }, mark: Mark::Square },
    CurveStyle {
        color: RGBColor(213, 94, 0),
        dash: Dash::Broken { dash: 12, gap: 10 },
        mark: Mark::Triangle,
    },
    CurveStyle { color: RGBColor(0, 158, 115), dash: Dash::Broken { dash: 44, gap: 8 }, mark: Mark::Diamond },
    CurveStyle { color: RGBColor(204, 121, 167), dash: Dash::Broken { dash: 5, gap: 8 }, mark: Mark::Cross },
    CurveStyle { color: RGBColor(230, 159, 0), dash: Dash::Broken { dash: 20, gap: 20 }, mark: Mark::Ring },
    CurveStyle { color: RGBColor(86, 180, 233), dash: Dash::Broken { dash: 60, gap: 16 }, mark: Mark::Wedge },
];
