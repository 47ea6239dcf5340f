//! From the markers of a report to the times of single events.

use rel4_costmodel::report::Report;
use rel4_markers::{Event, Marker, Role};

/// The clock at each of the `event`s in `report`, in their order on the hart.
#[must_use]
pub fn clocks(report: &Report, event: Event) -> Vec<u64> {
    let marker = Marker::new(Role::Point, event.index());
    report.markers.iter().filter(|row| row.marker == marker).map(|row| row.clock).collect()
}
