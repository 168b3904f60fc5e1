//! SMTP's wire format: command lines, paths, parameters, xtext, and message data in pieces of any size.
#![no_main]

use canonify::smtp::proto::{
    DataDecoder, DataEvent, NextLine, Strictness, decode_xtext, next_line, parameters, split_address,
    split_path, split_verb,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut rest = input;
    while let NextLine::Line { text, whole } = next_line(rest) {
        let (_, argument) = split_verb(&rest[..text]);
        if let Ok(path) = split_path(argument, b"FROM") {
            let (_, words) = split_address(path);
            for parameter in parameters(words).flatten() {
                let _ = parameter.value.map(decode_xtext);
            }
        }
        rest = &rest[whole..];
    }
    let (mut whole, mut pieces) = (Vec::new(), Vec::new());
    let (used, event) = DataDecoder::new(Strictness::default()).push(input, &mut whole);
    let mut decoder = DataDecoder::new(Strictness::default());
    for byte in &input[..used] {
        if decoder.push(&[*byte], &mut pieces).1 != DataEvent::More {
            break;
        }
    }
    assert_eq!(whole, pieces, "{event:?}");
});
