//! The only assembly of a run: source, engine, policy, outcome.
