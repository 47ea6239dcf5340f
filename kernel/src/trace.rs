//! Tracepoints: with the feature `tracepoints`, markers where the stages of a system call begin ([`rel4_markers::Tracepoint`]); without it,
//! nothing at all.
//!
//! They stand where the stage changes for whoever reads the code. What the compiler moves across them is what it may move across code that
//! touches memory: nothing that loads or stores.

/// A stage of the system call begins: `tracepoint!(Lookup)`.
macro_rules! tracepoint {
    ($stage:ident) => {
        #[cfg(feature = "tracepoints")]
        rel4_markers::tracepoint::<{ rel4_markers::Tracepoint::$stage.index() }>();
    };
}

pub(crate) use tracepoint;
