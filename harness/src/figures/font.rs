//! The font of all figures.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::{env, fs};

use ab_glyph::FontRef;
use plotters::style::{FontStyle, register_font};

use super::error::FigureError;

/// The font family as the SVG names it: viewers without DejaVu Sans take their own.
pub(super) const FAMILY: &str = "DejaVu Sans, sans-serif";

const FILE: &str = "DejaVuSans.ttf";

/// Where distributions put it.
const FOLDERS: [&str; 4] = [
    "/usr/share/fonts/truetype/dejavu",
    "/usr/share/fonts/dejavu-sans-fonts",
    "/usr/share/fonts/TTF",
    "/usr/local/share/fonts",
];

/// Finds the font, the first time in the file system, and makes it known to `plotters`.
pub(super) fn load() -> Result<FontRef<'static>, FigureError> {
    static LOADED: Mutex<Option<FontRef<'static>>> = Mutex::new(None);
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(font) = &*loaded {
        return Ok(font.clone());
    }
    let searched = candidates();
    let found = searched.iter().find_map(|path| Some((path, fs::read(path).ok()?)));
    let Some((path, bytes)) = found else { return Err(FigureError::NoFont { searched }) };
    let unusable = || FigureError::BadFont { path: path.clone() };
    // `plotters` keeps fonts for the life of the process, so the file is never freed either.
    let bytes: &'static [u8] = bytes.leak();
    register_font(FAMILY, FontStyle::Normal, bytes).map_err(|_| unusable())?;
    let font = FontRef::try_from_slice(bytes).map_err(|_| unusable())?;
    *loaded = Some(font.clone());
    Ok(font)
}

/// The user's own fonts, then the system's.
fn candidates() -> Vec<PathBuf> {
    let home = env::var_os("HOME").map(|home| Path::new(&home).join(".local/share/fonts"));
    home.into_iter().chain(FOLDERS.map(PathBuf::from)).map(|folder| folder.join(FILE)).collect()
}
