//! The stack's alarm: makes it look at its connections from time to time even if nothing comes in, so that what was lost is sent again and what
//! was not answered is acknowledged.
//!
//! The device is a real-time clock of the goldfish kind, which interrupts when its alarm time has come.

#![allow(unsafe_code, reason = "device registers")]

use core::cell::{Cell, RefCell};
use core::task::Waker;

use rel4_runtime::arch;
use rel4_runtime::cap::IrqHandler;
use rel4_runtime::dispatch::Source;
use rel4_runtime::process;

use crate::bells::ALARM;

/// Where the stack has the clock.
pub const CLOCK: u64 = 0x3000_0000;

/// Registers, by their offset in bytes: low and high half of the time in nanoseconds, of which reading the low one latches the high one; the
/// same of the alarm time, of which writing the low one sets the alarm; whether it interrupts; what takes the interrupt back.
const TIME_LOW: usize = 0x00;
const TIME_HIGH: usize = 0x04;
const ALARM_LOW: usize = 0x08;
const ALARM_HIGH: usize = 0x0c;
const IRQ_ENABLED: usize = 0x10;
const CLEAR_INTERRUPT: usize = 0x1c;

/// Time between two looks.
const PERIOD_US: u64 = 100_000;
/// So much before the interrupt the time has come already: the two clocks are not one.
const MARGIN_US: u64 = 1000;

/// The alarm. A process has one.
#[derive(Debug)]
pub struct Alarm {
    ticks_per_us: u64,
    /// When it is due, in ticks of the counter.
    due: Cell<u64>,
    waker: RefCell<Option<Waker>>,
}

impl Alarm {
    /// Sets the alarm for the first time. The counter makes `ticks_per_us` a microsecond.
    #[must_use]
    pub fn new(ticks_per_us: u64) -> Self {
        write(IRQ_ENABLED, 1);
        let alarm = Self { ticks_per_us, due: Cell::new(0), waker: RefCell::new(None) };
        alarm.set();
        alarm
    }

    /// Whether the time has come.
    #[inline]
    #[must_use]
    pub fn is_due(&self) -> bool {
        arch::time_ticks() >= self.due.get()
    }

    /// Takes the interrupt back and sets the alarm again, if its time has come. Whether it has.
    #[inline]
    pub fn renew(&self) -> bool {
        let due = self.is_due();
        if due {
            write(CLEAR_INTERRUPT, 1);
            IrqHandler(process::granted(ALARM)).ack().expect("the capability is there");
            self.set();
        }
        due
    }

    /// Makes `waker` the one that is woken when the time has come.
    pub fn wake_when_due(&self, waker: &Waker) {
        match &mut *self.waker.borrow_mut() {
            Some(known) => known.clone_from(waker),
            unknown => *unknown = Some(waker.clone()),
        }
    }

    fn set(&self) {
        let now_ns = u64::from(read(TIME_LOW)) | u64::from(read(TIME_HIGH)) << 32;
        let alarm_ns = now_ns + PERIOD_US * 1000;
        write(ALARM_HIGH, (alarm_ns >> 32) as u32);
        write(ALARM_LOW, alarm_ns as u32);
        self.due.set(arch::time_ticks() + (PERIOD_US - MARGIN_US) * self.ticks_per_us);
    }
}

impl Source for Alarm {
    fn look(&self) -> bool {
        let due = self.is_due();
        if due && let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
        due
    }

    fn flush(&self) {}

    fn announce_asleep(&self) {}

    fn announce_awake(&self) {}
}

fn register(offset: usize) -> *mut u32 {
    core::ptr::with_exposed_provenance_mut(CLOCK as usize + offset)
}

fn read(offset: usize) -> u32 {
    // SAFETY: the root task maps the clock there before the process starts, and the clock does nothing to memory.
    unsafe { register(offset).read_volatile() }
}

fn write(offset: usize, value: u32) {
    // SAFETY: as in `read`.
    unsafe { register(offset).write_volatile(value) };
}
