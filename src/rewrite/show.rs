//! Addresses as traces print them (-d20, -d24).

use super::{Parsed, Site};
use crate::logging::Tracer;

/// The block after `parseaddr-->`. Where an address lies in memory varies in sendmail from run to run;
/// what follows `0x` here means nothing either.
pub(super) fn parsed(site: &Site, parsed: &Parsed, tracer: &mut dyn Tracer) {
    let Some(address) = &parsed.address else {
        if parsed.triple.is_some() {
            tracer.line(b"parseaddr-->bad address");
        }
        return;
    };
    let mailer = &site.config.mailers[address.mailer.0 as usize];
    let host = address.host.as_deref().unwrap_or_default();
    let mut text = format!("parseaddr-->{:p}=", address).into_bytes();
    text.extend_from_slice(&address.text);
    text.extend_from_slice(format!(":\n\tmailer {} (", address.mailer.0).as_bytes());
    text.extend_from_slice(&mailer.name);
    text.extend_from_slice(b"), host `");
    text.extend_from_slice(host);
    text.extend_from_slice(b"'\n\tuser `");
    text.extend_from_slice(&address.user);
    text.extend_from_slice(
        b"', ruser `<null>'\n\tstate=OK, next=0x0, alias 0x0, uid 0, gid 0\n\
          \tflags=100180<QPINGONFAILURE,QPINGONDELAY,QSECURE>\n\
          \towner=(none), home=\"(none)\", fullname=\"(none)\"\n\
          \torcpt=\"(none)\", statmta=(none), status=(none)\n\
          \tfinalrcpt=\"(none)\"\n\trstatus=\"(none)\"\n\tstatdate=(none)\n",
    );
    tracer.text(&text);
}
