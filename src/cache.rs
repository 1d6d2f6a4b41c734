//! What earlier audits found nothing in.
//!
//! A file of seven parts: a key made from the digest of the rules, the packs that were gone through (each
//! with the objects in it that are *not* clean), the first 16 bytes of the ids of all clean objects in
//! packs, those of loose objects, those of settled objects with the state of the repository and what was traced in
//! it, and a checksum. A
//! pack that is still there is told by its own checksum at once; after a repack the ids tell. Settled are objects
//! in which nothing was found that is a finding at one of their paths: they are passed over only where nothing at
//! all has changed. The file holds nothing of any secret, and may be deleted at any time. What is damaged, or was
//! written for other rules, is not used.

use crate::source::history::{Clean, CleanPack, History, Known};
use crate::source::objects::ObjectId;
use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;

/// What the file begins with: its kind and version.
const MAGIC: &[u8] = b"sekisho clean objects 5\n";

/// Objects known to be clean.
#[derive(Default)]
pub struct Cache {
    packs: HashMap<(Vec<u8>, u32), Vec<u32>>,
    ids: Vec<[u8; 16]>,
    loose: Vec<[u8; 16]>,
    settled: Settled,
    /// The repository is as it was.
    current: bool,
}

/// What is known of a repository in one state.
#[derive(Clone, Default)]
pub struct Settled {
    /// What the repository was like, see [`History::state`].
    pub state: [u8; 32],
    /// The first 16 bytes of the ids of objects in which nothing was found that is a finding at one of their
    /// paths, sorted.
    pub ids: Vec<[u8; 16]>,
    /// What was traced, as whoever traced it writes it.
    pub traced: Vec<u8>,
}

impl Settled {
    /// Of a repository in this state, the objects with these ids (hexadecimal digits), those that are known to
    /// be settled, and what was traced.
    pub fn new(state: [u8; 32], ids: &[String], traced: Vec<u8>, known: Option<&Cache>) -> Settled {
        let short = |id: &String| ObjectId::parse(id.as_bytes())?.as_bytes().first_chunk().copied();
        let mut ids: Vec<[u8; 16]> = ids.iter().filter_map(short).collect();
        ids.extend(known.iter().flat_map(|cache| &cache.settled.ids));
        ids.sort_unstable();
        Settled { state, ids, traced }
    }
}

impl Cache {
    /// The repository is in this state: what was settled in another one is forgotten.
    pub fn compare(&mut self, state: &[u8; 32]) {
        self.current = self.settled.state == *state;
        if !self.current {
            self.settled = Settled::default();
        }
    }

    /// What was traced while the repository was as it is now.
    pub fn traced(&self) -> &[u8] {
        &self.settled.traced
    }

    /// True where a clean object is there no more. What names it was not looked at again, so nobody would
    /// notice that it is missing.
    pub fn lacks_objects(&self, history: &History) -> bool {
        let packs_are_there = self.packs.keys().all(|(checksum, count)| history.has_pack(checksum, *count));
        history.lacks(&self.loose) || !packs_are_there && history.lacks(&self.ids)
    }
}

/// What was found where a cache was looked for.
pub enum Loaded {
    /// A cache for these rules.
    Cache(Cache),
    /// None is there.
    Nothing,
    /// It cannot be used, for this reason.
    Useless(String),
}

/// Read a cache made for rules with this digest.
pub fn load(path: &Path, digest: &str) -> Loaded {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Loaded::Nothing,
        Err(error) => return Loaded::Useless(format!("cannot be read: {error}")),
    };
    let Some(rest) = bytes.strip_prefix(MAGIC) else {
        return Loaded::Useless("it is no cache of this version of sekisho".to_owned());
    };
    let Some((body, sum)) = rest.split_last_chunk::<4>() else {
        return Loaded::Useless("it is cut short".to_owned());
    };
    if crc32fast::hash(body) != u32::from_le_bytes(*sum) {
        return Loaded::Useless("it is damaged".to_owned());
    }
    let Some(body) = body.strip_prefix(digest.as_bytes()) else {
        return Loaded::Useless("it was made with other rules".to_owned());
    };
    match parse(body) {
        Some(cache) => Loaded::Cache(cache),
        None => Loaded::Useless("it is damaged".to_owned()),
    }
}

fn parse(mut body: &[u8]) -> Option<Cache> {
    let mut take = |length: usize| {
        let (part, rest) = body.split_at_checked(length)?;
        body = rest;
        Some(part)
    };
    let number = |part: &[u8]| part.try_into().ok().map(u32::from_le_bytes);
    let mut cache = Cache::default();
    for _ in 0..number(take(4)?)? {
        let length = usize::from(*take(1)?.first()?);
        let checksum = take(length)?.to_vec();
        let count = number(take(4)?)?;
        let unclean = number(take(4)?)? as usize;
        let positions = take(unclean.checked_mul(4)?)?.chunks_exact(4);
        cache.packs.insert((checksum, count), positions.filter_map(number).collect());
    }
    let packed = number(take(4)?)? as usize;
    cache.ids = take(packed.checked_mul(16)?)?.as_chunks::<16>().0.to_vec();
    cache.settled.state = *take(32)?.first_chunk()?;
    let settled = number(take(4)?)? as usize;
    cache.settled.ids = take(settled.checked_mul(16)?)?.as_chunks::<16>().0.to_vec();
    let traced = number(take(4)?)? as usize;
    cache.settled.traced = take(traced)?.to_vec();
    let (ids, rest) = body.as_chunks::<16>();
    cache.loose = ids.to_vec();
    rest.is_empty().then_some(cache)
}

