//! Frames: as IPC buffers, as memory, and as code.

use rel4_abi::fault::FaultStatus;
use rel4_abi::object::{GIGA_PAGE_BITS, MEGA_PAGE_BITS, PAGE_BITS};
use rel4_abi::{CNodeCapData, CPtr, CapRights, FaultMessage, InvocationError, ObjectType, VmAttributes};
use rel4_runtime::address_space::{self, Access};
use rel4_runtime::cap::{Endpoint, Frame, Spaces};
use rel4_runtime::resources::{ResourceError, Resources};

use super::faults;
use crate::arch::{self, Faulting};
use crate::cspace;
use crate::env::{Env, Window};
use crate::expect::refused;
use crate::message;
use crate::report::Outcome;
use crate::test::{Need, Test, basic};

/// The clock's registers are the device memory that tests have.
pub(super) const TESTS: &[Test] = &[
    basic("FRAMEDIPC0001", "TCB_Configure takes no device memory as IPC buffer", configure_device_buffer)
        .needing(Need::Timer),
    basic("FRAMEDIPC0002", "TCB_SetIPCBuffer takes no device memory", set_device_buffer).needing(Need::Timer),
    basic("FRAMEDIPC0003", "deleting a capability to a frame removes its mapping", deleted_mapping),
    basic("FRAMEEXPORTS0001", "frames of all sizes are zeroed, writable and can be mapped again", all_frames),
    basic("FRAMEXN0001", "code in a 4 KiB frame runs unless it is mapped execute-never", |env| {
        execute_never(env, ObjectType::Page, PAGE_BITS)
    }),
    basic("FRAMEXN0002", "code in a 2 MiB frame runs unless it is mapped execute-never", |env| {
        execute_never(env, ObjectType::MegaPage, MEGA_PAGE_BITS)
    }),
];

fn configure_device_buffer(env: &mut Env) -> Outcome {
    let helper = env.thread()?;
    let device = Frame(env.copy(cspace::DEVICE_FRAME.0)?);
    let spaces = Spaces {
        fault_handler: CPtr::NULL,
        cspace: helper.cspace(),
        cspace_guard: CNodeCapData::default(),
        vspace: helper.vspace(),
        ipc_buffer_vaddr: helper.ipc_buffer_vaddr(),
        ipc_buffer: device,
    };
    check_eq!(helper.tcb().configure(&spaces), refused(InvocationError::IllegalOperation));
    let ram = Spaces { ipc_buffer: helper.ipc_buffer(), ..spaces };
    check_eq!(helper.tcb().configure(&ram), Ok(()));
    Ok(())
}

fn set_device_buffer(env: &mut Env) -> Outcome {
    /// Longer than what goes through registers.
    const LENGTH: usize = 20;
    fn send_twice([endpoint, ..]: [u64; 4]) -> Outcome<u64> {
        for label in [1, 2] {
            let (info, registers) = message::prepare(label, LENGTH, |index| label << 32 | index as u64);
            rel4_runtime::arch::send(CPtr(endpoint), info, registers);
        }
        Ok(0)
    }
    fn check_arrives(endpoint: Endpoint, label: u64) -> Outcome {
        let received = endpoint.recv();
        require_eq!([received.info.label(), received.info.length() as u64], [label, LENGTH as u64]);
        for index in 0..LENGTH {
            check_eq!(message::word(&received, index), label << 32 | index as u64);
        }
        Ok(())
    }
    let endpoint = env.endpoint()?;
    let helper = env.thread()?;
    let device = Frame(env.copy(cspace::DEVICE_FRAME.0)?);
    helper.start(send_twice, [endpoint.0.word(), 0, 0, 0])?;
    check_arrives(endpoint, 1)?;
    let vaddr = helper.ipc_buffer_vaddr();
    check_eq!(helper.tcb().set_ipc_buffer(vaddr, device), refused(InvocationError::IllegalOperation));
    check_arrives(endpoint, 2)?;
    helper.join()?;
    Ok(())
}

