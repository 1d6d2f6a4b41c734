//! Runs a command with its output behind the mask.
