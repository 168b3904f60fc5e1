//! What somebody may have meant.

/// Edit distance (insert, delete, replace, swap neighbours), letters compared without case.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.to_lowercase().chars().collect();
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let width = right.len() + 1;
    let mut table = vec![0; (left.len() + 1) * width];
    let at = |row: usize, column: usize| row * width + column;
    (0..=left.len()).for_each(|row| table[at(row, 0)] = row);
    (0..=right.len()).for_each(|column| table[at(0, column)] = column);
    for row in 1..=left.len() {
        for column in 1..=right.len() {
            let change = usize::from(left[row - 1] != right[column - 1]);
            let mut best = table[at(row - 1, column - 1)] + change;
            best = best.min(table[at(row - 1, column)] + 1).min(table[at(row, column - 1)] + 1);
            let swapped = row > 1
                && column > 1
                && left[row - 1] == right[column - 2]
                && left[row - 2] == right[column - 1];
            if swapped {
                best = best.min(table[at(row - 2, column - 2)] + 1);
            }
            table[at(row, column)] = best;
        }
    }
    table[at(left.len(), right.len())]
}

/// The names nearest to a word, best first; only those near enough to be a slip.
pub fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    if word.len() > 64 {
        return Vec::new();
    }
    let most = (word.chars().count() / 4).clamp(1, 3);
    let short = |name: &&str| name.len().abs_diff(word.len()) <= most;
    let mut found: Vec<(usize, &str)> =
        names.into_iter().filter(short).map(|name| (distance(word, name), name)).collect();
    found.retain(|(distance, _)| *distance <= most);
    found.sort();
    found.dedup();
    found.into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips() {
        assert_eq!(nearest("FEATRUE", ["FEATURE", "MAILER"]), ["FEATURE"]);
        assert_eq!(nearest("acces_db", ["access_db", "smrsh"]), ["access_db"]);
        assert_eq!(nearest("Linux", ["linux", "unix"]), ["linux", "unix"][..1]);
        assert!(nearest("SMTP_DAEMON", ["FEATURE", "MAILER"]).is_empty());
    }
}
