//! Values next to a name: reads the assignment around a word that names secrets, then asks the table
//! of rules for such values and, where none of them knows it, the judgement of noise.

use super::assign::{self, Assignment, Operator};
use super::noise::{self, NameKind};
use super::trace::{AnchorKind, Event, Look, Sink};
use super::verify::Refusal;
use super::words::{SEED, mix};
use super::{Certainty, Engine, Input, Match, context, verify};
use crate::rules::rule::{Assigned, Kind, Matcher};
use crate::rules::{RuleIndex, RuleSet};
use crate::text::Span;

/// The validator's name by which a rule hands its values to the judgement of noise.
pub const JUDGEMENT: &str = "judgement";

/// What is remembered from one name to the next.
#[derive(Default)]
pub struct State {
    /// The name and value read last and whether it was judged: two words in one name give one assignment. Two names
    /// of one value give two, or what is found would depend on where a scan began.
    last: Option<(Span, Span, bool)>,
    found: Vec<(RuleIndex, bool)>,
    judged: std::cell::RefCell<noise::Memory>,
}

impl State {
    /// For another text, with judgements that are remembered already.
    pub(super) fn remembering(judged: noise::Memory) -> State {
        State { judged: judged.into(), ..State::default() }
    }

    /// What it remembers of judgements.
    pub(super) fn into_judged(self) -> noise::Memory {
        self.judged.into_inner()
    }

    /// Forget everything: a new text begins.
    pub fn start(&mut self) {
        self.last = None;
    }
}

/// The rules for assigned values: by context word, and those that judgement serves.
#[derive(Default)]
pub struct Table {
    /// The first word of each `near` entry.
    near: Vec<Near>,
    /// The first of `near` by hash; [`NONE`] for none.
    heads: Vec<u32>,
    /// Rules without `near`: by name words alone.
    by_name: Vec<RuleIndex>,
    /// Bit per value length that some rule of `near` or `by_name` accepts.
    lengths: [u64; 9],
    /// Rule for judged passwords, tokens and keys, by kind of name.
    judged: [Option<RuleIndex>; 3],
    longest_word: usize,
}

/// The first word of an entry of a rule's `near`.
struct Near {
    rule: RuleIndex,
    /// Which entry it is.
    entry: usize,
    length: usize,
    hash: u32,
    /// The next one with such a hash.
    next: u32,
}

/// Where a rule's passwords differ in length by this much, people choose them, and the value itself must look
/// like one.
const CHOSEN: u16 = 8;

const NONE: u32 = u32::MAX;
/// Number of first entries by hash.
const HEADS: usize = 4096;

/// The first word of an entry of `near`.
fn first_word(entry: &str) -> &[u8] {
    let bytes = entry.as_bytes();
    &bytes[..memchr::memchr(b' ', bytes).unwrap_or(bytes.len())]
}

impl Table {
    /// The table for those rules of a set for which `active` says yes.
    pub fn new(set: &RuleSet, active: impl Fn(RuleIndex) -> bool) -> Table {
        let mut table = Table { heads: vec![NONE; HEADS], ..Table::default() };
        for (index, rule) in set.iter().filter(|(index, _)| active(*index)) {
            let Matcher::Assigned(assigned) = &rule.matcher else { continue };
            if rule.check.as_deref() == Some(JUDGEMENT) {
                let slot = match rule.kind {
                    Kind::Password => NameKind::Password,
                    Kind::EncryptionKey | Kind::ApiKey => NameKind::Key,
                    _ => NameKind::Token,
                };
                table.judged[slot as usize] = Some(index);
                continue;
            }
            for length in assigned.length.0..=assigned.length.1.min(575) {
                table.lengths[usize::from(length >> 6)] |= 1 << (length & 63);
            }
            if rule.near.is_empty() {
                table.by_name.push(index);
            }
            for (entry, words) in rule.near.iter().enumerate() {
                let word = first_word(words);
                table.longest_word = table.longest_word.max(word.len());
                let hash = word.iter().fold(SEED, |hash, &byte| mix(hash, byte));
                let next =
                    std::mem::replace(&mut table.heads[hash as usize % HEADS], table.near.len() as u32);
                table.near.push(Near { rule: index, entry, length: word.len(), hash, next });
            }
        }
        table
    }

    fn accepts_length(&self, length: usize) -> bool {
        self.lengths.get(length >> 6).is_some_and(|bits| bits >> (length & 63) & 1 == 1)
    }

