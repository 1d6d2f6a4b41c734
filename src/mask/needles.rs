//! Finds known values in bytes.
//!
//! Strong values are found by every window of [`RUN`] bytes of theirs, so a piece of one is found as well
//! as all of it. A text is probed at every seventh place: any window of ten bytes holds one of these
//! places with four bytes behind it, and a filter of one bit tells for nearly all of them that no value
//! has such four bytes. Plain values are found where all of them stands, by Aho-Corasick.
//!
//! Of very many values every second place alone is written down, and a text is probed at every third
//! place: of two probes in ten bytes one stands on a place that was.

use super::forms;
use super::report::Form;
use super::{Needle, Strength};
use aho_corasick::{AhoCorasick, Input, MatchKind};
use zeroize::{Zeroize, Zeroizing};

/// Shortest piece of a strong value that is found, in bytes.
pub(super) const RUN: usize = 10;
/// Shortest piece in hexadecimal digits: fewer may stand in any digest.
const RUN_HEX: usize = 16;
/// Shortest piece of a long plain value, in bytes.
const RUN_LONG: usize = 32;
/// Longest value that is sought as a whole, in bytes.
const LITERAL: usize = 64;
/// Least number of different bytes in a piece.
const DIFFERENT: usize = 4;
/// Shortest encoded core of a plain value, in bytes.
const CORE: usize = 8;
/// Most bytes that one probe looks to each side.
const EXTENT: usize = 256;
/// The spellings of a strong value are together about so many times as long as the value.
const SPELLED: usize = 19;
/// Length of all spellings together from which on only every second place is written down, in bytes.
const MANY: usize = 1 << 20;
/// Bytes from one probe to the next then.
const SPARSE: usize = 3;
/// Most places with the same four bytes that are asked whether they serve for a new one.
const TWINS: usize = 4;
const NONE: u32 = u32::MAX;

/// A registered value.
pub(super) struct Known {
    pub name: String,
    /// It is masked from this offset of the input on.
    pub from: u64,
}

/// A place where a value, or a piece of one, was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub start: usize,
    pub end: usize,
    pub known: u32,
    pub form: Form,
}

/// One spelling of a strong value, in `Needles::text`.
struct Spelling {
    start: u32,
    end: u32,
    known: u32,
    form: Form,
    run: u8,
    exact: bool,
}

/// One spelling of a plain value.
struct Literal {
    text: Zeroizing<Vec<u8>>,
    known: u32,
    form: Form,
}

/// All values.
pub(super) struct Needles {
    pub known: Vec<Known>,
    /// The spellings of strong values, one behind the other.
    text: Vec<u8>,
    spellings: Vec<Spelling>,
    /// By hash of four bytes: the last place of `text` that has them; `next` has the one before.
    heads: Vec<u32>,
    next: Vec<u32>,
    /// Only every second place of `text` is in the table.
    sparse: bool,
    filter: Filter,
    /// Beginnings of windows, of one to three bytes.
    beginnings: [Filter; 3],
    literals: Vec<Literal>,
    automaton: Option<AhoCorasick>,
    /// Literals begin with these bytes.
    first: [bool; 256],
    /// Four bytes that stand in literals.
    literal_grams: Filter,
    longest_run: usize,
    longest_literal: usize,
    /// Some value holds white space.
    pub spaced: bool,
    shown: usize,
}

/// A set of hashes.
struct Filter {
    bits: Vec<u64>,
    shift: u32,
}

impl Filter {
    fn new(size: u32) -> Filter {
        Filter { bits: vec![0; 1 << (size - 6)], shift: 32 - size }
    }

    #[inline(always)]
    fn place(&self, gram: u32) -> usize {
        (gram.wrapping_mul(0x9e37_79b1) >> self.shift) as usize
    }

    #[inline(always)]
    fn has(&self, gram: u32) -> bool {
        let place = self.place(gram);
        self.bits[place >> 6] >> (place & 63) & 1 == 1
    }

    fn add(&mut self, gram: u32) {
        let place = self.place(gram);
        self.bits[place >> 6] |= 1 << (place & 63);
    }
}

/// Four bytes, in a form where upper and lower case are the same.
#[inline(always)]
fn gram(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) | 0x2020_2020
}

/// Up to three bytes likewise.
fn beginning(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |value, &byte| value << 8 | u32::from(byte | 0x20))
}

