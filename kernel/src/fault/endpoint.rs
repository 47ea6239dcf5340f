//! The handler is an endpoint, named in the thread's own CSpace; the fault is a Call to it.

use core::cell::Cell;

use rel4_abi::CapRights;
use rel4_abi::lookup_failure::LookupFailure;

use super::{Fault, Phase};
use crate::cap::{Cap, lookup};
use crate::ipc::SendKind;
use crate::kernel::Kernel;
use crate::obj::Obj;
use crate::object::Tcb;
use crate::object::endpoint::Sender;

/// Who is told of a thread's faults: the address of a capability in the thread's own CSpace, looked up at each fault.
#[derive(Default, PartialEq, Eq)]
pub struct FaultHandler(Cell<u64>);

impl FaultHandler {
    /// Sets the capability address.
    pub fn set_address(&self, cptr: u64) {
        self.0.set(cptr);
    }
}

/// Why nobody could be told of a fault: the fault of looking the handler up.
pub(super) type Undelivered = Fault;

pub(super) fn deliver(k: &Kernel, thread: Obj<Tcb>, fault: Fault) -> Result<(), Undelivered> {
    let cptr = thread.fault_handler.0.get();
    let unusable = |failure| Fault::Cap { cptr, phase: Phase::Send, failure };
    let slot = lookup::slot_of_thread(thread, cptr).map_err(unusable)?;
    match slot.cap() {
        Cap::Endpoint(cap)
            if cap.rights.contains(CapRights::WRITE)
                && cap.rights.intersects(CapRights::GRANT.union(CapRights::GRANT_REPLY)) =>
        {
            thread.fault.set(Some(fault));
            cap.endpoint.send(k, Sender::through(thread, &cap), SendKind::Call);
            Ok(())
        }
        _ => Err(unusable(LookupFailure::MissingCapability { bits_left: 0 })),
    }
}
