//! The cost model as the harness uses it: presets people write, and the plugin that the emulator takes.

pub mod plugin;
pub mod preset;
