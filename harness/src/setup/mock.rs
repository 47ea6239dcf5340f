//! A machine made of sets, for the tests of everything that decides by looking at one.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::host::{Host, Invocation};
use crate::toolchain::{DEBIAN_PACKAGES, KERNEL_TARGET, USER_TARGET};

const SYSROOT: &str = "/sysroot";

/// A bare machine until told otherwise.
#[derive(Default)]
pub(crate) struct MockHost {
    root: bool,
    sudo: bool,
    /// Programs that refuse to work, as they do without a network.
    broken: HashSet<&'static str>,
    /// The package lists are empty until they are fetched.
    no_lists: RefCell<bool>,
    /// The package lists know an old compiler until they are fetched.
    old_lists: RefCell<bool>,
    variables: HashMap<&'static str, &'static str>,
    programs: RefCell<HashSet<String>>,
    files: RefCell<HashSet<String>>,
    packages: RefCell<HashMap<String, &'static str>>,
    runs: RefCell<Vec<String>>,
    says: RefCell<Vec<String>>,
}

impl MockHost {
    /// Debian, as root.
    pub(crate) fn debian_root() -> Self {
        Self { root: true, ..Self::default() }.with_program("apt-get")
    }

    /// Debian, as a user who may not become root.
    pub(crate) fn debian_user() -> Self {
        Self::default().with_program("apt-get")
    }

    /// Debian, as a user with sudo.
    pub(crate) fn debian_sudoer() -> Self {
        Self { sudo: true, ..Self::default() }.with_program("apt-get").with_program("sudo")
    }

    pub(crate) fn with_program(self, program: &str) -> Self {
        self.programs.borrow_mut().insert(program.to_owned());
        self
    }

    pub(crate) fn with_variable(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.insert(name, value);
        self
    }

    pub(crate) fn with_broken(mut self, program: &'static str) -> Self {
        self.broken.insert(program);
        self
    }

    pub(crate) fn with_empty_lists(self) -> Self {
        self.no_lists.replace(true);
        self
    }

    /// A machine whose package lists offer a compiler that is too old.
    pub(crate) fn with_old_rustc_web(self) -> Self {
        self.old_lists.replace(true);
        self
    }

    pub(crate) fn with_active_targets(self) -> Self {
        self.add_targets();
        self
    }

    pub(crate) fn with_debian_toolchain(self) -> Self {
        DEBIAN_PACKAGES.iter().for_each(|package| self.install(package));
        self
    }

    /// What was run so far, one command line each.
    pub(crate) fn runs(&self) -> Vec<String> {
        self.runs.borrow().clone()
    }

    /// What the user was told so far.
    pub(crate) fn says(&self) -> String {
        self.says.borrow().join("\n")
    }

    fn add_targets(&self) {
        for target in [KERNEL_TARGET, USER_TARGET] {
            self.files.borrow_mut().insert(format!("{SYSROOT}/lib/rustlib/{target}/lib"));
        }
    }

    fn install(&self, package: &str) {
        let version = if *self.old_lists.borrow() { "1.63.0" } else { "1.99.0+dfsg1" };
        self.packages.borrow_mut().insert(package.to_owned(), version);
        let mut files = self.files.borrow_mut();
        match package {
            "qemu-system-misc" => {
                self.programs.borrow_mut().insert("qemu-system-riscv64".to_owned());
                files.insert("/usr/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin".to_owned());
            }
            "fonts-dejavu-core" => {
                files.insert("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf".to_owned());
            }
            _ => {}
        }
    }
}

impl Host for MockHost {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).map(|value| (*value).to_owned())
    }

    fn exists(&self, path: &Path) -> bool {
        path.to_str().is_some_and(|path| self.files.borrow().contains(path))
    }

    fn has_program(&self, program: &str) -> bool {
        self.programs.borrow().contains(program)
    }

    fn query(&self, invocation: &Invocation) -> Option<String> {
        let line = invocation.to_string();
        let words: Vec<_> = line.split_whitespace().collect();
        match words[..] {
            ["id", "-u"] => Some(if self.root { "0" } else { "1000" }.to_owned()),
            ["sudo", "-n", "true"] => self.sudo.then(String::new),
            ["rustc", "--print", "sysroot"] => Some(SYSROOT.to_owned()),
            ["dpkg-query", "--show", _, ref packages @ ..] => {
                let installed = self.packages.borrow();
                let line = |package: &&str| {
                    installed.get(*package).map(|version| format!("{package}={version}=installed\n"))
                };
                packages.iter().map(line).collect()
            }
            ["apt-get", "install", "--simulate", ..] => (!*self.no_lists.borrow()).then(String::new),
            _ => panic!("unexpected query: {line}"),
        }
    }

    fn run(&self, invocation: &Invocation) -> bool {
        let line = invocation.to_string();
        self.runs.borrow_mut().push(line.clone());
        if self.broken.iter().any(|program| line.split_whitespace().any(|word| word == *program)) {
            return false;
        }
        if line.ends_with("apt-get update") {
            self.no_lists.replace(false);
            self.old_lists.replace(false);
        } else if let Some((_, packages)) = line.split_once("--no-install-recommends ") {
            packages.split_whitespace().for_each(|package| self.install(package));
        } else if line.starts_with("rustup target add") {
            self.add_targets();
        } else {
            panic!("unexpected command: {line}");
        }
        true
    }

    fn say(&self, text: &str) {
        self.says.borrow_mut().push(text.to_owned());
    }
}
