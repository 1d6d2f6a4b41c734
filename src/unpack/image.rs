//! Images of containers, as `docker save` writes them and in the layout of the OCI, in an archive or in a
//! directory: what is found in a layer is told with the image, the layer, the step that made it, and
//! whether a later layer deletes it.
//!
//! Layers may come before what tells of them. So everything is noted as it comes, and put together at the
//! end. Formats: "Docker Image Specification v1.2", "OCI Image Format Specification" (image-layout.md,
//! manifest.md, config.md, layer.md for whiteouts).
//!
//! Of an object in a repository the path is not known while it is read; what stands in a layout is found by its
//! digest.

use super::Form;
use super::json::{self, Step};
use super::known::{Known, Layer};
use crate::archive::Kind;
use crate::origin::{ObjectKind, Origin};
use crate::text::Reading;
use bstr::{BString, ByteSlice};
use memchr::memmem;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// Longest text that is looked at for what it says of an image, in bytes.
const LONGEST: usize = 8 << 20;
/// Bytes of texts and of names that are kept for one run.
const KEPT: usize = 256 << 20;
/// Indexes in one another.
const DEEPEST: usize = 4;

/// What a run saw of images.
#[derive(Debug, Default)]
pub struct Images {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// What is told of images, by the place and the path in it.
    texts: BTreeMap<Base, BTreeMap<String, (Origin, Value)>>,
    /// Names that layers delete, by layer.
    whiteouts: HashMap<Origin, HashSet<BString>>,
    /// Objects of a repository by the paths that their digests give them in a layout.
    objects: HashMap<String, Origin>,
    kept: usize,
    /// How often something was noted that tells of other places.
    told: usize,
}

/// Where an image lies, and a directory there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Base {
    around: Around,
    /// Ends with a slash where it is not empty.
    directory: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Around {
    Archive(Origin),
    Files,
    Staged,
    /// The objects of a repository, whose paths are not known while they are read: in a layout of the OCI their
    /// digests tell them.
    Objects,
}

impl Base {
    /// The place of an image that a file may belong to, and the file's path there.
    fn of(origin: &Origin) -> Option<(Base, String)> {
        let (around, path) = match origin {
            Origin::Member { outer, path } => (Around::Archive((**outer).clone()), path.to_str().ok()?),
            Origin::File(path) => (Around::Files, path.to_str()?),
            Origin::Staged(path) => (Around::Staged, path.to_str().ok()?),
            _ => return None,
        };
        let name = path.rsplit('/').next()?;
        let at = match path.rfind("blobs/sha") {
            Some(at) if at == 0 || path[..at].ends_with('/') => at,
            _ if tells(name) => path.len() - name.len(),
            _ => return None,
        };
        let directory = path[..at].to_owned();
        Some((Base { around, directory }, path[at..].to_owned()))
    }

    /// The file at a path there; none where it is none of these objects.
    fn file(&self, path: &str, objects: &HashMap<String, Origin>) -> Option<Origin> {
        let whole = format!("{}{path}", self.directory);
        Some(match &self.around {
            Around::Archive(archive) => Origin::member(archive.clone(), whole.into()),
            Around::Staged => Origin::Staged(whole.into()),
            Around::Files => Origin::File(PathBuf::from(whole)),
            Around::Objects => objects.get(path)?.clone(),
        })
    }
}

/// Is this the content of a file that git keeps?
fn is_object(origin: &Origin) -> bool {
    matches!(origin, Origin::Object { kind: ObjectKind::Blob, .. })
}

/// The path of a file with this hash in a layout.
fn path_of(hash: Sha256) -> String {
    let digits: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("blobs/sha256/{digits}")
}

