//! Spaces of threads.

use rel4_abi::{CNodeCapData, CPtr, InvocationError};
use rel4_runtime::cap::{CNode, Spaces};

use crate::cspace;
use crate::env::Env;
use crate::expect::refused;
use crate::report::Outcome;
use crate::test::{Test, basic};

pub(super) const TESTS: &[Test] = &[
    basic("THREADS0004", "TCB_Configure needs the root of a CSpace", configure),
    basic("THREADS0005", "TCB_SetSpace needs the root of a CSpace", set_space),
];

const NOTHING: CNode = CNode(CPtr::NULL);

fn configure(env: &mut Env) -> Outcome {
    let helper = env.thread()?;
    let spaces = Spaces {
        fault_handler: CPtr::NULL,
        cspace: NOTHING,
        cspace_guard: CNodeCapData::default(),
        vspace: helper.vspace(),
        ipc_buffer_vaddr: helper.ipc_buffer_vaddr(),
        ipc_buffer: helper.ipc_buffer(),
    };
    check_eq!(helper.tcb().configure(&spaces), refused(InvocationError::IllegalOperation));
    check_eq!(helper.tcb().configure(&Spaces { cspace: cspace::CNODE, ..spaces }), Ok(()));
    Ok(())
}

fn set_space(env: &mut Env) -> Outcome {
    let helper = env.thread()?;
    let set = |cspace| helper.tcb().set_space(CPtr::NULL, cspace, CNodeCapData::default(), helper.vspace());
    check_eq!(set(NOTHING), refused(InvocationError::IllegalOperation));
    check_eq!(set(cspace::CNODE), Ok(()));
    Ok(())
}
