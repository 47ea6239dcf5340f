use std::path::Path;

use super::curves::Curves;
use super::draw::render;
use super::*;
use crate::config::Clock;
use crate::results::{CellKey, CellMeta, SampleTable, Series};

const RUN: &str = "results/quick";

fn spec() -> FigureSpec {
    let text = "id = \"f\"\ntitle = \"Round trips\"\nkind = \"distribution\"\nexperiment = \"ipc\"\n\
        metric = \"instructions\"\nx = { label = \"cost\", unit = \"instructions\" }\n\
        y = { label = \"samples\", unit = \"%\" }\n\
        caption = \"{n} samples of {metric} from {run} on {platform}, {parameters}\"\n";
    FigureSpec::parse(Path::new("f.toml"), text).expect("a good specification")
}

/// Samples of one cell per item: a kernel, a message length and the values.
fn table(cells: &[(&str, i64, &[f64])]) -> SampleTable {
    let mut table = SampleTable::default();
    for &(kernel, words, values) in cells {
        let parameters =
            [("batch", 100), ("words", words)].map(|(key, value)| (key.to_owned(), value.into()));
        let key = CellKey {
            experiment: "ipc".into(),
            kernel: kernel.into(),
            platform: "virt-icount".into(),
            harts: 1,
            workload: "ipc".into(),
            parameters: parameters.into(),
        };
        let series =
            Series { metric: "instructions".into(), unit: "instructions".into(), values: values.to_vec() };
        table.insert(&CellMeta { key, repeat: 0, clock: Clock::Icount }, vec![series]).expect("a new cell");
    }
    table
}

fn draw_svg(table: &SampleTable) -> String {
    render(&spec(), table, RUN).expect("a figure").0
}

#[test]
fn the_same_samples_give_the_same_bytes() {
    let table = table(&[("sel4", 0, &[538.0, 538.0, 540.5]), ("sel4", 4, &[552.0; 3])]);
    assert_eq!(
        render(&spec(), &table, RUN).expect("a figure"),
        render(&spec(), &table, RUN).expect("a figure")
    );
}

#[test]
fn curves_are_named_by_what_sets_their_cells_apart() {
    let names = |cells: &[_]| -> Vec<String> {
        let curves = Curves::select(&spec(), &table(cells)).expect("curves").curves;
        curves.into_iter().map(|curve| curve.name).collect()
    };
    let one: &[f64] = &[1.0];
    assert_eq!(names(&[("sel4", 0, one)]), ["sel4"]);
    assert_eq!(names(&[("sel4", 0, one), ("sel4", 4, one)]), ["words = 0", "words = 4"]);
    assert_eq!(names(&[("rel4", 0, one), ("sel4", 0, one)]), ["rel4", "sel4"]);
    assert_eq!(names(&[("rel4", 0, one), ("sel4", 4, one)]), ["rel4, words = 0", "sel4, words = 4"]);
}

#[test]
fn the_caption_names_source_metric_and_what_all_cells_share() {
    let svg = draw_svg(&table(&[("sel4", 0, &[538.0; 3]), ("sel4", 4, &[552.0; 3])]));
    assert!(
        svg.contains("6 samples of instructions from results/quick on virt-icount, batch = 100"),
        "{svg}"
    );
}

#[test]
fn nothing_reaches_beyond_the_picture() {
    let long = "a-kernel-with-a-name-that-is-as-long-as-names-may-ever-be";
    let wide: &[f64] = &[0.001, 123_456_789.123, 123_456_790.0, 987_654_321.0];
    let mut cells = vec![(long, 0, wide), ("sel4", 0, &[1.0; 9])];
    cells.extend([(long, 1_000_000, wide), (long, 2_000_000, &[5e8; 3])]);
    let (_, png) = render(&spec(), &table(&cells), RUN).expect("a figure");
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
    let size = reader.next_frame(&mut pixels).expect("a frame");
    let (width, height) = (size.width as usize, size.height as usize);
    let is_white = |x: usize, y: usize| pixels[(y * width + x) * 3..][..3] == [255; 3];
    for border in 0..10 {
        assert!((0..width).all(|x| is_white(x, border) && is_white(x, height - 1 - border)), "row {border}");
        assert!(
            (0..height).all(|y| is_white(border, y) && is_white(width - 1 - border, y)),
            "column {border}"
        );
    }
}

#[test]
fn equal_samples_can_be_drawn() {
    for value in [0.0, 538.0, 1e12] {
        assert!(
            draw_svg(&table(&[("sel4", 0, &[value; 50])])).contains(&format!("{value} [{value}, {value}]"))
        );
    }
}

