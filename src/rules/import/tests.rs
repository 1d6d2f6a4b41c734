//! Whole files of other scanners, written for these tests.

use super::*;
use crate::rules::file;
use crate::rules::set::RuleSet;
use std::path::PathBuf;

fn draft(text: &str) -> Draft {
    match import(Kind::of(text).unwrap(), text, Path::new("their.toml")).unwrap() {
        Imported::Draft(draft) => draft,
        Imported::Known(_, draft) => draft,
    }
}

fn notes(draft: &Draft) -> String {
    draft.notes.iter().map(|note| format!("{note}\n")).collect()
}

#[track_caller]
fn told(draft: &Draft, wanted: &[&str]) {
    let notes = notes(draft);
    for text in wanted {
        assert!(notes.contains(text), "no `{text}` in:\n{notes}");
    }
}

/// What a draft is written as loads with the built-in rules.
#[track_caller]
fn loads(draft: &Draft) -> Vec<file::FileRule> {
    #[derive(serde::Deserialize)]
    struct File {
        #[serde(default)]
        rule: Vec<file::FileRule>,
        #[serde(default)]
        allow: Vec<toml::Table>,
    }
    let text = write(draft, "x");
    let file: File = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(file.allow.len(), draft.allow.len());
    let mut rules = RuleSet::builtin();
    rules
        .add_rules("x", file::Provider::default(), file.rule.clone())
        .unwrap_or_else(|error| panic!("{error}\n{text}"));
    file.rule
}

#[test]
fn kinds_are_told_by_content() {
    for (text, kind) in [
        ("[[rules]]\nid = 'a'\nregex = 'b'\n", Some(Kind::Gitleaks)),
        ("[extend]\nuseDefault = true\n", Some(Kind::Gitleaks)),
        ("[allowlist]\npaths = ['a']\n", Some(Kind::Gitleaks)),
        ("salt = 'x'\n[rules]\ndisable = ['a']\n", None),
        ("[[rule]]\nid = 'a'\n", None),
        ("# why\na/b.py:rule:3\n", Some(Kind::IgnoreFile)),
        ("[]", Some(Kind::Baseline)),
        ("[{\"RuleID\": \"a\"}]", Some(Kind::Baseline)),
        ("{\"version\": \"1.5.0\", \"results\": {}}", Some(Kind::DetectSecrets)),
        ("{\"version\": 1, \"findings\": []}", None),
        ("rules:\n- id: a\n  pattern: b\n", Some(Kind::Kingfisher)),
        ("", None),
        ("just text", None),
    ] {
        assert_eq!(Kind::of(text), kind, "{text}");
    }
}

