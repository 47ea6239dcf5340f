//! What the run is made of.

use maud::{Markup, html};

use super::contents::Contents;
use super::layout::{Column, Section, folded, table, words};
use crate::manifest::{ImageRecord, Manifest};

/// The section.
pub(super) fn section(contents: &Contents<'_>) -> Option<Section> {
    let manifest = contents.manifest;
    let body = html! {
        (table(&[("what", Column::Text), ("found", Column::Text)], facts(manifest)))
        @if !manifest.source.changes.is_empty() {
            p .bad { "The sources differ from the commit:" }
            pre { (manifest.source.changes.join("\n")) }
        }
        h3 { "Images" }
        (images(manifest))
        h3 { "Emulators" }
        (emulators(manifest))
        (folded(&format!("Command lines of {} cells", manifest.cells.len()), usize::MAX, &commands(manifest)))
    };
    Some(Section { id: "provenance", title: "Provenance", body })
}

fn facts(manifest: &Manifest) -> Vec<Vec<Markup>> {
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
    let host = &manifest.host;
    let number = |value: Option<u64>| value.map_or_else(|| "unknown".to_owned(), |value| value.to_string());
    let given = manifest.matrix.given.iter().map(|(name, value)| format!(", {name} = {value} given"));
    let matrix = format!(
        "{}{} (SHA-256 {})",
        manifest.matrix.path.display(),
        given.collect::<String>(),
        manifest.matrix.sha256
    );
    let seeds: Vec<String> = manifest.seeds.iter().map(|(name, seed)| format!("{name} {seed}")).collect();
    let dirty = if manifest.source.changes.is_empty() { "clean" } else { "changed" };
    [
        ("started", manifest.started.clone()),
        ("last cell ended", known(&manifest.finished)),
        ("matrix", matrix),
        ("sources", format!("{}, {dirty}", known(&manifest.source.revision))),
        ("compiler of the guests", known(&manifest.toolchain.rustc)),
        ("cargo", known(&manifest.toolchain.cargo)),
        ("firmware", known(&manifest.firmware)),
        ("host", format!("{}, Linux {}", known(&host.system), known(&host.kernel))),
        (
            "processor",
            format!(
                "{}, {} usable, {} KiB of memory",
                known(&host.cpu),
                number(host.cores.map(|cores| cores as u64)),
                number(host.memory_kib)
            ),
        ),
        ("seeds", seeds.join(", ")),
    ]
    .into_iter()
    .map(|(what, found)| vec![words(what), words(found)])
    .collect()
}

fn images(manifest: &Manifest) -> Markup {
    let head = ["image", "features", "settings", "SHA-256"].map(|name| (name, Column::Text));
    let row = |(name, image): (&String, &ImageRecord)| {
        let build = image.build_of_our_kernel();
        let features = build.map_or_else(|| "built elsewhere".to_owned(), |build| build.features.join(", "));
        let settings = build.into_iter().flat_map(|build| &build.settings);
        let settings: Vec<String> = settings.map(|(name, value)| format!("{name}={value}")).collect();
        vec![words(name), words(features), words(settings.join(" ")), html! { code { (image.sha256) } }]
    };
    table(&head, manifest.images.iter().map(row))
}

fn emulators(manifest: &Manifest) -> Markup {
    let head = ["platform", "emulator", "SHA-256", "cost model"].map(|name| (name, Column::Text));
    let row = |(platform, emulator): (&String, &crate::platform::Emulator)| {
        let sha256 = emulator.sha256.clone().unwrap_or_else(|| "unknown".to_owned());
        let model = manifest.models.get(platform).map_or_else(String::new, |model| {
            let preset = model.preset.as_ref().map_or("none", |preset| &preset.sha256);
            let order = model.order.as_deref().unwrap_or("unknown");
            format!("plugin {}, preset {preset}, order {order}", model.plugin.sha256)
        });
        vec![
            words(platform),
            words(&emulator.version),
            html! { code { (sha256) } },
            html! { code { (model) } },
        ]
    };
    table(&head, manifest.emulators.iter().map(row))
}

fn commands(manifest: &Manifest) -> Markup {
    html! {
        @for cell in &manifest.cells {
            p { code { (cell.id) } }
            pre { (cell.command.join(" ")) }
        }
    }
}