/// May a file of this name tell of an image?
fn tells(name: &str) -> bool {
    let hash = name.strip_suffix(".json").unwrap_or(name);
    matches!(name, "manifest.json" | "index.json")
        || hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Is this the configuration of an image?
pub(super) fn is_configuration(bytes: &[u8]) -> bool {
    let has = |word: &[u8]| memmem::find(bytes, word).is_some();
    bytes.len() <= LONGEST
        && bytes.trim_ascii_start().first() == Some(&b'{')
        && has(b"\"rootfs\"")
        && has(b"\"diff_ids\"")
}

/// The environment, the labels and the history of a configuration, each line by itself.
pub(super) fn read(bytes: &[u8]) -> Reading {
    let mut reading = Reading::default();
    json::strings(bytes, &mut |way, part| {
        let keys: Vec<&[u8]> = way.iter().map(|step| step.key().unwrap_or(b"#")).collect();
        let (name, key) = match (&keys[..], way) {
            ([b"history", _, b"created_by" | b"comment"], [_, Step::Index(index), ..]) => {
                (format!("history, step {}", index + 1), None)
            }
            ([b"config" | b"container_config", b"Labels", _], [.., Step::Key(key)]) => {
                ("labels".to_owned(), Some(key.place.clone()))
            }
            ([b"config" | b"container_config", b"Env", ..], _) => ("environment".to_owned(), None),
            ([b"config" | b"container_config", field, ..], _) => {
                (String::from_utf8_lossy(field).into_owned(), None)
            }
            _ => (String::new(), None),
        };
        reading.section(part.start, &name);
        if name.is_empty() {
            return;
        }
        if let Some(key) = key {
            json::decode(bytes, key, &mut reading);
            reading.put(b": ", part.start..part.start);
        }
        let end = part.end;
        json::decode(bytes, part, &mut reading);
        reading.put(b"\n", end..end);
    });
    reading
}

impl Images {
    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Note what a file says of an image; false where it says nothing.
    pub fn look(&self, origin: &Origin, bytes: &[u8]) -> bool {
        if bytes.len() > LONGEST || !matches!(bytes.first(), Some(b'{' | b'[')) {
            return false;
        }
        let says = |words: &[&[u8]]| words.iter().any(|word| memmem::find(bytes, word).is_some());
        let of_objects = is_object(origin) && says(&[b"\"digest\"", b"\"diff_ids\""]);
        let place = match of_objects {
            true => Some((
                Base { around: Around::Objects, directory: String::new() },
                path_of(Sha256::new_with_prefix(bytes)),
            )),
            false => Base::of(origin),
        };
        let Some((base, path)) = place else { return false };
        if !says(&[b"\"layers\"", b"\"Layers\"", b"\"manifests\"", b"\"diff_ids\""]) {
            return false;
        }
        let Ok(value) = serde_json::from_slice(bytes) else { return false };
        let mut seen = self.seen();
        let kept = seen.keep(bytes.len());
        if kept {
            seen.told += 1;
            if of_objects {
                seen.objects.insert(path.clone(), origin.clone());
            }
            seen.texts.entry(base).or_default().insert(path, (origin.clone(), value));
        }
        kept
    }

    /// Note an object that may be a layer.
    pub(super) fn object(&self, origin: &Origin, form: Form, bytes: &[u8]) {
        if is_object(origin) && matches!(form, Form::Compressed(_) | Form::Container(Kind::Tar)) {
            self.layer(origin, path_of(Sha256::new_with_prefix(bytes)));
        }
    }

    fn layer(&self, origin: &Origin, path: String) {
        let mut seen = self.seen();
        if seen.keep(path.len() + 100) {
            seen.objects.insert(path, origin.clone());
        }
    }

    /// A reader of an object of any length, which is noted with [`Hashed::done`].
    pub fn hashed<'r>(&'r self, reader: &'r mut dyn Read) -> Hashed<'r> {
        Hashed { images: self, reader, hash: Sha256::new() }
    }

    /// How often something was noted so far that tells of other places.
    pub fn told(&self) -> usize {
        self.seen().told
    }

    /// Note a name in an archive that says that another name is deleted (layer.md, "Whiteouts").
    pub(super) fn name(&self, archive: &Origin, path: &[u8]) {
        let at = memchr::memrchr(b'/', path).map_or(0, |at| at + 1);
        let Some(deleted) = path[at..].strip_prefix(b".wh.") else { return };
        let directory = path[..at].strip_prefix(b"./").unwrap_or(&path[..at]);
        // An opaque directory hides all that lower layers have in it.
        let name = match deleted {
            b".wh..opq" => directory.to_vec(),
            name => [directory, name].concat(),
        };
        let mut seen = self.seen();
        if seen.keep(name.len() + 100) {
            seen.told += 1;
            seen.whiteouts.entry(archive.clone()).or_default().insert(name.into());
        }
    }

    /// What is known by now.
    pub fn known(&self) -> Known {
        let seen = self.seen();
        let mut known = Known { whiteouts: seen.whiteouts.clone(), ..Known::default() };
        for (base, texts) in &seen.texts {
            let mut reader = Assembly { base, texts, objects: &seen.objects, known: &mut known };
            for (path, (_, value)) in texts {
                reader.docker(value);
                if path == "index.json" || base.around == Around::Objects {
                    reader.index(value, None, 0);
                }
            }
            // Manifests that no index names: the index may be damaged.
            for (path, (_, value)) in texts {
                reader.manifest(value, None, path == "manifest.json");
            }
        }
        known
    }
}

impl Seen {
    fn keep(&mut self, bytes: usize) -> bool {
        self.kept += bytes;
        self.kept <= KEPT
    }
}

/// Reads an object that may be a layer.
pub struct Hashed<'r> {
    images: &'r Images,
    reader: &'r mut dyn Read,
    hash: Sha256,
}