impl Needles {
    pub(super) fn new() -> Needles {
        Needles {
            known: Vec::new(),
            text: Vec::new(),
            spellings: Vec::new(),
            heads: vec![NONE; 1 << 10],
            next: Vec::new(),
            sparse: false,
            filter: Filter::new(15),
            beginnings: [Filter::new(8), Filter::new(16), Filter::new(18)],
            literals: Vec::new(),
            automaton: None,
            first: [false; 256],
            literal_grams: Filter::new(15),
            longest_run: 0,
            longest_literal: 0,
            spaced: false,
            shown: 4,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Bytes before a place that decide with it whether something is found.
    pub(super) fn context(&self) -> usize {
        self.longest_run.max(self.longest_literal).saturating_sub(1)
    }

    /// Seek these values from now on; they are masked from offset `from` of the input on.
    pub(super) fn add(&mut self, needles: Vec<Needle>, from: u64) {
        let literals = self.literals.len();
        let strong = needles.iter().filter(|needle| needle.strength == Strength::Strong);
        self.reserve(strong.map(|needle| needle.value.len() * SPELLED).sum());
        for needle in needles {
            if needle.value.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let known = self.known.len() as u32;
            self.known.push(Known { name: needle.name, from });
            self.spaced |= needle.value.iter().any(u8::is_ascii_whitespace);
            self.shown = self.shown.min(needle.value.len() / 5);
            let long = needle.value.len() > LITERAL;
            match needle.strength {
                Strength::Strong if needle.value.len() >= RUN => self.strong(&needle.value, known),
                Strength::Plain if long => {
                    self.spelling(&needle.value, known, Form::Literal, RUN_LONG, true);
                    for other in forms::encoded(&needle.value) {
                        self.spelling(&other.text, known, other.form, 2 * RUN_LONG, other.exact);
                    }
                }
                _ => self.plain(&needle.value, known),
            }
        }
        if self.literals.len() > literals {
            self.build();
        }
    }

    fn strong(&mut self, value: &[u8], known: u32) {
        for part in without_armour(value) {
            self.spelling(part, known, Form::Literal, RUN, false);
            let bare: Zeroizing<Vec<u8>> =
                Zeroizing::new(part.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect());
            if bare.len() < part.len() {
                self.spelling(&bare, known, Form::Wrapped, RUN, false);
            }
            for other in forms::encoded(part) {
                let run = if other.form == Form::Hex { RUN_HEX } else { RUN };
                self.spelling(&other.text, known, other.form, run, other.exact);
            }
        }
    }

    fn plain(&mut self, value: &[u8], known: u32) {
        let mut add = |text: Zeroizing<Vec<u8>>, form: Form| {
            self.first[usize::from(text[0])] = true;
            text.windows(4).for_each(|part| self.literal_grams.add(gram(part)));
            self.longest_literal = self.longest_literal.max(text.len());
            self.literals.push(Literal { text, known, form });
        };
        add(Zeroizing::new(value.to_vec()), Form::Literal);
        for other in forms::encoded(value).into_iter().filter(|other| other.text.len() >= CORE) {
            if !other.exact {
                add(Zeroizing::new(other.text.to_ascii_lowercase()), other.form);
                add(Zeroizing::new(other.text.to_ascii_uppercase()), other.form);
            } else {
                add(other.text, other.form);
            }
        }
    }

    fn build(&mut self) {
        self.literals.sort_by(|one, other| one.text.cmp(&other.text).then(one.known.cmp(&other.known)));
        let texts = self.literals.iter().map(|literal| literal.text.as_slice());
        // Patterns of a few kilobytes in all never exceed what the automaton can number.
        self.automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(texts).ok();
    }

    /// Take a spelling into the table of windows.
    fn spelling(&mut self, text: &[u8], known: u32, form: Form, run: usize, exact: bool) {
        if text.len() < run {
            return;
        }
        self.reserve(text.len() + 1);
        // A spelling begins at an even place, so that its second ones do too.
        self.text.resize(self.text.len().next_multiple_of(2), 0);
        let start = self.text.len();
        self.text.extend_from_slice(text);
        self.next.resize(self.link(self.text.len()) + 1, NONE);
        let end = self.text.len();
        self.longest_run = self.longest_run.max(run);
        self.spellings.push(Spelling {
            start: start as u32,
            end: end as u32,
            known,
            form,
            run: run as u8,
            exact,
        });
        for at in start..=end - run {
            for length in 1..=3 {
                self.beginnings[length - 1].add(beginning(&self.text[at..at + length]));
            }
        }
        self.places(self.spellings.len() - 1);
    }

    /// Write down where a spelling has which four bytes.
    fn places(&mut self, index: usize) {
        let Spelling { start, end, .. } = self.spellings[index];
        for at in start as usize..=end as usize - 4 {
            if !self.sparse || at % 2 == 0 {
                self.place(index, at);
            } else {
                self.filter.add(gram(&self.text[at..at + 4]));
            }
        }
    }

    /// The place of `next` for a place of `text`.
    #[inline]
    fn link(&self, at: usize) -> usize {
        at >> u32::from(self.sparse)
    }

    /// Write down that a spelling has four bytes at a place.
    fn place(&mut self, index: usize, at: usize) {
        let held = &self.spellings[index];
        let around = self.around(held, at);
        let exact = held.exact;
        if !has_sign(&self.text[around.clone()], usize::from(held.run)) {
            return;
        }
        let gram = gram(&self.text[at..at + 4]);
        let slot = self.slot(gram);
        let mut other = if self.filter.has(gram) { self.heads[slot] } else { NONE };
        let mut looked = 0;
        // Nearly all places differ in one of the outer bytes, which is told without their spelling.
        let (before, behind) = (at - around.start, around.end - 1 - at);
        let byte = |place: usize| self.text.get(place).map(|byte| byte | 0x20);
        let outer = |place: usize| (place.checked_sub(before).and_then(byte), byte(place + behind));
        let own = outer(at);
        while other != NONE && looked < TWINS {
            if outer(other as usize) != own {
                other = self.next[self.link(other as usize)];
                looked += 1;
                continue;
            }
            // Where the surroundings are the same as of another place, that one serves.
            let twin = self.spelling_at(other);
            if twin.run == held.run
                && twin.exact == exact
                && other as usize - self.around(twin, other as usize).start == at - around.start
                && same(exact, &self.text[self.around(twin, other as usize)], &self.text[around.clone()])
            {
                return;
            }
            other = self.next[self.link(other as usize)];
            looked += 1;
        }
        let link = self.link(at);
        self.next[link] = std::mem::replace(&mut self.heads[slot], at as u32);
        self.filter.add(gram);
    }

    /// The windows of a spelling that hold the four bytes at a place.
    fn around(&self, held: &Spelling, at: usize) -> std::ops::Range<usize> {
        let run = usize::from(held.run);
        at.saturating_sub(run - 4).max(held.start as usize)..(at + run).min(held.end as usize)
    }

    /// All bytes have a say in the upper bits of the product only.
    fn slot(&self, gram: u32) -> usize {
        (gram.wrapping_mul(0x85eb_ca6b) >> (32 - self.heads.len().trailing_zeros())) as usize
    }

    /// Make room for `more` bytes; the tables grow with their contents.
    fn reserve(&mut self, more: usize) {
        let wanted = self.text.len() + more;
        if wanted > self.text.capacity() {
            let room = if self.text.is_empty() { wanted } else { wanted / 2 * 3 };
            let mut larger = Vec::with_capacity(wanted.max(room));
            larger.extend_from_slice(&self.text);
            self.text.zeroize();
            self.text = larger;
        }
        let size = (32 * wanted).next_power_of_two().trailing_zeros().clamp(15, 25);
        let sparse = self.sparse || wanted > MANY;
        let heads = (wanted / if sparse { 8 } else { 2 }).next_power_of_two().max(1 << 10);
        if size > 32 - self.filter.shift || heads > self.heads.len() || sparse != self.sparse {
            self.filter = Filter::new(size.max(32 - self.filter.shift));
            self.heads = vec![NONE; heads];
            self.sparse = sparse;
            self.next = Vec::with_capacity(self.link(self.text.capacity()) + 1);
            self.next.resize(self.link(self.text.len()) + 1, NONE);
            (0..self.spellings.len()).for_each(|index| self.places(index));
        }
    }

    fn spelling_at(&self, at: u32) -> &Spelling {
        &self.spellings[self.spellings.partition_point(|held| held.start <= at) - 1]
    }

    /// Everything in `text` that ends behind `from`, and perhaps some that does not; the same place may
    /// be told more than once.
    pub(super) fn find(&self, text: &[u8], from: usize, found: &mut Vec<Found>) {
        if !self.spellings.is_empty() && text.len() >= RUN {
            let mut last = (usize::MAX, 0);
            let mut at = from.saturating_sub(self.longest_run - 1);
            while at + 4 <= text.len() {
                let gram = gram(&text[at..at + 4]);
                if self.filter.has(gram) {
                    self.look(text, at, gram, &mut last, found);
                }
                at += if self.sparse { SPARSE } else { RUN - 3 };
            }
        }
        if let Some(automaton) = &self.automaton {
            let mut at = from.saturating_sub(self.longest_literal - 1);
            while let Some(hit) = automaton.find(Input::new(text).range(at..)) {
                let literal = &self.literals[hit.pattern().as_usize()];
                let (known, form) = (literal.known, literal.form);
                found.push(Found { start: hit.start(), end: hit.end(), known, form });
                at = hit.start() + 1;
            }
        }
    }

    /// Compare with all spellings that have these four bytes. `last` is the diagonal of the last match
    /// and its end.
    #[cold]
    fn look(&self, text: &[u8], at: usize, wanted: u32, last: &mut (usize, usize), found: &mut Vec<Found>) {
        let mut place = self.heads[self.slot(wanted)];
        while place != NONE {
            let here = place as usize;
            place = self.next[self.link(here)];
            if gram(&self.text[here..]) != wanted || here.wrapping_sub(at) == last.0 && at < last.1 {
                continue;
            }
            // Ten bytes around four hold one of the two beside them; most differ in both.
            let beside = |own: Option<&u8>, other: Option<&u8>| {
                own.zip(other).is_some_and(|(own, other)| own.eq_ignore_ascii_case(other))
            };
            let before = at.checked_sub(1).zip(here.checked_sub(1));
            if !beside(text.get(at + 4), self.text.get(here + 4))
                && !before.is_some_and(|(own, other)| beside(text.get(own), self.text.get(other)))
            {
                continue;
            }
            let held = self.spelling_at(here as u32);
            let before = &self.text[held.start as usize..here];
            let behind = &self.text[here..held.end as usize];
            let left = common(held.exact, text[..at].iter().rev(), before.iter().rev());
            let right = common(held.exact, text[at..].iter(), behind.iter());
            let run = usize::from(held.run);
            if left + right < run {
                continue;
            }
            if right < EXTENT {
                *last = (here.wrapping_sub(at), at + right);
            }
            signs(&text[at - left..at + right], run, |start, end| {
                let (start, end) = (at - left + start, at - left + end);
                found.push(Found { start, end, known: held.known, form: held.form });
            });
        }
    }

    /// May these four bytes stand in a value?
    #[inline]
    pub(super) fn has_gram(&self, bytes: &[u8]) -> bool {
        let gram = gram(bytes);
        self.filter.has(gram) || self.literal_grams.has(gram)
    }

    /// Length of the longest end of `text` that more bytes could make a find, in bytes.
    pub(super) fn live(&self, text: &[u8]) -> usize {
        self.longest_end(text, self.context(), |end| self.is_beginning(end))
    }

    /// The longest end of `text`, of at most `most` bytes, that `begins` says yes to; 0 where there is none.
    /// All bytes in a row of four stand so in whatever begins with them.
    fn longest_end(&self, text: &[u8], most: usize, begins: impl Fn(&[u8]) -> bool) -> usize {
        let ends = (1..=most.min(text.len())).map(|length| &text[text.len() - length..]);
        let may_be = ends.take_while(|end| end.len() < 4 || self.has_gram(end));
        may_be.filter(|end| begins(end)).last().map_or(0, <[u8]>::len)
    }

    /// Bytes of an undecided value that may be shown after a pause.
    pub(super) fn shown(&self) -> usize {
        self.shown
    }

    /// Is it nothing but words, such as those of a prompt?
    pub(super) fn only_words(text: &[u8]) -> bool {
        text.iter().all(|byte| byte.is_ascii_alphabetic() || b" :?>[]()/,.".contains(byte))
    }

    /// Length of the longest end of `text` that may become a piece of a strong value, in bytes.
    pub(super) fn live_strong(&self, text: &[u8]) -> usize {
        self.longest_end(text, self.longest_run.saturating_sub(1), |end| self.begins_window(end))
    }

    fn is_beginning(&self, text: &[u8]) -> bool {
        if text.len() < self.longest_run && self.begins_window(text) {
            return true;
        }
        text.len() < self.longest_literal && self.first[usize::from(text[0])] && {
            let at = self.literals.partition_point(|literal| literal.text.as_slice() <= text);
            self.literals.get(at).is_some_and(|literal| literal.text.starts_with(text))
        }
    }

    /// The first value that has a window that begins with this, or that begins with it.
    pub(super) fn owner(&self, text: &[u8]) -> u32 {
        let spelled = self.spellings.iter().find(|held| {
            let value = &self.text[held.start as usize..held.end as usize];
            value.windows(text.len()).any(|window| same(held.exact, window, text))
        });
        let literal = || self.literals.iter().find(|literal| literal.text.starts_with(text));
        spelled.map(|held| held.known).or_else(|| literal().map(|literal| literal.known)).unwrap_or(0)
    }

    fn begins_window(&self, text: &[u8]) -> bool {
        if text.len() < 4 {
            return self.beginnings[text.len() - 1].has(beginning(text));
        }
        if !self.filter.has(gram(text)) {
            return false;
        }
        // Where only every second place is written down it may be the one behind this.
        self.begins_at(text, 0) || self.sparse && (text.len() == 4 || self.begins_at(text, 1))
    }

    /// Has a value a window that begins with this, and has its place `by` bytes behind that?
    fn begins_at(&self, text: &[u8], by: usize) -> bool {
        let mut place = self.heads[self.slot(gram(&text[by..]))];
        while place != NONE {
            let behind = place as usize;
            place = self.next[self.link(behind)];
            let Some(here) = behind.checked_sub(by) else { continue };
            let stands = self.text.get(here..here + text.len());
            if !stands.is_some_and(|stands| stands.eq_ignore_ascii_case(text)) {
                continue;
            }
            let held = self.spelling_at(behind as u32);
            if here < held.start as usize {
                continue;
            }
            let rest = &self.text[here..held.end as usize];
            if text.len() < usize::from(held.run)
                && rest.len() >= usize::from(held.run)
                && same(held.exact, &rest[..text.len()], text)
            {
                return true;
            }
        }
        false
    }
}

impl Drop for Needles {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

fn same(exact: bool, one: &[u8], other: &[u8]) -> bool {
    if exact { one == other } else { one.eq_ignore_ascii_case(other) }
}

/// Number of bytes that two rows have in common at their beginning, at most [`EXTENT`].
fn common<'a>(exact: bool, one: impl Iterator<Item = &'a u8>, other: impl Iterator<Item = &'a u8>) -> usize {
    one.zip(other)
        .take(EXTENT)
        .take_while(|(one, other)| if exact { one == other } else { one.eq_ignore_ascii_case(other) })
        .count()
}

/// Does a text have a window that says something: not only a few bytes again and again?
fn has_sign(text: &[u8], run: usize) -> bool {
    // Nearly all do within their first bytes.
    if let Some(first) = text.get(..run) {
        let mut seen = [0; DIFFERENT];
        let mut different = 0;
        for byte in first.iter().map(u8::to_ascii_lowercase) {
            if !seen[..different].contains(&byte) {
                seen[different] = byte;
                different += 1;
            }
            if different == DIFFERENT {
                return true;
            }
        }
    }
    let mut any = false;
    signs(text, run, |_, _| any = true);
    any
}

/// The unions of all windows of `run` bytes with enough different bytes. Long windows need none: they
/// are of plain values, which were not chosen for their looks.
fn signs(text: &[u8], run: usize, mut each: impl FnMut(usize, usize)) {
    if run >= RUN_LONG {
        if text.len() >= run {
            each(0, text.len());
        }
        return;
    }
    let mut counts = [0u8; 256];
    let mut different = 0;
    let mut union: Option<(usize, usize)> = None;
    for (at, byte) in text.iter().enumerate() {
        let count = &mut counts[usize::from(byte.to_ascii_lowercase())];
        different += usize::from(*count == 0);
        *count += 1;
        if at >= run {
            let count = &mut counts[usize::from(text[at - run].to_ascii_lowercase())];
            *count -= 1;
            different -= usize::from(*count == 0);
        }
        if at + 1 >= run && different >= DIFFERENT {
            let start = at + 1 - run;
            union = match union {
                Some((first, end)) if start <= end => Some((first, at + 1)),
                other => {
                    if let Some((first, end)) = other {
                        each(first, end);
                    }
                    Some((start, at + 1))
                }
            };
        }
    }
    if let Some((first, end)) = union {
        each(first, end);
    }
}

/// The parts of a value between lines such as `-----BEGIN PRIVATE KEY-----`, which are no secret.
fn without_armour(value: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut at = 0;
    for line in value.split_inclusive(|&byte| byte == b'\n') {
        if line.trim_ascii_start().starts_with(b"-----") {
            parts.push(&value[start..at]);
            start = at + line.len();
        }
        at += line.len();
    }
    parts.push(&value[start..]);
    parts.retain(|part| part.len() >= RUN);
    parts
}
