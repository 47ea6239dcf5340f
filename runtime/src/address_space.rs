//! Mapping frames, with the page tables that it takes.

use rel4_abi::object::PAGE_BITS;
use rel4_abi::vm::{MIDDLE_LEVEL_BITS, ROOT_LEVEL_BITS};
use rel4_abi::{CPtr, CapRights, InvocationError, LookupFailure, ObjectType, SlotRegion, VmAttributes};

use crate::cap::{Frame, PageTable, VSpace};
use crate::error::Error;
use crate::resources::{ResourceError, Resources};

/// What a mapping allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read and execute.
    Code,
    /// Read.
    Constants,
    /// Read and write.
    Data,
}

impl Access {
    /// The rights that the kernel is asked for.
    #[must_use]
    pub const fn rights(self) -> CapRights {
        match self {
            Self::Code | Self::Constants => CapRights::READ,
            Self::Data => CapRights::READ_WRITE,
        }
    }

    const fn attributes(self) -> VmAttributes {
        match self {
            Self::Code => VmAttributes::EXECUTABLE,
            Self::Constants | Self::Data => VmAttributes::EXECUTE_NEVER,
        }
    }
}

/// Maps `frame` at `vaddr` in `vspace`, and makes the page tables that are missing on the way there.
///
/// # Errors
///
/// Those of making a page table, and the kernel's.
pub fn map(
    resources: &mut Resources,
    vspace: VSpace,
    frame: Frame,
    vaddr: u64,
    access: Access,
) -> Result<(), ResourceError> {
    loop {
        match frame.map(vspace, vaddr, access.rights(), access.attributes()) {
            Err(error) if misses_page_table(error) => {
                let table = PageTable(resources.make(ObjectType::PageTable, 0)?);
                table.map(vspace, vaddr)?;
            }
            outcome => return Ok(outcome?),
        }
    }
}

/// Maps the 4 KiB frames in `frames`, in order, from `vaddr` on.
///
/// # Errors
///
/// Those of [`map`].
pub fn map_range(
    resources: &mut Resources,
    vspace: VSpace,
    frames: SlotRegion,
    vaddr: u64,
    access: Access,
) -> Result<(), ResourceError> {
    for (slot, vaddr) in (frames.start..frames.end).zip((vaddr..).step_by(1 << PAGE_BITS)) {
        map(resources, vspace, Frame(CPtr(slot)), vaddr, access)?;
    }
    Ok(())
}

/// Whether a page table is missing. Any other level in the answer means that something else is mapped there, which
/// no table would cure.
fn misses_page_table(error: Error) -> bool {
    const ROOT: u64 = ROOT_LEVEL_BITS as u64;
    const MIDDLE: u64 = MIDDLE_LEVEL_BITS as u64;
    matches!(
        error,
        Error::Refused(InvocationError::FailedLookup {
            failure: LookupFailure::MissingCapability { bits_left: ROOT | MIDDLE },
            ..
        })
    )
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::VecDeque;
    use std::rc::Rc;
    use std::vec::Vec;

    use rel4_abi::{BootInfo, Invocation, LookupSide};

    use super::*;
    use crate::arch::scripted;
    use crate::untyped::testing::boot_info;

    fn resources() -> Resources {
        let info =
            BootInfo { empty: SlotRegion { start: 200, end: 300 }, ..boot_info(&[(0x8000_0000, 16, 0)]) };
        Resources::from_boot_info(&info)
    }

    fn missing(bits_left: u64) -> InvocationError {
        let failure = LookupFailure::MissingCapability { bits_left };
        InvocationError::FailedLookup { side: LookupSide::Target, failure }
    }

    /// A kernel where `answers` are what Page_Map gets, in order, before it succeeds; gives the log of invocations.
    fn kernel(answers: &[InvocationError]) -> Rc<RefCell<Vec<Invocation>>> {
        let log = Rc::new(RefCell::new(Vec::new()));
        let kernel_log = Rc::clone(&log);
        let mut answers: VecDeque<_> = answers.iter().copied().collect();
        scripted::install(move |request| {
            let invocation = request.invocation.expect("a known label");
            kernel_log.borrow_mut().push(invocation);
            match invocation {
                Invocation::RiscvPageMap => answers.pop_front().map_or(Ok(Vec::new()), Err),
                _ => Ok(Vec::new()),
            }
        });
        log
    }

    fn map_one() -> Result<(), ResourceError> {
        map(&mut resources(), VSpace(CPtr(3)), Frame(CPtr(8)), 0x4000_0000, Access::Data)
    }

    #[test]
    fn both_missing_levels_get_a_page_table() {
        let log = kernel(&[missing(30), missing(21)]);
        assert_eq!(map_one(), Ok(()));
        let table = [Invocation::UntypedRetype, Invocation::RiscvPageTableMap, Invocation::RiscvPageMap];
        assert_eq!(log.take(), [&[Invocation::RiscvPageMap][..], &table, &table].concat());
    }

    #[test]
    fn what_no_page_table_cures_is_reported() {
        for error in [missing(12), InvocationError::DeleteFirst] {
            let log = kernel(&[error]);
            assert_eq!(map_one(), Err(ResourceError::Kernel(Error::Refused(error))));
            assert_eq!(log.take(), [Invocation::RiscvPageMap]);
        }
    }

    #[test]
    fn memory_that_runs_out_ends_a_kernel_that_never_finds_the_table() {
        kernel(&[missing(21); 100]);
        assert_eq!(map_one(), Err(ResourceError::OutOfMemory { size_bits: 12 }));
    }
}