impl Hashed<'_> {
    /// Note it, with what was not read yet.
    pub fn done(mut self, origin: &Origin) {
        // The source tells of trouble with reading.
        let _ = io::copy(&mut self, &mut io::sink());
        self.images.layer(origin, path_of(self.hash));
    }
}

impl Read for Hashed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.hash.update(&buffer[..read]);
        Ok(read)
    }
}

/// Puts one place together.
struct Assembly<'a> {
    base: &'a Base,
    texts: &'a BTreeMap<String, (Origin, Value)>,
    objects: &'a HashMap<String, Origin>,
    known: &'a mut Known,
}

impl Assembly<'_> {
    /// The manifest of `docker save`: an array of images.
    fn docker(&mut self, value: &Value) {
        for image in value.as_array().into_iter().flatten() {
            let Some(layers) = image["Layers"].as_array() else { continue };
            let names: Vec<String> =
                image["RepoTags"].as_array().into_iter().flatten().filter_map(text).collect();
            let config = image["Config"].as_str().unwrap_or_default();
            let paths: Vec<&str> = layers.iter().map(|path| path.as_str().unwrap_or_default()).collect();
            let digests = self.texts.get(config).map(|(_, config)| strings(&config["rootfs"]["diff_ids"]));
            let digests = digests.unwrap_or_default();
            let layers = paths.iter().enumerate().map(|(index, path)| {
                let told = path.strip_prefix("blobs/").map(|path| path.replacen('/', ":", 1));
                let digest = told.or_else(|| digests.get(index).cloned()).unwrap_or_default();
                ((*path).to_owned(), digest)
            });
            self.image(&names, config, layers.collect());
        }
    }

    /// An index of the OCI: manifests, or further indexes.
    fn index(&mut self, value: &Value, name: Option<&str>, depth: usize) {
        for entry in value["manifests"].as_array().into_iter().flatten() {
            let notes = &entry["annotations"];
            let own = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];
            let own = own.iter().find_map(|key| notes[*key].as_str()).or(name);
            let path = blob(entry["digest"].as_str().unwrap_or_default());
            let Some((_, value)) = self.texts.get(&path) else { continue };
            self.manifest(value, own, false);
            if depth < DEEPEST {
                self.index(value, own, depth + 1);
            }
        }
    }

    /// A manifest of the OCI, and of version 2 of the registry. `flat` says that what it names lies beside it,
    /// as `skopeo` and `podman` write directories.
    fn manifest(&mut self, value: &Value, name: Option<&str>, flat: bool) {
        let Some(layers) = value["layers"].as_array() else { return };
        let beside = |digest: &str| digest.rsplit(':').next().unwrap_or_default().to_owned();
        let blob = if flat { beside } else { blob };
        let config = blob(value["config"]["digest"].as_str().unwrap_or_default());
        let digests = layers.iter().map(|layer| layer["digest"].as_str().unwrap_or_default());
        let layers = digests.map(|digest| (blob(digest), digest.to_owned())).collect();
        let names: Vec<String> = name.map(str::to_owned).into_iter().collect();
        self.image(&names, &config, layers);
    }

    /// An image of these layers: their paths and digests.
    fn image(&mut self, names: &[String], config: &str, layers: Vec<(String, String)>) {
        let told = self.texts.get(config).map(|(_, config)| config);
        let history = told.and_then(|config| config["history"].as_array());
        let full = |step: &&Value| step["empty_layer"].as_bool() != Some(true);
        let made: Vec<&Value> = history.into_iter().flatten().filter(full).collect();
        let file = |path: &str| self.base.file(path, self.objects);
        if told.is_some()
            && let Some(config) = file(config)
        {
            add(self.known.configurations.entry(config).or_default(), names);
        }
        let count = layers.len();
        let origins: Vec<Option<Origin>> = layers.iter().map(|(path, _)| file(path)).collect();
        for (index, (path, digest)) in layers.into_iter().enumerate() {
            let step = made.get(index).and_then(|step| step["created_by"].as_str()).map(command);
            let id = (self.base.clone(), if digest.is_empty() { path } else { digest.clone() });
            add(self.known.names.entry(id.clone()).or_default(), names);
            let fresh = || Layer { id, index, count, digest, step: None, above: Vec::new() };
            let Some(origin) = origins[index].clone() else { continue };
            let layer = self.known.layers.entry(origin).or_insert_with(fresh);
            layer.step = layer.step.take().or(step);
            let above: Vec<Origin> = origins[index + 1..].iter().flatten().cloned().collect();
            add(&mut layer.above, &above);
        }
    }
}

