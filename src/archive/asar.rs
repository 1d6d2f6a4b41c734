//! asar, the archive of Electron applications: a header in JSON and the files' bytes (electron/asar,
//! "Format").

use super::input::{Content, Each, Member};
use super::{Budget, Trouble};
use serde_json::Value;
use std::io;

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*four) as usize)
}

/// Do these bytes begin with the header?
pub(super) fn begins(head: &[u8]) -> bool {
    number(head, 0) == Some(4)
        && head.get(16..).is_some_and(|rest| rest.starts_with(b"{\"files\""))
        && number(head, 12).is_some_and(|length| number(head, 4).is_some_and(|header| length < header))
}

/// Hand on every member.
///
/// # Errors
/// Damage, a used-up budget.
pub(super) fn members(bytes: &[u8], budget: &Budget, each: Each<'_>) -> io::Result<()> {
    let damaged = || Trouble::Corrupt("the header of the asar archive is damaged".to_owned());
    let (header, length) = number(bytes, 4).zip(number(bytes, 12)).ok_or_else(damaged)?;
    let text = bytes.get(16..16usize.saturating_add(length)).ok_or_else(damaged)?;
    let tree: Value = serde_json::from_slice(text).map_err(|_| damaged())?;
    let body = bytes.get(8usize.saturating_add(header)..).ok_or_else(damaged)?;
    let mut open = vec![(Vec::new(), &tree)];
    while let Some((path, node)) = open.pop() {
        let Some(Value::Object(files)) = node.get("files") else { continue };
        for (name, child) in files.iter().rev() {
            let path = match path.is_empty() {
                true => name.as_bytes().to_vec(),
                false => [&path[..], b"/", name.as_bytes()].concat(),
            };
            if child.get("files").is_some() {
                open.push((path, child));
                continue;
            }
            // Files that are kept beside the archive, and links.
            if child.get("unpacked").and_then(Value::as_bool) == Some(true) || child.get("link").is_some() {
                continue;
            }
            budget.member()?;
            let offset = child.get("offset").and_then(Value::as_str).and_then(|text| text.parse().ok());
            let size = child.get("size").and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok());
            let part =
                offset.zip(size).and_then(|(offset, size): (usize, usize)| body.get(offset..)?.get(..size));
            let content = match part {
                Some(part) => Content::Bytes(part),
                None => Content::Nothing(Trouble::Corrupt("it lies outside of the archive".to_owned())),
            };
            each(Member { path: &path, content });
        }
    }
    Ok(())
}