    /// Rules of which a context word stands in `text`, each with whether `text` is
    /// the `name`.
    fn collect(&self, rules: &RuleSet, text: &[u8], name: bool, found: &mut Vec<(RuleIndex, bool)>) {
        context::words(text, |word| {
            let mut hash = SEED;
            for (at, &byte) in word.iter().enumerate().take(self.longest_word) {
                hash = mix(hash, byte);
                let length = at + 1;
                if length < word.len().min(5) {
                    continue;
                }
                let mut next = self.heads[hash as usize % HEADS];
                while let Some(near) = self.near.get(next as usize) {
                    next = near.next;
                    if near.hash == hash
                        && near.length == length
                        && first_word(&rules.get(near.rule).near[near.entry]) == &word[..length]
                        && !found.iter().any(|held| held.0 == near.rule)
                    {
                        found.push((near.rule, name));
                    }
                }
            }
        });
    }
}

/// What is told where no rule for assigned values is tried.
const NO_KNOWN_SHAPE: &str = "no rule for values of a known shape was tried: the value holds no digit, is \
     no single piece, or has a length that none of them takes";

impl Engine {
    /// A word of a name stands at `word`: is there an assignment, and is its value a secret? Where the
    /// word does not name secrets in general (`judged` is false), only rules with this word say so.
    pub(super) fn at_name(
        &self,
        state: &mut State,
        input: &Input<'_>,
        word: Span,
        judged: bool,
        out: &mut impl Sink,
    ) {
        let text = input.text;
        let mut later = None;
        let read = assign::parse_telling(text, word, &mut later);
        if let Some(at) = later {
            out.depends(word.start, Span::new(word.start, at + assign::LATER));
        }
        let Some(assignment) = read else {
            return out.note(|| Event::passed(word, AnchorKind::Name, "no value is given to a name here"));
        };
        let again =
            |(name, value, done)| (name, value) == (assignment.name, assignment.value) && done >= judged;
        if state.last.is_some_and(again) {
            return;
        }
        state.last = Some((assignment.name, assignment.value, judged));
        let around = self.in_assignment(state, input, (word, judged), &assignment, out);
        let all = whole(&assignment);
        let one_line = memchr::memchr(b'\n', &text[all.range()]).is_none();
        out.depends(word.start, if around || !one_line { context::around(all) } else { all });
    }

    /// Is the value of an assignment a secret? Tells whether more counted than its own line.
    fn in_assignment(
        &self,
        state: &mut State,
        input: &Input<'_>,
        (word, judged): (Span, bool),
        assignment: &Assignment,
        out: &mut impl Sink,
    ) -> bool {
        let text = input.text;
        out.note(|| Event { anchor: word, kind: AnchorKind::Name, look: Look::Read(assignment.clone()) });
        let judgement = std::cell::OnceCell::new();
        let judge = || {
            judgement.get_or_init(|| {
                let context = noise::Context { text, assignment, file: input.kind };
                noise::judge(&context, &mut state.judged.borrow_mut())
            })
        };
        let known =
            self.table.accepts_length(assignment.value.len()) && looks_made(&text[assignment.value.range()]);
        if !known {
            out.note(|| Event::passed(word, AnchorKind::Name, NO_KNOWN_SHAPE));
        }
        if known
            && let Some(found) =
                self.known_value(&mut state.found, text, assignment, (word, judged), &|| judge().secret, out)
        {
            out.found(found);
            return true;
        }
        if self.written_value(&state.judged, input, (word, assignment.value, judged), out.matches()) {
            return true;
        }
        if judged
            && assignment.operator != Operator::Word
            && let Some(rule) = self.table.judged[judge().kind as usize]
        {
            let value = &text[assignment.value.range()];
            let least = self.rules.get(rule).entropy;
            let verdict = match judge().secret {
                false => Err(Refusal::Noise),
                true if least > 0.0 && verify::entropy(value) < least => Err(Refusal::Entropy),
                true => Ok(Certainty::Judged),
            };
            out.note(|| {
                let context = noise::Context { text, assignment, file: input.kind };
                self.judged((word, rule), &context, whole(assignment), verdict)
            });
            if let Ok(certainty) = verdict {
                out.found(Match {
                    rule,
                    whole: whole(assignment),
                    secret: assignment.value,
                    anchor: word.start,
                    certainty,
                    also: Vec::new(),
                    decoded: None,
                });
            }
        }
        known || judgement.get().is_some_and(|judgement| !judgement.obvious)
    }

