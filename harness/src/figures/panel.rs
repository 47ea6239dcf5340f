//! The panels of a figure of lines, as a specification has them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::digitized::Digitized;
use super::palette::STYLES;
use super::spec::SpecError;
use crate::config::Value;

/// Lines over one axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What stands above it.
    pub title: String,
    /// The line whose value at its first place is 1 on the left axis.
    pub base: String,
    /// Curves of others that its lines can show.
    pub data: Option<Digitized>,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// One line: the medians of cells by the parameter of the horizontal axis, or a curve of others. Cells without the parameter give
/// one value for all places.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// What it is called. Lines of the same name look the same in all panels.
    pub label: String,
    /// The name of a curve of the panel's data, instead of everything below.
    pub curve: Option<String>,
    /// The experiment, if not the figure's.
    pub experiment: Option<String>,
    /// The metric, if not the figure's.
    pub metric: Option<String>,
    /// The kernel, if the experiment has several.
    pub kernel: Option<String>,
    /// The parameters that tell its cells from others of the experiment.
    #[serde(default)]
    pub parameters: BTreeMap<String, Value>,
    /// If it belongs to the right axis: the line that it goes with, whose colour and mark it takes.
    pub right_of: Option<String>,
}

/// The panel as it stands in the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPanel {
    title: String,
    base: String,
    data: Option<String>,
    lines: Vec<Line>,
}

impl RawPanel {
    /// The panel, with its data, which is in a file relative to `folder`; or what is wrong with it.
    pub(super) fn check(self, folder: &Path) -> Result<Result<Panel, String>, SpecError> {
        let data = self.data.map(|name| Digitized::load(&folder.join(name))).transpose()?;
        let Self { title, base, lines, .. } = self;
        Ok(match mistake(&base, data.as_ref(), &lines) {
            Some(mistake) => Err(mistake),
            None => Ok(Panel { title, base, data, lines }),
        })
    }
}

fn mistake(base: &str, data: Option<&Digitized>, lines: &[Line]) -> Option<String> {
    let is_left = |label: &str| lines.iter().any(|line| line.label == label && line.right_of.is_none());
    if !is_left(base) {
        return Some(format!("there is no line `{base}` on the left axis to be the base"));
    }
    lines.iter().find_map(|line| {
        if let Some(label) = line.right_of.as_ref().filter(|label| !is_left(label)) {
            return Some(format!("`{}` goes with `{label}`, which is no line on the left axis", line.label));
        }
        let curve = line.curve.as_ref()?;
        let known = data.is_some_and(|data| data.lines.contains_key(curve));
        (!known).then(|| format!("the panel's data has no curve `{curve}`"))
    })
}

/// The names of the left axis's lines in all `panels`, in the order in which they take styles; none if there are too many.
pub(super) fn labels(panels: &[Panel]) -> Option<Vec<&str>> {
    let mut labels: Vec<&str> = Vec::new();
    for line in panels.iter().flat_map(|panel| &panel.lines).filter(|line| line.right_of.is_none()) {
        if !labels.contains(&line.label.as_str()) {
            labels.push(&line.label);
        }
    }
    (labels.len() <= STYLES.len()).then_some(labels)
}