#[test]
fn what_cannot_be_drawn_is_named() {
    let error = |spec: &FigureSpec, table: &SampleTable| render(spec, table, RUN).expect_err("no figure");
    assert!(matches!(error(&spec(), &SampleTable::default()), FigureError::NoSamples { .. }));

    let one = table(&[("sel4", 0, &[1.0])]);
    let mut in_cycles = spec();
    in_cycles.x.unit = "cycles".into();
    assert!(matches!(error(&in_cycles, &one), FigureError::WrongUnit { .. }));

    let many: Vec<_> = (0..8).map(|words| ("sel4", words, &[1.0][..])).collect();
    assert!(matches!(error(&spec(), &table(&many)), FigureError::TooManyCurves { found: 8, limit: 7, .. }));
}

#[test]
fn a_figure_of_a_large_experiment_shows_the_values_that_it_names() {
    let many: Vec<_> = (0..8).map(|words| ("sel4", words, &[1.0][..])).collect();
    let mut narrowed = spec();
    narrowed.values.insert("words".into(), vec![0.into(), 4.into()]);
    let curves = Curves::select(&narrowed, &table(&many)).expect("curves").curves;
    assert_eq!(curves.into_iter().map(|curve| curve.name).collect::<Vec<_>>(), ["words = 0", "words = 4"]);
}

#[test]
fn every_figure_of_the_project_has_a_specification_that_can_be_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../paper-figures");
    assert!(!FigureSpec::load_all(&folder).expect("readable specifications").is_empty());
}

#[test]
fn a_stack_has_a_bar_per_cell_and_a_table_of_its_parts() {
    let text = "id = \"s\"\ntitle = \"Stages\"\nkind = \"stack\"\nexperiment = \"ipc\"\nmetric = \"instructions\"\n\
        parts = [{ metric = \"user\", label = \"user\" }, { metric = \"kernel\", label = \"kernel\" }]\n\
        x = { label = \"cost\", unit = \"instructions\" }\ny = { label = \"\", unit = \"\" }\n\
        caption = \"{metric} from {run}\"\n";
    let spec = FigureSpec::parse(Path::new("s.toml"), text).expect("a good specification");
    let mut samples = SampleTable::default();
    for (kernel, user, kernel_part) in [("sel4", 40.0, 200.75), ("rel4", 60.0, 7.0)] {
        let key = CellKey {
            experiment: "ipc".into(),
            kernel: kernel.into(),
            platform: "virt".into(),
            harts: 1,
            workload: "ipc".into(),
            parameters: [].into(),
        };
        let values = [("instructions", user + kernel_part), ("user", user), ("kernel", kernel_part)];
        let series = values.map(|(metric, value)| Series {
            metric: metric.into(),
            unit: "instructions".into(),
            values: vec![value; 3],
        });
        samples.insert(&CellMeta { key, repeat: 0, clock: Clock::Model }, series.into()).expect("a new cell");
    }
    let (svg, png) = render(&spec, &samples, RUN).expect("a figure");
    for text in ["sel4", "rel4", "user", "kernel", "241", "201", "67"] {
        assert!(svg.contains(&format!("\n{text}\n")), "{text}");
    }
    assert!(png.starts_with(b"\x89PNG"));
}

#[test]
fn a_stack_of_several_wholes_has_a_bar_for_each_with_the_parts_of_its_own() {
    let text = "id = \"s\"\ntitle = \"Stages\"\nkind = \"stack\"\nexperiment = \"ipc\"\nmetric = \"call\"\n\
        bars = [{ metric = \"call\", label = \"Call\" }, { metric = \"reply\", label = \"Reply\" }]\n\
        parts = [{ metric = \"entry\", label = \"entry\" }, { metric = \"exit\", label = \"exit\" }]\n\
        x = { label = \"cost\", unit = \"cycles\" }\ny = { label = \"\", unit = \"\" }\n\
        caption = \"{metric} from {run}\"\n";
    let spec = FigureSpec::parse(Path::new("s.toml"), text).expect("a good specification");
    let key = CellKey {
        experiment: "ipc".into(),
        kernel: "sel4".into(),
        platform: "virt".into(),
        harts: 1,
        workload: "ipc".into(),
        parameters: [].into(),
    };
    let values = [
        ("call", 51.5),
        ("call_entry", 20.0),
        ("call_exit", 31.5),
        ("reply", 47.25),
        ("reply_entry", 20.0),
        ("reply_exit", 27.25),
    ];
    let series = values.map(|(metric, value)| Series {
        metric: metric.into(),
        unit: "cycles".into(),
        values: vec![value; 3],
    });
    let mut samples = SampleTable::default();
    samples.insert(&CellMeta { key, repeat: 0, clock: Clock::Model }, series.into()).expect("a new cell");
    let svg = render(&spec, &samples, RUN).expect("a figure").0;
    for text in ["Call, sel4", "Reply, sel4", "31.5", "27.25", "51.5", "47.25"] {
        assert!(svg.contains(&format!("\n{text}\n")), "{text}");
    }
}

