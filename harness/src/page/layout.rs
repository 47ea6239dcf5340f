//! The page around its sections, and the tables in them.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The page's style. It is the project's own text, so it goes in as it is.
const STYLE: &str = include_str!("style.css");

/// A part of the page with a heading.
pub(super) struct Section {
    /// Its anchor: a word.
    pub(super) id: &'static str,
    /// Its heading.
    pub(super) title: &'static str,
    /// What it says.
    pub(super) body: Markup,
}

/// The page of the run called `run`.
pub(super) fn page(run: &str, sections: &[Section]) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // Nothing is loaded from anywhere, and nothing in the page may run.
                meta http-equiv="Content-Security-Policy"
                    content="default-src 'none'; style-src 'unsafe-inline'; img-src data:";
                title { "ReL4 run " (run) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Run " (run) }
                nav { ul {
                    @for section in sections { li { a href={ "#" (section.id) } { (section.title) } } }
                } }
                @for section in sections {
                    section id=(section.id) {
                        h2 { (section.title) }
                        (section.body)
                    }
                }
            }
        }
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// Words, to the left.
    Text,
    /// Numbers, to the right.
    Number,
}

impl Column {
    fn class(self) -> Option<&'static str> {
        (self == Self::Number).then_some("number")
    }
}

/// A table. It scrolls by itself where the screen is narrower.
pub(super) fn table<H: AsRef<str>>(
    head: &[(H, Column)],
    rows: impl IntoIterator<Item = Vec<Markup>>,
) -> Markup {
    html! {
        div .table {
            table {
                thead { tr {
                    @for (name, column) in head { th class=[column.class()] { (name.as_ref()) } }
                } }
                tbody {
                    @for row in rows { tr {
                        @for (cell, (_, column)) in row.iter().zip(head) { td class=[column.class()] { (cell) } }
                    } }
                }
            }
        }
    }
}

/// Text that is escaped.
pub(super) fn words(text: impl AsRef<str>) -> Markup {
    html! { (text.as_ref()) }
}

/// A number as short as it can be read: whole ones as they are, others with four digits at least.
pub(super) fn number(value: f64) -> Markup {
    let text = match value.abs() {
        _ if value.fract() == 0.0 => format!("{value}"),
        1000.0.. => format!("{value:.0}"),
        100.0.. => format!("{value:.1}"),
        10.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    };
    words(text)
}

/// What is only of interest to some, folded away; open if `rows` are few.
pub(super) fn folded(summary: &str, rows: usize, body: &Markup) -> Markup {
    const FEW: usize = 24;
    html! {
        details open[rows <= FEW] {
            summary { (summary) }
            (body)
        }
    }
}
