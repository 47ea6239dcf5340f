//! Figure specifications.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::caption;
use super::fill::FILLS;
use super::palette::STYLES;
use super::panel::{self, Panel, RawPanel};
use crate::config::{Diagnostic, Value};

/// What a figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureSpec {
    /// Its name, and that of its files.
    pub id: String,
    /// What stands above it.
    pub title: String,
    /// How it is drawn.
    pub kind: Kind,
    /// The experiment whose samples it shows.
    pub experiment: String,
    /// The metric it shows.
    pub metric: String,
    /// The metrics that add up to it, for a [`Kind::Stack`]; all metrics, for [`Kind::Bars`].
    pub parts: Vec<Part>,
    /// For a [`Kind::Stack`] with a bar for each of several metrics: a part's metric is then the bar's and the part's own, joined by `_`.
    pub bars: Vec<Part>,
    /// For a [`Kind::Stack`] of the cells of several experiments: those, in the figure's order.
    pub groups: Vec<Group>,
    /// The folder of upstream's numbers, for [`Kind::Bars`] that show them.
    pub upstream: Option<PathBuf>,
    /// The parameter along the horizontal axis, for [`Kind::Lines`].
    pub parameter: Option<String>,
    /// The panels, for [`Kind::Lines`].
    pub panels: Vec<Panel>,
    /// For a [`Kind::Distribution`] of an experiment with more cells than can be told apart: the values that it shows of these parameters.
    pub values: BTreeMap<String, Vec<Value>>,
    /// The horizontal axis, in the metric's unit.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The vertical axis on the right, for [`Kind::Lines`].
    pub right: Option<Axis>,
    /// What stands below it, with placeholders.
    pub caption: String,
}

/// How a figure is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The share of samples at or below each value, one curve per cell.
    Distribution,
    /// The medians of the metrics that make up a whole, one bar per whole and cell.
    Stack,
    /// The medians of several metrics, one bar per cell and metric, beside upstream's.
    Bars,
    /// The medians of metrics by a parameter, lines in panels.
    Lines,
}

/// A metric that is part of another one, or stands beside others.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The metric.
    pub metric: String,
    /// What it is called in the figure.
    pub label: String,
}

/// The cells of an experiment in a figure of several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The experiment.
    pub experiment: String,
    /// What its cells are called in the figure, before what sets them apart.
    pub label: String,
}

/// A whole that a bar of a [`Kind::Stack`] stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// The experiment whose cells it is taken from.
    pub experiment: String,
    /// Its metric.
    pub metric: String,
    /// What it is called beside the cell; none in a figure of one whole.
    pub label: Option<String>,
    /// The metrics of its parts.
    pub parts: Vec<String>,
}

/// What an axis measures.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// The quantity.
    pub label: String,
    /// Its unit.
    pub unit: String,
}

impl Axis {
    /// The text beside the axis.
    pub(super) fn text(&self) -> String {
        format!("{} ({})", self.label, self.unit)
    }
}

/// A specification that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// The file or folder cannot be read.
    #[error("cannot read the figure specification {path}", path = path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file says something that is not understood.
    #[error("{0}")]
    Invalid(Diagnostic),
}

/// The file as it stands.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    id: Spanned<String>,
    title: String,
    kind: Kind,
    experiment: String,
    metric: String,
    #[serde(default = "no_parts")]
    parts: Spanned<Vec<Part>>,
    #[serde(default = "no_parts")]
    bars: Spanned<Vec<Part>>,
    #[serde(default)]
    groups: Vec<Spanned<Group>>,
    upstream: Option<PathBuf>,
    parameter: Option<String>,
    #[serde(default = "no_panels")]
    panels: Spanned<Vec<RawPanel>>,
    x: Axis,
    y: Axis,
    right: Option<Axis>,
    #[serde(default = "all_values")]
    values: Spanned<BTreeMap<String, Vec<Value>>>,
    caption: Spanned<String>,
}

