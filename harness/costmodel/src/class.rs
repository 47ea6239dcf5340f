//! What kinds of instructions the model tells apart.

/// The class of an instruction: it decides the price, and what else happens when the instruction executes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Integer arithmetic, and whatever has no class of its own.
    Alu,
    /// Integer multiplication.
    Multiply,
    /// Integer division and remainder.
    Divide,
    /// Branches, jumps, calls and returns from calls.
    Branch,
    /// Floating-point arithmetic, conversions and moves.
    Float,
    /// Floating-point division and square root.
    FloatDivide,
    /// Loads, floating-point ones too.
    Load,
    /// Stores, floating-point ones too.
    Store,
    /// Atomic memory operations.
    Atomic,
    /// `lr`.
    LoadReserved,
    /// `sc`: touches memory only when it succeeds.
    StoreConditional,
    /// `hlv` and `hlvx`: loads through the guest's translation.
    HypervisorLoad,
    /// `hsv`: stores through the guest's translation.
    HypervisorStore,
    /// Accesses to control and status registers that leave the translation of addresses alone.
    Csr,
    /// Accesses to the registers that decide who is translated how.
    TranslationCsr,
    /// Writes of the registers that choose the address space.
    AddressSpaceCsr,
    /// `fence`, and cache-block operations.
    Fence,
    /// `fence.i`.
    FenceI,
    /// `sfence.vma`, `hfence.*` and the `sinval` family.
    FenceVma,
    /// `ecall`.
    EnvironmentCall,
    /// `ebreak`.
    Breakpoint,
    /// `sret`.
    SupervisorReturn,
    /// `mret`: seen in the firmware alone.
    MachineReturn,
    /// `wfi`.
    WaitForInterrupt,
    /// `pause`: a hart that waits for another.
    Pause,
    /// A marker: free, and not an instruction for the counters.
    Marker,
}
