//! The outcome of upstream seL4's test suite.

use super::upstream::UpstreamLine;

/// How a test went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestResult {
    /// It passed, or the next test started without a complaint.
    Passed,
    /// It said so, or one of its checks did not hold.
    Failed,
    /// Nothing came after its start.
    Unfinished,
}

/// One test of the suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestOutcome {
    /// Its number in this build of the suite.
    pub number: u64,
    /// Its name.
    pub name: String,
    /// How it went.
    pub result: TestResult,
    /// The checks that did not hold, in the driver's words.
    pub messages: Vec<String>,
}

/// The suite as far as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suite {
    /// Whether the driver printed anything.
    pub started: bool,
    /// The tests in the order they ran.
    pub outcomes: Vec<TestOutcome>,
    /// Tests passed and tests run, as the driver counts them: with its own first and last pseudo-test.
    pub sum: Option<(u64, u64)>,
    /// Tests that were compiled out, where the driver says so.
    pub disabled: Option<u64>,
    /// The driver's last word: whether all is well.
    pub all_is_well: Option<bool>,
    /// Failed checks outside of any test.
    pub messages: Vec<String>,
}

impl Suite {
    /// Goes on with one line of the driver.
    pub(super) fn advance(&mut self, line: UpstreamLine) {
        self.started = true;
        match line {
            UpstreamLine::SuiteStart => {}
            UpstreamLine::TestStart { number, name } => {
                self.finish_running(TestResult::Passed);
                self.outcomes.push(TestOutcome {
                    number,
                    name,
                    result: TestResult::Unfinished,
                    messages: Vec::new(),
                });
            }
            UpstreamLine::TestEnd { name, passed } => self.end_test(&name, passed),
            UpstreamLine::CheckFailed(message) => self.fail_check(message),
            UpstreamLine::Summary { passed, ran, disabled } => {
                self.finish_running(TestResult::Passed);
                self.sum = Some((passed, ran));
                self.disabled = disabled;
            }
            UpstreamLine::LastWord { all_is_well } => {
                self.finish_running(TestResult::Passed);
                self.all_is_well = Some(all_is_well);
            }
        }
    }

    /// Why the suite cannot be called passed, if it ran at all.
    pub(super) fn failures(&self) -> Vec<String> {
        let failed = self.outcomes.iter().filter(|test| test.result == TestResult::Failed).map(|test| {
            let details: String = test.messages.iter().map(|message| format!(": {message}")).collect();
            format!("test {} failed{details}", test.name)
        });
        let sum = self
            .sum
            .filter(|(passed, ran)| passed < ran)
            .map(|(passed, ran)| format!("the test suite says {passed} of {ran} tests passed"));
        let last = (self.all_is_well == Some(false)).then(|| "the test suite ended with failures".to_owned());
        failed.chain(self.messages.iter().cloned()).chain(sum).chain(last).collect()
    }

    fn end_test(&mut self, name: &str, passed: bool) {
        let running = self.outcomes.iter_mut().rev().find(|test| test.name == name);
        let Some(test) = running else {
            if !passed {
                self.messages.push(format!("test {name} failed without having been started"));
            }
            return;
        };
        if !passed {
            test.result = TestResult::Failed;
        } else if test.result == TestResult::Unfinished {
            test.result = TestResult::Passed;
        }
    }

    fn fail_check(&mut self, message: String) {
        match self.outcomes.last_mut() {
            Some(test) => {
                test.result = TestResult::Failed;
                test.messages.push(message);
            }
            None => self.messages.push(message),
        }
    }

    /// Settles the test that is under way, if it has no outcome yet.
    fn finish_running(&mut self, result: TestResult) {
        if let Some(test) = self.outcomes.last_mut().filter(|test| test.result == TestResult::Unfinished) {
            test.result = result;
        }
    }
}
