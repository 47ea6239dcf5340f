//! A device's interrupt, from the instruction that makes the device raise it to the thread that waits for it.
//!
//! The device is a real-time clock, whose alarm goes off at once when it is set to a time that has passed.

#![allow(unsafe_code, reason = "device registers")]

use rel4_abi::{CapRights, Syscall};
use rel4_runtime::address_space::{self, Access};
use rel4_runtime::cap::{Frame, IrqHandler};
use rel4_runtime::process::{self, Start};

use crate::bench::cast::{ALARM, Actor, FIRST};
use crate::bench::pair::role;
use crate::bench::series::Overhead;
use crate::bench::session::{LOW, Play, Session};
use crate::bench::tape::Tape;
use crate::bench::window::{Ecall, Passage, Request, opening_store};
use crate::failure::Failure;

/// Where both address spaces have the clock.
const CLOCK: u64 = 0x3000_0000;

/// Registers of the clock, by their offset in bytes: low and high half of the alarm time in nanoseconds, whether the alarm interrupts, and
/// what to write to when it did.
const ALARM_LOW: usize = 0x08;
const ALARM_HIGH: usize = 0x0c;
const IRQ_ENABLED: usize = 0x10;
const CLEAR_INTERRUPT: usize = 0x1c;

/// Measures the group.
pub(super) fn measure(session: &mut Session<'_>) -> Result<(), Failure> {
    let clock = session.root.alarm_clock.ok_or(Failure::Check { name: "there_is_an_alarm_clock" })?;
    let resources = &mut session.root.resources;
    let frame = resources.make_device_frame(clock.paddr)?;
    for vspace in session.cast.vspaces() {
        let Frame(copy) = resources.copy_frame(frame, CapRights::READ_WRITE)?;
        address_space::map(resources, vspace, Frame(copy), CLOCK, Access::Data)?;
    }
    for (operation, handler) in [("irq_noswitch", Actor::Beside), ("irq_switch", Actor::Far)] {
        let mut trigger = role(Actor::Near, set_off, [0; 4]);
        trigger.priority = LOW;
        let handler = role(handler, handle, [0; 4]);
        let overhead = Overhead::Instruction;
        session.play(&Play { operations: &[operation], overhead, roles: &[trigger, handler] })?;
    }
    Ok(())
}

/// Sets off the alarm over and over.
extern "C" fn set_off(start: &Start) -> ! {
    let tape = Tape::new(start.shared);
    let counter = tape.counter();
    write(IRQ_ENABLED, 1);
    for cycle in 0..tape.cycles() {
        write(ALARM_HIGH, 0);
        // SAFETY: the clock is mapped, and does nothing to memory.
        let opened = unsafe { opening_store(counter, register(ALARM_LOW), 0) };
        tape.opened(0, cycle, opened);
        while tape.progress() <= cycle {
            core::hint::spin_loop();
        }
    }
    write(IRQ_ENABLED, 0);
    process::finish([0; 4])
}

/// Waits for the alarm and takes it back, for ever.
extern "C" fn handle(start: &Start) -> ! {
    let tape = Tape::new(start.shared);
    let counter = tape.counter();
    let mut cycle = 0;
    loop {
        let (_, closed) = Ecall::closing(counter, Request::new(Syscall::Recv, FIRST));
        tape.closed(0, cycle, closed);
        write(CLEAR_INTERRUPT, 1);
        IrqHandler(ALARM).ack().expect("the capability is there");
        cycle += 1;
        tape.set_progress(cycle);
    }
}

fn register(offset: usize) -> *mut u32 {
    core::ptr::with_exposed_provenance_mut(CLOCK as usize + offset)
}

fn write(offset: usize, value: u32) {
    // SAFETY: the clock is mapped there, and does nothing to memory.
    unsafe { register(offset).write_volatile(value) };
}
