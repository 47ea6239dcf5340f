//! From the raw matrix to the typed one. Mistakes are collected, so that one look at the output fixes many.

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rel4_costmodel::options::Order;

use super::kernel::Profile;
use super::program::{self, PROGRAMS};
use super::raw::{At, RawExperiment, RawKernel, RawMatrix, RawPlatform, RawSettings, RawWorkload, Table};
use super::{
    Board, Clock, ConfigError, Diagnostic, Experiment, Feature, Kernel, KernelSource, Machine, MachineKind,
    Matrix, Parameter, Program, RootServer, Settings, Value, Workload, names,
};
use crate::costmodel::preset;

/// Limits that keep typing errors from becoming weeks of machine time.
const REPEATS: RangeInclusive<i64> = 1..=1000;
const LIMIT_S: RangeInclusive<i64> = 1..=86_400;
/// The machine that upstream's kernel for QEMU is built for.
const FOREIGN_MACHINE: &str = "virt";
/// The memory that it expects.
const FOREIGN_MEMORY_MIB: u32 = 3072;
/// How long a machine may stand still, if the matrix does not say: long enough for a host that is very busy.
const STALL_S: u32 = 30;

pub(super) fn validate(path: &Path, text: String, raw: &RawMatrix) -> Result<Matrix, ConfigError> {
    let mut check = Check { path, text: &text, mistakes: Vec::new() };
    let kernels = check.table(&raw.kernels, "kernel", |check, _, raw| check.kernel(raw));
    let platforms = check.table(&raw.platforms, "platform", |check, _, raw| check.platform(raw));
    let workloads = check.table(&raw.workloads, "workload", Check::workload);
    // Experiments refer to the tables: judging them by tables that are wrong would only repeat their mistakes.
    check.stop_on_mistakes()?;
    let mut experiments: Vec<Experiment> = Vec::new();
    for raw in &raw.experiments {
        let Some(experiment) = check.experiment(raw, &kernels, &platforms, &workloads) else { continue };
        if experiments.iter().any(|other| other.id == experiment.id) {
            check.mistake(
                raw.id.span(),
                format!("experiment `{}` is defined twice; rename one", experiment.id),
            );
        }
        experiments.push(experiment);
    }
    if raw.experiments.is_empty() {
        check.mistake(0..0, "the matrix has no [[experiments]]; add one, see configs/quick.toml".to_owned());
    }
    check.stop_on_mistakes()?;
    let name =
        path.file_stem().map_or_else(|| "matrix".to_owned(), |stem| stem.to_string_lossy().into_owned());
    let given = BTreeMap::new();
    Ok(Matrix { name, path: path.to_owned(), text, kernels, platforms, workloads, experiments, given })
}

/// The mistakes found so far, and what is needed to say where they are.
struct Check<'a> {
    path: &'a Path,
    text: &'a str,
    mistakes: Vec<Diagnostic>,
}

