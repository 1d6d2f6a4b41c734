//! Places that people have accepted become identities: each place is looked at, and what is found there
//! now is allowed by its fingerprint. A line that shifts, or another secret on the line, changes nothing.

use super::super::args::Global;
use crate::config::{Flags, Settings};
use crate::error::Error;
use crate::finding::{Finding, Outcome};
use crate::origin::{ObjectKind, Origin, slashed};
use crate::rules::file::Provider;
use crate::rules::import::{self, AllowDraft, Draft, Grade, Known};
use crate::scan::Scan;
use crate::source::repo::lookup::{self, Trees};
use crate::source::repo::objects::Reader;
use crate::source::repo::{Id, Repo};
use crate::source::{Source, Visit};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// Texts at hand.
struct Texts(Vec<(Origin, Vec<u8>)>);

impl Source for Texts {
    fn visit<V: Visit>(&self, new: &(dyn Fn() -> V + Sync)) -> Result<Vec<V>, Error> {
        let mut visitor = new();
        for (origin, bytes) in &self.0 {
            visitor.blob(origin.clone(), bytes);
        }
        Ok(vec![visitor])
    }
}

/// Add an entry for each accepted place whose secret is found, and a note for each of the others.
pub fn resolve(known: &[Known], draft: &mut Draft, global: &Global) -> Result<(), Error> {
    let flags = Flags {
        config: global.config.clone(),
        no_config: global.no_config,
        rules: global.rules.clone(),
        ..Flags::default()
    };
    let loaded = Settings::load(Path::new("."), &Flags { no_baseline: true, ..flags })?;
    // What is allowed already is sought all the same, and the imported rules look too.
    let (mut rules, mut active, salt) = (loaded.rules, loaded.active, loaded.salt);
    let added = rules.add_rules("the import", Provider::default(), draft.rules.clone()).unwrap_or(0);
    active.extend(std::iter::repeat_n(true, added));
    let mut settings = Settings::plain(rules, active);
    settings.salt.clone_from(&salt);
    settings.foreign_comments = false;
    let scan = Scan::new(settings);
    let repo = Repo::here().ok();
    let mut commits = repo.as_ref().map(Commits::new);
    let mut texts = Texts(Vec::new());
    let mut gone = BTreeSet::new();
    let places: BTreeSet<(Option<&str>, &str)> =
        known.iter().map(|known| (known.commit.as_deref(), known.file.as_str())).collect();
    for (commit, file) in places {
        match read(commits.as_mut(), commit, file) {
            Some(text) => texts.0.push(text),
            None => drop(gone.insert((commit.map(str::to_owned), file.to_owned()))),
        }
    }
    let outcome = scan.run(&texts)?;
    let index = Index::new(&outcome);
    let mut entries: Vec<(String, String)> = Vec::new();
    for known in known {
        let found = index.at(known, &import::named(&known.rule, scan.engine().rules()));
        let reason = format!("accepted in gitleaks as {}", known.rule);
        let mut fingerprints: Vec<String> = found.iter().map(|finding| finding.fingerprint.clone()).collect();
        if let Some(secret) = &known.secret {
            fingerprints.push(secret.fingerprint("", &salt));
        }
        if fingerprints.is_empty() {
            let lost = gone.contains(&(known.commit.clone(), known.file.clone()));
            let text = if lost { "there is no such file (any more)" } else { "nothing is found there now" };
            let place = format!("{}:{}", known.file, known.line);
            draft.note(&place, Grade::LeftOut, format!("{text}: nothing to allow"));
        }
        for fingerprint in fingerprints {
            if !entries.iter().any(|(held, _)| *held == fingerprint) {
                entries.push((fingerprint, reason.clone()));
            }
        }
    }
    entries.sort_by(|one, other| one.1.cmp(&other.1).then_with(|| one.0.cmp(&other.0)));
    draft.allow.extend(entries.into_iter().map(|(fingerprint, reason)| AllowDraft {
        fingerprint: Some(fingerprint),
        reason,
        ..AllowDraft::default()
    }));
    Ok(())
}

/// Reads files of commits by one reader, however many there are.
struct Commits<'r> {
    repo: &'r Repo,
    reader: Reader<'r>,
    trees: Trees,
    /// The trees of commits; none for one that is not here.
    roots: HashMap<String, Option<Id>>,
}

