//! Any bytes in the place of a front: the keeper answers or ends the connection, and never breaks or hangs.
#![no_main]

use canonify::config::{LoadOptions, load};
use canonify::keeper::raw_end;
use libfuzzer_sys::fuzz_target;
use std::io::{Read, Write};
use std::net::Shutdown;

/// A site without a mailer that runs or writes anything, all of whose files lie in an empty directory.
const CF: &str = "V10\nO AliasFile=text:/var/empty/none/aliases\nO ForwardPath=/var/empty/none/$u+$h:/var/empty/none/$u\n\
    Mlocal, P=[MAILDIR], F=lsDFMAw5:/|@q, A=MAILDIR /var/empty/none/$u/$h\n\
    Mprog, P=/var/empty/none/program, F=lsDFMoqeu9, A=program $u\n\
    Mroot, P=/var/empty/none/program, F=lSmf, A=program $h -x$u $f\n";

/// A first byte of 0: all the rest as it is. Else pieces, a length byte before each, get the length that a frame has.
fn bytes_on_the_wire(input: &[u8]) -> Vec<u8> {
    let Some((mode, mut rest)) = input.split_first() else { return Vec::new() };
    if *mode == 0 {
        return rest.to_vec();
    }
    let mut wire = Vec::new();
    while let Some((length, behind)) = rest.split_first() {
        let (piece, behind) = behind.split_at(behind.len().min(usize::from(*length)));
        wire.extend_from_slice(&(piece.len() as u32).to_le_bytes());
        wire.extend_from_slice(piece);
        rest = behind;
    }
    wire
}

fuzz_target!(|input: &[u8]| {
    let loaded = load(b"cf", CF.as_bytes(), &mut canonify::maps::environment(), &LoadOptions::default());
    let (mut front, keeper) = raw_end(&loaded.config).expect("a keeper");
    // the keeper may end the connection before it has read all
    let _ = front.write_all(&bytes_on_the_wire(input));
    let _ = front.shutdown(Shutdown::Write);
    let _ = front.read_to_end(&mut Vec::new());
    keeper.join().expect("the keeper ends in good order");
});
