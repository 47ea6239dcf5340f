//! The clock of the machine, as a timer: QEMU's goldfish real-time clock, which has one alarm.

#![allow(unsafe_code, reason = "device registers")]

use rel4_abi::CapRights;
use rel4_runtime::address_space::{self, Access};
use rel4_runtime::cap::Notification;
use rel4_runtime::resources::{ResourceError, Resources};

use super::Env;
use crate::cspace;

/// Low half of the time, in nanoseconds. Reading it latches the high half.
const TIME_LOW: usize = 0x00;
const TIME_HIGH: usize = 0x04;
/// Low half of the alarm time. Writing it sets the alarm.
const ALARM_LOW: usize = 0x08;
const ALARM_HIGH: usize = 0x0c;
const IRQ_ENABLED: usize = 0x10;
const CLEAR_ALARM: usize = 0x14;
const CLEAR_INTERRUPT: usize = 0x1c;

/// The timer of a test. The test must need [`Need::Timer`](crate::test::Need::Timer).
#[derive(Clone, Copy, Debug)]
pub struct Timer {
    registers: *mut u32,
    notification: Notification,
}

impl Env {
    /// Makes the clock signal a new notification with `badge` whenever its alarm goes off.
    ///
    /// # Errors
    ///
    /// Those of making objects and mapping frames.
    pub fn timer_with_badge(&mut self, badge: u64) -> Result<Timer, ResourceError> {
        let original = self.notification()?;
        let notification = Notification(self.badged(original.0, badge)?);
        let frame = self.resources.copy_frame(cspace::DEVICE_FRAME, CapRights::READ_WRITE)?;
        let vaddr = self.resources.reserve_window(1);
        address_space::map(&mut self.resources, Resources::VSPACE, frame, vaddr, Access::Data)?;
        let timer = Timer { registers: vaddr as *mut u32, notification };
        // The test before may have left an alarm behind, or its interrupt.
        timer.write(CLEAR_ALARM, 1);
        timer.write(CLEAR_INTERRUPT, 1);
        timer.write(IRQ_ENABLED, 1);
        cspace::TIMER_IRQ.set_notification(notification)?;
        cspace::TIMER_IRQ.ack()?;
        Ok(timer)
    }

    /// The same with some badge.
    ///
    /// # Errors
    ///
    /// Those of [`Env::timer_with_badge`].
    pub fn timer(&mut self) -> Result<Timer, ResourceError> {
        self.timer_with_badge(1)
    }
}

impl Timer {
    /// What the alarm signals.
    #[must_use]
    pub const fn notification(self) -> Notification {
        self.notification
    }

    /// The time in nanoseconds.
    #[must_use]
    pub fn now_ns(self) -> u64 {
        let low = u64::from(self.read(TIME_LOW));
        u64::from(self.read(TIME_HIGH)) << 32 | low
    }

    /// Makes the alarm go off at `time_ns`; at once if that has passed.
    pub fn set_alarm(self, time_ns: u64) {
        self.write(ALARM_HIGH, (time_ns >> 32) as u32);
        self.write(ALARM_LOW, time_ns as u32);
    }

    /// Waits for the alarm, makes ready for the next one, and gives the badge of the signal.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn wait(self) -> Result<u64, ResourceError> {
        let badge = self.notification.wait();
        self.acknowledge()?;
        Ok(badge)
    }

    /// Makes ready for the next alarm after one that went off.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn acknowledge(self) -> Result<(), ResourceError> {
        self.write(CLEAR_INTERRUPT, 1);
        Ok(cspace::TIMER_IRQ.ack()?)
    }

    /// Blocks the calling thread for at least `duration_ns`.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn sleep(self, duration_ns: u64) -> Result<(), ResourceError> {
        self.set_alarm(self.now_ns() + duration_ns);
        self.wait().map(drop)
    }

    fn read(self, offset_bytes: usize) -> u32 {
        // SAFETY: the page with the registers is mapped as long as the test runs, and reading has no effect on memory.
        unsafe { self.registers.byte_add(offset_bytes).read_volatile() }
    }

    fn write(self, offset_bytes: usize, value: u32) {
        // SAFETY: as in `read`; the device does not write to memory.
        unsafe { self.registers.byte_add(offset_bytes).write_volatile(value) };
    }
}
