//! The host side of ReL4: builds kernels, runs the evaluation matrix on a platform, and turns serial logs into
//! samples, summaries, figures and a verdict.
//!
//! The way of a measurement through the modules:
//!
//! [`config`] reads a matrix → [`plan`] orders it into cells → [`build`] makes one image per kernel → [`run`] boots
//! each cell on a [`platform`], to which [`clients`] may come from outside → [`serial`] checks and reads the log → [`results`] writes the samples and, with
//! [`stats`], the summary → [`figures`] draws them, [`breakdown`] shows stages, [`page`] reports the run → [`gate`] judges them by a reference, [`upstream`] by seL4's own
//! numbers, [`claims`] by the paper's, and [`compare`] puts two beside each other.
//!
//! Principles: every command ends with one of the codes of [`exit`]; whatever was measured is on disk before the next
//! thing starts; provenance ([`manifest`]) is probed, never typed.

pub mod bootargs;
pub mod breakdown;
pub mod build;
pub mod claims;
pub mod cli;
pub mod clients;
pub mod commands;
pub mod compare;
pub mod config;
pub mod costmodel;
pub mod dev;
pub mod digest;
pub mod exit;
pub mod figures;
pub mod gate;
pub mod junit;
pub mod manifest;
pub mod page;
pub mod plan;
pub mod platform;
pub mod report;
pub mod results;
pub mod run;
pub mod serial;
pub mod setup;
pub mod shell;
pub mod stats;
pub mod store;
pub mod time;
pub mod toolchain;
pub mod upstream;
pub mod workspace;
