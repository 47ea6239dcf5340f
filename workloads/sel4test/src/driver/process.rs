//! The process that a basic test runs in.

#![allow(unsafe_code, reason = "takes the page shared with the driver by address")]

use core::sync::atomic::AtomicU64;

use rel4_abi::bootinfo::MAX_UNTYPEDS;
use rel4_abi::{CPtr, CapRights, SlotRegion};
use rel4_runtime::cap::{AsidPool, Endpoint, Tcb, Untyped};
use rel4_runtime::resources::{ResourceError, Resources};
use rel4_runtime::shared::SharedMemory;
use rel4_runtime::{arch, labels, vaddr};

use super::memory::Pool;
use super::timer::Timer;
use crate::cspace;
use crate::env::{Arena, Built, Contents, Env, PRIORITY, ProcessPlan, Resident, build, initial_context};
use crate::init::{Init, WORDS};
use crate::machine::Machine;
use crate::report::{self, Outcome};
use crate::tests::TESTS;

/// Maximum controlled priority of the thread that runs a test.
const MAX_CONTROLLED_PRIORITY: u64 = 255;

/// Builds test processes, one after the other.
pub(super) struct ProcessBuilder {
    /// What processes are made from.
    pub(super) arena: Arena,
    /// The page through which they are told what to do.
    pub(super) page: SharedMemory,
    /// Frames of the program's image.
    pub(super) image_frames: SlotRegion,
    /// Where they report.
    pub(super) supervisor: Endpoint,
    /// Device memory that they can use.
    device_memory: Untyped,
    /// The clock that they can use.
    pub(super) timer: Option<Timer>,
}

impl ProcessBuilder {
    /// Makes what processes are made from.
    ///
    /// # Errors
    ///
    /// Those of making objects.
    pub(super) fn new(
        resources: &mut Resources,
        image_frames: SlotRegion,
        supervisor: Endpoint,
        timer: Option<Timer>,
    ) -> Result<Self, ResourceError> {
        let page = SharedMemory::new(resources, WORDS)?;
        let device_memory = resources.make_device_untyped(cspace::DEVICE_UNTYPED_BITS)?;
        Ok(Self { arena: Arena::new(resources)?, page, image_frames, supervisor, device_memory, timer })
    }

    /// Builds the process for test number `test`, which gets all of `pool`.
    ///
    /// # Errors
    ///
    /// Those of making objects and mapping frames.
    pub(super) fn build(&self, test: usize, machine: Machine, pool: &Pool) -> Result<Tcb, ResourceError> {
        let residents = [
            (cspace::ASID_CONTROL.0, cspace::ASID_CONTROL.0),
            (cspace::ASID_POOL.0, cspace::ASID_POOL.0),
            (cspace::DOMAIN.0, cspace::DOMAIN.0),
            (cspace::SUPERVISOR.0, self.supervisor.0),
            (cspace::DEVICE_UNTYPED.0, self.device_memory.0),
        ]
        .map(|(slot, original)| Resident::copy(slot, original));
        let mut resources = self.arena.resources();
        let built = build(
            &mut resources,
            &ProcessPlan {
                asid_pool: AsidPool(cspace::ASID_POOL.0),
                image_frames: self.image_frames,
                contents: Contents::Fresh,
                residents: &residents,
                max_controlled_priority: MAX_CONTROLLED_PRIORITY,
                priority: PRIORITY,
            },
        )?;
        if let Some(Timer { frame, irq }) = self.timer {
            for (slot, original) in [(cspace::DEVICE_FRAME.0, frame.0), (cspace::TIMER_IRQ.0, irq.0)] {
                built.slot(slot).copy_from(cspace::slot(original), CapRights::ALL)?;
            }
        }
        self.page.map_into(&mut resources, built.vspace)?;
        self.endow(&built, test, machine, pool)?.write(self.page.words());
        let arguments = [vaddr::SHARED, 0, 0, 0];
        built.tcb.write_registers(&initial_context(
            test_main,
            arguments,
            cspace::SUPERVISOR.0,
            built.stack_top,
            built.ipc_buffer_vaddr,
        ))?;
        Ok(built.tcb)
    }

    /// Copies what the test needs to make helper processes, and all memory, into its `CSpace`.
    fn endow(
        &self,
        process: &Built,
        test: usize,
        machine: Machine,
        pool: &Pool,
    ) -> Result<Init, ResourceError> {
        let image = arch::image_layout();
        let shared_pages = image.page_index(image.data_start);
        let mut free = process.free;
        let mut take = |count: u64| {
            let start = free.start;
            free.start += count;
            SlotRegion { start, end: free.start }
        };
        let image_frames = take(shared_pages);
        let untypeds = take(pool.untypeds().len() as u64);
        let originals =
            (self.image_frames.start..self.image_frames.end).map(CPtr).take(shared_pages as usize);
        let originals = originals.chain(pool.untypeds().map(|(untyped, _)| untyped.0));
        for (slot, original) in (image_frames.start..untypeds.end).zip(originals) {
            process.slot(CPtr(slot)).copy_from(cspace::slot(original), CapRights::ALL)?;
        }
        let mut untyped_bits = [0; MAX_UNTYPEDS];
        for (place, (_, size_bits)) in untyped_bits.iter_mut().zip(pool.untypeds()) {
            *place = size_bits;
        }
        Ok(Init { test, machine, image_frames, untypeds, untyped_bits, free })
    }
}

/// What a test process runs.
fn test_main([page, ..]: [u64; 4]) -> Outcome<u64> {
    // SAFETY: the driver mapped the page there for as long as the process lives, and both access it as atomics.
    let page = unsafe { core::slice::from_raw_parts(page as *const AtomicU64, WORDS) };
    let init = Init::read(page);
    labels::select(labels::of_num_nodes(init.machine.num_nodes));
    report::send_to(cspace::SUPERVISOR);
    let mut env = Env::of_test_process(&init);
    (TESTS[init.test].run)(&mut env).map(|()| 0)
}
