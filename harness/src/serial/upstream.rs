//! The lines that upstream seL4's test driver prints.
//!
//! Tests may print without a line feed before them, so no pattern is anchored at the start of a line.

use super::text::{find, quote};

/// A line of the driver that says something about the suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum UpstreamLine {
    /// The suite starts.
    SuiteStart,
    /// A test starts.
    TestStart {
        /// Its number in this build of the suite.
        number: u64,
        /// Its name.
        name: String,
    },
    /// A test says how it went.
    TestEnd {
        /// Its name.
        name: String,
        /// Whether it passed.
        passed: bool,
    },
    /// A check did not hold, or the suite gave up.
    CheckFailed(String),
    /// The suite's sum.
    Summary {
        /// Tests that passed.
        passed: u64,
        /// Tests that ran.
        ran: u64,
        /// Tests compiled out, where the driver says so.
        disabled: Option<u64>,
    },
    /// The driver's last word.
    LastWord {
        /// Whether it is the one that stands for success.
        all_is_well: bool,
    },
}

impl UpstreamLine {
    /// What `line` says, if it is one of the driver's.
    pub(super) fn recognise(line: &[u8]) -> Option<Self> {
        // Cheap refusal of the bulk of a log before any text is made of it.
        if !line.iter().any(u8::is_ascii_alphabetic) {
            return None;
        }
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end();
        test_start(text)
            .or_else(|| summary(text))
            .or_else(|| test_end(text))
            .or_else(|| last_word(text))
            .or_else(|| check_failed(line))
            .or_else(|| text.contains("Starting test suite sel4test").then_some(Self::SuiteStart))
    }
}

/// `Starting test <N>: <NAME>`
fn test_start(text: &str) -> Option<UpstreamLine> {
    let (_, rest) = text.split_once("Starting test ")?;
    let (number, name) = rest.split_once(": ")?;
    Some(UpstreamLine::TestStart { number: number.parse().ok()?, name: quote(name.as_bytes()) })
}

/// `Test <NAME> passed` or `Test <NAME> failed`
fn test_end(text: &str) -> Option<UpstreamLine> {
    let (start, outcome) = text.rsplit_once(' ')?;
    let passed = match outcome {
        "passed" => true,
        "failed" => false,
        _ => return None,
    };
    let (start, name) = start.rsplit_once(' ')?;
    (start == "Test" || start.ends_with(" Test") || start.ends_with("\tTest"))
        .then(|| UpstreamLine::TestEnd { name: quote(name.as_bytes()), passed })
}

/// `Test suite passed. <n> tests passed. <k> tests disabled.` or `Test suite failed. <p>/<n> tests passed.`
fn summary(text: &str) -> Option<UpstreamLine> {
    if let Some((_, rest)) = text.split_once("Test suite passed. ") {
        let (passed, rest) = rest.split_once(" tests passed.")?;
        let passed = passed.parse().ok()?;
        let disabled = rest.trim().strip_suffix(" tests disabled.").and_then(|count| count.parse().ok());
        return Some(UpstreamLine::Summary { passed, ran: passed, disabled });
    }
    let (_, rest) = text.split_once("Test suite failed. ")?;
    let (passed, ran) = rest.split_once(" tests passed.")?.0.split_once('/')?;
    Some(UpstreamLine::Summary { passed: passed.parse().ok()?, ran: ran.parse().ok()?, disabled: None })
}

fn last_word(text: &str) -> Option<UpstreamLine> {
    if text.contains("All is well in the universe") {
        return Some(UpstreamLine::LastWord { all_is_well: true });
    }
    ["*** FAILURES DETECTED ***", "*** ALL tests not run ***"]
        .iter()
        .any(|word| text.contains(word))
        .then_some(UpstreamLine::LastWord { all_is_well: false })
}

/// `Error: <cond> at line <n> of file <path>`, the same with `Failure:`, or `Halting on fatal assertion...`
fn check_failed(line: &[u8]) -> Option<UpstreamLine> {
    let start = find(line, b"Error: ").or_else(|| find(line, b"Failure: "));
    let start = start.filter(|_| find(line, b" at line ").is_some() && find(line, b" of file ").is_some());
    let start = start.or_else(|| find(line, b"Halting on fatal assertion"))?;
    Some(UpstreamLine::CheckFailed(quote(&line[start..])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recognise(line: &str) -> Option<UpstreamLine> {
        UpstreamLine::recognise(line.as_bytes())
    }

    #[test]
    fn a_test_start_is_found_behind_what_the_last_test_printed() {
        let found = recognise("          Starting test 8: SYSCALL0010");
        assert_eq!(found, Some(UpstreamLine::TestStart { number: 8, name: "SYSCALL0010".into() }));
    }

    #[test]
    fn the_pseudo_tests_are_no_outcomes() {
        let found = recognise("Starting test 117: Test all tests ran");
        assert_eq!(found, Some(UpstreamLine::TestStart { number: 117, name: "Test all tests ran".into() }));
        assert_eq!(recognise("Test all tests have passed"), None);
    }

    #[test]
    fn outcomes_name_their_test() {
        let end = |name: &str, passed| Some(UpstreamLine::TestEnd { name: name.into(), passed });
        assert_eq!(recognise("Test BIND0001 passed"), end("BIND0001", true));
        assert_eq!(recognise("noise Test FPU0001 failed\r"), end("FPU0001", false));
    }

    #[test]
    fn both_sums_are_read() {
        assert_eq!(
            recognise("Test suite passed. 116 tests passed. 51 tests disabled."),
            Some(UpstreamLine::Summary { passed: 116, ran: 116, disabled: Some(51) })
        );
        assert_eq!(
            recognise("Test suite failed. 114/116 tests passed."),
            Some(UpstreamLine::Summary { passed: 114, ran: 116, disabled: None })
        );
    }

    #[test]
    fn failed_checks_keep_their_words() {
        assert_eq!(
            recognise("\tError: a == b at line 12 of file tests/ipc.c"),
            Some(UpstreamLine::CheckFailed("Error: a == b at line 12 of file tests/ipc.c".into()))
        );
        assert_eq!(recognise("Error: no such device"), None);
    }

    #[test]
    fn other_text_is_not_the_drivers() {
        for line in ["", "   ", "Testing passed", "OpenSBI v1.1", "Test passed"] {
            assert_eq!(recognise(line), None, "{line:?}");
        }
    }
}
