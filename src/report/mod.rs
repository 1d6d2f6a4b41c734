//! How a finished outcome is written.
