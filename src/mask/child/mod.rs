//! Runs a command with its output behind the mask, so that nobody can tell the difference: status, signals,
//! streams and terminal are as without it.

#[cfg(unix)]
pub mod process;
#[cfg(unix)]
pub mod pty;
#[cfg(unix)]
pub mod pump;
#[cfg(unix)]
pub mod raw;
#[cfg(unix)]
pub mod signals;
#[cfg(unix)]
pub mod sink;
#[cfg(windows)]
pub mod windows;

/// The status where masking itself failed, as of env(1) and timeout(1).
pub const FAILED: u8 = 125;
/// The status where the command is there and cannot be executed.
pub const NOT_EXECUTABLE: u8 = 126;
/// The status where there is no such command.
pub const NOT_FOUND: u8 = 127;
