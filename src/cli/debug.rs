//! `-d`: which categories are traced, and how much.

/// Categories are numbered 0 to 99.
const CATEGORIES: usize = 100;

/// Trace levels by category.
#[derive(Clone, Debug)]
pub struct Levels {
    levels: [u8; CATEGORIES],
    /// `ANSI` was among the flags; nothing takes that back.
    pub ansi: bool,
}

impl Default for Levels {
    fn default() -> Self {
        Self { levels: [0; CATEGORIES], ansi: false }
    }
}

impl Levels {
    /// Applies `category[-category][.level]`, several with commas. No level means 1; nothing at all
    /// means `0-99.1`; words that are no numbers (named categories) are passed over.
    pub fn set(&mut self, flags: &[u8]) {
        let flags = if flags.is_empty() { b"0-99.1" } else { flags };
        for flag in flags.split(|byte| *byte == b',') {
            self.ansi |= flag == b"ANSI";
            let (range, level) = match flag.iter().position(|byte| *byte == b'.') {
                Some(at) => (&flag[..at], number(&flag[at + 1..]).unwrap_or(0)),
                None => (flag, 1),
            };
            let mut ends = range.split(|byte| *byte == b'-');
            let Some(first) = ends.next().and_then(number) else { continue };
            let last = ends.next().and_then(number).unwrap_or(first);
            for category in first..=last.min(CATEGORIES - 1) {
                self.levels[category] = level.min(255) as u8;
            }
        }
    }

    /// The level of a category.
    pub fn get(&self, category: u8) -> u8 {
        self.levels.get(usize::from(category)).copied().unwrap_or(0)
    }

    /// All levels, by category.
    pub fn all(&self) -> &[u8] {
        &self.levels
    }
}

fn number(text: &[u8]) -> Option<usize> {
    let digits: Vec<u8> = text.iter().copied().take_while(u8::is_ascii_digit).collect();
    std::str::from_utf8(&digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_ranges_with_levels() {
        let mut levels = Levels::default();
        levels.set(b"21.12,30-32.4,x.9,60");
        assert_eq!([21, 30, 32, 33, 60].map(|category| levels.get(category)), [12, 4, 4, 0, 1]);
        levels.set(b"");
        assert_eq!((levels.get(99), levels.get(21)), (1, 1));
        levels.set(b"0-99.0");
        assert!(levels.all().iter().all(|level| *level == 0));
    }
}
