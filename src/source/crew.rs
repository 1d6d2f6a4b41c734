//! Shares a list of work between threads.

use super::read::threads;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many items a thread takes at a time.
const HANDFUL: usize = 32;

/// Do `work` on every item, on as many threads as `told` (0 is one for each core) and as are worth
/// starting. Each thread makes its own state by `start`; all states are returned, at least one.
pub(super) fn share<T: Sync, S: Send>(
    items: &[T],
    told: usize,
    start: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &T) + Sync,
) -> Vec<S> {
    let next = AtomicUsize::new(0);
    let run = || {
        let mut state = start();
        loop {
            let first = next.fetch_add(HANDFUL, Ordering::Relaxed);
            let Some(rest) = items.get(first..) else { return state };
            rest.iter().take(HANDFUL).for_each(|item| work(&mut state, item));
        }
    };
    let crew = items.len().div_ceil(HANDFUL).max(1);
    let crew = if crew > 1 { crew.min(threads(told)) } else { 1 };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..crew).map(|_| scope.spawn(run)).collect();
        let mut states = vec![run()];
        for other in others {
            states.push(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        states
    })
}
