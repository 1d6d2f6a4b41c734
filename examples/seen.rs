use sekisho::engine::{assign, noise};
use sekisho::text::Span;
fn main() {
    let t = std::fs::read(std::env::args().nth(1).unwrap()).unwrap();
    let mut n = 0;
    let mut all = 0;
    let mut hits = 0;
    let mut last = Span::new(0, 0);
    let low = t.to_ascii_lowercase();
    let mut pos: Vec<(usize, usize)> = vec![];
    for w in assign::words() {
        for at in memchr::memmem::find_iter(&low, w.as_bytes()) {
            pos.push((at, at + w.len()));
        }
    }
    pos.sort();
    for (a, b) in pos {
        hits += 1;
        if let Some(x) = assign::parse(&t, Span::new(a, b)) {
            if x.value == last {
                continue;
            }
            last = x.value;
            all += 1;
            let v = &t[x.value.range()];
            if x.quote.is_none() && !v.iter().any(u8::is_ascii_digit) {
                continue;
            }
            n += 1;
            if n % 97 == 0 {
                println!(
                    "{:?} {:?} | {} | {}",
                    x.operator,
                    x.quote.map(char::from),
                    String::from_utf8_lossy(&t[x.name.range()]),
                    String::from_utf8_lossy(&v[..v.len().min(60)])
                );
            }
        }
    }
    println!("hits {hits} assignments {all} judged {n} of {} MB", t.len() / 1_000_000);
}
