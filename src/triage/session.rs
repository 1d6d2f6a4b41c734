//! What is decided while findings are gone through: marks with reasons, undo, a filter. Knows no
//! terminal.

use super::Item;

/// What a person thinks of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is a leak, and something is to be done.
    True,
    /// It is no secret.
    False,
    /// It is one, and it may stay: a test account, a key that was revoked.
    Accepted,
}

impl Mark {
    /// For people and files.
    pub fn name(self) -> &'static str {
        match self {
            Mark::True => "true",
            Mark::False => "false",
            Mark::Accepted => "accepted",
        }
    }

    /// Is it written down as an allow entry, for which a reason is needed?
    pub fn allows(self) -> bool {
        self != Mark::True
    }
}

/// A mark and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The mark.
    pub mark: Mark,
    /// Why; never empty where it allows.
    pub reason: String,
}

/// Findings and what was decided about them.
pub struct Session {
    items: Vec<Item>,
    decisions: Vec<Option<Decision>>,
    /// What was there before each change, latest last.
    undo: Vec<(usize, Option<Decision>)>,
    filter: String,
    /// The findings that the filter shows.
    visible: Vec<usize>,
    /// Which of them is looked at.
    cursor: usize,
}

impl Session {
    /// A session over these findings, with nothing decided.
    pub fn new(items: Vec<Item>) -> Session {
        let decisions = vec![None; items.len()];
        let visible = (0..items.len()).collect();
        Session { items, decisions, undo: Vec::new(), filter: String::new(), visible, cursor: 0 }
    }

    /// All findings.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// What was decided about a finding.
    pub fn decision(&self, index: usize) -> Option<&Decision> {
        self.decisions[index].as_ref()
    }

    /// The findings that the filter shows, in order.
    pub fn visible(&self) -> &[usize] {
        &self.visible
    }

    /// Which of the visible ones is looked at, from 0.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// The finding that is looked at.
    pub fn current(&self) -> Option<usize> {
        self.visible.get(self.cursor).copied()
    }

    /// Look at the visible finding that is `by` further on.
    pub fn go(&mut self, by: isize) {
        let last = self.visible.len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(by).min(last);
    }

    /// Look at the next visible finding that nothing was decided about, behind this one first. False
    /// where there is none.
    pub fn next_open(&mut self) -> bool {
        let count = self.visible.len();
        let next = (1..=count)
            .map(|by| (self.cursor + by) % count)
            .find(|&at| self.decisions[self.visible[at]].is_none());
        self.cursor = next.unwrap_or(self.cursor);
        next.is_some()
    }

