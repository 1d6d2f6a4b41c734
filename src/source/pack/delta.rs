//! Entries of a pack and the instructions of deltas (`gitformat-pack`).

use crate::origin::ObjectKind;
use crate::source::objects::ObjectId;
use crate::text::Copied;

/// What an entry's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// What the entry holds.
    pub(super) form: Form,
    /// Inflated length in bytes: of the object, or of a delta's instructions.
    pub(super) size: u64,
    /// Offset of the compressed stream from the start of the entry.
    pub(super) length: usize,
}

/// What an entry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// An object.
    Whole(ObjectKind),
    /// A delta against the entry that begins this many bytes before this one.
    Behind(u64),
    /// A delta against the object with this id.
    Against(ObjectId),
}

/// Read the header of the entry that `bytes` begins with.
pub(super) fn header(bytes: &[u8], digest: usize) -> Result<Header, &'static str> {
    const SHORT: &str = "the entry's header is cut short";
    let mut byte = *bytes.first().ok_or(SHORT)?;
    let kind = byte >> 4 & 7;
    let mut size = u64::from(byte & 15);
    let mut at = 1;
    let mut shift = 4;
    while byte & 0x80 != 0 {
        byte = *bytes.get(at).ok_or(SHORT)?;
        if shift > 57 {
            return Err("the entry's size is damaged");
        }
        size |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        at += 1;
    }
    let form = match kind {
        1 => Form::Whole(ObjectKind::Commit),
        2 => Form::Whole(ObjectKind::Tree),
        3 => Form::Whole(ObjectKind::Blob),
        4 => Form::Whole(ObjectKind::Tag),
        6 => {
            let mut byte = *bytes.get(at).ok_or(SHORT)?;
            at += 1;
            let mut distance = u64::from(byte & 0x7f);
            while byte & 0x80 != 0 {
                byte = *bytes.get(at).ok_or(SHORT)?;
                at += 1;
                if distance >> 55 != 0 {
                    return Err("the distance to the delta's base is damaged");
                }
                distance = (distance + 1) << 7 | u64::from(byte & 0x7f);
            }
            Form::Behind(distance)
        }
        7 => {
            let id = bytes.get(at..at + digest).and_then(ObjectId::from_bytes).ok_or(SHORT)?;
            at += digest;
            Form::Against(id)
        }
        _ => return Err("the entry is of an unknown kind"),
    };
    Ok(Header { form, size, length: at })
}

/// A length at the start of a delta.
fn length(bytes: &[u8]) -> Result<(u64, usize), &'static str> {
    let mut value = 0;
    for (at, &byte) in bytes.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok((value, at + 1));
        }
    }
    Err("the delta's lengths are damaged")
}

/// The lengths that a delta expects of its base and promises of its result, and where its
/// instructions start.
pub(super) fn lengths(delta: &[u8]) -> Result<(u64, u64, usize), &'static str> {
    let (base, first) = length(delta)?;
    let (result, second) = length(&delta[first..])?;
    Ok((base, result, first + second))
}

