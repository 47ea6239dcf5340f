//! The entry point of the plugin.

use std::error::Error;
use std::ffi::{CStr, c_char, c_int};
use std::path::Path;
use std::{fs, ptr};

use super::api::{self, Info, PluginId};
use super::callbacks;
use super::session::Session;
use super::symbols::Symbols;
use crate::heartbeat::Heartbeat;
use crate::models::{Models, Told};
use crate::options::{Options, Order};
use crate::preset::Preset;

/// Called by QEMU when it has loaded the plugin; 0 if it is ready.
///
/// # Safety
///
/// `info` is valid, and `argv` has `argc` strings.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn qemu_plugin_install(
    id: PluginId,
    info: *const Info,
    argc: c_int,
    argv: *const *const c_char,
) -> c_int {
    let count = usize::try_from(argc).unwrap_or(0);
    // SAFETY: what the caller promises of `info` and `argv`.
    let (info, arguments) = unsafe {
        let arguments =
            (0..count).map(|index| CStr::from_ptr(*argv.add(index)).to_string_lossy().into_owned());
        (&*info, arguments.collect::<Vec<_>>())
    };
    match session(info, &arguments) {
        Ok(session) => {
            session.start();
            // SAFETY: the session that the callbacks need has started, and they have the types that QEMU expects.
            unsafe {
                api::qemu_plugin_register_vcpu_tb_trans_cb(id, callbacks::translate);
                api::qemu_plugin_register_atexit_cb(id, callbacks::exit, ptr::null_mut());
            }
            0
        }
        Err(error) => {
            eprintln!("rel4-costmodel: {error}");
            1
        }
    }
}

fn session(info: &Info, arguments: &[String]) -> Result<Session, Box<dyn Error>> {
    // SAFETY: QEMU names its target with a string that it keeps.
    let target = unsafe { CStr::from_ptr(info.target_name) };
    if target != c"riscv64" || !info.system_emulation {
        return Err("expected qemu-system-riscv64".into());
    }
    let options = Options::parse(arguments.iter().map(String::as_str))?;
    let preset = options.preset.as_deref().map_or_else(|| Ok(Preset::unit()), preset_in)?;
    let harts = usize::try_from(info.smp_vcpus)?;
    // A second model is needed only where it could say something else.
    let order_preset = match (&options.order_preset, options.order) {
        (Some(_), Order::Instructions) => return Err("order_preset is for order=cycles".into()),
        (Some(path), Order::Cycles) => {
            Some(preset_in(path)?).filter(|order_preset| harts > 1 && !order_preset.has_prices_of(&preset))
        }
        (None, _) => None,
    };
    let symbols = Symbols::find()?;
    if !symbols.is_usable() {
        return Err("another plugin controls the time already".into());
    }
    let heartbeat = match &options.heartbeat {
        None => None,
        Some(path) => Some(Heartbeat::new(path).map_err(|error| format!("{}: {error}", path.display()))?),
    };
    let models = Models::new(harts, &preset, order_preset.as_ref(), &options);
    let presets = Told { pricing: preset, ordering: order_preset };
    Ok(Session::new(models, options, presets, heartbeat, symbols, harts))
}

/// The preset in the file at `path`.
fn preset_in(path: &Path) -> Result<Preset, Box<dyn Error>> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Preset::from_canonical(&text).map_err(|error| format!("{}: {error}", path.display()))?)
}
