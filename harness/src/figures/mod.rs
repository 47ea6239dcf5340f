//! From samples to pixels.
//!
//! A [`FigureSpec`] (`paper-figures/*.toml`) says what a figure shows → `curves` picks the samples of its experiment
//! and metric → `distribution`, `stack` or `bars` lays them out and draws them with `plotters` → `picture` does so twice, into an SVG and
//! into a PNG, which are therefore the same picture.
//!
//! All of it is Rust: text is measured and drawn with the DejaVu Sans `font` file, no C library takes part, and nothing
//! of the machine but that file shows. The same samples give the same bytes. (`resvg` would draw the PNG from the SVG
//! itself, but compiling it takes longer than compiling everything else.)
//!
//! Distributions are drawn as empirical cumulative distributions and not as histograms: exact instruction counts repeat,
//! often in all but a few samples, and a step shows how many are equal and how long the tail is without a choice of bins.

mod bars;
mod canvas;
mod caption;
mod curves;
mod digitized;
mod distribution;
mod draw;
mod error;
mod fill;
mod font;
mod layout;
mod legend;
mod lines;
mod mark;
mod palette;
mod panel;
mod picture;
mod spec;
mod stack;
mod steps;

pub use digitized::{Digitized, Values};
pub use draw::{Drawn, draw, svg};
pub use error::FigureError;
pub use panel::{Line, Panel};
pub use spec::{Axis, FigureSpec, Kind, Part, SpecError, Whole};

#[cfg(test)]
mod tests;