/// Carry out the instructions of a delta. `out` has the length of the result. `copies` is told which
/// pieces came from the base, in their order; pieces that follow on one another in both are one.
pub(super) fn apply(
    base: &[u8],
    mut instructions: &[u8],
    out: &mut [u8],
    copies: &mut Vec<Copied>,
) -> Result<(), &'static str> {
    const SHORT: &str = "the delta is cut short";
    const LONG: &str = "the delta makes more than it promises";
    copies.clear();
    let mut at = 0;
    while let Some((&first, rest)) = instructions.split_first() {
        instructions = rest;
        if first & 0x80 != 0 {
            let mut take = |bit: u8| -> Result<usize, &'static str> {
                if first >> bit & 1 == 0 {
                    return Ok(0);
                }
                let (&byte, rest) = instructions.split_first().ok_or(SHORT)?;
                instructions = rest;
                Ok(usize::from(byte))
            };
            let source = take(0)? | take(1)? << 8 | take(2)? << 16 | take(3)? << 24;
            let length = match take(4)? | take(5)? << 8 | take(6)? << 16 {
                0 => 0x1_0000,
                length => length,
            };
            let from = base.get(source..source + length).ok_or("the delta copies from beyond its base")?;
            out.get_mut(at..at + length).ok_or(LONG)?.copy_from_slice(from);
            match copies.last_mut() {
                Some(last) if last.source + last.length == source && last.target + last.length == at => {
                    last.length += length;
                }
                _ => copies.push(Copied { target: at, source, length }),
            }
            at += length;
        } else if first != 0 {
            let length = usize::from(first);
            let (inserted, rest) = instructions.split_at_checked(length).ok_or(SHORT)?;
            out.get_mut(at..at + length).ok_or(LONG)?.copy_from_slice(inserted);
            instructions = rest;
            at += length;
        } else {
            return Err("the delta holds an instruction that is not defined");
        }
    }
    if at == out.len() { Ok(()) } else { Err("the delta makes less than it promises") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The size of an entry or a length in a delta, seven bits a byte.
    fn varint(mut value: u64, out: &mut Vec<u8>) {
        while value >= 0x80 {
            out.push(value as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
    }

    /// A delta of these steps (copy from, length) or inserted bytes, and what it makes of `base`.
    fn encode(base: &[u8], steps: &[(bool, usize, usize)]) -> (Vec<u8>, Vec<u8>) {
        let (mut made, mut body) = (Vec::new(), Vec::new());
        for &(copy, from, length) in steps {
            if copy && !base.is_empty() {
                let from = from % base.len();
                let length = 1 + length % (base.len() - from);
                made.extend(&base[from..from + length]);
                body.push(0x80 | 0x0f | 0x70);
                body.extend(&(from as u32).to_le_bytes());
                body.extend(&(length as u32).to_le_bytes()[..3]);
            } else {
                let length = 1 + length % 127;
                body.push(length as u8);
                let bytes = vec![from as u8; length];
                body.extend(&bytes);
                made.extend(&bytes);
            }
        }
        let mut delta = Vec::new();
        varint(base.len() as u64, &mut delta);
        varint(made.len() as u64, &mut delta);
        delta.extend(body);
        (delta, made)
    }

    proptest! {
        #[test]
        fn deltas_make_what_they_say(
            base in proptest::collection::vec(any::<u8>(), 0..300),
            steps in proptest::collection::vec((any::<bool>(), any::<usize>(), any::<usize>()), 0..20),
        ) {
            let (delta, made) = encode(&base, &steps);
            let (from, to, start) = lengths(&delta).unwrap();
            prop_assert_eq!((from, to), (base.len() as u64, made.len() as u64));
            let mut out = vec![0; made.len()];
            let mut copies = Vec::new();
            apply(&base, &delta[start..], &mut out, &mut copies).unwrap();
            prop_assert_eq!(&out, &made);
            let mut end = 0;
            for copied in copies {
                prop_assert!(copied.target >= end && copied.length > 0);
                end = copied.in_target().end;
                prop_assert_eq!(&base[copied.in_source().range()], &out[copied.in_target().range()]);
            }
        }

        #[test]
        fn damaged_deltas_and_headers_are_told(
            base in proptest::collection::vec(any::<u8>(), 0..100),
            bytes in proptest::collection::vec(any::<u8>(), 0..100),
        ) {
            let _ = header(&bytes, 20);
            let _ = header(&bytes, 32);
            if let Ok((_, to, start)) = lengths(&bytes) {
                let mut out = vec![0; (to as usize).min(1 << 16)];
                let _ = apply(&base, &bytes[start..], &mut out, &mut Vec::new());
            }
        }
    }

    #[test]
    fn headers_of_each_form() {
        assert_eq!(
            header(&[0xb5, 0x0a], 20),
            Ok(Header { form: Form::Whole(ObjectKind::Blob), size: 165, length: 2 })
        );
        assert_eq!(header(&[0x65, 0x05], 20), Ok(Header { form: Form::Behind(5), size: 5, length: 2 }));
        // As git computes it: ((0x01 + 1) << 7) | 0x00.
        assert_eq!(header(&[0x65, 0x81, 0], 20).map(|head| head.form), Ok(Form::Behind(256)));
        let id = [7; 20];
        let against = [&[0x75][..], &id].concat();
        let form = Form::Against(ObjectId::from_bytes(&id).unwrap());
        assert_eq!(header(&against, 20), Ok(Header { form, size: 5, length: 21 }));
        for bytes in [&[][..], &[0x95], &[0x05], &[0x55], &against[..20], &[0xbf; 30]] {
            assert!(header(bytes, 20).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn neighbouring_copies_are_one() {
        let base = b"0123456789";
        let delta = [0x90, 4, 0x91, 4, 3, 1, b'x', 0x91, 0, 2];
        let (mut out, mut copies) = ([0; 10], Vec::new());
        apply(base, &delta, &mut out, &mut copies).unwrap();
        assert_eq!(&out, b"0123456x01");
        assert_eq!(
            copies,
            [Copied { target: 0, source: 0, length: 7 }, Copied { target: 8, source: 0, length: 2 }]
        );
    }
}
