//! Root servers: what the kernel starts in user mode.

use std::path::PathBuf;

/// The user-level part of a boot image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RootServer {
    /// The root task of this workspace, which runs what the boot arguments name.
    RootTask,
    /// The test suite of this workspace.
    Sel4test,
    /// The TCP server of this workspace.
    Tcp,
    /// One that was built elsewhere.
    Elf {
        /// The workload that it is in the matrix.
        workload: String,
        /// Where it is.
        path: PathBuf,
    },
}

impl RootServer {
    /// The name of the image that has `kernel` and this. No other image of the matrix has it, since neither `+` nor `@`
    /// stands in a name.
    #[must_use]
    pub fn image_name(&self, kernel: &str) -> String {
        match self {
            Self::RootTask => kernel.to_owned(),
            Self::Sel4test => format!("{kernel}+sel4test"),
            Self::Tcp => format!("{kernel}+tcp"),
            Self::Elf { workload, .. } => format!("{kernel}@{workload}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_of_one_kernel_are_told_apart() {
        let elf = RootServer::Elf { workload: "sel4test".to_owned(), path: PathBuf::from("a.elf") };
        let names = [RootServer::RootTask, RootServer::Sel4test, elf].map(|server| server.image_name("sel4"));
        assert_eq!(names, ["sel4", "sel4+sel4test", "sel4@sel4test"]);
    }
}
