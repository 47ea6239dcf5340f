//! Authority over scheduling domains.

use rel4_abi::{CPtr, Invocation};

use super::invoke::invoke;
use super::tcb::Tcb;
use crate::error::Error;

/// A capability to put threads into domains and to change the domain schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DomainControl(pub CPtr);

impl DomainControl {
    /// Puts `thread` into `domain`.
    ///
    /// # Errors
    ///
    /// The kernel's: `InvalidArgument` if there is no such domain.
    pub fn set(self, domain: u64, thread: Tcb) -> Result<(), Error> {
        invoke(self.0, Invocation::DomainSetSet, &[thread.0], &[domain]).map(drop)
    }

    /// Makes entry `index` of the schedule give `domain` the processor for `duration_ticks`; 0 of both is the end of
    /// the schedule.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn configure_schedule(self, index: u64, domain: u64, duration_ticks: u64) -> Result<(), Error> {
        let words = [index, domain, duration_ticks];
        invoke(self.0, Invocation::DomainScheduleConfigure, &[], &words).map(drop)
    }

    /// Makes the schedule start with entry `index`, now and whenever it reaches its end.
    ///
    /// # Errors
    ///
    /// The kernel's: `InvalidArgument` if that entry is an end.
    pub fn set_schedule_start(self, index: u64) -> Result<(), Error> {
        invoke(self.0, Invocation::DomainScheduleSetStart, &[], &[index]).map(drop)
    }
}
