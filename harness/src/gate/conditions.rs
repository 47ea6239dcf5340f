//! What instruction counts depend on besides the sources.

use std::collections::BTreeMap;

use crate::manifest::{Manifest, ModelRecord};

/// Options of the emulator whose values name files or the boot and do not change what the machine is. The plugin's preset is compared
/// by what it holds.
const VALUES_THAT_DO_NOT_MATTER: [&str; 4] = ["-kernel", "-serial", "-append", "-plugin"];

/// Why the counts of two runs cannot be compared, one line each.
pub(super) fn differences(reference: Option<&Manifest>, run: Option<&Manifest>) -> Vec<String> {
    let (reference, run) = match (reference, run) {
        (Some(reference), Some(run)) => (reference, run),
        (None, _) => {
            return vec!["the reference has no manifest, so nobody knows how it was made".to_owned()];
        }
        (_, None) => return vec!["the run has no manifest, so nobody knows how it was made".to_owned()],
    };
    let mut differences = Vec::new();
    differences.extend(difference(
        "compiler",
        reference.toolchain.rustc.as_deref(),
        run.toolchain.rustc.as_deref(),
    ));
    differences.extend(difference("firmware", reference.firmware.as_deref(), run.firmware.as_deref()));
    let (machines, machines_here) = (machines(reference), machines(run));
    for (platform, emulator) in &reference.emulators {
        let Some(here) = run.emulators.get(platform) else { continue };
        let what = format!("emulator for {platform}");
        differences.extend(difference(&what, Some(&emulator.version), Some(&here.version)));
        if let Some(model) = reference.models.get(platform) {
            differences.extend(differences_of_models(platform, model, run.models.get(platform)));
        }
        if let (Some(machine), Some(here)) =
            (machines.get(platform.as_str()), machines_here.get(platform.as_str()))
        {
            differences.extend(difference(&format!("machine for {platform}"), Some(machine), Some(here)));
        }
    }
    differences
}

/// What is said of a condition that is not known to be the same.
fn difference(what: &str, reference: Option<&str>, run: Option<&str>) -> Option<String> {
    // What nobody could find out is not known to be the same.
    (reference != run || reference.is_none()).then(|| {
        let [reference, run] = [reference, run].map(|text| first_line(text.unwrap_or("unknown")));
        format!("another {what}: reference {reference}, here {run}")
    })
}

/// What differs in the cost model of a platform.
fn differences_of_models(
    platform: &str,
    reference: &ModelRecord,
    run: Option<&ModelRecord>,
) -> impl Iterator<Item = String> {
    let preset = |model: &ModelRecord| Some(model.preset.as_ref()?.sha256.clone());
    let order = |model: &ModelRecord| model.order.clone();
    // The schedule alone has no preset.
    let presets = preset(reference).and_then(|there| {
        difference(&format!("preset for {platform}"), Some(&there), run.and_then(preset).as_deref())
    });
    let what = format!("order of harts for {platform}");
    let orders = difference(&what, order(reference).as_deref(), run.and_then(order).as_deref());
    presets.into_iter().chain(orders)
}

/// The machine that each platform's cells ran on, as the emulator was told.
fn machines(manifest: &Manifest) -> BTreeMap<&str, String> {
    manifest.cells.iter().map(|cell| (cell.platform.as_str(), machine(&cell.command))).collect()
}

/// The emulator's options without those that differ from boot to boot.
fn machine(command: &[String]) -> String {
    let mut options = Vec::new();
    let mut arguments = command.iter().skip(1);
    while let Some(argument) = arguments.next() {
        if VALUES_THAT_DO_NOT_MATTER.contains(&argument.as_str()) {
            arguments.next();
        } else {
            options.push(argument.as_str());
        }
    }
    options.join(" ")
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::{differences_of_models, machine};
    use crate::manifest::{FileRecord, ModelRecord};

    fn command(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn files_and_boot_arguments_do_not_make_another_machine() {
        let one = command("/usr/bin/qemu -M virt -serial file:a.log -kernel a.elf -append run=1 -smp 1");
        let other = command("qemu -M virt -serial file:b.log -kernel b.elf -append run=2 -smp 1");
        assert_eq!(machine(&one), machine(&other));
        assert_eq!(machine(&one), "-M virt -smp 1");
    }

    fn model(preset: Option<&str>, order: Option<&str>) -> ModelRecord {
        let file = |sha256: &str| FileRecord { path: "p".into(), sha256: sha256.to_owned() };
        ModelRecord { plugin: file("plugin"), preset: preset.map(file), order: order.map(str::to_owned) }
    }

    #[test]
    fn harts_that_took_turns_by_another_clock_or_by_nobody_knows_which_cannot_be_compared() {
        let reference = model(Some("u54"), Some("cycles"));
        let differences =
            |run: &ModelRecord| -> Vec<_> { differences_of_models("two", &reference, Some(run)).collect() };
        assert!(differences(&reference).is_empty());
        assert_eq!(
            differences(&model(Some("u54"), Some("instructions"))),
            ["another order of harts for two: reference cycles, here instructions"]
        );
        let before = model(None, None);
        assert_eq!(
            differences_of_models("two", &before, Some(&before)).collect::<Vec<_>>(),
            ["another order of harts for two: reference unknown, here unknown"]
        );
    }

    #[test]
    fn another_preset_cannot_be_compared() {
        let (reference, run) = (model(Some("u54"), Some("cycles")), model(Some("unit"), Some("cycles")));
        assert_eq!(
            differences_of_models("two", &reference, Some(&run)).collect::<Vec<_>>(),
            ["another preset for two: reference u54, here unit"]
        );
    }
}
