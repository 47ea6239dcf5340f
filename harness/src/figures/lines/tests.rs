use std::path::Path;

use crate::config::Clock;
use crate::figures::FigureError;
use crate::figures::draw::render;
use crate::figures::spec::FigureSpec;
use crate::results::{CellKey, CellMeta, SampleTable, Series};

const TEXT: &str = r#"
    id = "l"
    title = "Calls"
    kind = "lines"
    experiment = "async"
    metric = "cycles"
    parameter = "concurrency"
    x = { label = "concurrency", unit = "calls" }
    y = { label = "cost", unit = "sync = 1" }
    right = { label = "notifications", unit = "events" }
    caption = "{n} samples of {metric} from {run} on {platform}"

    [[panels]]
    title = "ours"
    base = "sync"

    [[panels.lines]]
    label = "async"
    parameters = { backend = "uintr" }

    [[panels.lines]]
    label = "sync"
    experiment = "sync"

    [[panels.lines]]
    label = "how often"
    metric = "notifications"
    parameters = { backend = "uintr" }
    right_of = "async"
"#;

fn spec(text: &str) -> Result<FigureSpec, String> {
    FigureSpec::parse(Path::new("f.toml"), text).map_err(|error| error.to_string())
}

/// Cells of an experiment with their parameters, a metric and its samples.
type Cell<'c> = (&'c str, &'c [(&'c str, &'c str)], &'c str, &'c [f64]);

const CELLS: [Cell<'_>; 6] = [
    ("sync", &[], "cycles", &[2000.0; 3]),
    ("async", &[("backend", "uintr"), ("concurrency", "1")], "cycles", &[4000.0, 4100.0, 4200.0]),
    ("async", &[("backend", "uintr"), ("concurrency", "1"), ("x", "1")], "notifications", &[2.0]),
    ("async", &[("backend", "uintr"), ("concurrency", "8")], "cycles", &[500.0; 3]),
    ("async", &[("backend", "uintr"), ("concurrency", "8"), ("x", "1")], "notifications", &[0.25]),
    ("async", &[("backend", "kernel"), ("concurrency", "8")], "cycles", &[9999.0; 3]),
];

fn table(cells: &[Cell<'_>]) -> SampleTable {
    let mut table = SampleTable::default();
    for (experiment, parameters, metric, values) in cells {
        let key = CellKey {
            experiment: (*experiment).into(),
            kernel: "rel4".into(),
            platform: "virt".into(),
            harts: 1,
            workload: "ipc".into(),
            parameters: parameters.iter().map(|&(name, value)| (name.to_owned(), value.into())).collect(),
        };
        let series = Series { metric: (*metric).into(), unit: "cycles".into(), values: values.to_vec() };
        table.insert(&CellMeta { key, repeat: 0, clock: Clock::Model }, vec![series]).expect("a new cell");
    }
    table
}

#[test]
fn every_line_is_drawn_with_its_medians_and_those_of_other_cells_are_not() {
    let (svg, png) =
        render(&spec(TEXT).expect("a good specification"), &table(&CELLS), "results/r").expect("a figure");
    for text in ["ours", "async", "sync", "how often", "4100", "500", "2000", "0.25"] {
        assert!(svg.contains(&format!("\n{text}\n")), "{text}");
    }
    assert!(!svg.contains("9999"));
    assert!(svg.contains("11 samples of cycles from results/r on virt"), "{svg}");
    assert!(png.starts_with(b"\x89PNG"));
}

#[test]
fn cells_that_a_line_does_not_tell_apart_are_an_error() {
    let vague = TEXT.replacen("    parameters = { backend = \"uintr\" }\n", "", 1);
    let error = render(&spec(&vague).expect("readable"), &table(&CELLS), "r").expect_err("two cells at 8");
    assert!(matches!(error, FigureError::Ambiguous { line, .. } if line == "async"));
}

#[test]
fn a_run_without_one_of_the_experiments_has_no_such_figure() {
    let error = render(&spec(TEXT).expect("readable"), &table(&CELLS[1..]), "r").expect_err("no base");
    assert!(matches!(error, FigureError::NoSamples { experiment, .. } if experiment == "sync"));
}

#[test]
fn lines_that_make_no_sense_are_refused() {
    for (from, to, part) in [
        ("base = \"sync\"", "base = \"none\"", "no line `none`"),
        ("right_of = \"async\"", "right_of = \"none\"", "goes with `none`"),
        ("label = \"sync\"", "label = \"sync\"\n    curve = \"theirs\"", "no curve `theirs`"),
        ("    parameter = \"concurrency\"\n", "", "need a `parameter`"),
        ("kind = \"lines\"", "kind = \"distribution\"", "only lines have"),
    ] {
        let error = spec(&TEXT.replacen(from, to, 1)).expect_err(part);
        assert!(error.contains(part), "{error}");
    }
}
