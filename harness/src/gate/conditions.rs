//! What measured costs depend on besides the sources.

use std::collections::BTreeMap;

use crate::manifest::Manifest;

/// Options of the emulator whose values name files or the boot and do not change what the machine is. The plugin's preset is compared
/// by what it holds.
const VALUES_THAT_DO_NOT_MATTER: [&str; 4] = ["-kernel", "-serial", "-append", "-plugin"];

/// Why the numbers of two runs cannot be compared, one line each.
pub(crate) fn differences(reference: Option<&Manifest>, run: Option<&Manifest>) -> Vec<String> {
    let (reference, run) = match (reference, run) {
        (Some(reference), Some(run)) => (reference, run),
        (None, _) => {
            return vec!["the reference has no manifest, so nobody knows how it was made".to_owned()];
        }
        (_, None) => return vec!["the run has no manifest, so nobody knows how it was made".to_owned()],
    };
    let mut differences = Vec::new();
    let mut check = |what: &str, reference: Option<&str>, run: Option<&str>| {
        // What nobody could find out is not known to be the same.
        if reference != run || reference.is_none() {
            let [reference, run] = [reference, run].map(|text| first_line(text.unwrap_or("unknown")));
            differences.push(format!("another {what}: reference {reference}, here {run}"));
        }
    };
    check("compiler", reference.toolchain.rustc.as_deref(), run.toolchain.rustc.as_deref());
    check("firmware", reference.firmware.as_deref(), run.firmware.as_deref());
    let (machines, machines_here) = (machines(reference), machines(run));
    for (platform, emulator) in &reference.emulators {
        let Some(here) = run.emulators.get(platform) else { continue };
        check(&format!("emulator for {platform}"), Some(&emulator.version), Some(&here.version));
        if let (Some(plugin), Some(here)) = (plugin(reference, platform), plugin(run, platform)) {
            check(&format!("plugin of the cost model for {platform}"), Some(plugin), Some(here));
        }
        if let Some(preset) = preset(reference, platform) {
            check(&format!("preset for {platform}"), Some(preset), self::preset(run, platform));
        }
        if let (Some(machine), Some(here)) =
            (machines.get(platform.as_str()), machines_here.get(platform.as_str()))
        {
            check(&format!("machine for {platform}"), Some(machine), Some(here));
        }
    }
    differences
}

/// The cost model's plugin of a platform, if it has one.
fn plugin<'m>(manifest: &'m Manifest, platform: &str) -> Option<&'m str> {
    Some(&manifest.models.get(platform)?.plugin.sha256)
}

/// What the preset of a platform holds, if it has one.
fn preset<'m>(manifest: &'m Manifest, platform: &str) -> Option<&'m str> {
    Some(&manifest.models.get(platform)?.preset.as_ref()?.sha256)
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
    use super::machine;

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
}
