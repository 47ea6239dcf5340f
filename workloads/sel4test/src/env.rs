//! What a test works with: memory, slots, and helpers of its own.

mod bouncer;
mod helper;
mod objects;
mod process;
mod start;
mod timer;
mod window;

pub use bouncer::Bouncer;
pub use helper::{Helper, HelperMain};
pub use objects::is_empty;
pub(crate) use process::{Arena, Built, Contents, ProcessPlan, Resident, build};
pub(crate) use start::initial_context;
pub use timer::Timer;
pub use window::Window;

use rel4_abi::SlotRegion;
use rel4_runtime::cap::Endpoint;
use rel4_runtime::resources::Resources;
use rel4_runtime::untyped::UntypedPool;

use crate::cspace;
use crate::init::Init;
use crate::machine::Machine;

/// Priority of the thread that runs a test.
pub const PRIORITY: u64 = 254;
/// Priority that a helper has unless the test sets another.
pub const HELPER_PRIORITY: u64 = PRIORITY - 1;

/// Where a test process maps what it needs, from here on upwards.
const WINDOW: u64 = 0x4000_0000;

/// A test's environment.
///
/// Everything that is made through it is destroyed after the test.
pub struct Env {
    /// Makes objects and maps frames, for tests that need more than the methods here.
    pub resources: Resources,
    /// What the test runs on.
    pub machine: Machine,
    /// Where faults of helpers go.
    supervisor: Endpoint,
    /// Frames of the program's image, from its first page on.
    image_frames: SlotRegion,
    /// Memory and slots of a helper process that was destroyed, for the next one.
    spare: Option<Arena>,
}

impl Env {
    /// The environment of the thread that has these resources.
    #[must_use]
    pub(crate) const fn new(
        resources: Resources,
        machine: Machine,
        supervisor: Endpoint,
        image_frames: SlotRegion,
    ) -> Self {
        Self { resources, machine, supervisor, image_frames, spare: None }
    }

    /// The environment of a test process.
    pub(crate) fn of_test_process(init: &Init) -> Self {
        let untypeds = UntypedPool::of_ram(init.untypeds());
        let resources = Resources::new(untypeds, init.free, WINDOW);
        Self::new(resources, init.machine, cspace::SUPERVISOR, init.image_frames)
    }
}
