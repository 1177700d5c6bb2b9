//! Two concurrent calls. The test chooses the order of their steps.

use std::future::Future;
use std::iter::repeat_n;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// The number of turns in a schedule. After these turns the first call runs to its end, and then the second call.
const TURNS: u32 = 12;
/// More steps than any call has.
const TO_THE_END: usize = 100;

/// Every order of the turns. Each turn is one bit: 0 for the first call and 1 for the second call.
pub fn schedules() -> impl Iterator<Item = u32> {
    0..1 << TURNS
}

/// Runs both calls. In each turn one of the calls runs until it waits again.
pub fn in_turns<T>(
    schedule: u32,
    first: impl Future<Output = T>,
    second: impl Future<Output = T>,
) -> [T; 2] {
    let mut calls: [Pin<&mut dyn Future<Output = T>>; 2] = [pin!(first), pin!(second)];
    let mut answers = [None, None];
    let turns = (0..TURNS).map(|turn| usize::from(schedule >> turn & 1 == 1));
    let rest = repeat_n(0, TO_THE_END).chain(repeat_n(1, TO_THE_END));
    for who in turns.chain(rest) {
        if answers[who].is_none() {
            let polled = calls[who]
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
            if let Poll::Ready(answer) = polled {
                answers[who] = Some(answer);
            }
        }
    }
    answers.map(|answer| answer.expect("a call waits only for its turn"))
}