    /// Decide about the finding that is looked at. Says what is wrong with the decision.
    ///
    /// # Errors
    /// No reason where one is needed, or nothing to decide about.
    pub fn decide(&mut self, mark: Mark, reason: &str) -> Result<(), &'static str> {
        let reason = reason.trim().to_owned();
        if mark.allows() && reason.is_empty() {
            return Err("a reason is needed: whoever reads the entry later asks why");
        }
        let Some(current) = self.current() else { return Err("there is no finding here") };
        let before = self.decisions[current].replace(Decision { mark, reason });
        self.undo.push((current, before));
        Ok(())
    }

    /// Take the last decision back and look at its finding. False where there is none.
    pub fn undo(&mut self) -> bool {
        let Some((index, before)) = self.undo.pop() else { return false };
        self.decisions[index] = before;
        if !self.visible.contains(&index) {
            self.filter_by("");
        }
        self.cursor = self.visible.iter().position(|&shown| shown == index).unwrap_or(self.cursor);
        true
    }

    /// Show only findings whose rule, summary, severity, place or mark holds all words of `filter`, in any
    /// case; `open` stands for those that nothing was decided about.
    pub fn filter_by(&mut self, filter: &str) {
        let current = self.current();
        self.filter = filter.trim().to_owned();
        let words: Vec<String> = self.filter.split_whitespace().map(str::to_lowercase).collect();
        let shows = |&index: &usize| {
            let item = &self.items[index];
            let mark = self.decisions[index].as_ref().map_or("open", |decision| decision.mark.name());
            let spots = item.spots.iter().map(|spot| spot.shown.as_str());
            let parts = [&item.rule, &item.summary, item.severity.name(), &item.fingerprint, mark];
            let text = parts.into_iter().chain(spots).collect::<Vec<&str>>().join("\n").to_lowercase();
            words.iter().all(|word| text.contains(word.as_str()))
        };
        self.visible = (0..self.items.len()).filter(shows).collect();
        let kept = self.visible.iter().position(|&index| Some(index) == current);
        self.cursor = kept.unwrap_or(0);
    }

    /// The filter in force; empty for none.
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// All findings with a decision.
    pub fn decided(&self) -> impl Iterator<Item = (&Item, &Decision)> {
        self.items.iter().zip(&self.decisions).filter_map(|(item, decision)| Some((item, decision.as_ref()?)))
    }

    /// How many findings have this mark.
    pub fn count(&self, mark: Mark) -> usize {
        self.decided().filter(|(_, decision)| decision.mark == mark).count()
    }

    /// How many findings nothing was decided about.
    pub fn open(&self) -> usize {
        self.decisions.iter().filter(|decision| decision.is_none()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Severity;
    use crate::triage::Spot;

    fn item(rule: &str, path: &str) -> Item {
        let spot =
            Spot { origin: None, shown: path.to_owned(), line: 1, column: 1, bytes: None, preview: None };
        Item {
            rule: rule.to_owned(),
            summary: String::new(),
            severity: Severity::High,
            fingerprint: format!("{rule:0>32}"),
            masked: String::new(),
            details: Vec::new(),
            also: Vec::new(),
            rotate: String::new(),
            refs: Vec::new(),
            spots: vec![spot],
            story: Vec::new(),
        }
    }

    fn session() -> Session {
        Session::new(vec![item("a", "x.py"), item("b", "y.py"), item("c", "X/z.py")])
    }

    #[test]
    fn decisions_need_reasons_and_can_be_taken_back() {
        let mut session = session();
        assert!(session.decide(Mark::False, "  ").is_err());
        session.decide(Mark::False, " made up ").unwrap();
        session.decide(Mark::True, "").unwrap();
        assert_eq!(session.decision(0).unwrap().mark, Mark::True);
        assert!(session.undo());
        assert_eq!(session.decision(0).unwrap().reason, "made up");
        assert!(session.undo() && session.decision(0).is_none());
        assert!(!session.undo());
        assert_eq!(session.open(), 3);
    }

    #[test]
    fn the_cursor_stays_in_bounds_and_finds_what_is_open() {
        let mut session = session();
        session.go(-5);
        assert_eq!(session.current(), Some(0));
        session.go(9);
        assert_eq!(session.current(), Some(2));
        session.decide(Mark::True, "").unwrap();
        assert!(session.next_open());
        assert_eq!(session.current(), Some(0));
        session.decide(Mark::True, "").unwrap();
        assert!(session.next_open());
        session.decide(Mark::True, "").unwrap();
        assert!(!session.next_open());
        assert_eq!((session.count(Mark::True), session.open()), (3, 0));
        let mut none = Session::new(Vec::new());
        none.go(1);
        assert!(!none.next_open() && none.current().is_none() && none.decide(Mark::True, "").is_err());
    }

    #[test]
    fn a_filter_shows_what_holds_all_its_words() {
        let mut session = session();
        session.go(2);
        session.filter_by("x OPEN");
        assert_eq!((session.visible(), session.current()), (&[0, 2][..], Some(2)));
        session.decide(Mark::Accepted, "known").unwrap();
        session.filter_by("open");
        assert_eq!(session.visible(), [0, 1]);
        session.filter_by("nothing like it");
        assert_eq!(session.current(), None);
        assert!(session.undo());
        assert_eq!((session.filter(), session.current()), ("", Some(2)));
    }
}
