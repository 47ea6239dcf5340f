//! The two files of a figure.

use ab_glyph::FontRef;
use plotters::prelude::{DrawingBackend, IntoDrawingArea as _, SVGBackend};

use super::canvas::Canvas;
use super::layout::{Area, DrawError};

/// A figure that has been laid out.
pub(super) trait Picture {
    /// Width and height.
    fn size(&self) -> (u32, u32);

    /// Draws it on the whole of `root`.
    fn draw<B: DrawingBackend>(&self, root: &Area<B>) -> Result<(), DrawError<B>>;
}

/// Draws `figure` as SVG.
pub(super) fn svg(figure: &impl Picture) -> Result<String, String> {
    let mut picture = String::new();
    let root = SVGBackend::with_string(&mut picture, figure.size()).into_drawing_area();
    figure.draw(&root).map_err(|error| error.to_string())?;
    // The backend writes the end of the picture when it goes.
    drop(root);
    Ok(picture)
}

/// Draws `figure` as PNG, with `font`.
pub(super) fn png(figure: &impl Picture, font: FontRef<'static>) -> Result<Vec<u8>, String> {
    const CHANNELS: usize = 3;
    let (width, height) = figure.size();
    let mut pixels = vec![0; width as usize * height as usize * CHANNELS];
    let root = Canvas::new(&mut pixels, (width, height), font).into_drawing_area();
    figure.draw(&root).map_err(|error| error.to_string())?;
    drop(root);

    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&pixels));
    written.map_err(|error| error.to_string())?;
    Ok(file)
}