impl Check<'_> {
    fn mistake(&mut self, span: Range<usize>, message: String) {
        let diagnostic = Diagnostic::at(self.path, self.text, span, message);
        self.mistakes.push(diagnostic);
    }

    fn stop_on_mistakes(&mut self) -> Result<(), ConfigError> {
        let mistakes = std::mem::take(&mut self.mistakes);
        if mistakes.is_empty() { Ok(()) } else { Err(ConfigError::Invalid(mistakes)) }
    }

    /// Validates every entry of a named table; entries with mistakes are left out.
    fn table<R, T>(
        &mut self,
        raw: &Table<R>,
        what: &str,
        mut entry: impl FnMut(&mut Self, &At<String>, &R) -> Option<T>,
    ) -> BTreeMap<String, T> {
        let mut typed = BTreeMap::new();
        for (name, raw) in raw {
            self.name(name, what);
            if let Some(value) = entry(self, name, raw) {
                typed.insert(name.get_ref().clone(), value);
            }
        }
        typed
    }

    fn name(&mut self, name: &At<String>, what: &str) {
        if !names::is_valid(name.get_ref()) {
            let message = format!(
                "bad name `{name}` for a {what}; use up to 40 lower-case letters, digits, `-` and `_`"
            );
            self.mistake(name.span(), message);
        }
    }

    fn number(&mut self, raw: &At<i64>, range: RangeInclusive<i64>, what: &str) -> Option<u32> {
        let value = *raw.get_ref();
        if !range.contains(&value) {
            let message = format!(
                "bad value {value} for `{what}`; give a number from {} to {}",
                range.start(),
                range.end()
            );
            self.mistake(raw.span(), message);
            return None;
        }
        u32::try_from(value).ok()
    }

    fn choice<T: Copy>(&mut self, raw: &At<String>, choices: &[(&str, T)], what: &str) -> Option<T> {
        let found = choices.iter().find(|(name, _)| name == raw.get_ref());
        if found.is_none() {
            let help = names::help(raw.get_ref(), choices.iter().map(|(name, _)| *name));
            self.mistake(raw.span(), format!("unknown {what} `{raw}`; {help}"));
        }
        found.map(|(_, value)| *value)
    }

    fn kernel(&mut self, raw: &At<RawKernel>) -> Option<Kernel> {
        let span = raw.span();
        let raw = raw.get_ref();
        if raw.features.is_none() && (raw.debug.is_some() || raw.settings.is_some()) {
            let message =
                "a kernel that is not built here is measured as it is; remove `debug` and `settings`";
            self.mistake(span, message.to_owned());
            return None;
        }
        if raw.elf.is_none() && raw.harts.is_some() {
            let message = "`harts` is for a kernel with `elf`; one with `features` has settings.max_harts";
            self.mistake(span, message.to_owned());
            return None;
        }
        match (&raw.features, &raw.elf, &raw.image) {
            (Some(features), None, None) => self.built_kernel(features, raw, span),
            (None, Some(path), None) => {
                let max_harts = raw.harts.as_ref().map_or(Some(1), |raw| self.number(raw, 1..=4, "harts"))?;
                Some(Kernel { source: KernelSource::Elf { path: self.relative(path), max_harts }, max_harts })
            }
            (None, None, Some(image)) => {
                // What was compiled into a finished image cannot be seen from outside: any hart count may be right.
                Some(Kernel { source: KernelSource::Image(self.relative(image)), max_harts: u32::MAX })
            }
            _ => {
                let message = "a kernel needs one of `features` (to build it), `elf` (a kernel built elsewhere) and \
                               `image` (a packed boot image)";
                self.mistake(span, message.to_owned());
                None
            }
        }
    }

    fn built_kernel(
        &mut self,
        features: &[At<String>],
        raw: &RawKernel,
        span: Range<usize>,
    ) -> Option<Kernel> {
        let known = Feature::ALL.map(|feature| (feature.name(), feature));
        let count = self.mistakes.len();
        let mut chosen: Vec<Feature> =
            features.iter().filter_map(|name| self.choice(name, &known, "kernel feature")).collect();
        chosen.sort_unstable();
        chosen.dedup();
        if self.mistakes.len() == count
            && !chosen.contains(&Feature::SyncIpc)
            && !chosen.contains(&Feature::Uintr)
        {
            let message = "a kernel has `sync-ipc` or `uintr`, or both; add one of them to `features`";
            self.mistake(span, message.to_owned());
        }
        let settings = raw.settings.as_ref().map_or_else(Settings::default, |raw| self.settings(raw));
        let profile = if raw.debug == Some(true) { Profile::Debug } else { Profile::Release };
        (self.mistakes.len() == count).then_some(Kernel {
            source: KernelSource::Build { features: chosen, profile, settings },
            max_harts: settings.max_harts,
        })
    }

    fn settings(&mut self, raw: &RawSettings) -> Settings {
        let default = Settings::default();
        let mut setting = |raw: &Option<At<i64>>, default: u32, range, what| {
            raw.as_ref().and_then(|raw| self.number(raw, range, what)).unwrap_or(default)
        };
        Settings {
            root_cnode_bits: setting(
                &raw.root_cnode_bits,
                default.root_cnode_bits,
                8..=20,
                "root_cnode_bits",
            ),
            tick_ms: setting(&raw.tick_ms, default.tick_ms, 1..=1000, "tick_ms"),
            time_slice_ticks: setting(
                &raw.time_slice_ticks,
                default.time_slice_ticks,
                1..=1000,
                "time_slice_ticks",
            ),
            domains: setting(&raw.domains, default.domains, 1..=256, "domains"),
            max_harts: setting(&raw.max_harts, default.max_harts, 1..=4, "max_harts"),
        }
    }

    /// The preset that `clock` needs, or must not have. It is read here, so that its mistakes are known with the others.
    fn preset(
        &mut self,
        raw: Option<&At<PathBuf>>,
        clock: Option<Clock>,
        clock_span: Range<usize>,
    ) -> Option<PathBuf> {
        match (clock, raw) {
            (Some(Clock::Model), Some(raw)) => Some(self.sound_preset(raw)),
            (Some(Clock::Model), None) => {
                let message = "the clock `model` needs a `preset`, such as configs/costmodel/u54.toml";
                self.mistake(clock_span, message.to_owned());
                None
            }
            (_, Some(raw)) => {
                let message = "only the clock `model` has a `preset`; remove one or change the other";
                self.mistake(raw.span(), message.to_owned());
                None
            }
            (_, None) => None,
        }
    }

    /// The kind of a platform: an emulator has no board file, a board has one and a clock of its own.
    fn kind(&mut self, raw: &RawPlatform, clock: Option<Clock>) -> Option<MachineKind> {
        #[derive(Clone, Copy)]
        enum Kind {
            Qemu,
            Board,
        }
        let kind =
            self.choice(&raw.kind, &[("qemu", Kind::Qemu), ("board", Kind::Board)], "platform kind")?;
        let mut wrong = Vec::new();
        match kind {
            Kind::Qemu => {
                if let Some(board) = &raw.board {
                    wrong.push((board.span(), "only the kind `board` has a board file; remove it"));
                }
                if clock == Some(Clock::Board) {
                    let message = "the clock `board` is a board's own; QEMU has `icount`, `schedule`, `model` and `host`";
                    wrong.push((raw.clock.span(), message));
                }
            }
            Kind::Board => {
                if raw.board.is_none() {
                    let message = "the kind `board` needs `board`, a file that says how to reach it; see docs/boards.md";
                    wrong.push((raw.kind.span(), message));
                }
                if let Some(emulator) = &raw.emulator {
                    wrong.push((emulator.span(), "a board has no emulator; remove it"));
                }
                if clock.is_some_and(|clock| clock != Clock::Board) {
                    wrong.push((raw.clock.span(), "a board has the clock `board`"));
                }
            }
        }
        if !wrong.is_empty() {
            for (span, message) in wrong {
                self.mistake(span, message.to_owned());
            }
            return None;
        }
        let Some(file) = &raw.board else { return Some(MachineKind::Qemu) };
        match Board::load(&self.relative(file.get_ref())) {
            Ok(board) => Some(MachineKind::Board(Box::new(board))),
            Err(error) => {
                self.mistake(file.span(), error.to_string());
                None
            }
        }
    }

    /// The path of a preset that can be read, or a mistake.
    fn sound_preset(&mut self, raw: &At<PathBuf>) -> PathBuf {
        let path = self.relative(raw.get_ref());
        if let Err(error) = preset::load(&path) {
            self.mistake(raw.span(), error.to_string());
        }
        path
    }

    /// By which clock harts take turns.
    fn order(&mut self, raw: Option<&At<String>>, clock: Option<Clock>) -> Option<Order> {
        let Some(raw) = raw else { return Some(Order::default()) };
        let choices = Order::ALL.map(|order| (order.name(), order));
        let order = self.choice(raw, &choices, "order");
        let fixed = match clock? {
            Clock::Model => return order,
            Clock::Schedule => "under the clock `schedule` harts always take turns by instructions",
            Clock::Icount | Clock::Host | Clock::Board => {
                "only under the clock `model` is the order of harts a choice"
            }
        };
        self.mistake(raw.span(), format!("{fixed}; remove `order` or change the clock"));
        None
    }

    /// The preset by whose cycles harts take turns.
    fn order_preset(&mut self, raw: Option<&At<PathBuf>>, order: Option<Order>) -> Option<PathBuf> {
        let raw = raw?;
        match order? {
            Order::Cycles => Some(self.sound_preset(raw)),
            Order::Instructions => {
                let message = "`order_preset` is for order = \"cycles\"; remove one or change the other";
                self.mistake(raw.span(), message.to_owned());
                None
            }
        }
    }

    fn platform(&mut self, raw: &RawPlatform) -> Option<Machine> {
        let clock = self.choice(&raw.clock, &Clock::NAMES, "clock");
        let kind = self.kind(raw, clock);
        let harts = self.number(&raw.harts, 1..=4, "harts");
        let memory_mib = self.number(&raw.memory_mib, 128..=65_536, "memory_mib");
        let boot_s = self.number(&raw.boot_s, LIMIT_S, "boot_s");
        let run_s = self.number(&raw.run_s, LIMIT_S, "run_s");
        let stall_s = raw.stall_s.as_ref().map_or(Some(STALL_S), |raw| self.number(raw, LIMIT_S, "stall_s"));
        for (text, what) in [(&raw.machine, "machine"), (&raw.cpu, "cpu")] {
            if text.get_ref().is_empty() || text.get_ref().starts_with('-') {
                self.mistake(
                    text.span(),
                    format!("bad value {:?} for `{what}`; see QEMU's -{what} help", text.get_ref()),
                );
            }
        }
        let preset = self.preset(raw.preset.as_ref(), clock, raw.clock.span());
        let order = self.order(raw.order.as_ref(), clock);
        let forward = self.forward(raw.forward.as_ref(), clock)?;
        let order_preset = self.order_preset(raw.order_preset.as_ref(), order);
        Some(Machine {
            kind: kind?,
            machine: raw.machine.get_ref().clone(),
            cpu: raw.cpu.get_ref().clone(),
            harts: harts?,
            memory_mib: memory_mib?,
            clock: clock?,
            boot_limit: Duration::from_secs(boot_s?.into()),
            run_limit: Duration::from_secs(run_s?.into()),
            stall_limit: Duration::from_secs(stall_s?.into()),
            preset,
            order: order?,
            forward,
            emulator: raw.emulator.as_ref().map(|path| self.relative(path.get_ref())),
            order_preset,
        })
    }

    /// The port that leads to the guest. What comes from outside comes at no time that repeats.
    fn forward(&mut self, raw: Option<&At<i64>>, clock: Option<Clock>) -> Option<Option<u16>> {
        let Some(raw) = raw else { return Some(None) };
        let port =
            self.number(raw, 0..=i64::from(u16::MAX), "forward").and_then(|port| u16::try_from(port).ok());
        if clock.is_some_and(|clock| clock != Clock::Host) {
            let message = "`forward` lets the world outside in, and that never repeats; use clock = \"host\", or remove it";
            self.mistake(raw.span(), message.to_owned());
            return None;
        }
        port.map(Some)
    }

    fn workload(&mut self, name: &At<String>, raw: &At<RawWorkload>) -> Option<Workload> {
        let span = raw.span();
        let raw = raw.get_ref();
        let (program, root_server) = match (&raw.program, &raw.root_server) {
            (Some(program), None) => {
                let program = self.program(program)?;
                (program, program.root_server.clone()?)
            }
            (None, Some(path)) => {
                let (workload, path) = (name.get_ref().clone(), self.relative(path.get_ref()));
                (program::FOREIGN, RootServer::Elf { workload, path })
            }
            _ => {
                let message = "a workload needs either `program` (one of this workspace) or `root_server` (an ELF \
                               file built elsewhere)";
                self.mistake(span, message.to_owned());
                return None;
            }
        };
        let parameters = self.parameters(program, &raw.params);
        Some(Workload { program, root_server, parameters })
    }

    fn program(&mut self, raw: &At<String>) -> Option<&'static Program> {
        let found = Program::find(raw.get_ref());
        if found.is_none() {
            let help = names::help(raw.get_ref(), PROGRAMS.iter().map(|program| program.name));
            self.mistake(raw.span(), format!("unknown program `{raw}`; {help}"));
        }
        found
    }

    fn parameters(&mut self, program: &Program, raw: &Table<At<toml::Value>>) -> BTreeMap<String, Value> {
        let mut values = BTreeMap::new();
        for (name, value) in raw {
            if let Some(value) = self.value(program, name, value) {
                values.insert(name.get_ref().clone(), value);
            }
        }
        values
    }

    fn value(&mut self, program: &Program, name: &At<String>, raw: &At<toml::Value>) -> Option<Value> {
        let Some(parameter) = program.parameter(name.get_ref()) else {
            let help = names::help(name.get_ref(), program.parameters.iter().map(|parameter| parameter.name));
            self.mistake(name.span(), format!("`{}` has no parameter `{name}`; {help}", program.name));
            return None;
        };
        let value = parameter.domain.value(raw.get_ref());
        if value.is_none() {
            let Parameter { about, domain, .. } = parameter;
            self.mistake(
                raw.span(),
                format!("bad value {} for `{name}` ({about}); give {domain}", raw.get_ref()),
            );
        }
        value
    }

    fn experiment(
        &mut self,
        raw: &RawExperiment,
        kernels: &BTreeMap<String, Kernel>,
        platforms: &BTreeMap<String, Machine>,
        workloads: &BTreeMap<String, Workload>,
    ) -> Option<Experiment> {
        self.name(&raw.id, "experiment");
        let kernel_names = self.references(&raw.kernels, kernels, "kernel");
        let platform_names = self.references(&raw.platforms, platforms, "platform");
        let repeats = raw.repeats.as_ref().map_or(Some(1), |raw| self.number(raw, REPEATS, "repeats"));
        let Some(workload) = workloads.get(raw.workload.get_ref()) else {
            let help = names::help(raw.workload.get_ref(), workloads.keys().map(String::as_str));
            self.mistake(raw.workload.span(), format!("unknown workload `{}`; {help}", raw.workload));
            return None;
        };
        let mut fixed = workload.parameters.clone();
        fixed.extend(self.parameters(workload.program, &raw.params));
        let sweep = self.sweep(workload.program, &raw.sweep, &raw.params);
        fixed.retain(|name, _| !sweep.contains_key(name));
        for parameter in workload.program.parameters {
            let given = fixed.contains_key(parameter.name)
                || raw.params.keys().chain(raw.sweep.keys()).any(|name| name.get_ref() == parameter.name);
            if !given {
                let message = format!(
                    "experiment `{}` lacks the parameter `{}` ({}); give it in params or sweep",
                    raw.id, parameter.name, parameter.about
                );
                self.mistake(raw.id.span(), message);
            }
        }
        self.harts(raw, kernels, platforms);
        self.packable(raw, kernels, workload);
        self.machine_of_foreign_kernels(raw, kernels, platforms);
        self.reachable(raw, platforms, workload);
        Some(Experiment {
            id: raw.id.get_ref().clone(),
            workload: raw.workload.get_ref().clone(),
            kernels: kernel_names,
            platforms: platform_names,
            fixed,
            sweep,
            repeats: repeats?,
        })
    }

    /// A list of names that must be defined elsewhere in the matrix, each once.
    fn references<T>(
        &mut self,
        raw: &At<Vec<At<String>>>,
        known: &BTreeMap<String, T>,
        what: &str,
    ) -> Vec<String> {
        if raw.get_ref().is_empty() {
            self.mistake(raw.span(), format!("an experiment needs at least one {what}"));
        }
        let mut chosen = Vec::new();
        for name in raw.get_ref() {
            if !known.contains_key(name.get_ref()) {
                let help = names::help(name.get_ref(), known.keys().map(String::as_str));
                self.mistake(name.span(), format!("unknown {what} `{name}`; {help}"));
            } else if chosen.contains(name.get_ref()) {
                self.mistake(
                    name.span(),
                    format!("{what} `{name}` is listed twice; use `repeats` to run it again"),
                );
            }
            chosen.push(name.get_ref().clone());
        }
        chosen
    }

    fn sweep(
        &mut self,
        program: &Program,
        raw: &Table<At<Vec<At<toml::Value>>>>,
        params: &Table<At<toml::Value>>,
    ) -> BTreeMap<String, Vec<Value>> {
        let mut sweep = BTreeMap::new();
        for (name, list) in raw {
            if params.contains_key(name) {
                self.mistake(name.span(), format!("`{name}` is in both params and sweep; remove one"));
            }
            if list.get_ref().is_empty() {
                self.mistake(list.span(), format!("the sweep of `{name}` is empty; give at least one value"));
            }
            let mut values = Vec::new();
            for raw in list.get_ref() {
                let Some(value) = self.value(program, name, raw) else { continue };
                if values.contains(&value) {
                    self.mistake(
                        raw.span(),
                        format!("{value} is in the sweep of `{name}` twice; use `repeats`"),
                    );
                }
                values.push(value);
            }
            sweep.insert(name.get_ref().clone(), values);
        }
        sweep
    }

    /// A kernel built for fewer harts than the machine has would leave some of them parked: that is another machine.
    /// Kernels built elsewhere expect upstream's machine: the PLIC, and memory as they were built for.
    fn machine_of_foreign_kernels(
        &mut self,
        raw: &RawExperiment,
        kernels: &BTreeMap<String, Kernel>,
        platforms: &BTreeMap<String, Machine>,
    ) {
        let is_foreign = |name: &At<String>| {
            kernels
                .get(name.get_ref())
                .is_some_and(|kernel| matches!(kernel.source, KernelSource::Elf { .. }))
        };
        for name in raw.kernels.get_ref().iter().filter(|name| is_foreign(name)) {
            for platform in raw.platforms.get_ref() {
                let Some(machine) = platforms.get(platform.get_ref()) else { continue };
                if machine.machine != FOREIGN_MACHINE || machine.memory_mib < FOREIGN_MEMORY_MIB {
                    let message = format!(
                        "kernel `{name}` was built elsewhere and needs machine = \"{FOREIGN_MACHINE}\" with memory_mib of at \
                         least {FOREIGN_MEMORY_MIB}; platform `{platform}` has \"{}\" with {}",
                        machine.machine, machine.memory_mib
                    );
                    self.mistake(platform.span(), message);
                }
            }
        }
    }

    /// A boot image has its root server in it: another one cannot be put there.
    fn packable(&mut self, raw: &RawExperiment, kernels: &BTreeMap<String, Kernel>, workload: &Workload) {
        for name in raw.kernels.get_ref() {
            let whole = kernels
                .get(name.get_ref())
                .is_some_and(|kernel| matches!(kernel.source, KernelSource::Image(_)));
            if whole && matches!(workload.root_server, RootServer::Elf { .. }) {
                let message = format!(
                    "kernel `{name}` is a whole boot image, which has its own root server; run `{}` on a kernel that is built",
                    raw.workload
                );
                self.mistake(name.span(), message);
            }
        }
    }

    /// Clients from outside need a way to the guest.
    fn reachable(&mut self, raw: &RawExperiment, platforms: &BTreeMap<String, Machine>, workload: &Workload) {
        if !workload.program.has_clients_outside() {
            return;
        }
        let is_closed = |name: &&At<String>| {
            platforms.get(name.get_ref()).is_some_and(|machine| machine.forward.is_none())
        };
        for name in raw.platforms.get_ref().iter().filter(is_closed) {
            let message = format!(
                "the clients of `{}` come from outside, and nothing leads into platform `{name}`; give that forward = 0",
                raw.workload
            );
            self.mistake(name.span(), message);
        }
    }

    fn harts(
        &mut self,
        raw: &RawExperiment,
        kernels: &BTreeMap<String, Kernel>,
        platforms: &BTreeMap<String, Machine>,
    ) {
        for name in raw.kernels.get_ref() {
            let Some(kernel) = kernels.get(name.get_ref()) else { continue };
            let too_large = raw.platforms.get_ref().iter().find_map(|platform| {
                platforms
                    .get(platform.get_ref())
                    .filter(|machine| machine.harts > kernel.max_harts)
                    .map(|m| (platform, m))
            });
            if let Some((platform, machine)) = too_large {
                let message = format!(
                    "kernel `{name}` serves {} hart(s) but platform `{platform}` has {}; set settings.max_harts or choose another platform",
                    kernel.max_harts, machine.harts
                );
                self.mistake(name.span(), message);
            }
        }
    }

    /// Paths in a matrix are relative to the matrix itself.
    fn relative(&self, path: &Path) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }
}
