fn main() {
    use sekisho::engine::*;
    let p = std::env::args().nth(1).unwrap();
    let t = std::fs::read(p).unwrap();
    let s = std::time::Instant::now();
    let engine = Engine::new(sekisho::rules::RuleSet::builtin());
    println!("build {:?} rules {}", s.elapsed(), engine.rules().len());
    let mut sc = Scratch::default();
    for _ in 0..4 {
        let mut out = Vec::new();
        let s = std::time::Instant::now();
        engine.scan(&mut sc, &Input::whole(&t), &mut out);
        let e = s.elapsed();
        println!("{:.2} GB/s {} found {:?}", t.len() as f64 / e.as_secs_f64() / 1e9, out.len(), e);
    }
}
