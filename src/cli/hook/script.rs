//! The scripts that stand where git looks for hooks.

/// A hook that git knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// Its name.
    pub(super) name: &'static str,
    /// True where git writes to its standard input.
    pub(super) reads: bool,
}

/// The hooks that we have something to do in.
pub(super) const OURS: [Kind; 4] = [
    Kind { name: "pre-commit", reads: false },
    Kind { name: "commit-msg", reads: false },
    Kind { name: "pre-push", reads: true },
    Kind { name: "pre-receive", reads: true },
];

/// Hooks that a repository's own are called for where hooks are installed for all repositories. Left out
/// are those whose mere presence changes what git does (`push-to-checkout`, `proc-receive`) and those that
/// run at every step of it (`reference-transaction`, `post-index-change`).
pub(super) const PASSED_ON: [Kind; 15] = [
    Kind { name: "applypatch-msg", reads: false },
    Kind { name: "pre-applypatch", reads: false },
    Kind { name: "post-applypatch", reads: false },
    Kind { name: "pre-merge-commit", reads: false },
    Kind { name: "prepare-commit-msg", reads: false },
    Kind { name: "post-commit", reads: false },
    Kind { name: "pre-rebase", reads: false },
    Kind { name: "post-checkout", reads: false },
    Kind { name: "post-merge", reads: false },
    Kind { name: "update", reads: false },
    Kind { name: "post-receive", reads: true },
    Kind { name: "post-update", reads: false },
    Kind { name: "pre-auto-gc", reads: false },
    Kind { name: "post-rewrite", reads: true },
    Kind { name: "sendemail-validate", reads: false },
];

/// Stands in every script of ours.
const MARK: &str = "# Made by `sekisho hook install`";

/// Behind the name of a hook that stood there before.
pub(super) const BEFORE: &str = ".before-sekisho";

/// Is this the text of one of our scripts?
pub(super) fn is_ours(text: &[u8]) -> bool {
    memchr::memmem::find(text, MARK.as_bytes()).is_some()
}

/// Where the hook that runs first is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    /// Beside the script, under a name of its own.
    Beside,
    /// In the repository: the script is for all repositories.
    InRepository,
}

/// The script of one of our hooks. `program` is where this program is.
pub(super) fn ours(kind: Kind, program: &str, first: First) -> String {
    let mut text = head(kind, first);
    let name = kind.name;
    let call = match kind.reads {
        false => format!("exec \"$program\" hook {name} \"$@\""),
        true => format!("feed | \"$program\" hook {name} \"$@\"\n        exit"),
    };
    text.push_str(&format!(
        "for program in {} sekisho; do\n    \
             if command -v \"$program\" >/dev/null 2>&1; then\n        {call}\n    \
             fi\n\
         done\n\
         echo \"sekisho: blocked: the program is gone, so nobody looked for secrets.\" >&2\n\
         echo \"  help: install it again, or remove this hook: rm '$0'\" >&2\n\
         exit 2\n",
        quoted(program)
    ));
    text
}

/// The script that only calls the repository's own hook.
pub(super) fn passed_on(kind: Kind) -> String {
    head(kind, First::InRepository)
}

fn head(kind: Kind, first: First) -> String {
    let name = kind.name;
    let (told, before) = match first {
        First::Beside => (
            format!("# A hook that stood here before is called `{name}{BEFORE}` now, and runs first."),
            format!("\"${{0%/*}}/{name}{BEFORE}\""),
        ),
        First::InRepository => (
            "# A repository's own hook runs first.".to_owned(),
            format!("\"$(git rev-parse --git-common-dir)/hooks/{name}\""),
        ),
    };
    let (read, call) = match kind.reads {
        false => ("", "\"$before\" \"$@\""),
        true => (
            "lines=$(cat)\nfeed() { [ -z \"$lines\" ] || printf '%s\\n' \"$lines\"; }\n",
            "feed | \"$before\" \"$@\"",
        ),
    };
    format!(
        "#!/bin/sh\n\
         {MARK}; `sekisho hook uninstall` takes it away again.\n\
         {told}\n\
         {read}\
         before={before}\n\
         if [ -x \"$before\" ] && ! [ \"$before\" -ef \"$0\" ] && [ -z \"$SEKISHO_DOCTOR\" ]; then\n    \
             {call} || exit\n\
         fi\n"
    )
}

/// A word for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_known_as_ours() {
        for kind in OURS {
            for first in [First::Beside, First::InRepository] {
                let text = ours(kind, "/opt/it's/sekisho", first);
                assert!(is_ours(text.as_bytes()) && text.starts_with("#!/bin/sh\n"), "{text}");
                assert!(text.contains(r"'/opt/it'\''s/sekisho' sekisho; do"), "{text}");
            }
        }
        assert!(is_ours(passed_on(PASSED_ON[0]).as_bytes()));
        assert!(!is_ours(b"#!/bin/sh\nexec sekisho hook pre-commit\n"));
    }
}
