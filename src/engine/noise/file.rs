//! Kinds of files, by their names.

use crate::engine::context::words;
use crate::engine::words::WordSet;

/// What kind of file a text is from, as far as its path tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct FileKind {
    /// What is written in it.
    pub form: Form,
    /// It belongs to tests, examples or documentation, where values are often made up.
    pub fixture: bool,
}

/// What is written in a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Form {
    /// Source code.
    Code,
    /// Settings and data: YAML, JSON, INI, shell scripts and the like.
    Config,
    /// Text for people.
    Document,
    /// Pinned versions with their digests.
    Lock,
    /// The output of a program.
    Log,
    /// Anything else.
    Unknown,
    /// Not told yet, see [`FileKind::ANY`].
    Any,
}

static CODE: WordSet<256> = WordSet::new(
    " rs go py pyx pyi js jsx mjs cjs ts tsx vue svelte java kt kts scala groovy c h cc cpp cxx hpp hh m mm cs fs vb swift rb erb haml php pl pm lua dart ex exs erl hrl clj cljs hs ml mli r jl nim zig sol asm s v vhd pas d f90 coffee jsp jspx aspx cshtml sql plsql psql html htm css scss less proto graphql el lisp scm tcl awk gd cr elm sv svh cu map ",
);
static CONFIG: WordSet<256> = WordSet::new(
    " yml yaml json json5 jsonc toml ini cfg cnf conf config properties props env xml plist hcl tf tfvars tfstate sh bash zsh fish ps1 psm1 bat cmd ksh csh example sample dist template tmpl tpl j2 erb dockerfile service desktop gradle sbt csproj pubxml settings netrc htpasswd pgpass reg har ipynb snap bats mk cmake nix resx strings ",
);
static DOCUMENT: WordSet<64> =
    WordSet::new(" md markdown rst txt adoc asciidoc org tex rtf wiki textile pod ");
const LOCKS: [&[u8]; 14] = [
    b"package-lock.json",
    b"npm-shrinkwrap.json",
    b"yarn.lock",
    b"pnpm-lock.yaml",
    b"composer.lock",
    b"gemfile.lock",
    b"cargo.lock",
    b"poetry.lock",
    b"pipfile.lock",
    b"uv.lock",
    b"go.sum",
    b"flake.lock",
    b"packages.lock.json",
    b"gradle.lockfile",
];

/// Words of a path that tell of tests, examples and documentation.
static FIXTURES: WordSet<128> = WordSet::new(
    " test tests testing testdata testutil testutils testlib unittest unittests testcase testcases spec specs mock mocks fake fakes dummy stub stubs fixture fixtures example examples sample samples demo demos doc docs documentation guide guides tutorial tutorials bench benches benchmark benchmarks e2e cypress stories storybook playground snapshots localhost ",
);

impl FileKind {
    /// The kind of what has no path.
    pub const UNKNOWN: FileKind = FileKind { form: Form::Unknown, fixture: false };
    /// Not told yet: what would be a secret in any kind of file is one. Whoever scans so asks again for
    /// the kind that it turns out to be.
    pub const ANY: FileKind = FileKind { form: Form::Any, fixture: false };

    /// All kinds that a file can turn out to be.
    pub fn all() -> impl Iterator<Item = FileKind> {
        let forms = [Form::Code, Form::Config, Form::Document, Form::Lock, Form::Log, Form::Unknown];
        forms.into_iter().flat_map(|form| [false, true].map(|fixture| FileKind { form, fixture }))
    }

    /// The kind of a file by its path; the separator is `/` or `\`.
    pub fn of_path(path: &[u8]) -> FileKind {
        let form = Form::of_path(path);
        FileKind { form, fixture: form == Form::Document || of_fixture(path) }
    }
}

/// True where a word of the path says that it leads to tests, examples or documentation.
fn of_fixture(path: &[u8]) -> bool {
    // Perl and git keep their tests in a directory of this name.
    let mut found = path.split(|byte| matches!(byte, b'/' | b'\\')).rev().skip(1).any(|part| part == b"t");
    words(path, |word| {
        found |= FIXTURES.has(word);
    });
    found
}

impl Form {
    /// What is written in a file by its path.
    fn of_path(path: &[u8]) -> Form {
        let name =
            path.rsplit(|byte| matches!(byte, b'/' | b'\\')).next().unwrap_or(path).to_ascii_lowercase();
        if LOCKS.contains(&name.as_slice()) || name.ends_with(b".lock") {
            return Form::Lock;
        }
        let Some(dot) = memchr::memrchr(b'.', &name) else {
            return match name.as_slice() {
                b"dockerfile" | b"makefile" | b"jenkinsfile" | b"vagrantfile" | b"_netrc" => Form::Config,
                b"readme" | b"changes" | b"changelog" | b"license" | b"notice" => Form::Document,
                b"gemfile" | b"rakefile" => Form::Code,
                _ => Form::Unknown,
            };
        };
        if name.starts_with(b".env") || name.starts_with(b"dockerfile") {
            return Form::Config;
        }
        let extension = &name[dot + 1..];
        match extension {
            b"log" | b"out" | b"trace" => Form::Log,
            _ if CODE.has(extension) => Form::Code,
            _ if CONFIG.has(extension) => Form::Config,
            _ if DOCUMENT.has(extension) => Form::Document,
            _ if name.starts_with(b".") => Form::Config,
            _ => Form::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_by_name() {
        let kind = |path: &str| FileKind::of_path(path.as_bytes()).form;
        assert_eq!(kind("src/main.rs"), Form::Code);
        assert_eq!(kind("a/b/.env.local"), Form::Config);
        assert_eq!(kind("C:\\x\\app.CONFIG"), Form::Config);
        assert_eq!(kind("web/yarn.lock"), Form::Lock);
        assert_eq!(kind("README.md"), Form::Document);
        assert_eq!(kind("build.log"), Form::Log);
        assert_eq!(kind("data.bin"), Form::Unknown);
    }

    #[test]
    fn fixtures_by_path() {
        let fixture = |path: &str| FileKind::of_path(path.as_bytes()).fixture;
        for path in [
            "tests/a.py",
            "src/test/java/A.java",
            "pkg/a_test.go",
            "src/UserServiceTests.java",
            "web/login.spec.ts",
            "config/testdata/conf.yml",
            "README.md",
            "app\\__mocks__\\db.js",
            "t/lib-credential.sh",
        ] {
            assert!(fixture(path), "{path}");
        }
        for path in ["src/latest.rs", "config/app.yml", "contest/a.py", "src/attestation.go", "", "x.env"] {
            assert!(!fixture(path), "{path}");
        }
    }
}
