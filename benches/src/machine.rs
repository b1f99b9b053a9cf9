//! The machine: which core a process runs on, and what the kernel knows of a process.

use std::time::Duration;

use anyhow::{Context, Result};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::{Pid, SysconfVar, sysconf};

/// Keeps this thread, and the processes that it starts, on one core. On a machine with one core all share it.
pub(crate) fn pin(core: usize) -> Result<()> {
    let cores = std::thread::available_parallelism()?.get();
    let mut set = CpuSet::new();
    set.set(core % cores.max(2))?;
    // Refused where the core does not exist: then nothing is pinned.
    let _ = sched_setaffinity(Pid::from_raw(0), &set);
    Ok(())
}

/// Lets this thread run on every core again.
pub(crate) fn unpin() -> Result<()> {
    let mut set = CpuSet::new();
    for core in 0..CpuSet::count() {
        set.set(core)?;
    }
    sched_setaffinity(Pid::from_raw(0), &set)?;
    Ok(())
}

/// Resident memory of a process, in MiB.
pub(crate) fn memory(pid: u32) -> Result<f64> {
    status(pid, "VmRSS:")
}

/// The most resident memory that a process had, in MiB.
pub(crate) fn peak_memory(pid: u32) -> Result<f64> {
    status(pid, "VmHWM:")
}

fn status(pid: u32, name: &str) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).context(name.to_owned())?;
    let kibibytes: f64 = line.split_whitespace().next().context("no figure")?.parse()?;
    Ok(kibibytes / 1024.0)
}

/// Processor time that a process has used.
pub(crate) fn processor_time(pid: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name may hold anything but ends with the last parenthesis; utime and stime are the 14th and 15th fields.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    let per_second = sysconf(SysconfVar::CLK_TCK)?.unwrap_or(100) as f64;
    Ok(Duration::from_secs_f64(ticks / per_second))
}
