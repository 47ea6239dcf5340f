//! [`Supervisor`]: where the creator of processes hears of them.

use core::sync::atomic::{AtomicU64, Ordering};

use rel4_abi::{CPtr, CapRights, FaultRecord, InvocationError, ObjectType};

use super::report::{Report, ReportError};
use super::{Grant, SUPERVISOR};
use crate::cap::{Endpoint, Frame, Notification, Tcb};
use crate::error::Error;
use crate::resources::{ResourceError, Resources};
use crate::shared::SharedMemory;

/// Where the creator of processes hears of them: an endpoint, or, on a kernel that has none, records of faults and a notification.
///
/// There a process reports by a fault too, a system call that no kernel has. So the kernel vouches for who reports, and nothing has to be
/// shared with the process for it.
#[derive(Clone, Copy, Debug)]
pub struct Supervisor(Kind);

#[derive(Clone, Copy, Debug)]
enum Kind {
    Endpoint(Endpoint),
    Records(Records),
}

/// A page of fault records, one for each badge, and the notification that says that one is new.
#[derive(Clone, Copy, Debug)]
struct Records {
    notification: Notification,
    frame: Frame,
    words: &'static [AtomicU64],
}

impl Supervisor {
    /// Badges of processes are below this.
    pub const BADGES: u64 = 32;
    const WORDS: usize = Self::BADGES as usize * FaultRecord::WORDS;

    /// Makes one, of the kind that the kernel has.
    ///
    /// # Errors
    ///
    /// Those of making objects.
    pub fn new(resources: &mut Resources) -> Result<Self, ResourceError> {
        match resources.make(ObjectType::Endpoint, 0) {
            Ok(endpoint) => Ok(Self(Kind::Endpoint(Endpoint(endpoint)))),
            // It knows no such type of object.
            Err(ResourceError::Kernel(Error::Refused(InvocationError::InvalidArgument { index: 0 }))) => {
                let memory = SharedMemory::new(resources, Self::WORDS)?;
                let frame = Frame(memory.frame(0).ok_or(ResourceError::OutOfSlots)?);
                let notification = Notification(resources.make(ObjectType::Notification, 0)?);
                Ok(Self(Kind::Records(Records { notification, frame, words: memory.words() })))
            }
            Err(error) => Err(error),
        }
    }

    /// What a process with this badge gets a copy of, at [`SUPERVISOR`].
    pub(super) fn grant(self, badge: u64) -> Option<(CPtr, Grant)> {
        match self.0 {
            // A fault is a call, which needs the right to hand over a reply capability.
            Kind::Endpoint(endpoint) => {
                let rights = CapRights::WRITE.union(CapRights::GRANT_REPLY);
                Some((SUPERVISOR, Grant { source: endpoint.0, rights, badge }))
            }
            Kind::Records(_) => None,
        }
    }

    /// Has the faults of a process's thread told here, where that is not a matter of its configuration.
    pub(super) fn watch(self, thread: Tcb, badge: u64) -> Result<(), Error> {
        match self.0 {
            Kind::Endpoint(_) => Ok(()),
            Kind::Records(Records { notification, frame, .. }) => {
                thread.set_fault_handler(notification, frame, badge, badge)
            }
        }
    }

    /// Waits for the next report, and tells the badge of the process it is from.
    ///
    /// # Errors
    ///
    /// [`ReportError`] if the message makes no sense.
    pub fn receive(self) -> (u64, Result<Report, ReportError>) {
        match self.0 {
            Kind::Endpoint(endpoint) => Report::receive(endpoint),
            Kind::Records(records) => loop {
                if let Some(record) = records.take() {
                    return (record.thread, Report::of_record(&record));
                }
                // Which record is new the records say.
                let _ = records.notification.wait();
            },
        }
    }
}

impl Records {
    /// Takes a record that is new: its sequence number is not 0, to which it is set.
    fn take(&self) -> Option<FaultRecord> {
        let new = |record: &&[AtomicU64]| record[0].swap(0, Ordering::Acquire) != 0;
        let record = self.words.chunks_exact(FaultRecord::WORDS).find(new)?;
        Some(FaultRecord::from_words(core::array::from_fn(|index| record[index].load(Ordering::Relaxed))))
    }
}
