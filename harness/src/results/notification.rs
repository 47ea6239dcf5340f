//! What notifications cost: the metrics of the workload `notification`.

use rel4_costmodel::report::Report;
use rel4_markers::Stage;

use super::measurement::{MeasurementError, Series};
use super::per_call;
use super::raw::RawRun;
use crate::costmodel::one_way::{Leg, Means, OneWay, one_ways};
use crate::costmodel::stages::{StageRun, stages};

/// The stages of every notification, what registering took, and, for a notification, what all harts did.
pub(super) fn notification(
    run: &RawRun<'_>,
    report: &Report,
    rounds: u64,
) -> Result<Vec<Series>, MeasurementError> {
    let means = match run.parameter("backend") {
        Some("uintr") => Means::Store,
        Some("kernel") => Means::SystemCall,
        _ => return Err(MeasurementError::BadParameter("backend")),
    };
    let ways = one_ways(report, means)?;
    if ways.len() as u64 != rounds {
        let (metric, expected, found) = ("notification", rounds, ways.len());
        return Err(MeasurementError::WrongCount { metric, expected, found });
    }
    let mut all = of_leg("notification", ways.iter().map(OneWay::whole));
    for index in 0..4 {
        let legs = || ways.iter().map(move |way| way.legs()[index]);
        let name = legs().next().map_or("", |(name, _)| name);
        all.extend(of_leg(&format!("notification_{name}"), legs().map(|(_, leg)| leg)));
    }
    let runs = stages(report)?;
    let registrations = || runs.iter().filter(|run| run.stage == Stage::Registration);
    let instructions = |run: &StageRun| run.figures.user.instructions + run.figures.kernel.instructions;
    all.extend(of_leg(
        "notification_register",
        registrations().map(|run| Leg { cycles: run.cycles, instructions: Some(instructions(run)) }),
    ));
    all.extend(per_call::of_harts(report, rounds));
    Ok(all)
}

/// The cycles and, where all of them have any, the instructions.
fn of_leg(metric: &str, legs: impl Iterator<Item = Leg>) -> Vec<Series> {
    let legs: Vec<Leg> = legs.collect();
    let series = |metric: String, unit: &str, values| Series { metric, unit: unit.to_owned(), values };
    let cycles = legs.iter().map(|leg| leg.cycles as f64).collect();
    let mut all = vec![series(metric.to_owned(), "cycles", cycles)];
    let instructions: Option<Vec<f64>> =
        legs.iter().map(|leg| leg.instructions.map(|count| count as f64)).collect();
    all.extend(instructions.map(|values| series(format!("{metric}_instructions"), "instructions", values)));
    all
}