fn no_parts() -> Spanned<Vec<Part>> {
    Spanned::new(0..0, Vec::new())
}

fn no_panels() -> Spanned<Vec<RawPanel>> {
    Spanned::new(0..0, Vec::new())
}

fn all_values() -> Spanned<BTreeMap<String, Vec<Value>>> {
    Spanned::new(0..0, BTreeMap::new())
}

impl FigureSpec {
    /// The wholes that a [`Kind::Stack`] shows.
    #[must_use]
    pub fn wholes(&self) -> Vec<Whole> {
        let parts = |prefix: &str| self.parts.iter().map(|part| format!("{prefix}{}", part.metric)).collect();
        let plain = |experiment: &str, label| Whole {
            experiment: experiment.to_owned(),
            metric: self.metric.clone(),
            label,
            parts: parts(""),
        };
        if !self.groups.is_empty() {
            return self
                .groups
                .iter()
                .map(|group| plain(&group.experiment, Some(group.label.clone())))
                .collect();
        }
        if self.bars.is_empty() {
            return vec![plain(&self.experiment, None)];
        }
        let whole = |bar: &Part| Whole {
            experiment: self.experiment.clone(),
            metric: bar.metric.clone(),
            label: Some(bar.label.clone()),
            parts: parts(&format!("{}_", bar.metric)),
        };
        self.bars.iter().map(whole).collect()
    }

    /// Reads every `*.toml` file in `folder`, in the order of their names.
    ///
    /// # Errors
    ///
    /// The folder or a file cannot be read, or a file is no figure specification.
    pub fn load_all(folder: &Path) -> Result<Vec<Self>, SpecError> {
        let unreadable = |source| SpecError::Unreadable { path: folder.to_owned(), source };
        let entries = fs::read_dir(folder).map_err(unreadable)?;
        let mut paths = entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<Vec<_>>>()
            .map_err(unreadable)?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        paths.sort();
        paths.iter().map(|path| Self::load(path)).collect()
    }

