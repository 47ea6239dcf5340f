//! QEMU's plugin interface, declared by hand: the few functions that are used, in the versions 1 and 4.
//!
//! The source is `include/qemu/qemu-plugin.h` of QEMU 7.2 and 10.0. Names and types are the interface's own.

use std::ffi::{c_char, c_int, c_void};

#[cfg(all(feature = "api-v1", feature = "api-v4"))]
compile_error!("a plugin has one version of the interface: build with either `api-v1` or `api-v4`");

/// The version of the interface that this plugin was built for; QEMU refuses the others by name.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals, reason = "QEMU looks for this name")]
pub(super) static qemu_plugin_version: c_int = if cfg!(feature = "api-v1") { 1 } else { 4 };

/// Which plugin of the process this is.
pub(super) type PluginId = u64;

/// `qemu_info_t`. The two versions agree in it.
#[repr(C)]
pub(super) struct Info {
    pub(super) target_name: *const c_char,
    pub(super) version_min: c_int,
    pub(super) version_cur: c_int,
    pub(super) system_emulation: bool,
    pub(super) smp_vcpus: c_int,
    pub(super) max_vcpus: c_int,
}

/// A block under translation: valid during the callback.
pub(super) enum Block {}
/// An instruction of such a block: valid during the callback.
pub(super) enum Instruction {}
/// Where an access went: valid during the callback.
pub(super) enum HardwareAddress {}

/// The callbacks read no registers.
pub(super) const CB_NO_REGS: c_int = 0;
/// Both loads and stores: version 7.2 loses loads when it is asked for loads alone.
pub(super) const MEM_RW: c_int = 3;

pub(super) type TranslationCallback = unsafe extern "C" fn(PluginId, *mut Block);
pub(super) type ExecutionCallback = unsafe extern "C" fn(u32, *mut c_void);
pub(super) type MemoryCallback = unsafe extern "C" fn(u32, u32, u64, *mut c_void);
pub(super) type ExitCallback = unsafe extern "C" fn(PluginId, *mut c_void);

unsafe extern "C" {
    pub(super) fn qemu_plugin_register_vcpu_tb_trans_cb(id: PluginId, callback: TranslationCallback);
    pub(super) fn qemu_plugin_register_atexit_cb(id: PluginId, callback: ExitCallback, data: *mut c_void);
    pub(super) fn qemu_plugin_register_vcpu_tb_exec_cb(
        block: *mut Block,
        callback: ExecutionCallback,
        flags: c_int,
        data: *mut c_void,
    );
    pub(super) fn qemu_plugin_register_vcpu_insn_exec_cb(
        instruction: *mut Instruction,
        callback: ExecutionCallback,
        flags: c_int,
        data: *mut c_void,
    );
    pub(super) fn qemu_plugin_register_vcpu_mem_cb(
        instruction: *mut Instruction,
        callback: MemoryCallback,
        flags: c_int,
        rw: c_int,
        data: *mut c_void,
    );
    pub(super) fn qemu_plugin_tb_n_insns(block: *const Block) -> usize;
    pub(super) fn qemu_plugin_tb_get_insn(block: *const Block, index: usize) -> *mut Instruction;
    pub(super) fn qemu_plugin_insn_size(instruction: *const Instruction) -> usize;
    pub(super) fn qemu_plugin_insn_vaddr(instruction: *const Instruction) -> u64;
    pub(super) fn qemu_plugin_insn_haddr(instruction: *const Instruction) -> *const c_void;
    pub(super) fn qemu_plugin_mem_is_store(info: u32) -> bool;
    pub(super) fn qemu_plugin_get_hwaddr(info: u32, address: u64) -> *const HardwareAddress;
    pub(super) fn qemu_plugin_hwaddr_is_io(address: *const HardwareAddress) -> bool;
    pub(super) fn qemu_plugin_hwaddr_phys_addr(address: *const HardwareAddress) -> u64;
}

#[cfg(feature = "api-v1")]
unsafe extern "C" {
    fn qemu_plugin_insn_data(instruction: *const Instruction) -> *const c_void;
}

#[cfg(feature = "api-v4")]
unsafe extern "C" {
    fn qemu_plugin_insn_data(instruction: *const Instruction, to: *mut c_void, length: usize) -> usize;
    pub(super) fn qemu_plugin_request_time_control() -> *const c_void;
    pub(super) fn qemu_plugin_update_ns(control: *const c_void, nanoseconds: i64);
}

/// The first bytes of `instruction`, at most four; missing ones are 0.
///
/// # Safety
///
/// `instruction` belongs to the block that is being translated.
pub(super) unsafe fn instruction_word(instruction: *const Instruction) -> u32 {
    let mut bytes = [0; 4];
    // SAFETY: the caller's instruction is valid.
    let size = unsafe { qemu_plugin_insn_size(instruction) }.min(bytes.len());
    #[cfg(feature = "api-v1")]
    // SAFETY: QEMU keeps the `size` bytes of the instruction, and `bytes` has room for them.
    unsafe {
        let data = qemu_plugin_insn_data(instruction).cast::<u8>();
        data.copy_to_nonoverlapping(bytes.as_mut_ptr(), size);
    }
    #[cfg(feature = "api-v4")]
    // SAFETY: `bytes` has room for `size` bytes.
    unsafe {
        qemu_plugin_insn_data(instruction, bytes.as_mut_ptr().cast(), size);
    }
    u32::from_le_bytes(bytes)
}