#[test]
fn a_rule_with_all_its_parts() {
    let draft = draft(
        r#"
        title = "ours"
        [extend]
        useDefault = true
        disabledRules = ["jwt", "no-such-rule"]
        [[Rules]]
        ID = "Acme_Token"
        description = "Acme  token"
        Regex = '''(?i)\b(acmt)_([a-z0-9]{20,})(?:['"\s]|$)'''
        secretGroup = 2
        entropy = 3.5
        keywords = ["acmt_"]
        tags = ["critical", "acme"]
        path = '''\.(?:env|ya?ml)$'''
        [[Rules.allowlists]]
        description = "made up"
        regexTarget = "line"
        regexes = ['''example\.org''']
        stopwords = ["DUMMY", "fake"]
        paths = ['''^tests/''']
        "#,
    );
    let rules = loads(&draft);
    let rule = &rules[0];
    assert_eq!(rule.id, "acme-token");
    assert_eq!(rule.summary, "Acme token");
    assert_eq!(rule.severity.name(), "critical");
    assert_eq!(rule.regex.as_deref(), Some(r#"(?i)\b(acmt)_(?<secret>[a-z0-9]{20,1024})(?:['"\s]|$)"#));
    assert_eq!((rule.entropy, rule.path_regex.as_deref()), (3.5, Some(r"\.(?:env|ya?ml)$")));
    assert!(rule.near.is_empty());
    assert_eq!(draft.disable, ["jwt"]);
    let values: Vec<(Option<&str>, Option<&str>, Option<&str>)> = draft
        .allow
        .iter()
        .map(|entry| (entry.path_regex.as_deref(), entry.line.as_deref(), entry.value.as_deref()))
        .collect();
    assert_eq!(
        values,
        [
            (Some("^tests/"), None, None),
            (None, Some(r"example\.org"), None),
            (None, None, Some("(?i)(?:dummy|fake)")),
        ]
    );
    assert!(draft.allow.iter().all(|entry| entry.rules == ["acme-token"] && entry.reason == "made up"));
    told(
        &draft,
        &["`no-such-rule`", "at most 1024 times", "their.toml, line 7: rule `Acme_Token`", "kebab-case"],
    );
    assert!(!draft.replaces);
}

#[test]
fn allowlists_where_all_must_hold() {
    let text = |inside: &str| format!("[[allowlists]]\ncondition = 'AND'\npaths = ['^a/', 'b$']\n{inside}\n");
    let one = draft(&text("stopwords = ['x.y']"));
    assert_eq!(one.allow.len(), 1);
    assert_eq!(one.allow[0].path_regex.as_deref(), Some("(?:^a/)|(?:b$)"));
    assert_eq!(one.allow[0].value.as_deref(), Some(r"(?i)(?:x\.y)"));
    let both = draft(&text("stopwords = ['x']\nregexes = ['y']"));
    assert!(both.allow.is_empty());
    told(&both, &["left out: the global allowlist 1: it asks for a pattern and a stopword"]);
    let commits = draft(&text("commits = ['0123456789012345678901234567890123456789']"));
    assert!(commits.allow.is_empty());
    told(&commits, &["1 commit that it allows as a whole"]);
    let broken = draft(&text("regexes = ['a(']"));
    assert!(broken.allow.is_empty(), "the paths alone would allow too much");
    told(&broken, &["unclosed group at column 2 of the pattern"]);
}

#[test]
fn faults_are_named() {
    let draft = draft(
        r#"
        [allowlist]
        regexes = ['''(?i)^true|false|null$''', '''.*''', '''[^\s\S]''']
        stopwords = ["ab"]
        [[allowlists]]
        targetRules = ["nowhere"]
        stopwords = ["abc"]
        [[rules]]
        id = "dead"
        regex = '''dead_[0-9]{8}'''
        keywords = ["alive", "dead_"]
        [[rules]]
        id = "elsewhere"
        regex = '''elsewhere_[0-9]{8}'''
        keywords = ["prod"]
        [[rules]]
        id = "nothing"
        regex = '''abc[^\s\S]'''
        keywords = ["abc"]
        [[rules]]
        id = "entropy"
        regex = '''entropy_[0-9]{4}'''
        entropy = 6.0
        [[rules]]
        id = "needs"
        regex = '''needs_[0-9]{8}'''
        [[rules.required]]
        id = "absent"
        "#,
    );
    told(
        &draft,
        &[
            "defect: the global allowlist 1, regexes 1: `^a|b|c$` means",
            "defect: the global allowlist 1, regexes 2: the pattern matches every text",
            "left out: the global allowlist 1, regexes 2: it would allow everything",
            "defect: the global allowlist 1, regexes 3: the pattern can match no text",
            "1 stopword of at most two letters",
            "left out: the global allowlist 2: none of its rules is known",
            "rule `dead`: no match can hold its keyword `alive`",
            "rule `elsewhere`: no match can hold its keyword `prod`: the rule only speaks up",
            "left out: their.toml, line 17: rule `nothing`",
            "rule `entropy`: it asks for an entropy above 6, which 12 characters cannot have",
            "rule `needs`: it requires the rule `absent`",
        ],
    );
    assert_eq!(draft.allow[0].value.as_deref(), Some("(?i)^(?:true|false|null)$"));
    assert_eq!(loads(&draft).len(), 4);
    assert!(draft.replaces);
}

#[test]
fn what_the_engine_finds_a_pattern_by() {
    let draft = draft(
        r#"
        [[rules]]
        id = "by-keyword"
        regex = '''(?:ab|[a]c)[:=]\s*([0-9a-f]{40})'''
        keywords = ["ab:", "ab=", "ac:", "ac="]
        [[rules]]
        id = "by-value"
        regex = '''\b([0-9a-f]{40})\b'''
        keywords = ["acme-api"]
        [[rules]]
        id = "by-beginning"
        regex = '''QX[0-9a-f]{32}'''
        keywords = ["qx"]
        [[rules]]
        id = "by-nothing"
        regex = '''[0-9a-f]{40}'''
        [[rules]]
        id = "twice"
        regex = '''twice_[0-9]{8}'''
        [[rules]]
        id = "Twice"
        regex = '''twice_[0-9]{9}'''
        [[rules]]
        id = "broken"
        regex = '''broken_[0-9'''
        [[rules]]
        id = "names"
        path = '''id_rsa$'''
        [[rules]]
        id = "empty"
        "#,
    );
    let rules = loads(&draft);
    let by = |id: &str| rules.iter().find(|rule| rule.id == id).unwrap();
    assert!(by("by-keyword").anchors.contains(&"AB:".to_owned()));
    assert_eq!(by("by-value").value.as_deref(), Some("[0-9a-f]{40}"));
    assert_eq!(by("by-value").near, ["acme api"]);
    assert_eq!(by("by-beginning").regex.as_deref(), Some(r"\bQX[0-9a-f]{32}"));
    assert_eq!(rules.len(), 4);
    told(
        &draft,
        &[
            "rule `by-nothing`: it has no keywords",
            "rule `Twice`: the id `twice` is used twice",
            "rule `broken`: the pattern does not parse: unclosed character class at column 8 of the pattern",
            "rule `names`: it is about names of files alone",
            "rule `empty`: it has neither `regex` nor `path`",
        ],
    );
    assert_eq!((draft.rules_read, draft.counts()[&Grade::LeftOut]), (9, 5));
}

#[test]
fn filters_of_betterleaks() {
    let draft = draft(
        r####"
        prefilter = '''filter.matchesAny(attributes[?"path"].orValue(""), [r"""\.lock$"""])'''
        filter = '''finding["secret"].contains("EXAMPLE") || attributes["git.author_name"] == "bot"'''
        [[rules]]
        id = "acme"
        regex = '''acme_[0-9a-z]{20}'''
        validate = '''x'''
        filter = '''finding.entropy <= 3.25 || filter.failsTokenEfficiency(finding.secret) || filter.containsAny(finding.line, ["demo"])'''
        "####,
    );
    assert_eq!(loads(&draft)[0].entropy, 3.25);
    let first = &draft.allow[0];
    assert_eq!((first.rules.as_slice(), first.line.as_deref()), (&["acme".to_owned()][..], Some("demo")));
    assert_eq!(draft.allow[1].path_regex.as_deref(), Some(r"\.lock$"));
    assert_eq!(draft.allow.len(), 2);
    told(
        &draft,
        &["the global `filter`: not supported: `attributes.git.author_name`", "`validate`", "randomness"],
    );
}

#[test]
fn rule_files_in_yaml() {
    let draft = draft(
        "rules:\n\
         - name: Acme Secret\n  id: acme.1\n  pattern: |\n    (?xi)\n    acme .{0,20}\n    \\b (?P<TOKEN> [a-z0-9]{32} ) \\b\n  \
         min_entropy: 3.3\n  confidence: medium\n  references: [https://docs.example/]\n  examples: ['x']\n\
         - name: Acme Id\n  id: acme.2\n  visible: false\n  pattern: acmeid_([0-9]+)\n  \
         depends_on_rule:\n  - rule_id: acme.1\n    variable: T\n  validation: {type: Http}\n  pattern_requirements: {min_digits: 2}\n\
         - id: broken\n  pattern: (?=x)y\n",
    );
    let rules = loads(&draft);
    assert_eq!(rules.len(), 2);
    assert_eq!((rules[0].id.as_str(), rules[0].entropy), ("acme-1", 3.3));
    assert!(rules[0].regex.as_deref().unwrap().contains("(?P<secret> [a-z0-9]{32} )"));
    assert_eq!(rules[0].refs, ["https://docs.example/"]);
    assert!(!rules[1].enabled);
    assert_eq!(rules[1].pair.as_ref().unwrap().rule, "acme-1");
    assert!(rules[1].regex.as_deref().unwrap().contains("(?<secret>[0-9]{1,1024})"));
    told(
        &draft,
        &[
            "line 21: rule `broken`: the pattern does not parse: look-around",
            "`pattern_requirements`",
            "nothing is asked",
        ],
    );
}

#[test]
fn extending_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let put = |name: &str, text: &str| std::fs::write(path(name), text).unwrap();
    put(
        "base.toml",
        "[[rules]]\nid = 'one'\nregex = 'one_[0-9]{8}'\nkeywords = ['one_']\n[[rules]]\nid = 'off'\nregex = 'off_[0-9]{8}'\n[allowlist]\npaths = ['x']\n",
    );
    put(
        "own.toml",
        "[extend]\npath = 'base.toml'\ndisabledRules = ['off']\n[[rules]]\nid = 'one'\ndescription = 'One'\nentropy = 2.5\n[[rules]]\nid = 'two'\nregex = 'two_[0-9]{8}'\n",
    );
    let read = |name: &str| {
        let path: PathBuf = path(name);
        let text = std::fs::read_to_string(&path).unwrap();
        match import(Kind::Gitleaks, &text, &path)? {
            Imported::Draft(draft) => Ok(draft),
            Imported::Known(..) => unreachable!(),
        }
    };
    let draft: Draft = read("own.toml").unwrap();
    let rules: Vec<(&str, &str, f32)> =
        draft.rules.iter().map(|rule| (rule.id.as_str(), rule.summary.as_str(), rule.entropy)).collect();
    assert_eq!(rules, [("one", "One", 2.5), ("two", "two", 0.0)]);
    assert_eq!(draft.allow[0].path_regex.as_deref(), Some("x"));
    put("a.toml", "[extend]\npath = 'b.toml'\n");
    put("b.toml", "[extend]\npath = 'a.toml'\n");
    let error: ImportError = read("a.toml").unwrap_err();
    assert!(
        error.reason.starts_with("it extends itself: ") && error.reason.matches("a.toml").count() == 2,
        "{error:?}"
    );
    put("gone.toml", "[extend]\npath = 'nowhere.toml'\n");
    assert!(read("gone.toml").unwrap_err().reason.contains("cannot be read"));
    put("bad.toml", "[[rules]]\nid = 'x'\nregex = [\n");
    assert!(read("bad.toml").unwrap_err().reason.starts_with("line "));
}

#[test]
fn baselines_of_detect_secrets() {
    let digest = "b8893e24b83b18bdbe6a280ca68c10b0c774e8cc";
    let item = |real: &str| {
        format!("{{\"type\": \"x\", \"hashed_secret\": \"{digest}\", \"line_number\": 3{real}}}")
    };
    let text = format!(
        "{{\"version\": \"1.5.0\", \"results\": {{\"a/[b].py\": [{}, {}], \"c.py\": [{}, {{\"hashed_secret\": \"z\"}}]}}}}",
        item(""),
        item(""),
        item(", \"is_secret\": true"),
    );
    let draft = draft(&text);
    loads(&draft);
    assert_eq!(draft.allow_read, 4);
    assert_eq!(draft.allow.len(), 3, "and one for the baseline itself");
    assert_eq!(draft.allow[0].path.as_deref(), Some(r"/a/\[b\].py"));
    assert_eq!(draft.allow[2].path.as_deref(), Some("/their.toml"));
    assert_eq!(draft.allow[0].sha1, [digest]);
    told(&draft, &["left out: c.py: an entry whose", "rotate them"]);
}

/// A configuration with one rule, given the lines of its table.
fn with_rule(lines: &str) -> Draft {
    draft(&format!("[[rules]]\nid = 'acme'\n{lines}\n"))
}

#[test]
fn rules_that_are_lost_are_counted() {
    let draft = draft(
        r#"
        [extend]
        useDefault = true
        [[rules]]
        id = "fine"
        regex = '''fine_[0-9]{12}'''
        [[rules]]
        id = "by-nothing"
        regex = '''[0-9a-f]{40}'''
        [[rules]]
        id = "too-long"
        regex = '''long_[a-z]{5000}'''
        [[rules]]
        id = "Fine"
        regex = '''other_[0-9]{12}'''
        [[rules]]
        id = "bad-path"
        regex = '''path_[0-9]{12}'''
        path = '''a('''
        [[rules]]
        regex = '''nameless_[0-9]{12}'''
        [[rules]]
        id = "names"
        path = '''id_rsa$'''
        [[rules]]
        id = "no-such-default"
        entropy = 3.0
        "#,
    );
    let lost: Vec<String> = draft.lost.iter().map(ToString::to_string).collect();
    assert_eq!(lost.len(), 5, "{lost:?}");
    for (note, word) in lost.iter().zip(["by-nothing", "too-long", "Fine", "bad-path", "no id"]) {
        assert!(note.contains(word), "{word}: {note}");
    }
    assert_eq!(draft.counts()[&Grade::LeftOut], 7);
}

#[test]
fn the_path_of_a_rule_is_where_it_looks() {
    let path = |pattern: &str| {
        let draft = with_rule(&format!("regex = 'acme_[0-9]{{12}}'\npath = '''{pattern}'''"));
        loads(&draft).remove(0).path_regex
    };
    // Half of it is tied to an end; for an allowlist that is narrowed, and here it must not be.
    assert_eq!(path(r"^src/|conf|\.env$").as_deref(), Some(r"^src/|conf|\.env$"));
    for all in [".*", "^.*", "(?i)", ".*$"] {
        assert_eq!(path(all), None, "{all}");
    }
}

#[test]
fn conditions_on_the_match_allow_no_more_than_they_say() {
    let list =
        "[[rules.allowlists]]\nregexTarget = 'match'\nregexes = ['^acme_00', 'test']\npaths = ['^doc/']";
    let filter = "filter = '''finding.match contains \"demo\"'''";
    let whole = with_rule(&format!("regex = 'acme_[0-9a-z]{{12}}'\n{filter}\n{list}"));
    let values: Vec<Option<&str>> = whole.allow.iter().map(|entry| entry.value.as_deref()).collect();
    assert_eq!(values, [None, Some("(?:^acme_00)|(?:test)"), Some("demo")]);
    assert!(whole.allow.iter().all(|entry| entry.line.is_none()));
    let part = with_rule(&format!("regex = 'acme_([0-9a-z]{{12}})'\n{filter}\n{list}"));
    assert_eq!(part.allow.len(), 1, "only the path is left: {:?}", part.allow);
    told(
        &part,
        &[
            "left out: their.toml, line 2: rule `acme`, allowlist 1: its patterns on the match",
            "part 1: not supported",
        ],
    );
    let together = with_rule(&format!("regex = 'acme_([0-9a-z]{{12}})'\n{list}\ncondition = 'AND'"));
    assert!(together.allow.is_empty());
    let global = draft(
        "filter = '''finding.match == \"x\"'''\n[allowlist]\nregexTarget = 'match'\nregexes = ['test']\n",
    );
    assert!(global.allow.is_empty(), "{:?}", global.allow);
    let target = draft(
        "[[rules]]\nid = 'acme'\nregex = 'acme_[0-9]{12}'\n[[allowlists]]\ntargetRules = ['acme']\nregexTarget = 'match'\nregexes = ['77']\n",
    );
    assert_eq!(target.allow[0].value.as_deref(), Some("77"));
}

#[test]
fn nothing_names_a_rule_that_was_left_out() {
    let draft = draft(
        r#"
        [extend]
        useDefault = true
        disabledRules = ["lost", "jwt"]
        [[rules]]
        id = "lost"
        regex = '''[0-9a-f]{40}'''
        [[rules]]
        id = "fine"
        regex = '''fine_[0-9]{12}'''
        [[rules.required]]
        id = "lost"
        [[allowlists]]
        targetRules = ["lost"]
        stopwords = ["alone"]
        [[allowlists]]
        targetRules = ["lost", "fine"]
        stopwords = ["both"]
        "#,
    );
    let rules = loads(&draft);
    assert_eq!((draft.disable.as_slice(), rules[0].pair.is_none()), (&["jwt".to_owned()][..], true));
    assert_eq!(draft.allow.len(), 1, "an entry without a rule would allow everything");
    assert_eq!(draft.allow[0].rules, ["fine"]);
    told(&draft, &["it requires the rule `lost`, which was left out", "rule `lost`: it is switched off"]);
}

#[test]
fn flags_go_with_the_value_that_is_cut_out() {
    let draft = with_rule("regex = '''(?xi) \\b ( [0-9a-f]{40} ) \\b'''\nkeywords = ['acme_api']");
    assert_eq!(loads(&draft)[0].value.as_deref(), Some("(?xi) [0-9a-f]{40} "));
}

#[test]
fn keywords_of_a_pattern_in_any_case_are_anchors() {
    let draft = with_rule("regex = '''(?xi) (?:ab|cd) : [0-9]{6}'''\nkeywords = ['ab:', 'cd:']");
    assert_eq!(loads(&draft)[0].anchors, ["ab:", "cd:"]);
}

#[test]
fn rules_of_all_documents_are_taken() {
    let text = "rules:\n- id: one\n  pattern: one_[0-9]{12}\n---\nrules:\n- id: two\n  pattern: two_[0-9]{12}\n  depends_on_rule:\n  - rule_id: broken\n- id: broken\n  pattern: (?=x)y\n";
    assert_eq!(Kind::of(text), Some(Kind::Kingfisher));
    assert_eq!(Kind::of(&format!("rulesets: []\n---\n{text}")), Some(Kind::Kingfisher));
    let draft = draft(text);
    let ids: Vec<String> = loads(&draft).into_iter().map(|rule| rule.id).collect();
    assert_eq!((ids.as_slice(), draft.rules_read), (&["one".to_owned(), "two".to_owned()][..], 3));
    assert!(draft.rules[1].pair.is_none());
}
