//! The figures, inside the page.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::html;

use super::contents::Contents;
use super::layout::Section;

/// The section; none where the run has samples for no figure.
pub(super) fn section(contents: &Contents<'_>) -> Option<Section> {
    let body = html! {
        @for figure in &contents.figures {
            figure id={ "figure-" (figure.spec.id) } {
                // The caption is part of the picture.
                img alt=(figure.spec.title) src={ "data:image/svg+xml;base64," (STANDARD.encode(&figure.svg)) };
            }
        }
        @for reason in &contents.not_drawn {
            p { "Not drawn: " (reason) }
        }
    };
    let is_empty = contents.figures.is_empty() && contents.not_drawn.is_empty();
    (!is_empty).then_some(Section { id: "figures", title: "Figures", body })
}
