//! A picture in memory.
//!
//! `plotters`' own bitmap backend draws everything but text, whose letters it sets without their side bearings. The text
//! here is set as the font says, in the size and at the height that the SVG backend asks of its viewer.

use ab_glyph::{Font as _, FontRef, Glyph, PxScale, ScaleFont as _, point};
use plotters::prelude::{BitMapBackend, DrawingBackend};
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingErrorKind};

/// `plotters`' font size in em, as its SVG backend has it.
const SIZE_PER_EM: f64 = 1.24;
/// Height of an `x` of DejaVu Sans, in em.
const X_HEIGHT: f32 = 0.547;

/// A bitmap that draws text with `font`.
pub(super) struct Canvas<'p> {
    pixels: BitMapBackend<'p>,
    font: FontRef<'static>,
}

type Outcome<'p> = Result<(), DrawingErrorKind<<Canvas<'p> as DrawingBackend>::ErrorType>>;

impl<'p> Canvas<'p> {
    /// A picture of `size` in `pixels`, three bytes each.
    pub(super) fn new(pixels: &'p mut [u8], size: (u32, u32), font: FontRef<'static>) -> Self {
        Self { pixels: BitMapBackend::with_buffer(pixels, size), font }
    }

    /// The letters of `text`, with their places on a base line that starts at the origin, and the line's length.
    fn set(&self, text: &str, em: f32) -> (Vec<Glyph>, f32) {
        let scale = em * self.font.height_unscaled() / self.font.units_per_em().unwrap_or(1.0);
        let font = self.font.as_scaled(PxScale::from(scale));
        let mut glyphs: Vec<Glyph> = Vec::new();
        let mut pen = 0.0;
        for letter in text.chars() {
            let id = font.glyph_id(letter);
            pen += glyphs.last().map_or(0.0, |previous| font.kern(previous.id, id));
            glyphs.push(id.with_scale_and_position(font.scale(), point(pen, 0.0)));
            pen += font.h_advance(id);
        }
        (glyphs, pen)
    }
}

impl<'p> DrawingBackend for Canvas<'p> {
    type ErrorType = <BitMapBackend<'p> as DrawingBackend>::ErrorType;

    fn get_size(&self) -> (u32, u32) {
        self.pixels.get_size()
    }

    fn ensure_prepared(&mut self) -> Outcome<'p> {
        self.pixels.ensure_prepared()
    }

    fn present(&mut self) -> Outcome<'p> {
        self.pixels.present()
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Outcome<'p> {
        self.pixels.draw_pixel(point, color)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Outcome<'p> {
        self.pixels.draw_line(from, to, style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Outcome<'p> {
        self.pixels.draw_rect(upper_left, bottom_right, style, fill)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Outcome<'p> {
        self.pixels.draw_path(path, style)
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Outcome<'p> {
        self.pixels.draw_circle(center, radius, style, fill)
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Outcome<'p> {
        self.pixels.fill_polygon(corners, style)
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Outcome<'p> {
        let em = (style.size() / SIZE_PER_EM) as f32;
        let (glyphs, length) = self.set(text, em);
        let start = match style.anchor().h_pos {
            HPos::Left => 0.0,
            HPos::Center => -length / 2.0,
            HPos::Right => -length,
        };
        let base_line = match style.anchor().v_pos {
            VPos::Top => 0.76 * em,
            VPos::Center => 0.5 * X_HEIGHT * em,
            VPos::Bottom => -0.5 * X_HEIGHT * em,
        };
        let BackendColor { alpha, rgb } = style.color();
        let (width, height) = self.get_size();
        for mut glyph in glyphs {
            glyph.position += point(start, base_line);
            let Some(outline) = self.font.outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            let mut inked = Vec::new();
            outline.draw(|right, down, coverage| inked.push((right, down, coverage)));
            for (right, down, coverage) in inked {
                let place = (corner.x as i32 + right as i32, corner.y as i32 + down as i32);
                let (dx, dy) = style.transform().transform(place.0, place.1);
                let (x, y) = (x + dx, y + dy);
                if (0..width as i32).contains(&x) && (0..height as i32).contains(&y) {
                    let alpha = alpha * f64::from(coverage.clamp(0.0, 1.0));
                    self.pixels.draw_pixel((x, y), BackendColor { alpha, rgb })?;
                }
            }
        }
        Ok(())
    }
}
