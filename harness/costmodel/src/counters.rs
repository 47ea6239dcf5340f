//! What is counted on each hart.

use rel4_markers::Cause;

macro_rules! counters {
    ($($variant:ident $name:literal $unit:literal, $meaning:literal;)*) => {
        /// One counter of a hart.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Counter {
            $(#[doc = $meaning] $variant,)*
        }

        impl Counter {
            /// Every counter, in the order of a report.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name in a report.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The unit of its values.
            #[must_use]
            pub const fn unit(self) -> &'static str {
                match self { $(Self::$variant => $unit,)* }
            }

            /// What it counts.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }

        const COUNT: usize = [$(Counter::$variant,)*].len();
    };
}

counters! {
    UserInstructions "user_instructions" "instructions", "instructions executed outside the kernel";
    KernelInstructions "kernel_instructions" "instructions", "instructions executed in the kernel";
    TrapEntryInstructions "trap_entry_instructions" "instructions", "of the kernel's instructions, those that save the state of a program";
    TrapReturnInstructions "trap_return_instructions" "instructions", "of the kernel's instructions, those that return to a program";
    UserCycles "user_cycles" "cycles", "cycles outside the kernel, idle time excluded";
    KernelCycles "kernel_cycles" "cycles", "cycles in the kernel, idle time excluded";
    TrapEntryCycles "trap_entry_cycles" "cycles", "of the kernel's cycles, those that save the state of a program";
    TrapReturnCycles "trap_return_cycles" "cycles", "of the kernel's cycles, those that return to a program";
    IdleCycles "idle_cycles" "cycles", "cycles asleep until another hart woke this one";
    SystemCalls "system_calls" "traps", "traps into the kernel by an ecall of user code";
    Breakpoints "breakpoints" "traps", "traps into the kernel by an ebreak";
    MemoryFaults "memory_faults" "traps", "traps into the kernel by a load, store or atomic operation";
    TimerInterrupts "timer_interrupts" "traps", "traps into the kernel by its timer, if the kernel says so";
    HartInterrupts "hart_interrupts" "traps", "traps into the kernel by another hart, if the kernel says so";
    DeviceInterrupts "device_interrupts" "traps", "traps into the kernel by a device, if the kernel says so";
    FileInterrupts "file_interrupts" "traps", "traps into the kernel by an interrupt for a program that is not running, if the kernel says so";
    OtherTraps "other_traps" "traps", "traps into the kernel by anything else: faults of an instruction or of its fetch, and interrupts whose cause the kernel does not say";
    Returns "returns" "events", "sret executed in the kernel";
    UserInterrupts "user_interrupts" "events", "entries of a user program's interrupt handler without the kernel";
    UserReturns "user_returns" "events", "sret executed by user code";
    L1InstructionMisses "l1_instruction_misses" "misses", "lines that the instruction cache did not hold";
    L1DataMisses "l1_data_misses" "misses", "lines that the data cache did not hold";
    L2Misses "l2_misses" "misses", "lines that the shared cache did not hold";
    InstructionTlbMisses "instruction_tlb_misses" "misses", "translations that the instruction TLB did not hold";
    DataTlbMisses "data_tlb_misses" "misses", "translations that the data TLB did not hold";
    DeviceLoads "device_loads" "accesses", "loads from device registers";
    DeviceStores "device_stores" "accesses", "stores to device registers, interrupt files included";
    Transfers "transfers" "events", "lines that came from, or had to be taken back from, another hart";
    Waits "waits" "events", "wfi executed";
    Markers "markers" "events", "markers set";
    UntranslatedAccesses "untranslated_accesses" "accesses", "accesses whose physical address the emulator did not tell: always 0";
}

impl Counter {
    /// The causes of traps into the kernel.
    pub const TRAPS: [Self; 8] = [
        Self::SystemCalls,
        Self::Breakpoints,
        Self::MemoryFaults,
        Self::TimerInterrupts,
        Self::HartInterrupts,
        Self::DeviceInterrupts,
        Self::FileInterrupts,
        Self::OtherTraps,
    ];

    /// The counter of traps of the cause that a kernel says.
    #[must_use]
    pub const fn of_cause(cause: Cause) -> Self {
        match cause {
            Cause::Timer => Self::TimerInterrupts,
            Cause::OtherHart => Self::HartInterrupts,
            Cause::Device => Self::DeviceInterrupts,
            Cause::InterruptFile => Self::FileInterrupts,
        }
    }

    /// The counter with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|counter| counter.name() == name)
    }
}

/// The counters of one hart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counters([u64; COUNT]);

impl Default for Counters {
    fn default() -> Self {
        Self([0; COUNT])
    }
}

impl Counters {
    /// The value of `counter`.
    #[must_use]
    pub fn get(&self, counter: Counter) -> u64 {
        self.0[counter as usize]
    }

    /// Sets `counter`.
    pub fn set(&mut self, counter: Counter, value: u64) {
        self.0[counter as usize] = value;
    }

    /// One more.
    #[inline]
    pub fn count(&mut self, counter: Counter) {
        self.0[counter as usize] += 1;
    }

    /// `amount` more.
    #[inline]
    pub fn add(&mut self, counter: Counter, amount: u64) {
        self.0[counter as usize] += amount;
    }

    /// A trap that counts among the others is one of these.
    pub fn attribute(&mut self, trap: Counter) {
        self.0[Counter::OtherTraps as usize] -= 1;
        self.count(trap);
    }

    /// All traps into the kernel.
    #[must_use]
    pub fn traps(&self) -> u64 {
        Counter::TRAPS.into_iter().map(|counter| self.get(counter)).sum()
    }

    /// What was counted since `earlier`, which must not be later.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self(std::array::from_fn(|index| self.0[index] - earlier.0[index]))
    }
}
