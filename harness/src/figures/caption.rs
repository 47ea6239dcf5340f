//! Captions with placeholders.

/// What a placeholder can stand for.
const PLACEHOLDERS: [&str; 7] = ["run", "experiment", "metric", "unit", "platform", "parameters", "n"];

/// What every caption must say.
const REQUIRED: [&str; 2] = ["run", "metric"];

/// Whether all placeholders of `template` are known and those that every caption needs are there.
pub(super) fn check(template: &str) -> Result<(), String> {
    let names: Vec<_> = placeholders(template).collect();
    if let Some(unknown) = names.iter().find(|name| !PLACEHOLDERS.contains(name)) {
        return Err(format!("unknown placeholder {{{unknown}}}, known are {}", PLACEHOLDERS.join(", ")));
    }
    match REQUIRED.iter().find(|name| !names.contains(name)) {
        Some(missing) => Err(format!("the caption must name its source by {{{missing}}}")),
        None => Ok(()),
    }
}

/// The names between braces.
fn placeholders(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

/// Puts `values` in place of the placeholders of their names.
pub(super) fn fill(template: &str, values: &[(&str, String)]) -> String {
    values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}
