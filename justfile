# The few verbs of this repository. `just` alone lists them.

_default:
    @just --list

# Format, lints and tests: what continuous integration runs
check:
    .ci/run

# All tests, or those whose name holds a word
test *WORDS:
    cargo test {{WORDS}}

# Measure: the engine, the start
bench *WORDS:
    cargo bench {{WORDS}}

# Mend what can be mended by itself
fix:
    cargo clippy --fix --allow-dirty --allow-staged --all-targets
    cargo fmt

# The documentation of the library, and the list of rules as Markdown on standard output
docs:
    cargo doc --no-deps
    cargo run --quiet --release -- rules list --format markdown
