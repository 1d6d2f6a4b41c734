//! The `sekisho` command: parse, run, exit status. All work is in the library.

fn main() -> std::process::ExitCode {
    sekisho::cli::main()
}
