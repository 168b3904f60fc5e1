//! The beginnings of the keys of an inner page of a btree, as numbers that lie side by side: a search
//! through them touches a few lines of memory, one through the page a line for each step.

/// What keys 1, 2, … of a page begin with.
#[derive(Debug, Default)]
pub(super) struct Heads {
    /// What all of them begin with.
    common: Box<[u8]>,
    /// The next bytes of each.
    numbers: Box<[u64]>,
}

/// The first bytes of a key as a number that sorts alike, but for keys that differ later or in NULs.
pub(super) fn head(key: &[u8]) -> u64 {
    if let Some(first) = key.first_chunk() {
        return u64::from_be_bytes(*first);
    }
    key.iter().enumerate().fold(0, |head, (place, byte)| head | u64::from(*byte) << (56 - 8 * place))
}

impl Heads {
    /// Of sorted keys.
    pub fn of(keys: &[&[u8]]) -> Self {
        let (Some(first), Some(last)) = (keys.first(), keys.last()) else { return Self::default() };
        let common = first.iter().zip(*last).take_while(|(a, b)| a == b).count();
        // a damaged page need not be sorted
        if keys.iter().any(|key| !key.starts_with(&first[..common])) {
            return Self::default();
        }
        let numbers: Box<[u64]> = keys.iter().map(|key| head(&key[common..])).collect();
        if !numbers.is_sorted() {
            return Self::default();
        }
        Self { common: first[..common].into(), numbers }
    }

    /// The place of a key among entries 0, 1, 2, …: at or behind the first number, before the second. Entry
    /// 0 has no key. `None`: nothing is known.
    pub fn between(&self, key: &[u8]) -> Option<(usize, usize)> {
        if self.numbers.is_empty() {
            return None;
        }
        let Some(rest) = key.strip_prefix(&*self.common) else {
            let place = if key < &*self.common { 0 } else { self.numbers.len() };
            return Some((place, place + 1));
        };
        let head = head(rest);
        let low = self.numbers.partition_point(|number| *number < head);
        let alike = self.numbers[low..].iter().take_while(|number| **number == head).count();
        Some((low, low + alike + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_narrowed_down_to_those_that_begin_like_it() {
        let keys: [&[u8]; 5] = [b"user1", b"user2", b"user2345678", b"user23456789", b"user9"];
        let heads = Heads::of(&keys);
        assert_eq!(heads.between(b"a"), Some((0, 1)));
        assert_eq!(heads.between(b"v"), Some((5, 6)));
        assert_eq!(heads.between(b"use"), Some((0, 1)));
        assert_eq!(heads.between(b"user0"), Some((0, 1)));
        assert_eq!(heads.between(b"user2"), Some((1, 3)));
        assert_eq!(heads.between(b"user23456789x"), Some((3, 5)));
        assert_eq!(heads.between(b"user3"), Some((4, 5)));
        assert_eq!(Heads::of(&[b"b", b"a"]).between(b"a"), None);
    }
}
