//! Tracepoints: with the feature `tracepoints`, markers where the stages of a call begin ([`rel4_markers::Tracepoint`]); without it,
//! nothing at all.

/// A stage of the call begins: `tracepoint!(Issue)`.
macro_rules! tracepoint {
    ($stage:ident) => {
        #[cfg(feature = "tracepoints")]
        rel4_markers::tracepoint::<{ rel4_markers::Tracepoint::$stage.index() }>();
    };
}

pub(crate) use tracepoint;
