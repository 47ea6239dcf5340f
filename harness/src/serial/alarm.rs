//! Lines by which kernel and loader say that they cannot go on.

use super::text::{find, quote};

/// What gave up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alarm {
    /// The kernel panicked.
    KernelPanic,
    /// The loader panicked.
    LoaderPanic,
    /// A thread faulted and nobody handles its faults.
    UnhandledFault,
}

impl Alarm {
    const ALL: [Self; 3] = [Self::KernelPanic, Self::LoaderPanic, Self::UnhandledFault];

    /// What the line contains.
    fn marker(self) -> &'static str {
        match self {
            Self::KernelPanic => "@kernel-panic",
            Self::LoaderPanic => "@loader-panic",
            Self::UnhandledFault => "@unhandled-fault",
        }
    }

    /// The alarm in `line` and its message, wherever it stands.
    pub(super) fn find_in(line: &[u8]) -> Option<(Self, String)> {
        Self::ALL.into_iter().find_map(|alarm| {
            let marker = alarm.marker().as_bytes();
            let start = find(line, marker)?;
            Some((alarm, quote(&line[start + marker.len()..])))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_is_found_in_the_middle_of_a_line() {
        assert_eq!(
            Alarm::find_in(b"@rel4 samples run=1 seq=4@kernel-panic hart=0 src/x.rs:12: no\r"),
            Some((Alarm::KernelPanic, "hart=0 src/x.rs:12: no".to_owned()))
        );
        assert_eq!(Alarm::find_in(b"kernel-panic"), None);
    }
}
