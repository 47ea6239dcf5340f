//! The commands, one module each. They speak to the user; the work is done in the modules they call.

pub mod build;
pub mod compare;
mod dry_run;
pub mod figures;
pub mod gate;
pub mod list;
pub mod parse;
pub mod report;
pub mod run;
pub mod validate;