fn deleted_mapping(env: &mut Env) -> Outcome {
    const WORD: u32 = 0xfeed;
    let (handler, frame) = (env.endpoint()?, env.frame()?);
    let window = env.window(PAGE_BITS);
    let copy = env.resources.copy_frame(frame, CapRights::READ_WRITE)?;
    address_space::map(&mut env.resources, Resources::VSPACE, copy, window.vaddr(), Access::Data)?;
    window.write(0, WORD);
    require_eq!(window.read(0), WORD);
    cspace::slot(copy.0).delete()?;

    let helper = env.thread()?;
    helper.set_fault_handler(handler.0)?;
    helper.start(run_faulting, [Faulting::Store as u64, window.vaddr(), 0, 0])?;
    let expected = FaultMessage::VmFault {
        pc: arch::site(Faulting::Store, window.vaddr()).at,
        address: window.vaddr(),
        prefetch: 0,
        status: FaultStatus::Store as u64,
    };
    check_eq!(message::fault(&handler.recv()), Some(expected));
    // The other capability to the frame still is one.
    address_space::map(&mut env.resources, Resources::VSPACE, frame, window.vaddr(), Access::Data)?;
    check_eq!(window.read(0), WORD);
    Ok(())
}

fn run_faulting([faulting, operand, value, _]: [u64; 4]) -> Outcome<u64> {
    let faulting = faults::decode(faulting)?;
    Ok(arch::execute(faulting, operand, value))
}

/// Takes all memory in frames, the largest first.
fn all_frames(env: &mut Env) -> Outcome {
    let window = env.window(GIGA_PAGE_BITS);
    let sizes = [
        (ObjectType::GigaPage, GIGA_PAGE_BITS),
        (ObjectType::MegaPage, MEGA_PAGE_BITS),
        (ObjectType::Page, PAGE_BITS),
    ];
    for (object, size_bits) in sizes {
        let mut count = 0;
        loop {
            match env.resources.make(object, 0) {
                Ok(frame) => check_memory(env, Frame(frame), window, size_bits)?,
                Err(ResourceError::OutOfMemory { .. }) => break,
                Err(error) => return Err(error.into()),
            }
            count += 1;
        }
        check!(count > 0);
    }
    Ok(())
}

/// Checks some words of a new frame, and that they survive its being mapped once more at the same address.
fn check_memory(env: &mut Env, frame: Frame, window: Window, size_bits: u32) -> Outcome {
    const SAMPLES: u64 = 16;
    let step = (1 << size_bits) / SAMPLES;
    let samples = || (0..SAMPLES).map(|index| (index * step, index as u32 + 1));
    let mut map =
        || address_space::map(&mut env.resources, Resources::VSPACE, frame, window.vaddr(), Access::Data);
    map()?;
    for (offset, word) in samples() {
        require_eq!(window.read(offset), 0);
        window.write(offset, word);
        require_eq!(window.read(offset), word);
    }
    map()?;
    for (offset, word) in samples() {
        require_eq!(window.read(offset), word);
    }
    frame.unmap()?;
    Ok(())
}

fn execute_never(env: &mut Env, object: ObjectType, size_bits: u32) -> Outcome {
    /// `ret`.
    const RETURN: u32 = 0x0000_8067;
    const VALUE: u64 = 0x5eed;
    const VSPACE: rel4_runtime::cap::VSpace = Resources::VSPACE;
    let handler = env.endpoint()?;
    let frame = Frame(env.resources.make(object, 0)?);
    let window = env.window(size_bits);
    let last_word = (1 << size_bits) - 4;
    address_space::map(&mut env.resources, VSPACE, frame, window.vaddr(), Access::Data)?;
    for offset in [0, last_word] {
        window.write(offset, RETURN);
        let target = window.vaddr() + offset;
        let map = |attributes| frame.map(VSPACE, window.vaddr(), CapRights::READ_WRITE, attributes);
        let helper = env.thread()?;
        let jump = [Faulting::Fetch as u64, target, VALUE, 0];

        map(VmAttributes::EXECUTABLE)?;
        helper.start(run_faulting, jump)?;
        check_eq!(helper.join()?, VALUE);

        map(VmAttributes::EXECUTE_NEVER)?;
        helper.set_fault_handler(handler.0)?;
        helper.start(run_faulting, jump)?;
        let status = FaultStatus::Instruction as u64;
        let expected = FaultMessage::VmFault { pc: target, address: target, prefetch: 1, status };
        check_eq!(message::fault(&handler.recv()), Some(expected));
    }
    Ok(())
}
