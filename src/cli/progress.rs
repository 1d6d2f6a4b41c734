//! A progress display on the terminal for long runs.

use crate::scan::Progress;
use indicatif::{HumanBytes, HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Runs shorter than this show nothing.
const PATIENCE: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(100);

/// Do `work` while a line on standard error tells how far it is. Nothing is shown where `shown` is
/// false, or where the work is quick.
pub fn with<T>(progress: &Progress, shown: bool, work: impl FnOnce() -> T) -> T {
    if !shown {
        return work();
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let ticker = scope.spawn(|| {
            std::thread::park_timeout(PATIENCE);
            if done.load(Ordering::Acquire) {
                return;
            }
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                bar.set_style(style);
            }
            while !done.load(Ordering::Acquire) {
                bar.set_message(message(progress, bar.elapsed() + PATIENCE));
                bar.tick();
                std::thread::park_timeout(TICK);
            }
            bar.finish_and_clear();
        });
        let result = work();
        done.store(true, Ordering::Release);
        ticker.thread().unpark();
        result
    })
}

fn message(progress: &Progress, elapsed: Duration) -> String {
    let bytes = progress.bytes.load(Ordering::Relaxed);
    let seconds = elapsed.as_secs_f64().max(0.001);
    let done = progress.inputs.load(Ordering::Relaxed);
    let total = progress.total.load(Ordering::Relaxed);
    let what = match total {
        0 => format!("{} files", HumanCount(done)),
        total => format!("{} of {} objects", HumanCount(done), HumanCount(total.max(done))),
    };
    let mut line = format!(
        "{what}, {} ({}/s), {} found",
        HumanBytes(bytes),
        HumanBytes((bytes as f64 / seconds) as u64),
        HumanCount(progress.found.load(Ordering::Relaxed)),
    );
    if total > done && done > 0 {
        let left = Duration::from_secs_f64(seconds / done as f64 * (total - done) as f64);
        line += &format!(", {} left", HumanDuration(left));
    }
    line
}
