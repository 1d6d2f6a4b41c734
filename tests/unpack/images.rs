//! Images of containers: saved by docker and in the layout of the OCI, as a file and as a directory.

use crate::gates::{audit, git};
use crate::kinds::{at, text};
use crate::make;
use crate::support::{Ran, Report, Tree, token};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Files of an image, by path.
pub type Files = Vec<(String, Vec<u8>)>;

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Two layers: one brings a file in, the next deletes it. And the configuration that tells of them.
fn layers() -> (Vec<u8>, Vec<u8>, Value) {
    let inner = make::zip(&[("conf.yml", &text(2))]);
    let first = make::tar(&[("app/.env", &text(1)), ("app/lib.jar", &inner)]);
    let second = make::tar(&[("app/.wh..env", b""), ("app/readme", b"hello\n")]);
    let config = json!({
        "architecture": "amd64",
        "config": { "Env": ["PATH=/bin", format!("ACME={}", token(3))], "Labels": { "note": token(4) } },
        "rootfs": { "type": "layers", "diff_ids": [
            format!("sha256:{}", digest(&first)), format!("sha256:{}", digest(&second)),
        ]},
        "history": [
            { "created_by": "/bin/sh -c #(nop) COPY dir:1 in /app/ " },
            { "created_by": format!("/bin/sh -c #(nop)  ENV ACME={}", token(5)), "empty_layer": true },
            { "created_by": "/bin/sh -c rm /app/.env" },
        ],
    });
    (first, second, config)
}

/// As `docker save` wrote it for years.
pub fn saved() -> Files {
    let (first, second, config) = layers();
    let config = config.to_string().into_bytes();
    let name = format!("{}.json", digest(&config));
    let manifest = json!([{ "Config": name, "RepoTags": ["acme/app:1.0"], "Layers": ["one/layer.tar", "two/layer.tar"] }]);
    vec![
        ("one/layer.tar".to_owned(), first),
        ("two/layer.tar".to_owned(), second),
        (name, config),
        ("manifest.json".to_owned(), manifest.to_string().into_bytes()),
    ]
}

