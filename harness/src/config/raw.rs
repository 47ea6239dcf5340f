//! The matrix as it stands in the file: shapes and spans, no meaning yet.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::names;
use super::{ConfigError, Diagnostic};

/// A value with its place in the file.
pub(super) type At<T> = Spanned<T>;
/// A table whose keys are chosen by the user.
pub(super) type Table<T> = BTreeMap<At<String>, T>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMatrix {
    #[serde(default)]
    pub(super) kernels: Table<At<RawKernel>>,
    #[serde(default)]
    pub(super) platforms: Table<RawPlatform>,
    #[serde(default)]
    pub(super) workloads: Table<At<RawWorkload>>,
    #[serde(default)]
    pub(super) experiments: Vec<RawExperiment>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawKernel {
    pub(super) features: Option<Vec<At<String>>>,
    pub(super) debug: Option<bool>,
    pub(super) settings: Option<RawSettings>,
    pub(super) elf: Option<PathBuf>,
    pub(super) harts: Option<At<i64>>,
    pub(super) image: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSettings {
    pub(super) root_cnode_bits: Option<At<i64>>,
    pub(super) tick_ms: Option<At<i64>>,
    pub(super) time_slice_ticks: Option<At<i64>>,
    pub(super) domains: Option<At<i64>>,
    pub(super) max_harts: Option<At<i64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPlatform {
    pub(super) kind: At<String>,
    pub(super) machine: At<String>,
    pub(super) cpu: At<String>,
    pub(super) harts: At<i64>,
    pub(super) memory_mib: At<i64>,
    pub(super) clock: At<String>,
    pub(super) boot_s: At<i64>,
    pub(super) run_s: At<i64>,
    pub(super) stall_s: Option<At<i64>>,
    pub(super) preset: Option<At<PathBuf>>,
    pub(super) emulator: Option<At<PathBuf>>,
    pub(super) board: Option<At<PathBuf>>,
    pub(super) order: Option<At<String>>,
    pub(super) order_preset: Option<At<PathBuf>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWorkload {
    pub(super) program: Option<At<String>>,
    pub(super) root_server: Option<At<PathBuf>>,
    #[serde(default)]
    pub(super) params: Table<At<toml::Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExperiment {
    pub(super) id: At<String>,
    pub(super) workload: At<String>,
    pub(super) kernels: At<Vec<At<String>>>,
    pub(super) platforms: At<Vec<At<String>>>,
    #[serde(default)]
    pub(super) params: Table<At<toml::Value>>,
    #[serde(default)]
    pub(super) sweep: Table<At<Vec<At<toml::Value>>>>,
    pub(super) repeats: Option<At<i64>>,
}

/// Reads `text` as TOML of the shape above.
pub(super) fn parse(path: &Path, text: &str) -> Result<RawMatrix, ConfigError> {
    toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let message = explain(error.message());
        ConfigError::Invalid(vec![Diagnostic::at(path, text, span, message)])
    })
}

/// Serde says "unknown field `x`, expected one of `a`, `b`"; a user wants "unknown key", the likely one and the list.
fn explain(message: &str) -> String {
    let Some(rest) = message.strip_prefix("unknown field ") else {
        return message.trim_end().replace('\n', "; ").replace("missing field", "missing key");
    };
    let mut quoted = rest.split('`').skip(1).step_by(2);
    let wrong = quoted.next().unwrap_or_default();
    format!("unknown key `{wrong}`; {}", names::help(wrong, quoted))
}
