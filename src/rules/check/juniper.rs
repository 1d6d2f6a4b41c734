//! Passwords that devices of Juniper write reversibly, `$9$...`. Each character of the alphabet stands for
//! its distance to the one before it; two to four distances with weights are a byte of the password.

use super::{Check, Generator, Verdict, plain, proven};

pub(super) const CHECKS: &[Check] =
    &[plain!("juniper-type9", "a $9$ text decodes to printable text", juniper, Some(make))];

const MARK: &str = "$9$";
/// The alphabet, in the order in which distances are counted.
const ALPHABET: &[u8; 65] = b"QzF3n6/9CAtpu0OB1IREhcSyrleKvMW8LXx7N-dVbwsY2g4oaJZGUDjiHkq.mPf5T";
/// Where groups of the alphabet end: a first character of the first group is followed by three random ones,
/// of the second by two, and so on.
const GROUPS: [usize; 4] = [15, 35, 55, 65];
/// Weights of the distances of a byte, by its place in the password.
const WEIGHTS: [&[u32]; 7] =
    [&[1, 4, 32], &[1, 16, 32], &[1, 8, 32], &[1, 64], &[1, 32], &[1, 4, 16, 128], &[1, 32, 64]];

fn place(byte: u8) -> Option<usize> {
    ALPHABET.iter().position(|&one| one == byte)
}

/// How many random characters follow a first one at this place of the alphabet.
fn random_behind(first: usize) -> usize {
    3 - GROUPS.iter().position(|&end| first < end).unwrap_or(3)
}

/// What a text stands for.
fn decode(value: &[u8]) -> Option<Vec<u8>> {
    let rest = value.strip_prefix(MARK.as_bytes())?;
    let (&first, rest) = rest.split_first()?;
    let mut last = place(first)?;
    let mut rest = rest.get(random_behind(last)..)?;
    let mut password = Vec::new();
    while !rest.is_empty() {
        let weights = WEIGHTS[password.len() % WEIGHTS.len()];
        let (digits, behind) = rest.split_at_checked(weights.len())?;
        let mut sum = 0;
        for (&digit, weight) in digits.iter().zip(weights) {
            let next = place(digit)?;
            // Around the end of the alphabet; no character follows itself.
            let distance = (next + ALPHABET.len() - last) % ALPHABET.len();
            sum += (distance as u32).checked_sub(1)? * weight;
            last = next;
        }
        password.push(sum as u8);
        rest = behind;
    }
    Some(password)
}

fn juniper(value: &[u8]) -> Verdict {
    let printable = |password: Vec<u8>| {
        let text = String::from_utf8(password);
        text.is_ok_and(|text| !text.is_empty() && !text.chars().any(char::is_control))
    };
    proven(decode(value).is_some_and(printable))
}

/// Write a byte behind the character at place `last` of the alphabet.
fn write(out: &mut Vec<u8>, last: &mut usize, byte: u8, weights: &[u32]) {
    let mut rest = u32::from(byte);
    let mut distances = vec![0; weights.len()];
    for (distance, weight) in distances.iter_mut().zip(weights).rev() {
        (*distance, rest) = ((rest / weight) as usize, rest % weight);
    }
    for distance in distances {
        *last = (*last + distance + 1) % ALPHABET.len();
        out.push(ALPHABET[*last]);
    }
}

fn make(random: &mut Generator, text: &str, length: usize) -> Option<String> {
    let open = MARK.strip_prefix(text)?;
    // As many bytes as leave from one to four characters for the beginning.
    let room = length.checked_sub(open.len() + 1)?;
    let (mut bytes, mut taken) = (0, 0);
    while taken + WEIGHTS[bytes % WEIGHTS.len()].len() <= room {
        taken += WEIGHTS[bytes % WEIGHTS.len()].len();
        bytes += 1;
    }
    let behind = room - taken;
    let group = 3usize.checked_sub(behind).filter(|_| bytes > 0)?;
    let start = if group == 0 { 0 } else { GROUPS[group - 1] };
    let mut last = start + random.below(GROUPS[group] - start);
    let mut out = vec![ALPHABET[last]];
    out.extend((0..behind).map(|_| ALPHABET[random.below(ALPHABET.len())]));
    for (at, byte) in random.text(super::codec::BASE62, bytes).bytes().enumerate() {
        write(&mut out, &mut last, byte, WEIGHTS[at % WEIGHTS.len()]);
    }
    Some(format!("{open}{}", String::from_utf8_lossy(&out)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_is_whole() {
        let mut sorted = *ALPHABET;
        sorted.sort_unstable();
        assert!(sorted.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(sorted.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-./".contains(byte)));
    }

    #[test]
    fn what_is_written_is_read() {
        let mut random = Generator::new(1);
        for length in 4..60 {
            let Some(made) = make(&mut random, MARK, length) else { continue };
            let whole = format!("{MARK}{made}");
            assert_eq!(juniper(whole.as_bytes()), Verdict::Valid, "{whole}");
            assert!(decode(whole.as_bytes()).unwrap().iter().all(u8::is_ascii_alphanumeric));
        }
        for text in ["", "$9$", "$9$a", "$8$abcdef", "$9$aB+=def"] {
            assert_eq!(juniper(text.as_bytes()), Verdict::Invalid, "{text}");
        }
    }

    #[test]
    fn a_known_text() {
        // The example of a published description, in pieces.
        let text = ["$9$", "LbHX", "-wg4Z"].concat();
        assert_eq!(decode(text.as_bytes()).as_deref(), Some(&b"lc"[..]));
    }
}