#[test]
fn a_stack_shows_the_cells_of_several_experiments() {
    let text = "id = \"calls\"\ntitle = \"Calls\"\nkind = \"stack\"\nexperiment = \"async\"\nmetric = \"cycles\"\n\
        groups = [{ experiment = \"sync\", label = \"one by one\" }, { experiment = \"async\", label = \"together\" }]\n\
        parts = [{ metric = \"a\", label = \"first\" }, { metric = \"b\", label = \"second\" }]\n\
        x = { label = \"cost\", unit = \"cycles\" }\ny = { label = \"\", unit = \"\" }\n\
        caption = \"{metric} from {run}\"\n";
    let spec = FigureSpec::parse(Path::new("calls.toml"), text).expect("a good specification");
    let mut samples = SampleTable::default();
    for (experiment, first, second) in [("sync", 30.0, 11.0), ("async", 20.0, 3.0)] {
        let key = CellKey {
            experiment: experiment.into(),
            kernel: "k".into(),
            platform: "p".into(),
            harts: 1,
            workload: "w".into(),
            parameters: [].into(),
        };
        let series = [("cycles", first + second), ("a", first), ("b", second)].map(|(metric, value)| {
            Series { metric: metric.into(), unit: "cycles".into(), values: vec![value; 3] }
        });
        samples.insert(&CellMeta { key, repeat: 0, clock: Clock::Model }, series.into()).expect("a new cell");
    }
    let svg = render(&spec, &samples, RUN).expect("a figure").0;
    for text in ["one by one, k", "together, k", "41", "23"] {
        assert!(svg.contains(&format!("\n{text}\n")), "{text}");
    }
    let lines = text.replace("stack", "distribution").replace("parts", "bars");
    FigureSpec::parse(Path::new("calls.toml"), &lines).expect_err("no stack");
}

#[test]
fn only_a_stack_has_several_wholes() {
    let text = "id = \"d\"\ntitle = \"t\"\nkind = \"distribution\"\nexperiment = \"ipc\"\nmetric = \"m\"\n\
        bars = [{ metric = \"m\", label = \"m\" }]\nx = { label = \"l\", unit = \"u\" }\n\
        y = { label = \"l\", unit = \"u\" }\ncaption = \"{metric} of {run}\"\n";
    let error = FigureSpec::parse(Path::new("d.toml"), text).expect_err("no stack").to_string();
    assert!(error.contains("only stacks have `bars`"), "{error}");
}

#[test]
fn a_stack_without_parts_is_refused() {
    let text = "id = \"s\"\ntitle = \"t\"\nkind = \"stack\"\nexperiment = \"ipc\"\nmetric = \"m\"\n\
        x = { label = \"l\", unit = \"u\" }\ny = { label = \"l\", unit = \"u\" }\ncaption = \"{metric} of {run}\"\n";
    let error = FigureSpec::parse(Path::new("s.toml"), text).expect_err("no parts").to_string();
    assert!(error.contains("2 to 9 parts"), "{error}");
}

#[test]
fn bars_stand_beside_upstreams_where_that_published_a_number() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(
        folder.path().join("qemu-instructions.csv"),
        "id,operation,instructions\nipc_call,Call,249\n",
    )
    .expect("writable");
    let text = "id = \"b\"\ntitle = \"Operations\"\nkind = \"bars\"\nexperiment = \"bench\"\nmetric = \"ipc_call\"\n\
        upstream = \".\"\nparts = [{ metric = \"ipc_call\", label = \"Call\" }, { metric = \"cnode_copy\", label = \"Copy\" }]\n\
        x = { label = \"cost\", unit = \"instructions\" }\ny = { label = \"\", unit = \"\" }\n\
        caption = \"{metric} from {run}\"\n";
    let spec = FigureSpec::parse(&folder.path().join("b.toml"), text).expect("a good specification");
    let mut samples = SampleTable::default();
    for (kernel, call, copy) in [("fast", 240.0, 1120.0), ("slow", 999.0, 1121.0)] {
        let key = CellKey {
            experiment: "bench".into(),
            kernel: kernel.into(),
            platform: "virt".into(),
            harts: 1,
            workload: "bench".into(),
            parameters: [].into(),
        };
        let series = [("ipc_call", call), ("cnode_copy", copy)].map(|(metric, value)| Series {
            metric: metric.into(),
            unit: "instructions".into(),
            values: vec![value; 3],
        });
        samples
            .insert(&CellMeta { key, repeat: 0, clock: Clock::Icount }, series.into())
            .expect("a new cell");
    }
    let (svg, png) = render(&spec, &samples, RUN).expect("a figure");
    for text in ["fast", "slow", "upstream seL4", "Call", "Copy", " 249", " 240", " 999", " 1120", " 1121"] {
        assert!(svg.contains(&format!("\n{text}\n")), "{text}");
    }
    assert!(png.starts_with(b"\x89PNG"));
}
