//! The callbacks that QEMU makes while it runs the guest.

use std::ffi::c_void;

use super::api::{self, Block, PluginId};
use super::session::Session;
use crate::hart::Target;
use crate::models::Told;
use crate::options::Detail;
use crate::plan::{Accessed, Executed, Head, Instruction, Reported, Step, plan};

/// The address of `value`, as the data of a callback.
///
/// It is never freed: QEMU does not tell when it drops a block, and may run it until the end.
fn leak<T>(value: T) -> *mut c_void {
    let leaked: *mut T = Box::leak(Box::new(value));
    leaked.cast()
}

/// A block is translated: says what is called back when it runs.
///
/// # Safety
///
/// QEMU calls it with the block that it translates, after the session has started.
pub(super) unsafe extern "C" fn translate(_id: PluginId, block: *mut Block) {
    // SAFETY: the session has started, and is let go below.
    let session = unsafe { Session::of_callback() };
    session.check_thread();
    // SAFETY: `block` is valid during this callback, and so are its instructions.
    let handles: Vec<_> = unsafe {
        (0..api::qemu_plugin_tb_n_insns(block))
            .map(|index| api::qemu_plugin_tb_get_insn(block, index))
            .collect()
    };
    let instructions: Vec<_> = handles
        .iter()
        .map(|&handle| {
            // SAFETY: as above.
            let (address, host, word) = unsafe {
                let host = api::qemu_plugin_insn_haddr(handle);
                (api::qemu_plugin_insn_vaddr(handle), host as u64, api::instruction_word(handle))
            };
            Instruction { address, physical: session.physical(host, address), word }
        })
        .collect();
    let plan_under = |preset| plan(&instructions, preset, &session.options);
    let pricing = plan_under(&session.presets.pricing);
    let ordering = session.presets.ordering.as_ref().map(plan_under);
    let head = leak(Told { pricing: pricing.head, ordering: ordering.as_ref().map(|plan| plan.head) });
    // SAFETY: `block` is valid, and `head` lives for ever and is what `block_starts` expects.
    unsafe { api::qemu_plugin_register_vcpu_tb_exec_cb(block, block_starts, api::CB_NO_REGS, head) };
    for (place, (index, step)) in pricing.steps.into_iter().enumerate() {
        let handle = handles[index];
        // Prices change no step, so the other plan has the same one here.
        let other = ordering.as_ref().map(|plan| plan.steps[place].1);
        match (step, other) {
            (Step::Executed(pricing), other) => {
                let step = leak(Told { pricing, ordering: other.and_then(Step::executed) });
                // SAFETY: as for the block; `step` is what `instruction_executes` expects.
                unsafe {
                    api::qemu_plugin_register_vcpu_insn_exec_cb(
                        handle,
                        instruction_executes,
                        api::CB_NO_REGS,
                        step,
                    );
                }
            }
            (Step::Accessed(pricing), other) => {
                let callback: api::MemoryCallback = match (session.options.detail, pricing.reported) {
                    (Detail::Schedule, Reported::Once) => memory_succeeded,
                    (Detail::Schedule, Reported::AsLoadAndStore) => atomic_succeeded,
                    (Detail::Blocks | Detail::EveryInstruction, Reported::Once) => memory_accessed,
                    (Detail::Blocks | Detail::EveryInstruction, Reported::AsLoadAndStore) => atomic_accessed,
                };
                let step = leak(Told { pricing, ordering: other.and_then(Step::accessed) });
                // SAFETY: as for the block; `step` is what all four callbacks expect.
                unsafe {
                    api::qemu_plugin_register_vcpu_mem_cb(
                        handle,
                        callback,
                        api::CB_NO_REGS,
                        api::MEM_RW,
                        step,
                    );
                }
            }
        }
    }
}

