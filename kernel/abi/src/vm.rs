//! User virtual memory: Sv39.

/// First address that user mappings cannot reach.
pub const USER_TOP: u64 = 0x3f_ffff_f000;
/// Page-table levels.
pub const PT_LEVELS: u32 = 3;
/// Entries of a page table, as a power of two.
pub const PT_INDEX_BITS: u32 = 9;
/// Size of a page-table entry: 2^3 bytes.
pub const PTE_BITS: u32 = 3;
/// Address bits that an entry of the root table covers: 1 GiB.
pub const ROOT_LEVEL_BITS: u32 = 30;
/// Address bits that an entry of the middle table covers: 2 MiB.
pub const MIDDLE_LEVEL_BITS: u32 = 21;
/// Address bits that an entry of the last table covers: 4 KiB.
pub const LEAF_LEVEL_BITS: u32 = 12;

/// ASIDs of one pool, as a power of two.
pub const ASID_POOL_INDEX_BITS: u32 = 9;
/// Number of ASID pools, as a power of two.
pub const NUM_ASID_POOLS_BITS: u32 = 7;
/// ASID that is never handed out.
pub const ASID_INVALID: u64 = 0;
/// ASID of the root task.
pub const ASID_ROOT_TASK: u64 = 1;

const EXECUTE_NEVER: u64 = 1 << 0;

/// Attributes of a mapping. The default is executable, as seL4 has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct VmAttributes(u64);

impl VmAttributes {
    /// Instructions may be fetched.
    pub const EXECUTABLE: Self = Self(0);
    /// Instructions may not be fetched.
    pub const EXECUTE_NEVER: Self = Self(EXECUTE_NEVER);

    /// Takes the word from a message; bits without a meaning are dropped.
    #[must_use]
    pub const fn from_word(word: u64) -> Self {
        Self(word & EXECUTE_NEVER)
    }

    /// The word that goes into a message.
    #[must_use]
    pub const fn word(self) -> u64 {
        self.0
    }

    /// Whether instruction fetches are forbidden.
    #[must_use]
    pub const fn execute_never(self) -> bool {
        self.0 & EXECUTE_NEVER != 0
    }
}
