//! Where secrets are learned from: the environment, files and file descriptors, a socket while the
//! command runs, and commands to the host in the log itself.

pub mod env;
pub mod file;
pub mod inband;
#[cfg(unix)]
pub mod socket;
