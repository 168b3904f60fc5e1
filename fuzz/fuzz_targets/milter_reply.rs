//! Any bytes in the place of a filter's packet: what it says is read or passed over, never a panic.
#![no_main]

use canonify::milter::{Packet, Request, Wishes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((letter, data)) = input.split_first() else { return };
    let packet = Packet { letter: *letter, data: data.to_vec() };
    let _ = Wishes::read(&packet);
    // a packet is an answer or a request, and not both
    let (answer, request) = (packet.answer("550 5.7.1 Command rejected"), packet.request());
    assert!(answer.is_none() || request.is_none());
    if let Some(Some(Request::AddHeader(name, _) | Request::InsertHeader(_, name, _) | Request::ChangeHeader(_, name, _))) = request {
        assert!(!name.is_empty() && !name.contains(&0));
    }
});