    /// The most specific rule of the table that knows this value.
    fn known_value(
        &self,
        room: &mut Vec<(RuleIndex, bool)>,
        text: &[u8],
        assignment: &Assignment,
        (anchor, general): (Span, bool),
        secret: &dyn Fn() -> bool,
        out: &mut impl Sink,
    ) -> Option<Match> {
        let value = &text[assignment.value.range()];
        let name = &text[assignment.name.range()];
        let (before, behind) = context::window(text, whole(assignment));
        // `job_id` names no secret: only a rule that asks for this very name may take its value.
        let general = general || context::has_any(name, &["pat"]);
        let digest = noise::of_digest(name);
        let mut found = std::mem::take(room);
        found.clear();
        found.extend(self.table.by_name.iter().map(|&rule| (rule, true)));
        self.table.collect(&self.rules, name, true, &mut found);
        self.table.collect(&self.rules, &text[before.range()], false, &mut found);
        self.table.collect(&self.rules, &text[behind.range()], false, &mut found);
        let mut fitting: Vec<_> = found
            .iter()
            .filter_map(|&(index, in_name)| {
                let rule = self.rules.get(index);
                let Matcher::Assigned(assigned) = &rule.matcher else { return None };
                let verdict = match general || !assigned.name.is_empty() {
                    false => Err(Refusal::General),
                    true => self.fits(index, assigned, name, value),
                };
                // `encryption_key_sha256` holds what was made of a key, and a password may be any word.
                let asked = || assigned.name.iter().any(|word| noise::of_digest(word.as_bytes()));
                let chosen = rule.kind == Kind::Password && assigned.length.1 - assigned.length.0 >= CHOSEN;
                let vouched = in_name && !chosen && (!digest || asked());
                let near =
                    || rule.near.is_empty() || context::has_any(&text[before.start..behind.end], &rule.near);
                let verdict = match verdict {
                    Ok(()) if !near() => Err(Refusal::Near),
                    Ok(()) if !(vouched || secret()) => Err(Refusal::Noise),
                    Ok(()) => self.structure(rule, value),
                    Err(refusal) => Err(refusal),
                };
                out.note(|| {
                    self.tried_value((anchor, index), text, (assignment, whole(assignment)), verdict)
                });
                let certainty = verdict.ok()?;
                // The more of the name a rule's words explain, the more specific it is.
                let explained = context::longest(name, &rule.near) + context::longest(name, &assigned.name);
                Some((certainty, in_name, explained, rule.weight, std::cmp::Reverse(index)))
            })
            .collect();
        *room = found;
        fitting.sort_unstable();
        let (certainty, _, _, _, std::cmp::Reverse(rule)) = fitting.pop()?;
        let mut also: Vec<RuleIndex> = fitting.into_iter().map(|(_, _, _, _, other)| other.0).collect();
        also.sort_unstable();
        let (whole, secret) = (whole(assignment), assignment.value);
        Some(Match { rule, whole, secret, anchor: anchor.start, certainty, also, decoded: None })
    }

    fn fits(&self, index: RuleIndex, assigned: &Assigned, name: &[u8], value: &[u8]) -> Result<(), Refusal> {
        let (least, most) = assigned.length;
        if !(usize::from(least)..=usize::from(most)).contains(&value.len()) {
            return Err(Refusal::Length);
        }
        if !assigned.name.is_empty() && !context::has_any(name, &assigned.name) {
            return Err(Refusal::Name);
        }
        match verify::whole_value(&self.regexes[index.0 as usize], &assigned.value, &assigned.shapes, value) {
            true => Ok(()),
            false => Err(Refusal::Pattern),
        }
    }
}

/// Could a value have been made by a machine? Issued values hold a digit, or letters of both cases or
/// a symbol in one long piece; code and words do not get past this.
fn looks_made(value: &[u8]) -> bool {
    let mut digit = false;
    for &byte in value {
        match byte {
            b'0'..=b'9' => digit = true,
            b' ' | b'(' | b')' | b'<' | b'>' | b'"' | b'`' | b'\n' => return false,
            _ => {}
        }
    }
    digit
}

fn whole(assignment: &Assignment) -> Span {
    let start = assignment.name.start.min(assignment.value.start);
    Span::new(start, assignment.name.end.max(assignment.value.end))
}
