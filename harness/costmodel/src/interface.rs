//! Which build of the plugin a QEMU takes.

/// A version of QEMU's plugin interface that the plugin can be built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interface {
    /// Version 1.
    V1,
    /// Version 4.
    V4,
}

impl Interface {
    /// What a QEMU of this major and minor version takes; none where the plugin has no build for it.
    #[must_use]
    pub const fn of_qemu((major, minor): (u32, u32)) -> Option<Self> {
        match (major, minor) {
            (7, 2..) | (8, _) => Some(Self::V1),
            (9, 2..) | (10.., _) => Some(Self::V4),
            _ => None,
        }
    }

    /// The feature of this crate that builds for it.
    #[must_use]
    pub const fn feature(self) -> &'static str {
        match self {
            Self::V1 => "api-v1",
            Self::V4 => "api-v4",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debians_versions_have_a_build() {
        assert_eq!(Interface::of_qemu((7, 2)), Some(Interface::V1));
        assert_eq!(Interface::of_qemu((10, 0)), Some(Interface::V4));
    }

    #[test]
    fn versions_between_the_two_interfaces_have_none() {
        assert_eq!(Interface::of_qemu((7, 1)), None);
        assert_eq!(Interface::of_qemu((9, 1)), None);
    }
}
