//! Kinds of files, by their names.

/// What kind of file a text is from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum FileKind {
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
    /// Not told yet: what would be a secret in any kind of file is one. Whoever scans so asks again for
    /// the kind that it turns out to be.
    Any,
}

const CODE: &str = " rs go py pyx pyi js jsx mjs cjs ts tsx vue svelte java kt kts scala groovy c h cc cpp cxx hpp hh m mm cs fs vb swift rb erb haml php pl pm lua dart ex exs erl hrl clj cljs hs ml mli r jl nim zig sol asm s v vhd pas d f90 coffee jsp jspx aspx cshtml sql plsql psql html htm css scss less proto graphql el lisp scm tcl awk gd cr elm sv svh cu ";
const CONFIG: &str = " yml yaml json json5 jsonc toml ini cfg cnf conf config properties props env xml plist hcl tf tfvars tfstate sh bash zsh fish ps1 psm1 bat cmd ksh csh example sample dist template tmpl tpl j2 erb dockerfile service desktop gradle sbt csproj pubxml settings netrc htpasswd pgpass reg har ipynb snap bats mk cmake nix ";
const DOCUMENT: &str = " md markdown rst txt adoc asciidoc org tex rtf wiki textile pod ";
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

impl FileKind {
    /// All kinds that a file can turn out to be.
    pub const ALL: [FileKind; 6] = [
        FileKind::Code,
        FileKind::Config,
        FileKind::Document,
        FileKind::Lock,
        FileKind::Log,
        FileKind::Unknown,
    ];

    /// The kind of a file by its path; the separator is `/` or `\`.
    pub fn of_path(path: &[u8]) -> FileKind {
        let name =
            path.rsplit(|byte| matches!(byte, b'/' | b'\\')).next().unwrap_or(path).to_ascii_lowercase();
        if LOCKS.contains(&name.as_slice()) || name.ends_with(b".lock") {
            return FileKind::Lock;
        }
        let Some(dot) = memchr::memrchr(b'.', &name) else {
            return match name.as_slice() {
                b"dockerfile" | b"makefile" | b"jenkinsfile" | b"vagrantfile" | b"_netrc" => FileKind::Config,
                b"readme" | b"changes" | b"changelog" | b"license" | b"notice" => FileKind::Document,
                b"gemfile" | b"rakefile" => FileKind::Code,
                _ => FileKind::Unknown,
            };
        };
        if name.starts_with(b".env") || name.starts_with(b"dockerfile") {
            return FileKind::Config;
        }
        let extension = &name[dot + 1..];
        let held = |list: &str| {
            list.as_bytes().split(|&byte| byte == b' ').any(|known| !known.is_empty() && known == extension)
        };
        match extension {
            b"log" | b"out" | b"trace" => FileKind::Log,
            _ if held(CODE) => FileKind::Code,
            _ if held(CONFIG) => FileKind::Config,
            _ if held(DOCUMENT) => FileKind::Document,
            _ if name.starts_with(b".") => FileKind::Config,
            _ => FileKind::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_by_name() {
        let kind = |path: &str| FileKind::of_path(path.as_bytes());
        assert_eq!(kind("src/main.rs"), FileKind::Code);
        assert_eq!(kind("a/b/.env.local"), FileKind::Config);
        assert_eq!(kind("C:\\x\\app.CONFIG"), FileKind::Config);
        assert_eq!(kind("web/yarn.lock"), FileKind::Lock);
        assert_eq!(kind("README.md"), FileKind::Document);
        assert_eq!(kind("build.log"), FileKind::Log);
        assert_eq!(kind("data.bin"), FileKind::Unknown);
    }
}
