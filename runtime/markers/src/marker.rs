//! The encoding of a marker.

/// What a marker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A single event.
    Point,
    /// A stage begins.
    Begin,
    /// The stage that began last ends.
    End,
    /// The next part of the stage that began last begins.
    Tracepoint,
    /// The kernel says what it was entered for.
    Cause,
    /// Addressed to the cost model itself.
    Control,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] =
        [Self::Point, Self::Begin, Self::End, Self::Cause, Self::Tracepoint, Self::Control];

    /// The number of the register that stands for the role.
    #[must_use]
    pub const fn register(self) -> u32 {
        match self {
            Self::Point => 0,
            Self::Begin => 1,
            Self::End => 2,
            Self::Cause => 3,
            Self::Tracepoint => 4,
            Self::Control => 31,
        }
    }
}

/// A marker as the instruction carries it: 5 bits of register, 12 bits of immediate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Marker(u32);

impl Marker {
    /// The run is over: the cost model writes its report, and what follows does not count.
    pub const EXIT: Self = Self::new(Role::Control, 0);

    /// Marker `index` of `role`.
    ///
    /// # Panics
    ///
    /// `index` does not fit in a positive immediate of 12 bits.
    #[must_use]
    pub const fn new(role: Role, index: u32) -> Self {
        assert!(index < 1 << 11, "a marker's index has 11 bits");
        Self::from_fields(role.register(), index)
    }

    /// The marker with these fields of the instruction; bits that do not fit are ignored.
    #[must_use]
    pub const fn from_fields(register: u32, immediate: u32) -> Self {
        Self((register & 31) << 12 | (immediate & 0xfff))
    }

    /// The marker with this number, if there is one.
    #[must_use]
    pub const fn from_number(number: u32) -> Option<Self> {
        if number < 1 << 17 { Some(Self(number)) } else { None }
    }

    /// Role and index as one number of 17 bits.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// What the marker says; none for a register that stands for no role.
    #[must_use]
    pub fn role(self) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.register() == self.0 >> 12)
    }

    /// Which marker of its role this is.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.0 & 0xfff
    }

    /// The instruction.
    #[must_use]
    pub const fn instruction(self) -> u32 {
        const SLTI_TO_ZERO: u32 = 0x2013;
        self.index() << 20 | (self.0 >> 12) << 15 | SLTI_TO_ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_land_where_slti_has_them() {
        // slti x0, x31, 5
        assert_eq!(Marker::new(Role::Control, 5).instruction(), 0x005f_a013);
    }

    #[test]
    fn role_and_index_come_back() {
        for role in Role::ALL {
            let marker = Marker::new(role, 2047);
            assert_eq!((marker.role(), marker.index()), (Some(role), 2047));
            assert_eq!(Marker::from_number(marker.number()), Some(marker));
        }
    }

    #[test]
    fn a_register_without_a_role_has_none() {
        assert_eq!(Marker::from_fields(7, 1).role(), None);
    }
}
