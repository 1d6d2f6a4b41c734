//! Could this secret be guessed? Only its bytes are asked, so that the answer, and with it the fingerprint,
//! is the same whichever rule found it and wherever.

/// A secret of fewer bits than this is worth guessing at the speed of a plain hash: 2^64 of them take
/// a thousand graphics cards a month.
const ENOUGH: f32 = 64.0;
/// Longest text that is looked at: what is longer and this varied is no password.
const LOOKED_AT: usize = 256;

/// True unless the secret is plainly random.
pub(super) fn guessable(secret: &[u8]) -> bool {
    let has = |part: &[u8]| memchr::memmem::find(secret, part).is_some();
    // Of an address or a connection string all but the password is known, or is soon found out.
    if has(b"://") || has(b";") && has(b"=") {
        return true;
    }
    if bits(secret) < ENOUGH {
        return true;
    }
    // Random to look at, and made from what a person wrote: `Basic` credentials, Kubernetes secrets.
    decoded(secret).is_some_and(|text| bits(&text) < ENOUGH)
}

/// The text that base64 or hexadecimal digits stand for, where that is a text.
fn decoded(secret: &[u8]) -> Option<Vec<u8>> {
    if secret.len() > 4 * LOOKED_AT {
        return None;
    }
    let body = secret.trim_ascii_end();
    let bare = &body[..body.len() - body.iter().rev().take_while(|&&byte| byte == b'=').count()];
    let url: Vec<u8> = bare
        .iter()
        .map(|&byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            byte => byte,
        })
        .collect();
    let hex = || {
        let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
        bare.chunks(2)
            .map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?))
            .collect::<Option<Vec<u8>>>()
    };
    let text = hex().filter(|text| is_text(text));
    text.or_else(|| base64_simd::STANDARD_NO_PAD.decode_to_vec(&url).ok().filter(|text| is_text(text)))
}

fn is_text(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
}

/// Bits of a guess, from below: a run of letters counts as one word of a list, however long; digits as a
/// year or a count; what was there before as nearly nothing. Random text changes from one to the other all
/// the time, and what people think up does not.
fn bits(secret: &[u8]) -> f32 {
    let secret = &secret[..secret.len().min(LOOKED_AT)];
    let mut total = 0.0;
    let mut seen: Vec<&[u8]> = Vec::new();
    let mut at = 0;
    while at < secret.len() {
        let end = run(secret, at);
        let part = &secret[at..end];
        let each: (f32, f32) = match part[0] {
            byte if byte.is_ascii_digit() => (3.3, 8.0),
            byte if byte.is_ascii_alphabetic() => (4.7, 10.0),
            _ => (4.0, 6.0),
        };
        total += match seen.iter().any(|other| other.eq_ignore_ascii_case(part)) {
            true => 1.0,
            false => (each.0 * part.len() as f32).min(each.1),
        };
        if part.len() > 1 || !part[0].is_ascii_alphanumeric() {
            seen.push(part);
        }
        at = end;
    }
    total
}

/// The end of the run of one class of characters that starts at `at`; a capital belongs to the word behind it.
fn run(secret: &[u8], at: usize) -> usize {
    let class = |byte: u8| match byte {
        byte if byte.is_ascii_lowercase() => 0,
        byte if byte.is_ascii_uppercase() => 1,
        byte if byte.is_ascii_digit() => 2,
        _ => 3,
    };
    let first = class(secret[at]);
    let same = |from: usize, wanted: u8| {
        from + secret[from..].iter().take_while(|&&byte| class(byte) == wanted).count()
    };
    let end = same(at, first);
    match first == 1 && end == at + 1 {
        true => same(end, 0),
        false => end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_think_up_can_be_guessed() {
        for text in [
            "hunter2",
            "Summer2024!",
            "correct-horse-battery-staple",
            "P@ssw0rd123456789",
            "qwertyuiopasdfghjkl",
            "CompanyName2024!Winter2025!Admin",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            assert!(guessable(text.as_bytes()), "{text}: {}", bits(text.as_bytes()));
        }
        // Put together here, so that no scanner takes them for what they look like.
        for text in [
            format!("postgres://admin:{}@db.example.org:5432/production_main_v2", "Summer2024"),
            format!("Server=tcp:x9.database.example;User=a1;{}={};Encrypt=True;App=q8", "Pwd", "Summer2024"),
        ] {
            assert!(guessable(text.as_bytes()), "{text}");
        }
        let basic = base64_simd::STANDARD.encode_to_string(b"administrator:Summer2024!");
        assert!(guessable(basic.as_bytes()), "{basic}");
        let hex: String = b"Summer2024!administrator".iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(guessable(hex.as_bytes()), "{hex}");
    }

    #[test]
    fn random_tokens_cannot() {
        let mut state = 7u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize
        };
        let alphabets: [(&[u8], usize); 3] = [
            (b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 28),
            (b"0123456789abcdef", 32),
            (b"abcdefghijklmnopqrstuvwxyz0123456789", 40),
        ];
        for (alphabet, length) in alphabets {
            let strong = (0..1000)
                .filter(|_| {
                    let token: Vec<u8> = (0..length).map(|_| alphabet[next() % alphabet.len()]).collect();
                    !guessable(&token)
                })
                .count();
            assert!(strong > 960, "{strong} of {length}");
        }
    }
}
