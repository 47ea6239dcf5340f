//! Preset files: TOML with a value and a source for every number of the model.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

use rel4_costmodel::preset::{Parameter, Preset, PresetError};
use serde::Deserialize;
use toml::Spanned;

use crate::config::{ConfigError, Diagnostic, names};

/// A table of numbers, by key.
type Numbers = BTreeMap<Spanned<String>, RawNumber>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPreset {
    about: Spanned<String>,
    instructions: Numbers,
    traps: Numbers,
    l1_instruction: Numbers,
    l1_data: Numbers,
    l2: Numbers,
    memory: Numbers,
    instruction_tlb: Numbers,
    data_tlb: Numbers,
    tlb: Numbers,
    devices: Numbers,
    coherence: Numbers,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNumber {
    value: Spanned<i64>,
    source: Spanned<String>,
}

impl RawPreset {
    fn tables(&self) -> [(&'static str, &Numbers); 11] {
        [
            ("instructions", &self.instructions),
            ("traps", &self.traps),
            ("l1_instruction", &self.l1_instruction),
            ("l1_data", &self.l1_data),
            ("l2", &self.l2),
            ("memory", &self.memory),
            ("instruction_tlb", &self.instruction_tlb),
            ("data_tlb", &self.data_tlb),
            ("tlb", &self.tlb),
            ("devices", &self.devices),
            ("coherence", &self.coherence),
        ]
    }
}

/// Reads the preset in `path`, whose name is the file's stem.
///
/// # Errors
///
/// The file cannot be read or is not a preset: every mistake with line, column and what to do about it.
pub fn load(path: &Path) -> Result<Preset, ConfigError> {
    let text = fs::read_to_string(path)
        .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
    parse(path, &text)
}

/// Reads the preset `text`; `path` names it in messages and gives it its name.
///
/// # Errors
///
/// As [`load`].
pub fn parse(path: &Path, text: &str) -> Result<Preset, ConfigError> {
    let raw: RawPreset = toml::from_str(text).map_err(|error| {
        let message = error.message().trim_end().replace('\n', "; ");
        ConfigError::Invalid(vec![Diagnostic::at(path, text, error.span().unwrap_or(0..0), message)])
    })?;
    let mut values: BTreeMap<Parameter, (u64, Range<usize>)> = BTreeMap::new();
    let mut mistakes = Vec::new();
    let mut mistake = |span, message| mistakes.push(Diagnostic::at(path, text, span, message));
    if raw.about.get_ref().trim().is_empty() {
        mistake(raw.about.span(), "say in `about` what the preset stands for".to_owned());
    }
    for (table, numbers) in raw.tables() {
        for (key, number) in numbers {
            let Some(parameter) = Parameter::from_name(&format!("{table}.{}", key.get_ref())) else {
                let help = names::help(key.get_ref(), keys_of(table));
                mistake(key.span(), format!("unknown key `{}` in [{table}]; {help}", key.get_ref()));
                continue;
            };
            if number.source.get_ref().trim().is_empty() {
                mistake(
                    number.source.span(),
                    "name the source of the number, or say that it is assumed and why".to_owned(),
                );
            }
            match u64::try_from(*number.value.get_ref()) {
                Ok(value) => {
                    values.insert(parameter, (value, number.value.span()));
                }
                Err(_) => mistake(number.value.span(), format!("`{}` is negative", parameter.name())),
            }
        }
    }
    if !mistakes.is_empty() {
        return Err(ConfigError::Invalid(mistakes));
    }
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    Preset::new(&name, |parameter| values.get(&parameter).map(|(value, _)| *value)).map_err(|error| {
        let span = match &error {
            PresetError::Nonsense { parameter, .. } => {
                values.get(parameter).map_or(0..0, |(_, span)| span.clone())
            }
            _ => 0..0,
        };
        ConfigError::Invalid(vec![Diagnostic::at(path, text, span, error.to_string())])
    })
}

/// The keys that `table` may have.
fn keys_of(table: &str) -> impl Iterator<Item = &'static str> + use<> {
    let prefix = format!("{table}.");
    Parameter::ALL.iter().filter_map(move |parameter| parameter.name().strip_prefix(&prefix))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use rel4_costmodel::class::Class;

    use super::*;

    const UNIT: &str = include_str!("../../../configs/costmodel/unit.toml");

    /// The preset `unit` with `old` replaced.
    fn changed(old: &str, new: &str) -> Result<Preset, ConfigError> {
        assert!(UNIT.contains(old), "{old}");
        parse(Path::new("configs/costmodel/p.toml"), &UNIT.replacen(old, new, 1))
    }

    #[track_caller]
    fn assert_mistake(old: &str, new: &str, place: &str, part: &str) {
        let error = changed(old, new).expect_err("a mistake").to_string();
        assert!(error.starts_with(&format!("configs/costmodel/p.toml:{place}: ")), "{error}");
        assert!(error.contains(part), "{error}");
    }

    #[test]
    fn every_preset_of_the_project_is_sound() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/costmodel");
        let files: Vec<PathBuf> = fs::read_dir(folder)
            .expect("there are presets")
            .map(|entry| entry.expect("readable").path())
            .collect();
        assert_eq!(files.len(), 3);
        for file in files {
            load(&file).unwrap_or_else(|error| panic!("{error}"));
        }
    }

    #[test]
    fn the_unit_preset_is_the_one_that_the_plugin_has_of_its_own() {
        let preset = parse(Path::new("unit.toml"), UNIT).expect("sound");
        assert_eq!(preset, Preset::unit());
        assert_eq!(preset.price(Class::Divide), 1);
    }

    #[test]
    fn unknown_keys_and_tables_are_named_with_their_place() {
        assert_mistake("multiply =", "multipy =", "7:1", "did you mean `multiply`?");
        assert_mistake("[l2]", "[l3]", "37:2", "unknown field `l3`");
        assert_mistake("alu = { value", "alu = { cycles", "6:9", "cycles");
    }

    #[test]
    fn nonsense_is_named_with_its_place() {
        assert_mistake("alu = { value = 1,", "alu = { value = 0,", "6:17", "expected 1 to");
        assert_mistake("alu = { value = 1,", "alu = { value = -1,", "6:17", "negative");
        assert_mistake("alu = { value = 1,", "alu = { value = 1.5,", "6:17", "expected i64");
        assert_mistake(
            "bytes = { value = 0,",
            "bytes = { value = 4096,",
            "31:18",
            "a cache with bytes has at least one way",
        );
    }

    #[test]
    fn a_number_without_a_source_is_refused() {
        assert_mistake("source = \"by definition\"", "source = \" \"", "6:29", "source");
    }

    #[test]
    fn a_missing_number_is_named() {
        let error = changed("pause = { value = 1, source = \"by definition\" }\n", "").expect_err("missing");
        assert!(error.to_string().contains("`instructions.pause` is missing"), "{error}");
    }
}
