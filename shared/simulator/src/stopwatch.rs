//! Measures CPU time.

use std::time::Instant;

/// The CPU time of this thread since the start. If the system does not report it, the time on the clock.
#[derive(Debug)]
pub struct Stopwatch {
    started: Instant,
    on_cpu_ns: Option<u64>,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the CPU time of plans is measured here; no simulated time depends on it"
)]
fn instant() -> Instant {
    Instant::now()
}

impl Stopwatch {
    /// Starts.
    pub fn start() -> Self {
        Self {
            started: instant(),
            on_cpu_ns: on_cpu_ns(),
        }
    }

    /// The seconds of CPU since the start.
    pub fn cpu_s(&self) -> f64 {
        match self.on_cpu_ns.zip(on_cpu_ns()) {
            Some((before, now)) => now.saturating_sub(before) as f64 / 1e9,
            None => self.started.elapsed().as_secs_f64(),
        }
    }

    /// The seconds on the clock since the start.
    pub fn elapsed_s(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }
}

/// The nanoseconds that this thread was on a CPU, as Linux counts them.
fn on_cpu_ns() -> Option<u64> {
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    line.split_whitespace().next()?.parse().ok()
}
