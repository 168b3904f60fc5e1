//! Against the C library's answers: `testdata/maps/regex.tsv` (e or b for the syntax, pattern, text,
//! spans of the match and its groups or the error).

use super::{groups, syntax};

fn answer(pattern: &[u8], text: &[u8], extended: bool) -> String {
    let flags = syntax::Flags { extended, fold_case: true };
    let pattern = match syntax::parse(pattern, flags) {
        Ok(pattern) => pattern,
        Err(problem) => return format!("E {problem}"),
    };
    let matcher = pattern.compile().expect("small");
    let Some(found) = matcher.find(text) else { return String::from("-") };
    let spans = groups::longest(&pattern, text, found.start());
    let show = |span: &Option<(usize, usize)>| {
        span.map_or("-1,-1".to_owned(), |(start, end)| format!("{start},{end}"))
    };
    spans.iter().take(9).map(show).collect::<Vec<_>>().join(" ")
}

fn different(table: &str) -> Vec<String> {
    let mut different = Vec::new();
    for line in table.lines() {
        let mut cells = line.split('\t');
        let mut next = || cells.next().expect("four cells");
        let (kind, pattern, text, wanted) = (next(), next(), next(), next());
        let found = answer(pattern.as_bytes(), text.as_bytes(), kind == "e");
        if found != wanted && !found.starts_with("E Back references") {
            different.push(format!("{kind} {pattern} on {text:?}: {found}, the C library: {wanted}"));
        }
    }
    different
}

#[test]
fn syntax_and_groups_are_the_c_librarys() {
    let root = std::env::var("RX_TABLES").unwrap_or_default();
    for name in root.split(':').filter(|name| !name.is_empty()) {
        let different = different(&std::fs::read_to_string(name).expect("a table"));
        println!("{name}: {} differ", different.len());
        for line in different.iter().take(40) {
            println!("{line}");
        }
    }
}