/// A layout of the OCI with compressed layers.
pub fn layout() -> Files {
    let (first, second, config) = layers();
    let blobs = [make::gzip(&first), make::zstd(&second), config.to_string().into_bytes()];
    let about = |bytes: &[u8]| json!({ "digest": format!("sha256:{}", digest(bytes)), "size": bytes.len() });
    let manifest = json!({
        "schemaVersion": 2, "config": about(&blobs[2]), "layers": [about(&blobs[0]), about(&blobs[1])],
    });
    let manifest = manifest.to_string().into_bytes();
    let mut entry = about(&manifest);
    entry["annotations"] = json!({ "org.opencontainers.image.ref.name": "acme/app:1.0" });
    let index = json!({ "schemaVersion": 2, "manifests": [entry] });
    let mut files = vec![
        ("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec()),
        ("index.json".to_owned(), index.to_string().into_bytes()),
    ];
    for blob in blobs.into_iter().chain([manifest]) {
        files.push((format!("blobs/sha256/{}", digest(&blob)), blob));
    }
    files
}

pub fn packed(files: &Files) -> Vec<u8> {
    let files: Vec<make::File<'_>> = files.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
    make::tar(&files)
}

/// Path and notes of each place, sorted.
pub fn told(report: &Report) -> Vec<(String, Vec<String>)> {
    let places = crate::documents::told(report).into_iter();
    let mut all: Vec<_> = places.map(|(path, _, _, notes)| (path, notes)).collect();
    all.sort();
    all
}

/// What is to be told of the places of [`layers`], where these are the paths of the first layer and of the
/// configuration, and this the way to name a layer.
pub fn wanted(first: &str, config: &str, digests: [&str; 2]) -> Vec<(String, Vec<String>)> {
    let owned = |notes: &[&str]| notes.iter().map(|note| (*note).to_owned()).collect::<Vec<_>>();
    let layer = format!("image acme/app:1.0, layer 1 of 2 sha256:{}", digests[0]);
    let made = "made by: COPY dir:1 in /app/";
    let gone =
        format!("deleted in a later layer, and still in the image: sha256:{} (RUN rm /app/.env)", digests[1]);
    let about = "image acme/app:1.0, configuration";
    let mut all = vec![
        (format!("{first}!/app/.env"), owned(&[&layer, made, &gone])),
        (format!("{first}!/app/lib.jar!/conf.yml"), owned(&[&layer, made])),
        (config.to_owned(), owned(&[about, "environment"])),
        (config.to_owned(), owned(&[about, "history, step 2"])),
        (config.to_owned(), owned(&[about, "labels"])),
    ];
    all.sort();
    all
}

pub fn digests(compressed: bool) -> [String; 2] {
    let (first, second, _) = layers();
    match compressed {
        true => [digest(&make::gzip(&first)), digest(&make::zstd(&second))],
        false => [digest(&first), digest(&second)],
    }
}

#[test]
fn saved_by_docker() {
    let tree = Tree::new(&[]);
    let files = saved();
    tree.write("app.tar", &packed(&files));
    for (name, bytes) in &files {
        tree.write(&format!("unpacked/{name}"), bytes);
    }
    let [one, two] = digests(false);
    let of = |prefix: &str| {
        wanted(&format!("{prefix}one/layer.tar"), &format!("{prefix}{}", files[2].0), [&one, &two])
    };
    assert_eq!(told(&tree.report(&["app.tar"])), of("app.tar!/"));
    assert_eq!(told(&tree.report(&["unpacked"])), of("unpacked/"));
    let report = tree.report(&["."]);
    assert_eq!((told(&report).len(), report.status), (10, 1));
    assert!(report.places.contains(&at("app.tar!/one/layer.tar!/app/.env")), "{:?}", report.places);
    let report = Report::of(&tree.scan_input(&["--format", "json", "-"], &make::gzip(&packed(&files))));
    assert_eq!(told(&report), of("<stdin>!/"));
}

#[test]
fn a_layout_of_the_oci() {
    let tree = Tree::new(&[]);
    let files = layout();
    tree.write("app.tar", &packed(&files));
    for (name, bytes) in &files {
        tree.write(&format!("img/{name}"), bytes);
    }
    let [one, two] = digests(true);
    let of = |prefix: &str| {
        wanted(&format!("{prefix}{}", files[2].0), &format!("{prefix}{}", files[4].0), [&one, &two])
    };
    assert_eq!(told(&tree.report(&["app.tar"])), of("app.tar!/"));
    assert_eq!(told(&tree.report(&["img"])), of("img/"));
    // In an archive beside other things, and in the tree itself.
    tree.write("outer.zip", &make::zip(&[("images/app.tar", &packed(&files))]));
    assert_eq!(told(&tree.report(&["outer.zip"])), of("outer.zip!/images/app.tar!/"));
    let inside = Tree::new(&[]);
    for (name, bytes) in &files {
        inside.write(name, bytes);
    }
    assert_eq!(told(&inside.report(&["."])), of(""));
}

#[test]
fn a_layer_of_two_images_is_told_once() {
    let tree = Tree::new(&[]);
    let mut files = saved();
    // The same layer a second time, of another image: docker wrote that, too.
    let mut manifest: Value = serde_json::from_slice(&files[3].1).unwrap();
    let mut other = manifest[0].clone();
    other["RepoTags"] = json!(["acme/app:2.0"]);
    other["Layers"] = json!(["three/layer.tar", "two/layer.tar"]);
    manifest.as_array_mut().unwrap().push(other);
    files[3].1 = manifest.to_string().into_bytes();
    let again = files[0].1.clone();
    files.insert(1, ("three/layer.tar".to_owned(), again));
    tree.write("app.tar", &packed(&files));
    let told = told(&tree.report(&["."]));
    let env: Vec<_> = told.iter().filter(|(path, _)| path.ends_with("!/app/.env")).collect();
    assert_eq!(env.len(), 1, "{told:?}");
    let name = "image acme/app:1.0, acme/app:2.0, layer 1 of 2 sha256:";
    assert!(env[0].1[0].starts_with(name), "{env:?}");
}

#[test]
fn every_report_says_where_and_shows_no_secret() {
    let tree = Tree::new(&[]);
    let mut files = saved();
    // The step that made the layer holds another secret.
    let config = String::from_utf8(files[2].1.clone()).unwrap();
    files[2].1 = config.replace("COPY dir:1 in /app/", &format!("COPY {} /app/", token(9))).into_bytes();
    tree.write("app.tar", &packed(&files));
    for format in ["human", "json", "jsonl", "sarif", "html"] {
        let ran: Ran = tree.scan(&["--format", format, "."]);
        ran.status(1);
        for word in ["acme/app:1.0", "layer 1 of 2 sha256:", "made by: COPY ", "deleted in a later layer"] {
            assert!(ran.out.contains(word), "{format} {word}\n{}", ran.out);
        }
        for number in 1..10 {
            assert!(!ran.out.contains(&token(number)), "{format} {number}");
        }
    }
}

#[test]
fn odd_images_are_scanned_all_the_same() {
    let tree = Tree::new(&[]);
    let mut files = saved();
    files[3].1 = br#"[{"Config": 7, "Layers": [null, {}, "../../etc/passwd", "one/layer.tar"]}]"#.to_vec();
    files.push((
        "index.json".to_owned(),
        br#"{"manifests":[{"digest":"sha256:x"},{"digest":7}],"layers":[3]}"#.to_vec(),
    ));
    tree.write("app.tar", &packed(&files));
    let report = tree.report(&["."]);
    assert_eq!((report.status, report.skipped.len()), (1, 0));
    assert!(report.places.contains(&at("app.tar!/one/layer.tar!/app/.env")), "{:?}", report.places);
}

#[test]
fn a_flat_directory() {
    let tree = Tree::new(&[]);
    let files = layout();
    // The manifest lies beside what it names.
    for (name, bytes) in &files[2..] {
        let name = if *name == files[5].0 { "manifest.json" } else { name.rsplit('/').next().unwrap() };
        tree.write(&format!("img/{name}"), bytes);
    }
    let [one, two] = digests(true);
    let notes = told(&tree.report(&["img"]));
    let layer = format!("image: layer 1 of 2 sha256:{one}");
    let env = format!("img/{one}!/app/.env");
    let found = notes.iter().find(|(path, _)| *path == env).map(|(_, notes)| &notes[..]);
    let gone = format!("deleted in a later layer, and still in the image: sha256:{two} (RUN rm /app/.env)");
    assert_eq!(found, Some(&[layer, "made by: COPY dir:1 in /app/".to_owned(), gone][..]), "{notes:?}");
}

/// A layout that git keeps as a directory: each file is an object by itself, whose path is told when something was
/// found in it.
#[test]
fn a_layout_in_a_repository() {
    let tree = Tree::new(&[]);
    let files = layout();
    for (name, bytes) in &files {
        tree.write(&format!("img/{name}"), bytes);
    }
    tree.track(&["img"]);
    git(&tree, &["commit", "-q", "-m", "first"]);
    let [one, two] = digests(true);
    let wanted = wanted(&format!("img/{}", files[2].0), &format!("img/{}", files[4].0), [&one, &two]);
    for arguments in [&["--no-cache"][..], &[], &[]] {
        assert_eq!(told(&Report::of(&audit(&tree, arguments))), wanted, "{arguments:?}");
    }
    git(&tree, &["repack", "-q", "-a", "-d", "-f"]);
    assert_eq!(told(&Report::of(&audit(&tree, &["--no-cache"]))), wanted);
}
