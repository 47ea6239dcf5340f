//! What is counted on each hart.

macro_rules! counters {
    ($($variant:ident $name:literal, $meaning:literal;)*) => {
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
    UserInstructions "user_instructions", "instructions executed outside the kernel";
    KernelInstructions "kernel_instructions", "instructions executed in the kernel";
    TrapEntryInstructions "trap_entry_instructions", "of the kernel's instructions, those that save the state of a program";
    TrapReturnInstructions "trap_return_instructions", "of the kernel's instructions, those that return to a program";
    UserCycles "user_cycles", "cycles outside the kernel, idle time excluded";
    KernelCycles "kernel_cycles", "cycles in the kernel, idle time excluded";
    TrapEntryCycles "trap_entry_cycles", "of the kernel's cycles, those that save the state of a program";
    TrapReturnCycles "trap_return_cycles", "of the kernel's cycles, those that return to a program";
    IdleCycles "idle_cycles", "cycles asleep until another hart woke this one";
    SystemCalls "system_calls", "traps into the kernel by an ecall of user code";
    Breakpoints "breakpoints", "traps into the kernel by an ebreak";
    MemoryFaults "memory_faults", "traps into the kernel by a load, store or atomic operation";
    OtherTraps "other_traps", "traps into the kernel by anything else: interrupts, and faults of an instruction or of its fetch";
    Returns "returns", "sret executed in the kernel";
    UserInterrupts "user_interrupts", "entries of a user program's interrupt handler without the kernel";
    UserReturns "user_returns", "sret executed by user code";
    L1InstructionMisses "l1_instruction_misses", "lines that the instruction cache did not hold";
    L1DataMisses "l1_data_misses", "lines that the data cache did not hold";
    L2Misses "l2_misses", "lines that the shared cache did not hold";
    InstructionTlbMisses "instruction_tlb_misses", "translations that the instruction TLB did not hold";
    DataTlbMisses "data_tlb_misses", "translations that the data TLB did not hold";
    DeviceLoads "device_loads", "loads from device registers";
    DeviceStores "device_stores", "stores to device registers, interrupt files included";
    Transfers "transfers", "lines that came from, or had to be taken back from, another hart";
    Waits "waits", "wfi executed";
    Markers "markers", "markers set";
    UntranslatedAccesses "untranslated_accesses", "accesses whose physical address the emulator did not tell: always 0";
}

impl Counter {
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

    /// All traps into the kernel.
    #[must_use]
    pub fn traps(&self) -> u64 {
        [Counter::SystemCalls, Counter::Breakpoints, Counter::MemoryFaults, Counter::OtherTraps]
            .into_iter()
            .map(|counter| self.get(counter))
            .sum()
    }
}
