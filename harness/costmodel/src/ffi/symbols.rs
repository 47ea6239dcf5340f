//! What the plugin needs of QEMU beyond its plugin interface.
//!
//! The interface tells which hart a callback is about, but version 10.0 tells the wrong one when all harts share a
//! thread; and version 1 cannot end a slice. The executable exports what does both.

use std::ffi::{CStr, c_char, c_int, c_void};

/// A CPU of the emulator, by its address.
pub(super) type Cpu = *const c_void;

unsafe extern "C" {
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
}

/// A function or variable that this build of QEMU does not export.
#[derive(Debug, thiserror::Error)]
#[error("this QEMU does not export `{0}`: Debian's builds of 7.2 and 10.0 do, use one of them")]
pub(super) struct MissingSymbol(&'static str);

fn find(name: &'static CStr) -> Result<*mut c_void, MissingSymbol> {
    // glibc's RTLD_DEFAULT: the executable and what it loaded.
    let everywhere = std::ptr::null_mut();
    // SAFETY: `name` ends with a zero, and looking up has no other condition.
    let address = unsafe { dlsym(everywhere, name.as_ptr()) };
    if address.is_null() { Err(MissingSymbol(name.to_str().unwrap_or_default())) } else { Ok(address) }
}

/// The functions of the emulator.
pub(super) struct Symbols {
    get_cpu: unsafe extern "C" fn(c_int) -> Cpu,
    #[cfg(feature = "api-v1")]
    exit: unsafe extern "C" fn(Cpu),
    #[cfg(feature = "api-v4")]
    time_control: *const c_void,
}

impl Symbols {
    /// Looks for them.
    pub(super) fn find() -> Result<Self, MissingSymbol> {
        find(c"current_cpu")?;
        let get_cpu = find(c"qemu_get_cpu")?;
        Ok(Self {
            // SAFETY: `CPUState *qemu_get_cpu(int)` in every version.
            get_cpu: unsafe { std::mem::transmute::<*mut c_void, unsafe extern "C" fn(c_int) -> Cpu>(get_cpu) },
            #[cfg(feature = "api-v1")]
            // SAFETY: `void cpu_exit(CPUState *)` in version 7.2.
            exit: unsafe { std::mem::transmute::<*mut c_void, unsafe extern "C" fn(Cpu)>(find(c"cpu_exit")?) },
            #[cfg(feature = "api-v4")]
            // SAFETY: called while the plugin is installed, as the interface asks.
            time_control: unsafe { super::api::qemu_plugin_request_time_control() },
        })
    }

    /// The variable with the CPU that runs on this thread.
    pub(super) fn current_cpu() -> Result<*const Cpu, MissingSymbol> {
        Ok(find(c"current_cpu")?.cast_const().cast())
    }

    /// The CPU of `hart`.
    pub(super) fn cpu_of(&self, hart: usize) -> Cpu {
        // SAFETY: the machine has been made when the first block is translated, which is when this is asked.
        unsafe { (self.get_cpu)(c_int::try_from(hart).unwrap_or(c_int::MAX)) }
    }

    /// Makes the emulator leave the block that runs on `cpu`, and turn to the next hart.
    #[cfg(feature = "api-v1")]
    pub(super) fn end_slice(&self, cpu: Cpu) {
        // SAFETY: `cpu` is the one that runs on this thread.
        unsafe { (self.exit)(cpu) }
    }

    /// Makes the emulator leave the block that runs, and turn to the next hart: a request to move the time, though not
    /// by anything, is work for the outside of the CPU's loop.
    #[cfg(feature = "api-v4")]
    pub(super) fn end_slice(&self, _cpu: Cpu) {
        // SAFETY: the handle is the one that QEMU gave, and a CPU runs on this thread.
        unsafe { super::api::qemu_plugin_update_ns(self.time_control, 0) }
    }

    /// Whether another plugin took what this one needs.
    pub(super) fn is_usable(&self) -> bool {
        #[cfg(feature = "api-v4")]
        return !self.time_control.is_null();
        #[cfg(feature = "api-v1")]
        true
    }
}
