use sekisho::rules::rule::*;
fn main() {
    let set = sekisho::rules::RuleSet::builtin();
    let mut all = std::collections::HashSet::new();
    let mut v: Vec<_> = set
        .iter()
        .filter_map(|(_, r)| match &r.matcher {
            Matcher::Token(Token { anchor: Anchor::WordStart { grams, run }, shapes, .. }) => {
                all.extend(grams.iter().copied());
                Some((grams.len(), *run, r.id.to_string(), shapes.len()))
            }
            _ => None,
        })
        .collect();
    v.sort();
    v.reverse();
    println!("rules {} distinct {} total {}", v.len(), all.len(), v.iter().map(|x| x.0).sum::<usize>());
    for x in v.iter().take(25) {
        println!("{x:?}");
    }
    println!("short runs:");
    for x in v.iter().filter(|x| x.1 < 8) {
        println!("{x:?}");
    }
    println!("no shapes:");
    for x in v.iter().filter(|x| x.3 == 0) {
        println!("{x:?}");
    }
    for (_, r) in set.iter() {
        if let Matcher::Token(Token { anchor: Anchor::Contains { literals, any_case }, .. }) = &r.matcher {
            println!("contains {} {:?} {any_case}", r.id, literals);
        }
    }
}
