//! Why a figure cannot be drawn.

use std::path::PathBuf;

/// A figure that cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// The run has no samples for it.
    #[error(
        "figure {figure}: the run has no samples of `{metric}` in experiment `{experiment}`; run a matrix that has them"
    )]
    NoSamples {
        /// The figure.
        figure: String,
        /// Its experiment.
        experiment: String,
        /// Its metric.
        metric: String,
    },
    /// The specification gives the axis another unit than the samples have.
    #[error("figure {figure}: the horizontal axis is in {axis}, but the samples are in {samples}")]
    WrongUnit {
        /// The figure.
        figure: String,
        /// The axis's unit.
        axis: String,
        /// The samples' unit.
        samples: String,
    },
    /// A line has several values at one place.
    #[error(
        "figure {figure}: more than one cell is at the same place of line `{line}`; tell them apart by kernel or parameters"
    )]
    Ambiguous {
        /// The figure.
        figure: String,
        /// The line.
        line: String,
    },
    /// More curves than can be told apart.
    #[error(
        "figure {figure}: {found} curves cannot be told apart in one figure, {limit} can; narrow it by `values`"
    )]
    TooManyCurves {
        /// The figure.
        figure: String,
        /// Curves wanted.
        found: usize,
        /// Curves possible.
        limit: usize,
    },
    /// There is no font to write with.
    #[error(
        "the font DejaVu Sans is missing, figures cannot be labelled; install Debian's package fonts-dejavu-core \
         (looked for {})",
        searched.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
    )]
    NoFont {
        /// Where it was looked for.
        searched: Vec<PathBuf>,
    },
    /// The font file is damaged.
    #[error("{path} is not a usable font; reinstall Debian's package fonts-dejavu-core", path = path.display())]
    BadFont {
        /// The file.
        path: PathBuf,
    },
    /// Drawing failed.
    #[error("figure {figure} cannot be drawn: {reason}")]
    Drawing {
        /// The figure.
        figure: String,
        /// What the library says.
        reason: String,
    },
}