/// A block starts.
///
/// # Safety
///
/// QEMU calls it with the data of its registration: a [`Told`] of [`Head`].
unsafe extern "C" fn block_starts(_vcpu: u32, data: *mut c_void) {
    // SAFETY: the session has started, and the data is a `Told<Head>` that is only read.
    let (session, head) = unsafe { (Session::of_callback(), &*data.cast_const().cast::<Told<Head>>()) };
    let slice = session.models().block(head);
    session.obey(slice);
}

/// An instruction is about to execute.
///
/// # Safety
///
/// QEMU calls it with the data of its registration: a [`Told`] of [`Executed`].
unsafe extern "C" fn instruction_executes(_vcpu: u32, data: *mut c_void) {
    // SAFETY: the session has started, and the data is a `Told<Executed>` that is only read.
    let (session, step) = unsafe { (Session::of_callback(), &*data.cast_const().cast::<Told<Executed>>()) };
    let slice = session.models().executed(step);
    session.obey(slice);
    if session.models.is_finished() {
        session.write_report();
    }
}

/// An access to memory has succeeded.
///
/// # Safety
///
/// QEMU calls it with the data of its registration: a [`Told`] of [`Accessed`].
unsafe extern "C" fn memory_accessed(_vcpu: u32, info: u32, address: u64, data: *mut c_void) {
    // SAFETY: the session has started, and the data is a `Told<Accessed>` that is only read.
    let (session, step) = unsafe { (Session::of_callback(), &*data.cast_const().cast::<Told<Accessed>>()) };
    let slice = session.models().accessed(step, address, || target(info, address));
    session.obey(slice);
}

/// The load or the store of an atomic operation has succeeded.
///
/// # Safety
///
/// QEMU calls it with the data of its registration: a [`Told`] of [`Accessed`].
unsafe extern "C" fn atomic_accessed(vcpu: u32, info: u32, address: u64, data: *mut c_void) {
    // SAFETY: `info` is the one of this access, and the rest is what this was called with.
    unsafe {
        if api::qemu_plugin_mem_is_store(info) {
            memory_accessed(vcpu, info, address, data);
        }
    }
}

/// An access to memory has succeeded, and it does not matter where it went.
///
/// # Safety
///
/// QEMU calls it with the data of its registration: a [`Told`] of [`Accessed`].
unsafe extern "C" fn memory_succeeded(_vcpu: u32, _info: u32, _address: u64, data: *mut c_void) {
    // SAFETY: the session has started, and the data is a `Told<Accessed>` that is only read.
    let (session, step) = unsafe { (Session::of_callback(), &*data.cast_const().cast::<Told<Accessed>>()) };
    session.models().succeeded(step);
}

/// The load or the store of an atomic operation has succeeded, and it does not matter where it went.
///
/// # Safety
///
/// QEMU calls it with the data of its registration: a [`Told`] of [`Accessed`].
unsafe extern "C" fn atomic_succeeded(vcpu: u32, info: u32, address: u64, data: *mut c_void) {
    // SAFETY: `info` is the one of this access, and the rest is what this was called with.
    unsafe {
        if api::qemu_plugin_mem_is_store(info) {
            memory_succeeded(vcpu, info, address, data);
        }
    }
}

/// Where the access that is being called back went.
fn target(info: u32, address: u64) -> Option<Target> {
    // SAFETY: `info` and `address` are those of the access that is being called back, for which QEMU answers, with a
    // pointer that is null or valid until the callback returns.
    unsafe {
        let hardware = api::qemu_plugin_get_hwaddr(info, address);
        if hardware.is_null() {
            return None;
        }
        let physical = api::qemu_plugin_hwaddr_phys_addr(hardware);
        let is_device = api::qemu_plugin_hwaddr_is_io(hardware);
        Some(if is_device { Target::Device(physical) } else { Target::Memory(physical) })
    }
}

/// The emulator ends.
///
/// # Safety
///
/// QEMU calls it once, when no hart runs any more.
pub(super) unsafe extern "C" fn exit(_id: PluginId, _data: *mut c_void) {
    // SAFETY: the session has started, and the thread of the other callbacks has stopped.
    unsafe { Session::of_callback() }.write_report();
}
