//! Shows the progress of the search on a terminal.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use planner::Progress;

/// A line on the terminal that is overwritten again and again.
pub(crate) struct Line {
    orders: usize,
    visible: bool,
    started: Instant,
    shown: Option<Instant>,
}

impl Line {
    pub(crate) fn new(orders: usize) -> Self {
        Self {
            orders,
            visible: stderr().is_terminal(),
            started: Instant::now(),
            shown: None,
        }
    }

    pub(crate) fn show(&mut self, progress: &Progress) {
        let recent = |at: Instant| at.elapsed() < Duration::from_millis(100);
        if !self.visible || self.shown.is_some_and(recent) {
            return;
        }
        self.shown = Some(Instant::now());
        // If the terminal cannot be written to, the search continues without showing progress.
        let _ = write!(
            stderr(),
            "\r\x1b[K{:.1} s: {} of {} orders, {} vehicles, cost {}",
            self.started.elapsed().as_secs_f64(),
            progress.served,
            self.orders,
            progress.vehicles,
            progress.cost_milli / 1000,
        );
    }

    pub(crate) fn clear(&self) {
        if self.shown.is_some() {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}
