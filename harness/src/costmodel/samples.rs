//! Reports for tests.

use rel4_costmodel::options::{Detail, Order};
use rel4_costmodel::report::{End, MarkerRow, Report, TrapStages};

/// The report of a run that ended by itself and passed these markers.
pub(crate) fn report_of(markers: Vec<MarkerRow>) -> Report {
    Report {
        end: End::Exit,
        preset: "unit".to_owned(),
        detail: Detail::Blocks,
        order: Order::Instructions,
        lead: 50,
        stages: TrapStages::Apart,
        harts: Vec::new(),
        windows: Vec::new(),
        markers,
    }
}
