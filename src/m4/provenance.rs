//! Which line made which part of the output: noted while it is made.

use super::divert::Mark;
use super::expand::Expander;

impl Expander<'_> {
    /// Output was appended from this offset on: notes which line made it. `passed` tells that something of the
    /// line behind it has been read since, so that a newline at its end counts.
    pub(super) fn note_output(&mut self, from: usize, passed: bool) {
        let Some(text) = self.diversions.sink().text.get(from..).filter(|text| !text.is_empty()) else {
            return;
        };
        let breaks = memchr::memchr_iter(b'\n', &text[..text.len() - usize::from(!passed)]).count();
        let mut inner = self.input.place();
        let mut site = self.settings.provenance.then(|| self.input.site(&self.site_files)).flatten();
        // A text of a file may span lines; its place is that of its end.
        let advancing = breaks > 0 && self.input.in_file();
        if advancing {
            let back = u32::try_from(breaks).unwrap_or(0);
            if let Some(site) = site.as_mut().filter(|site| **site == inner) {
                site.line = site.line.saturating_sub(back);
            }
            inner.line = inner.line.saturating_sub(back);
        }
        if self.synclines.is_some() {
            self.synchronize(from, inner);
        }
        if self.settings.provenance {
            let marks = &mut self.diversions.sink().marks;
            let same =
                |last: &Mark| !advancing && !last.advancing && (last.inner, last.site) == (inner, site);
            if !marks.last().is_some_and(same) {
                marks.push(Mark { offset: from, inner, site, advancing });
            }
        }
    }
}
