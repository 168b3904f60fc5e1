//! Who can do what: the first words of an MTA and a filter.
//!
//! In: what a filter answers to the offer. Out: what it wants, or what is wrong with that, in the words of sendmail's log.

use super::protocol::{Actions, OLDEST_VERSION, Packet, Stage, Steps, VERSION, letter};

/// What a filter wants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wishes {
    /// What it may do.
    pub actions: Actions,
    /// What it does not want to be told, or does not answer.
    pub steps: Steps,
    /// Names of macros that it wants to have instead of the site's.
    pub macros: Vec<(Stage, Vec<Vec<u8>>)>,
}

/// Names of macros in a list: blanks or commas stand between them.
pub fn macro_names(list: &[u8]) -> Vec<Vec<u8>> {
    let names = list.split(|byte| *byte == b',' || crate::addr::is_space(byte));
    names.filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect()
}

/// Everything that is known here.
pub fn offer() -> Vec<u8> {
    [VERSION, Actions::all().bits(), Steps::all().bits()].into_iter().flat_map(u32::to_be_bytes).collect()
}

impl Wishes {
    /// Of the answer to the offer.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(packet: &Packet) -> Result<Self, String> {
        if packet.letter != letter::NEGOTIATE {
            let (said, wanted) = (char::from(packet.letter), char::from(letter::NEGOTIATE));
            return Err(format!("returned {said} instead of {wanted}"));
        }
        let (numbers, lists) = packet.data.split_first_chunk::<12>().ok_or("did not return enough info")?;
        let number = |at: usize| u32::from_be_bytes([0, 1, 2, 3].map(|byte| numbers[at * 4 + byte]));
        let (version, actions, steps) = (number(0), number(1), number(2));
        if version < OLDEST_VERSION {
            return Err(format!("version {version} != MTA milter version {VERSION}"));
        }
        let known = |what, said: u32, all: u32| match said & !all {
            0 => Ok(()),
            _ => Err(format!("{what} abilities 0x{said:x} != MTA milter abilities 0x{all:x}")),
        };
        known("filter", actions, Actions::all().bits())?;
        known("protocol", steps, Steps::all().bits())?;
        let mut steps = Steps::from_bits_truncate(steps);
        // commands that a filter of an older version has never heard of
        if version < 3 {
            steps |= Steps::NO_UNKNOWN;
        }
        if version < 4 {
            steps |= Steps::NO_DATA;
        }
        Ok(Self { actions: Actions::from_bits_truncate(actions), steps, macros: macro_lists(lists) })
    }
}

/// `stage list NUL` again and again; what is behind the last whole one says nothing.
fn macro_lists(mut data: &[u8]) -> Vec<(Stage, Vec<Vec<u8>>)> {
    let mut found = Vec::new();
    while let Some((number, rest)) = data.split_first_chunk() {
        let Some(end) = rest.iter().position(|byte| *byte == 0) else { break };
        if let Some(stage) = Stage::from_number(u32::from_be_bytes(*number)) {
            found.push((stage, macro_names(&rest[..end])));
        }
        data = &rest[end + 1..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(letter: u8, data: &[u8]) -> Result<Wishes, String> {
        Wishes::read(&Packet { letter, data: data.to_vec() })
    }

    #[test]
    fn what_is_wrong_is_said_as_sendmail_says_it() {
        let says = |letter, data: &[u8]| read(letter, data).expect_err("nonsense");
        assert_eq!(says(b'c', b""), "returned c instead of O");
        assert_eq!(says(b'O', &[0; 11]), "did not return enough info");
        assert_eq!(says(b'O', &[0; 12]), "version 0 != MTA milter version 6");
        let actions = [0, 0, 0, 6, 0, 0, 0xf, 0xff, 0, 0, 0, 0];
        assert_eq!(says(b'O', &actions), "filter abilities 0xfff != MTA milter abilities 0x1ff");
    }

    #[test]
    fn a_filter_names_its_macros() {
        let data =
            [&[0, 0, 0, 6, 0, 0, 1, 0, 0, 0, 4, 1, 0, 0, 0, 5][..], b"i, {msg_id}\0", &[0, 0, 0, 0], b"cut"]
                .concat();
        let wishes = read(b'O', &data).expect("an answer");
        assert_eq!(wishes.steps, Steps::SKIP | Steps::NO_CONNECT);
        assert_eq!(wishes.macros, [(Stage::EndOfMessage, vec![b"i".to_vec(), b"{msg_id}".to_vec()])]);
    }

    #[test]
    fn old_filters_are_not_told_of_new_commands() {
        let steps = |version| {
            let data = [&[0, 0, 0, version][..], &[0; 8]].concat();
            read(b'O', &data).expect("an answer").steps
        };
        assert_eq!(steps(2), Steps::NO_UNKNOWN | Steps::NO_DATA);
        assert_eq!(steps(3), Steps::NO_DATA);
        assert_eq!(steps(4), Steps::empty());
    }
}