/// Add what is not there yet.
fn add<T: Clone + PartialEq>(all: &mut Vec<T>, more: &[T]) {
    for one in more {
        if !all.contains(one) {
            all.push(one.clone());
        }
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(text).collect()
}

/// The path of a blob by its digest.
fn blob(digest: &str) -> String {
    format!("blobs/{}", digest.replacen(':', "/", 1))
}

/// A step as the Dockerfile has it: the builder puts it into the words of a shell.
fn command(step: &str) -> String {
    let step = step.trim();
    match step.strip_prefix("/bin/sh -c ") {
        Some(rest) => match rest.trim_start().strip_prefix("#(nop)") {
            Some(rest) => rest.trim().to_owned(),
            None => format!("RUN {}", rest.trim()),
        },
        None => step.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(path: &str) -> Origin {
        Origin::member(Origin::File("app.tar".into()), path.into())
    }

    fn inside(layer: &str, path: &str) -> Origin {
        Origin::member(at(layer), path.into())
    }

    #[test]
    fn an_image_of_docker_is_put_together() {
        let images = Images::default();
        let config = "ab".repeat(32) + ".json";
        let put = |path: &str, value: Value| images.look(&at(path), value.to_string().as_bytes());
        put(
            &config,
            json!({ "rootfs": { "diff_ids": ["sha256:1", "sha256:2"] }, "history": [
                { "created_by": "/bin/sh -c #(nop) COPY file:1 in /app/" },
                { "created_by": "/bin/sh -c #(nop)  ENV A=b", "empty_layer": true },
                { "created_by": "/bin/sh -c rm -r /app" },
            ]}),
        );
        put(
            "manifest.json",
            json!([{ "Config": config, "RepoTags": ["app:1"], "Layers": ["a/layer.tar", "b/layer.tar"] }]),
        );
        images.name(&at("b/layer.tar"), b"etc/.wh.other");
        images.name(&at("b/layer.tar"), b"./.wh.app");
        let known = images.known();
        assert_eq!(
            known.notes(&inside("a/layer.tar", "app/conf/.env")),
            [
                "image app:1, layer 1 of 2 sha256:1",
                "made by: COPY file:1 in /app/",
                "deleted in a later layer, and still in the image: sha256:2 (RUN rm -r /app)",
            ]
        );
        assert_eq!(known.notes(&inside("a/layer.tar", "etc/others")).len(), 2);
        assert_eq!(known.notes(&at(&config)), ["image app:1, configuration"]);
        assert!(known.notes(&at("c/layer.tar")).is_empty());
    }

    #[test]
    fn a_layout_is_put_together_in_a_directory() {
        let images = Images::default();
        let file = |path: &str| Origin::File(format!("img/{path}").into());
        let put = |path: &str, value: Value| images.look(&file(path), value.to_string().as_bytes());
        put(
            "index.json",
            json!({ "manifests": [{ "digest": "sha256:aa", "annotations": { "org.opencontainers.image.ref.name": "v1" } }] }),
        );
        put("blobs/sha256/aa", json!({ "manifests": [{ "digest": "sha256:bb" }] }));
        put(
            "blobs/sha256/bb",
            json!({ "config": { "digest": "sha256:cc" }, "layers": [{ "digest": "sha256:dd" }] }),
        );
        put(
            "blobs/sha256/cc",
            json!({ "rootfs": { "diff_ids": [] }, "history": [{ "created_by": "COPY . . # buildkit" }] }),
        );
        let known = images.known();
        let origin = Origin::member(file("blobs/sha256/dd"), "a.txt".into());
        assert_eq!(
            known.notes(&origin),
            ["image v1, layer 1 of 1 sha256:dd", "made by: COPY . . # buildkit"]
        );
        assert_eq!(known.notes(&file("blobs/sha256/cc")), ["image v1, configuration"]);
        assert_eq!(known.same(&origin).map(|same| same.inside), Some("!/a.txt".to_owned()));
    }

    #[test]
    fn a_configuration_is_read_line_by_line() {
        let text = r#"{"config":{"Env":["A=\u0062","C=d"],"Labels":{"by":"x\ny"}},"history":[{"created_by":"RUN z"}],"rootfs":{"diff_ids":[]}}"#;
        assert!(is_configuration(text.as_bytes()));
        let reading = read(text.as_bytes());
        assert_eq!(String::from_utf8_lossy(reading.text()), "A=b\nC=d\nby: x\ny\nRUN z\n");
        let told = |word: &str| reading.section_at(text.find(word).unwrap());
        assert_eq!(told("C=d"), Some("environment"));
        assert_eq!(told("x\\n"), Some("labels"));
        assert_eq!(told("RUN z"), Some("history, step 1"));
    }
}
