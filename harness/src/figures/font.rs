//! The font of all figures.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::{env, fs};

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

/// Finds the font file and makes it known to `plotters`, once.
pub(super) fn register() -> Result<(), FigureError> {
    // `plotters` keeps fonts for the life of the process, so the file is never freed either.
    static IS_REGISTERED: Mutex<bool> = Mutex::new(false);
    let mut is_registered = IS_REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
    if *is_registered {
        return Ok(());
    }
    let searched = candidates();
    let found = searched.iter().find_map(|path| Some((path, fs::read(path).ok()?)));
    let Some((path, bytes)) = found else { return Err(FigureError::NoFont { searched }) };
    register_font(FAMILY, FontStyle::Normal, bytes.leak())
        .map_err(|_| FigureError::BadFont { path: path.clone() })?;
    *is_registered = true;
    Ok(())
}

/// The user's own fonts, then the system's.
fn candidates() -> Vec<PathBuf> {
    let home = env::var_os("HOME").map(|home| Path::new(&home).join(".local/share/fonts"));
    home.into_iter().chain(FOLDERS.map(PathBuf::from)).map(|folder| folder.join(FILE)).collect()
}
