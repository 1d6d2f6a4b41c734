//! Takes the terminal over for a whole screen, and gives it back however the program ends: at its end, by
//! an error, a panic or a signal.

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{self, Event};
use crossterm::terminal::{
    self, BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen,
};
use crossterm::{execute, queue};
use std::io::{self, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long it takes at most until a signal is seen.
const PATIENCE: Duration = Duration::from_millis(100);

/// True while the terminal is ours.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while it is ours; given back when dropped.
pub(super) struct Screen {
    out: Stdout,
    signals: signals::Signals,
}

impl Screen {
    /// Take the terminal over.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn take() -> io::Result<Screen> {
        let signals = signals::Signals::new()?;
        give_back_on_panic();
        terminal::enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let mut screen = Screen { out: io::stdout(), signals };
        execute!(screen.out, EnterAlternateScreen, Hide, Clear(ClearType::All))?;
        Ok(screen)
    }

    /// Columns and rows.
    pub(super) fn size() -> (usize, usize) {
        let (columns, rows) = terminal::size().unwrap_or((80, 24));
        (usize::from(columns.max(1)), usize::from(rows.max(1)))
    }

    /// The next thing that happens. Does not come back where a signal ends the program.
    ///
    /// # Errors
    /// What the system says, or that the terminal is gone.
    pub(super) fn next(&mut self) -> io::Result<Event> {
        loop {
            if let Some(signal) = self.signals.came() {
                give_back();
                signals::die_by(signal);
            }
            if event::poll(PATIENCE)? {
                return event::read();
            }
        }
    }

    /// Draw all rows: each already fits the width. The cursor is shown at `cursor` (column, row)
    /// where that is given.
    ///
    /// # Errors
    /// What the terminal says.
    pub(super) fn draw(&mut self, rows: &[String], cursor: Option<(usize, usize)>) -> io::Result<()> {
        queue!(self.out, BeginSynchronizedUpdate, Hide)?;
        for (at, row) in rows.iter().enumerate() {
            // Emptied first: behind a full row the cursor still stands on its last column.
            queue!(self.out, MoveTo(0, at as u16), Clear(ClearType::CurrentLine))?;
            write!(self.out, "{row}")?;
        }
        if let Some((column, row)) = cursor {
            queue!(self.out, MoveTo(column as u16, row as u16), Show)?;
        }
        queue!(self.out, EndSynchronizedUpdate)?;
        self.out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Give the terminal back, once. The screen is emptied before it is left: some terminals keep what stood
/// on it.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout();
        let _ = execute!(out, Clear(ClearType::All), LeaveAlternateScreen, Show);
        let _ = terminal::disable_raw_mode();
    }
}

/// A release build ends at a panic without unwinding, so that nothing is dropped.
fn give_back_on_panic() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |told| {
        give_back();
        before(told);
    }));
}

#[cfg(unix)]
mod signals {
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const CAUGHT: [i32; 4] = [libc::SIGTERM, libc::SIGHUP, libc::SIGINT, libc::SIGQUIT];

    /// The last signal that came; 0 for none.
    pub(super) struct Signals(Arc<AtomicUsize>);

    impl Signals {
        pub(super) fn new() -> io::Result<Signals> {
            let last = Arc::new(AtomicUsize::new(0));
            for signal in CAUGHT {
                signal_hook::flag::register_usize(signal, Arc::clone(&last), signal as usize)?;
            }
            Ok(Signals(last))
        }

        pub(super) fn came(&self) -> Option<i32> {
            match self.0.load(Ordering::SeqCst) {
                0 => None,
                signal => Some(signal as i32),
            }
        }
    }

    /// End by a signal, so that our parent sees it.
    pub(super) fn die_by(signal: i32) {
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }
}

#[cfg(not(unix))]
mod signals {
    use std::io;

    /// Elsewhere there are none.
    pub(super) struct Signals;

    impl Signals {
        pub(super) fn new() -> io::Result<Signals> {
            Ok(Signals)
        }

        pub(super) fn came(&self) -> Option<i32> {
            None
        }
    }

    pub(super) fn die_by(_: i32) {}
}
