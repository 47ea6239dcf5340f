//! Microbenchmarks: what single operations of the kernel cost.
//!
//! A *window* is what lies between just before a system call in one thread and just after it in the thread that goes on, so one-way figures
//! are what seL4's own benchmark calls so. Its length is in instructions; the cost model adds cycles by markers. What measuring costs is
//! measured in the same run: a *series* names the overhead that is to be taken off.
//!
//! Records: for each series a `note` with its `operations`, one for each window of the cycle that it repeats (`none` is of no interest),
//! the metric of its `overhead`, and how many cycles are `warmup`, `rounds` and `cooldown`; then, where user code may read the counter, the `samples`
//! of each operation. The names are those of `results/upstream`, where upstream measures the same.
//!
//! Map: [`groups`] (what is measured, one file a group), `session` (runs series and writes their records), `cast` (the threads), `pair` (what
//! most of them do), `tape` (where they write the counter down), `window` (how it is read), `counter` (whether it can be), `settings`

mod cast;
mod counter;
mod groups;
mod pair;
mod series;
mod session;
mod settings;
mod tape;
mod window;

use self::session::Session;
use self::settings::Settings;
use crate::failure::Failure;
use crate::parameters::Parameters;
use crate::root::Root;

/// The workload's name.
pub const NAME: &str = "bench";

/// Runs the workload.
///
/// # Errors
///
/// Whatever goes wrong.
pub fn run(root: &mut Root, parameters: &Parameters<'_>) -> Result<(), Failure> {
    let settings = Settings::from_parameters(parameters)?;
    root.begin(NAME, parameters)?;
    let mut session = Session::new(root, &settings)?;
    session.measure_overheads()?;
    settings.groups.iter().try_for_each(|group| group(&mut session))
}
