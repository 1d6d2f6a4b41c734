//! Words that passwords for tests, examples and first steps are made of.

use crate::engine::words::WordSet;

/// Words that say "this is a password" or "this is made up", the names of services and users that
/// come with a password of the same name, and the passwords that every list of the worst ones begins
/// with. In lower case, at least two letters each.
const LIST: &str = " my password passwd passwort passphrase passcode passwrd passw pass pwd word wordpass secret secrets sekret sekrit sercret geheim token key auth cred creds credential credentials login logon access user username name admin administrator root guest owner client customer account test tests tester testing tested testpass example sample demo dummy fake mock stub fixture placeholder default change changeme changeit replace insert enter some any thing value string text data here your mine own the this that not and for old new first second third one two three four five other another wrong bad good right correct incorrect invalid valid expired unused ignored ignore broken nope none null empty blank super top very really strong weak secure insecure safe unsafe simple easy long short hello world foo bar foobar baz qux quux fizz buzz lorem ipsum spam eggs abc abcd abcde abcdef xyz xyzzy asdf asdfgh qwerty qwertz azerty zxcv letmein welcome hunter swordfish sesame open opensesame monkey dragon master shadow sunshine princess football baseball trustno iloveyou whatever correcthorsebatterystaple correct horse battery staple tiger scott alice bob carol dave eve john jane doe smith acme postgres postgresql mysql mariadb mongo mongodb redis rabbit rabbitmq elastic cassandra oracle database sql ldap smtp mail email ftp ssh http https web server service local localhost host site app application project company org internal external public private prod production dev develop development stage staging temp tmp random generated something anything please hidden redacted removed parola senha contrasena motdepasse wachtwoord heslo haslo salasana jelszo lozinka sifre kata sandi kennwort losenord adgangskode mima ";

/// How much of a value is such words, in hundredths of its length: `s3cr3t`, `MyTestPa$$word1`.
/// Figures that stand for letters are read as these; what trails the words (`123`, `!`) counts as a part.
pub(super) fn share(value: &[u8]) -> i16 {
    const LONGEST: usize = 48;
    if value.len() < 3 || value.len() > LONGEST {
        return 0;
    }
    let tail = value.iter().rev().take_while(|byte| !byte.is_ascii_alphabetic() && byte.is_ascii()).count();
    let body = &value[..value.len() - tail];
    // A tail that is longer than the words, or long by itself, is no mere decoration.
    let kept = tail <= 6 && tail <= body.len() + 1;
    let plain: Vec<u8> = body.iter().map(|&byte| letter(byte)).collect();
    // The most letters that words can cover up to each place.
    let mut best = [0usize; LONGEST + 1];
    for start in 0..plain.len() {
        best[start + 1] = best[start + 1].max(best[start]);
        let mut lengths = lengths(&plain[start..]);
        while lengths != 0 {
            let end = start + lengths.trailing_zeros() as usize;
            lengths &= lengths - 1;
            if end <= plain.len() && WORDS.has(&plain[start..end]) {
                best[end] = best[end].max(best[start] + end - start);
            }
        }
    }
    // Signs between words are as good as covered.
    let signs = plain.iter().filter(|byte| b"-_. ".contains(byte)).count();
    let covered = best[plain.len()];
    if covered == 0 {
        return 0;
    }
    (((covered + signs + if kept { tail } else { 0 }) * 100 / value.len()).min(100)) as i16
}

fn letter(byte: u8) -> u8 {
    match byte {
        b'0' => b'o',
        b'1' | b'!' => b'i',
        b'3' => b'e',
        b'4' | b'@' => b'a',
        b'5' | b'$' => b's',
        b'7' => b't',
        _ => byte.to_ascii_lowercase(),
    }
}

static WORDS: WordSet<1024> = WordSet::new(LIST);

/// How long the words are that begin with each pair of letters: bit `i` for `i` bytes.
static LENGTHS: [[u32; 26]; 26] = {
    let list = LIST.as_bytes();
    let mut lengths = [[0; 26]; 26];
    let mut at = 0;
    while at < list.len() {
        let start = at;
        while list[at] != b' ' {
            at += 1;
        }
        if at > start {
            let (first, second) = (list[start] - b'a', list[start + 1] - b'a');
            lengths[first as usize][second as usize] |= 1 << (at - start);
        }
        at += 1;
    }
    lengths
};

fn lengths(text: &[u8]) -> u32 {
    match text {
        [first @ b'a'..=b'z', second @ b'a'..=b'z', ..] => {
            LENGTHS[usize::from(first - b'a')][usize::from(second - b'a')]
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_passwords_are_words() {
        for value in [
            "secret",
            "s3cr3t",
            "p@ssw0rd",
            "Pa$$word",
            "MySecretPassword1!",
            "test1234",
            "hunter2",
            "admin123",
            "super-secret",
            "changeme",
        ] {
            assert!(share(value.as_bytes()) >= 80, "{value} {}", share(value.as_bytes()));
        }
        for value in ["Xk29!fLq0p", "vJ8testQq02LmZ", "9f86d081884c7d65", "tr0ubador8!kw", "", "ab"] {
            assert!(share(value.as_bytes()) < 50, "{value} {}", share(value.as_bytes()));
        }
    }
}