impl<'r> Commits<'r> {
    fn new(repo: &'r Repo) -> Commits<'r> {
        Commits { repo, reader: repo.reader(), trees: Trees::default(), roots: HashMap::new() }
    }

    /// What a commit has at a path; none where that is no file or cannot be read.
    fn blob(&mut self, commit: &str, file: &str) -> Option<Vec<u8>> {
        let root = match self.roots.get(commit) {
            Some(root) => *root,
            None => {
                let root = self.root(commit);
                self.roots.insert(commit.to_owned(), root);
                root
            }
        };
        let id = self.trees.find(&mut self.reader, &root?, file.as_bytes()).ok()??;
        match self.reader.read(&id).ok()? {
            (ObjectKind::Blob, bytes) => Some(bytes.to_vec()),
            _ => None,
        }
    }

    fn root(&mut self, commit: &str) -> Option<Id> {
        // Entries may have the first digits only.
        let id = Id::parse(commit.as_bytes()).or_else(|| {
            let name = format!("{commit}^{{commit}}");
            let line = self.repo.asker().line(&["rev-parse", "--quiet", "--verify", &name]).ok()?;
            Id::parse(&line)
        })?;
        lookup::tree_of(&mut self.reader, &id).ok()
    }
}

/// The text of a file, in a commit or in the work tree: a commit that is gone is no reason to lose what was
/// accepted.
fn read(
    mut commits: Option<&mut Commits<'_>>,
    commit: Option<&str>,
    file: &str,
) -> Option<(Origin, Vec<u8>)> {
    if let (Some(commit), Some(commits)) = (commit, &mut commits)
        && let Some(bytes) = commits.blob(commit, file)
    {
        let origin = Origin::Object {
            id: commit.to_owned(),
            kind: ObjectKind::Blob,
            path: Some(file.into()),
            commit: Some(commit.to_owned()),
        };
        return Some((origin, bytes));
    }
    let top = commits.and_then(|commits| commits.repo.top()).map_or_else(PathBuf::new, Path::to_owned);
    let named = [top.join(file), PathBuf::from(file)].into_iter().find(|path| path.is_file())?;
    let bytes = std::fs::read(&named).ok()?;
    Some((Origin::File(PathBuf::from(file)), bytes))
}

/// Findings by file and line.
struct Index<'o>(HashMap<(String, u64), Vec<&'o Finding>>);

impl<'o> Index<'o> {
    fn new(outcome: &'o Outcome) -> Index<'o> {
        let mut index: HashMap<(String, u64), Vec<&Finding>> = HashMap::new();
        for finding in outcome.halves() {
            for place in &finding.occurrences {
                let path = match &place.origin {
                    Origin::Object { commit: Some(commit), .. } => {
                        format!("{commit}:{}", place.origin.path().unwrap_or_default())
                    }
                    Origin::File(path) => slashed(path),
                    other => other.to_string(),
                };
                // Long secrets begin on one line and end on another.
                for line in place.start.line..=place.end.line.min(place.start.line + 200) {
                    index.entry((path.clone(), line)).or_default().push(finding);
                }
            }
        }
        Index(index)
    }

    /// What is found where something was accepted: what the rules found that its rule is called by here, and
    /// otherwise what is on the line.
    fn at(&self, known: &Known, names: &[String]) -> Vec<&'o Finding> {
        let in_commit = known.commit.as_ref().map(|commit| format!("{commit}:{}", known.file));
        let places = in_commit.into_iter().chain([known.file.clone()]);
        let found =
            places.filter_map(|path| self.0.get(&(path, known.line))).next().cloned().unwrap_or_default();
        let is_named = |rule: &String| *rule == known.rule || names.contains(rule);
        let is_named = |finding: &&Finding| is_named(&finding.rule) || finding.also.iter().any(is_named);
        let named: Vec<&Finding> = found.iter().copied().filter(is_named).collect();
        let found = if named.is_empty() { found } else { named };
        match &known.secret {
            None => found,
            Some(secret) => {
                let inside = |one: &[u8], other: &[u8]| memchr::memmem::find(one, other).is_some();
                let same = |finding: &&&Finding| {
                    let (own, theirs) = (finding.secret.reveal(), secret.reveal());
                    inside(own, theirs) || inside(theirs, own)
                };
                found.iter().filter(same).copied().collect()
            }
        }
    }
}
