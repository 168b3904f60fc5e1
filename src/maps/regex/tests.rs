//! Against the C library's answers: `testdata/maps/regex.tsv` (e or b for the syntax, pattern, text,
//! spans of the match and its groups or the error).

use super::{backtrack, groups, syntax};

fn answer(pattern: &[u8], text: &[u8], extended: bool) -> String {
    let flags = syntax::Flags { extended, fold_case: true };
    let pattern = match syntax::parse(pattern, flags) {
        Ok(pattern) => pattern,
        Err(problem) => return format!("E {problem}"),
    };
    let matcher = pattern.compile().expect("small");
    let Some(found) = matcher.find(text) else { return String::from("-") };
    let spans = match pattern.referenced.is_empty() {
        true => groups::longest(&pattern, text, found.start()),
        false => match backtrack::find(&pattern, text, found.start()) {
            Ok(Some(spans)) => spans,
            Ok(None) => return String::from("-"),
            Err(backtrack::TooHard) => return String::from("later"),
        },
    };
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
        if found != wanted {
            different.push(format!("{kind} {pattern} on {text:?}: {found}, the C library: {wanted}"));
        }
    }
    different
}

#[test]
fn syntax_and_groups_are_the_c_librarys() {
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/maps/regex.tsv");
    let different = different(&std::fs::read_to_string(table).expect("a table"));
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
}

#[test]
fn hostile_patterns_end_in_an_error_or_soon() {
    let nested = [vec![b'('; 30_000], vec![b')'; 30_000]].concat();
    assert!(answer(&nested, b"a", true).starts_with("E "));
    assert!(answer(b"((a{1,200}){1,200}){1,20}", b"a", true).starts_with("E "));
    assert_eq!(answer(b"(a*)*(a*)*b|(a|aa)+$", &[b'a'; 300], true), "0,300 -1,-1 -1,-1 299,300");
}

/// Patterns as rule packages have them and made ones, against the C library (`testdata/maps/regex_back.tsv`). Made
/// ones where the library is at odds with itself (a group that is repeated and empty) are not in the table.
#[test]
fn back_references_are_the_c_librarys() {
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/maps/regex_back.tsv");
    let different = different(&std::fs::read_to_string(table).expect("a table"));
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
}

#[test]
fn hostile_back_references_end_in_a_failure_for_now() {
    let start = std::time::Instant::now();
    // an odd number of letters: every way of dealing them out is tried in vain
    let odd = [&[b'a'; 401][..], b"b"].concat();
    assert_eq!(answer(br"^(a*)(a*)(a*)(a*)\4\3\2\1b", &odd, true), "later");
    // what cannot match whatever the groups are is found out at once
    assert_eq!(answer(br"(a*)(a*)(a*)(a*)\4\3\2\1b", &[b'a'; 400], true), "-");
    assert!(start.elapsed().as_secs() < 60);
}
