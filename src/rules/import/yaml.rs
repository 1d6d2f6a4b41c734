//! YAML as a tree.

use saphyr_parser::{Event, Parser};

/// A value and the line it begins on, from 1.
#[derive(Debug)]
pub struct Node {
    pub value: Value,
    pub line: usize,
}

/// What a node is.
#[derive(Debug)]
pub enum Value {
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(pairs) => pairs.iter().find(|(name, _)| name == key).map(|(_, node)| node),
            _ => None,
        }
    }

    /// The text that it is.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The keys of a map.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let pairs = match &self.value {
            Value::Map(pairs) => pairs.as_slice(),
            _ => &[],
        };
        pairs.iter().map(|(key, _)| key.as_str())
    }
}

/// Deeper nesting is no rule file.
const DEEPEST: usize = 64;

/// Read the documents of a text, at least one. Aliases are not followed: they count as empty texts.
///
/// # Errors
/// Text that is not YAML, with line and column.
pub fn read(text: &str) -> Result<Vec<Node>, String> {
    /// A list, or a map with the key whose value comes next.
    enum Open {
        List(Vec<Node>, usize),
        Map(Vec<(String, Node)>, Option<String>, usize),
    }
    let mut documents = Vec::new();
    let mut stack: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            format!("line {}, column {}: {}", error.marker().line(), error.marker().col() + 1, error.info())
        })?;
        let line = span.start.line();
        let done = match event {
            Event::Scalar(text, ..) => Some(Node { value: Value::Text(text.into_owned()), line }),
            Event::Alias(_) => Some(Node { value: Value::Text(String::new()), line }),
            Event::SequenceStart(..) => {
                stack.push(Open::List(Vec::new(), line));
                None
            }
            Event::MappingStart(..) => {
                stack.push(Open::Map(Vec::new(), None, line));
                None
            }
            Event::SequenceEnd | Event::MappingEnd => match stack.pop() {
                Some(Open::List(items, line)) => Some(Node { value: Value::List(items), line }),
                Some(Open::Map(pairs, _, line)) => Some(Node { value: Value::Map(pairs), line }),
                None => None,
            },
            _ => None,
        };
        if stack.len() > DEEPEST {
            return Err(format!("line {line}: nested too deeply"));
        }
        let Some(node) = done else { continue };
        match stack.last_mut() {
            None => documents.push(node),
            Some(Open::List(items, _)) => items.push(node),
            Some(Open::Map(pairs, key, _)) => match key.take() {
                Some(key) => pairs.push((key, node)),
                None => *key = Some(node.text().unwrap_or_default().to_owned()),
            },
        }
    }
    if documents.is_empty() { Err("it is empty".to_owned()) } else { Ok(documents) }
}

/// The rules of rule files of Nosey Parker and kingfisher: those of all documents. None where no document
/// has any.
pub fn rules(documents: &[Node]) -> Option<Vec<&Node>> {
    let lists: Vec<&Node> = documents.iter().filter_map(|document| document.get("rules")).collect();
    (!lists.is_empty()).then(|| lists.into_iter().flat_map(Node::items).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_with_lines() {
        let tree = read("rules:\n  - name: a\n    pattern: |\n      (?x)\n      b\n  - name: c\n").unwrap();
        let rules = rules(&tree).unwrap();
        assert_eq!(rules.len(), 2);
        assert_eq!(rules[0].get("pattern").and_then(Node::text), Some("(?x)\nb\n"));
        assert_eq!(rules[1].line, 6);
        assert_eq!(rules[0].keys().collect::<Vec<_>>(), ["name", "pattern"]);
        assert!(read("a: [").unwrap_err().starts_with("line "));
        assert!(read("").is_err());
        assert!(read(&"[".repeat(5000)).is_err());
    }

    #[test]
    fn every_document_counts() {
        let text = "---\n# first\n---\nrules:\n- id: a\n...\n---\nrules:\n- id: b\n- id: c\n";
        let documents = read(text).unwrap();
        let ids: Vec<&str> =
            rules(&documents).unwrap().iter().filter_map(|rule| rule.get("id")?.text()).collect();
        assert_eq!(ids, ["a", "b", "c"]);
        assert!(read("rules: []\n---\na: [").unwrap_err().starts_with("line "));
        assert!(rules(&read("a: b\n---\nc: d\n").unwrap()).is_none());
    }
}
