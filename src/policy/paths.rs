//! Many `.gitignore`-style patterns at once: which of them hold for a path. Patterns without special
//! characters, the usual ones, are looked up; the others lie in drawers by the directory that their plain
//! beginning names, and a drawer is made into one set when a path below that directory is first asked for.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use std::collections::HashMap;
use std::sync::OnceLock;

/// Patterns, each with the number that names it.
#[derive(Default)]
pub struct Paths {
    /// Plain paths from the root, with whether they only name directories.
    whole: HashMap<String, Vec<(u32, bool)>>,
    /// Plain names that hold at any depth.
    names: HashMap<String, Vec<(u32, bool)>>,
    /// The others, by the directory below which they hold; `` for anywhere.
    drawers: HashMap<String, Drawer>,
}

/// Globs that all hold below one directory.
#[derive(Default)]
struct Drawer {
    globs: Vec<(String, u32)>,
    set: OnceLock<GlobSet>,
}

/// Can this pattern be used?
///
/// # Errors
/// What is wrong with it, in words.
pub fn check(pattern: &str) -> Result<(), String> {
    let text = pattern.trim();
    if text.trim_matches('/').is_empty() {
        return Err("the path pattern is empty".to_owned());
    }
    if text.starts_with('!') {
        return Err("a path pattern with `!` excludes: here it would allow everything else".to_owned());
    }
    if is_plain(text) {
        return Ok(());
    }
    // What is below it is the same glob with a plain end.
    globs(text).first().map_or(Ok(()), |glob| build(glob).map(drop))
}

fn is_plain(pattern: &str) -> bool {
    !pattern.contains(['*', '?', '[', ']', '{', '}', '\\', '!', '#'])
}

fn build(glob: &str) -> Result<globset::Glob, String> {
    GlobBuilder::new(glob)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .map_err(|error| format!("the path pattern cannot be used: {}", error.kind()))
}

/// The globs that mean what a line of a `.gitignore` means: the path itself, and what is below it.
fn globs(pattern: &str) -> Vec<String> {
    let only_below = pattern.ends_with('/');
    let body = pattern.trim_end_matches('/');
    let rooted = body.contains('/');
    let body = body.trim_start_matches('/');
    let body = if rooted { body.to_owned() } else { format!("**/{body}") };
    if body.ends_with("/**") {
        return vec![body];
    }
    let below = format!("{body}/**");
    if only_below { vec![below] } else { vec![body, below] }
}

impl Paths {
    /// Add a pattern that [`check`] accepts.
    pub fn add(&mut self, pattern: &str, number: u32) {
        let pattern = pattern.trim();
        if !is_plain(pattern) {
            for glob in globs(pattern) {
                let drawer = self.drawers.entry(directory(&glob).to_owned()).or_default();
                drawer.globs.push((glob, number));
            }
            return;
        }
        let below = pattern.ends_with('/');
        let body = pattern.trim_end_matches('/');
        let place = if body.contains('/') { &mut self.whole } else { &mut self.names };
        place.entry(body.trim_start_matches('/').to_owned()).or_default().push((number, below));
    }

    /// True where there is no pattern.
    pub fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.names.is_empty() && self.drawers.is_empty()
    }

    /// The numbers of the patterns that hold for a path, relative to the root and with forward slashes,
    /// are added to `out`, some perhaps twice.
    pub fn matches(&self, path: &str, out: &mut Vec<u32>) {
        let path = path.trim_start_matches("./");
        let mut add = |found: Option<&Vec<(u32, bool)>>, last: bool| {
            let held = found.into_iter().flatten().filter(|(_, below)| !(*below && last));
            out.extend(held.map(|(number, _)| *number));
        };
        for (at, _) in path.match_indices('/').chain([(path.len(), "")]) {
            let last = at == path.len();
            if !self.whole.is_empty() {
                add(self.whole.get(&path[..at]), last);
            }
            if !self.names.is_empty() {
                let start = path[..at].rfind('/').map_or(0, |slash| slash + 1);
                add(self.names.get(&path[start..at]), last);
            }
        }
        if !self.drawers.is_empty() {
            let above = path.match_indices('/').map(|(at, _)| &path[..at]);
            for drawer in [""].into_iter().chain(above).filter_map(|directory| self.drawers.get(directory)) {
                out.extend(drawer.set().matches(path).into_iter().map(|index| drawer.globs[index].1));
            }
        }
    }
}

/// The directory that the plain beginning of a glob names.
fn directory(glob: &str) -> &str {
    let plain = glob.find(['*', '?', '[', ']', '{', '}', '\\', '!', '#']).unwrap_or(glob.len());
    glob[..plain].rfind('/').map_or("", |slash| &glob[..slash])
}

impl Drawer {
    fn set(&self) -> &GlobSet {
        self.set.get_or_init(|| {
            let mut set = GlobSetBuilder::new();
            for (glob, _) in &self.globs {
                match build(glob) {
                    Ok(glob) => set.add(glob),
                    // Keeps the places of the others; it was checked when it was read.
                    Err(_) => {
                        set.add(globset::Glob::new("/").unwrap_or_else(|_| unreachable!("a plain glob")))
                    }
                };
            }
            set.build().unwrap_or_default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the crate that reads `.gitignore` files thinks of it.
    fn oracle(pattern: &str, path: &str) -> bool {
        let mut builder = ignore::gitignore::GitignoreBuilder::new("/");
        builder.add_line(None, pattern).unwrap();
        builder.build().unwrap().matched_path_or_any_parents(path, false).is_ignore()
    }

    #[test]
    fn patterns_mean_what_they_mean_in_a_gitignore() {
        let patterns = [
            "a",
            "a/",
            "/a",
            "a/b",
            "/a/b/",
            "*.py",
            "a/*.py",
            "a/**",
            "**/b",
            "a/**/c",
            "b/",
            "?",
            "[ab]/c",
            "x.py",
            "/x.py",
            "a b",
            "a/b/*",
            "a/b/**/*.py",
            "a/b?",
            "*",
            "a/b/c.py",
        ];
        let paths =
            ["a", "b", "a/b", "b/a", "a/b/c.py", "x.py", "a/x.py", "a/b/x.py", "b/c", "a/c", "a b", "a/q/c"];
        for pattern in patterns {
            check(pattern).unwrap();
            let mut set = Paths::default();
            set.add(pattern, 7);
            for path in paths {
                let mut found = Vec::new();
                set.matches(path, &mut found);
                assert_eq!(found.contains(&7), oracle(pattern, path), "{pattern} at {path}");
            }
        }
    }

    #[test]
    fn bad_patterns_are_refused() {
        for pattern in ["", "/", "!a", "a[b", "{a"] {
            assert!(check(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn many_patterns_are_told_apart() {
        let mut set = Paths::default();
        for (number, pattern) in ["tests/**", "*.md", "docs/a.md", "a.md"].iter().enumerate() {
            set.add(pattern, number as u32);
        }
        let mut found = Vec::new();
        set.matches("docs/a.md", &mut found);
        found.sort_unstable();
        found.dedup();
        assert_eq!(found, [1, 2, 3]);
    }
}