    /// Reads the specification in `path`.
    ///
    /// # Errors
    ///
    /// The file cannot be read or is no figure specification.
    pub fn load(path: &Path) -> Result<Self, SpecError> {
        let text = fs::read_to_string(path)
            .map_err(|source| SpecError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(path, &text)
    }

    /// Reads a specification; `path` names it in messages.
    ///
    /// # Errors
    ///
    /// The text is no figure specification.
    pub fn parse(path: &Path, text: &str) -> Result<Self, SpecError> {
        let invalid = |span, message| SpecError::Invalid(Diagnostic::at(path, text, span, message));
        let raw: Raw = toml::from_str(text)
            .map_err(|error| invalid(error.span().unwrap_or_default(), error.message().to_owned()))?;
        if !is_file_name(raw.id.get_ref()) {
            let message = "an id names files: lower-case letters, digits and hyphens".to_owned();
            return Err(invalid(raw.id.span(), message));
        }
        caption::check(raw.caption.get_ref()).map_err(|message| invalid(raw.caption.span(), message))?;
        let parts = match kind_parts(raw.kind) {
            range if range.contains(&raw.parts.get_ref().len()) => raw.parts.into_inner(),
            range => {
                let message = format!("this kind of figure has {} to {} parts", range.start(), range.end());
                return Err(invalid(raw.parts.span(), message));
            }
        };
        if raw.kind != Kind::Stack && !raw.bars.get_ref().is_empty() {
            return Err(invalid(raw.bars.span(), "only stacks have `bars`".to_owned()));
        }
        if let Some(group) =
            raw.groups.first().filter(|_| raw.kind != Kind::Stack || !raw.bars.get_ref().is_empty())
        {
            return Err(invalid(group.span(), "only stacks without `bars` have `groups`".to_owned()));
        }
        if raw.kind != Kind::Distribution && !raw.values.get_ref().is_empty() {
            return Err(invalid(raw.values.span(), "only distributions have `values`".to_owned()));
        }
        let values = raw.values.into_inner();
        let groups = raw.groups.into_iter().map(Spanned::into_inner).collect();
        let bars = raw.bars.into_inner();
        let folder = path.parent().unwrap_or(Path::new(""));
        let at = raw.panels.span();
        let panels = raw.panels.into_inner().into_iter().map(|panel| panel.check(folder));
        let panels: Result<Vec<_>, _> = panels.collect::<Result<Vec<_>, _>>()?.into_iter().collect();
        let panels = panels.map_err(|message| invalid(at.clone(), message))?;
        if let Some(message) = panels_mistake(raw.kind, raw.parameter.as_deref(), &panels) {
            return Err(invalid(at, message));
        }
        let Raw { id, title, kind, experiment, metric, upstream, parameter, x, y, right, caption, .. } = raw;
        let upstream = upstream.map(|upstream| folder.join(upstream));
        let (id, caption) = (id.into_inner(), caption.into_inner());
        Ok(Self {
            id,
            title,
            kind,
            experiment,
            metric,
            parts,
            bars,
            groups,
            upstream,
            parameter,
            panels,
            values,
            x,
            y,
            right,
            caption,
        })
    }
}

/// The most metrics that one figure of bars shows: more do not fit a page.
const MOST_BARS: usize = 24;

/// How many parts a figure has: of a stack as many as there are fills.
fn kind_parts(kind: Kind) -> RangeInclusive<usize> {
    match kind {
        Kind::Distribution => 0..=0,
        Kind::Stack => 2..=FILLS.len(),
        Kind::Bars => 1..=MOST_BARS,
        Kind::Lines => 0..=0,
    }
}

/// What is wrong with the panels of a figure, if something is.
fn panels_mistake(kind: Kind, parameter: Option<&str>, panels: &[Panel]) -> Option<String> {
    let mistake = match (kind, parameter, panels) {
        (Kind::Lines, Some(_), [_] | [_, _]) if panel::labels(panels).is_some() => return None,
        (Kind::Lines, Some(_), [_] | [_, _]) => {
            return Some(format!("more than {} lines cannot be told apart", STYLES.len()));
        }
        (Kind::Lines, ..) => "lines need a `parameter` for the horizontal axis, and one or two `panels`",
        (_, None, []) => return None,
        _ => "only lines have a `parameter` and `panels`",
    };
    Some(mistake.to_owned())
}

fn is_file_name(id: &str) -> bool {
    !id.is_empty()
        && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "id = \"ipc-latency\"\ntitle = \"IPC\"\nkind = \"distribution\"\nexperiment = \"ipc\"\n\
        metric = \"instructions\"\nx = { label = \"cost\", unit = \"instructions\" }\n\
        y = { label = \"samples\", unit = \"%\" }\ncaption = \"{metric} of {run}\"\n";

    fn parse(text: &str) -> Result<FigureSpec, String> {
        FigureSpec::parse(Path::new("f.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_specification_is_read() {
        let spec = parse(GOOD).expect("a good specification");
        assert_eq!((spec.kind, spec.x.text().as_str()), (Kind::Distribution, "cost (instructions)"));
    }

    #[test]
    fn mistakes_are_named_with_line_and_column() {
        let mistakes = [
            (GOOD.replace("title", "titel"), "f.toml:2:1: unknown field `titel`"),
            (GOOD.replace("distribution", "pie"), "f.toml:3:8: unknown variant `pie`"),
            (GOOD.replace("unit = \"%\"", "units = \"%\""), "f.toml:7:26: unknown field `units`"),
            (GOOD.replace("ipc-latency", "../x"), "f.toml:1:6: an id names files"),
            (GOOD.replace("{metric}", "{what}"), "f.toml:8:11: unknown placeholder {what}"),
            (GOOD.replace("{run}", "a run"), "f.toml:8:11: the caption must name its source by {run}"),
        ];
        for (text, expected) in mistakes {
            let message = parse(&text).expect_err("a mistake");
            assert!(message.starts_with(expected), "{message}");
        }
    }
}