/// Write a cache for rules with this digest, replacing what is there.
///
/// # Errors
/// What the system says.
pub fn store(path: &Path, digest: &str, clean: &Clean, settled: &Settled) -> io::Result<()> {
    let mut body = digest.as_bytes().to_vec();
    body.reserve((clean.ids.len() + clean.loose.len()) * 16 + 64);
    body.extend((clean.packs.len() as u32).to_le_bytes());
    for CleanPack { checksum, count, unclean } in &clean.packs {
        body.push(checksum.len() as u8);
        body.extend(checksum);
        body.extend(count.to_le_bytes());
        body.extend((unclean.len() as u32).to_le_bytes());
        unclean.iter().for_each(|position| body.extend(position.to_le_bytes()));
    }
    body.extend((clean.ids.len() as u32).to_le_bytes());
    body.extend_from_slice(clean.ids.as_flattened());
    body.extend(settled.state);
    body.extend((settled.ids.len() as u32).to_le_bytes());
    body.extend_from_slice(settled.ids.as_flattened());
    // Beyond that it is traced anew each time.
    let traced = u32::try_from(settled.traced.len()).map_or(&[][..], |_| &settled.traced);
    body.extend((traced.len() as u32).to_le_bytes());
    body.extend_from_slice(traced);
    body.extend_from_slice(clean.loose.as_flattened());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    // A reader sees the old file or the new one, never a part.
    let name = format!(".{}.{}", path.file_name().unwrap_or_default().to_string_lossy(), std::process::id());
    let new = folder.join(name);
    let written = std::fs::File::create(&new).and_then(|mut file| {
        file.write_all(MAGIC)?;
        file.write_all(&body)?;
        file.write_all(&crc32fast::hash(&body).to_le_bytes())
    });
    written.and_then(|()| std::fs::rename(&new, path)).inspect_err(|_| drop(std::fs::remove_file(&new)))
}

/// Is this one of the ids, which are sorted and told by their first bytes?
fn holds(ids: &[[u8; 16]], id: &[u8]) -> bool {
    id.first_chunk::<16>().is_some_and(|short| ids.binary_search(short).is_ok())
}

impl Known for Cache {
    fn pack(&self, checksum: &[u8], count: u32) -> Option<&[u32]> {
        // The map is small, and its key is two parts.
        self.packs
            .iter()
            .find(|((held, of), _)| held == checksum && *of == count)
            .map(|(_, positions)| &positions[..])
    }

    fn clean(&self, id: &[u8]) -> bool {
        holds(&self.ids, id) || holds(&self.loose, id)
    }

    fn settled(&self, id: &[u8]) -> bool {
        holds(&self.settled.ids, id)
    }

    fn current(&self) -> bool {
        self.current
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean() -> Clean {
        let pack = |number: u8| CleanPack { checksum: vec![number; 20], count: 9, unclean: vec![2, 5] };
        let (ids, loose) = (vec![[1; 16], [7; 16]], vec![[4; 16]]);
        Clean { packs: vec![pack(1), pack(2)], ids, loose, changed: true }
    }

    #[test]
    fn what_was_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/cache");
        assert!(matches!(load(&path, "digest"), Loaded::Nothing));
        let id = "ab".repeat(20);
        store(&path, "digest", &clean(), &Settled::new([3; 32], &[id], b"traced".to_vec(), None)).unwrap();
        let Loaded::Cache(mut cache) = load(&path, "digest") else { panic!("no cache") };
        cache.compare(&[3; 32]);
        assert_eq!(cache.traced(), b"traced");
        assert!(cache.current() && cache.settled(&[0xab; 20]) && !cache.settled(&[0xac; 20]));
        cache.compare(&[4; 32]);
        assert!(cache.traced().is_empty());
        assert!(!cache.current() && !cache.settled(&[0xab; 20]) && !cache.clean(&[0xab; 20]));
        assert_eq!(cache.pack(&[2; 20], 9), Some(&[2, 5][..]));
        assert_eq!(cache.pack(&[2; 20], 8), None);
        assert!(cache.clean(&[7; 20]) && cache.clean(&[4; 20]) && !cache.clean(&[8; 20]));
        assert!(matches!(load(&path, "other!"), Loaded::Useless(_)));
        assert_eq!(std::fs::read_dir(folder.path().join("deep")).unwrap().count(), 1);
    }

    #[test]
    fn no_damaged_cache_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache");
        store(&path, "digest", &clean(), &Settled::default()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x20;
            std::fs::write(&path, &damaged).unwrap();
            assert!(matches!(load(&path, "digest"), Loaded::Useless(_)), "byte {at}");
            std::fs::write(&path, &whole[..at]).unwrap();
            assert!(matches!(load(&path, "digest"), Loaded::Useless(_)), "cut at {at}");
        }
    }
}
