//! Addresses as traces print them (-d20, -d24).

use super::{Address, Parsed, Site};
use crate::logging::Tracer;

/// The block after `parseaddr-->`. Where an address lies in memory varies in sendmail from run to run;
/// what follows `0x` here means nothing either.
pub(super) fn parsed(site: &Site, parsed: &Parsed, tracer: &mut dyn Tracer) {
    let Some(address) = &parsed.address else { return };
    if parsed.bad {
        return; // told already
    }
    let mut text = format!("parseaddr-->{address:p}=").into_bytes();
    text.extend_from_slice(&address.text);
    let (state, status) = if parsed.temporary { ("QUEUEUP", "4.4.3") } else { ("OK", "(none)") };
    let flags = "100180<QPINGONFAILURE,QPINGONDELAY,QSECURE>";
    // an address that somebody owns has a host, if an empty one
    block(site, address, b"", state, flags, status, &mut text);
    tracer.text(&text);
}

/// What `buildaddr` has made, before it is anybody's address (-d24.6).
pub(super) fn built(site: &Site, address: &Address, tracer: &mut dyn Tracer) {
    if tracer.level(24) >= 6 {
        let mut text = format!("buildaddr => {address:p}=<null>").into_bytes();
        block(site, address, b"<null>", "OK", "180<QPINGONFAILURE,QPINGONDELAY>", "(none)", &mut text);
        tracer.text(&text);
    }
}

/// It has become an address (-d24.4).
pub(super) fn allocated(address: &Address, flags: u8, tracer: &mut dyn Tracer) {
    if tracer.level(24) >= 4 {
        let head = format!("allocaddr(flags={flags}, paddr=");
        tracer.line(&[head.as_bytes(), &address.text, b", ad=1)"].concat());
    }
}

fn block(
    site: &Site,
    address: &Address,
    no_host: &[u8],
    state: &str,
    flags: &str,
    status: &str,
    text: &mut Vec<u8>,
) {
    let mailer = &site.config.mailers[address.mailer.0 as usize];
    text.extend_from_slice(format!(":\n\tmailer {} (", address.mailer.0).as_bytes());
    text.extend_from_slice(&mailer.name);
    text.extend_from_slice(b"), host `");
    text.extend_from_slice(address.host.as_deref().unwrap_or(no_host));
    text.extend_from_slice(b"'\n\tuser `");
    text.extend_from_slice(&address.user);
    let rest = format!(
        "', ruser `<null>'\n\tstate={state}, next=0x0, alias 0x0, uid 0, gid 0\n\tflags={flags}\n\
         \towner=(none), home=\"(none)\", fullname=\"(none)\"\n\
         \torcpt=\"(none)\", statmta=(none), status={status}\n\
         \tfinalrcpt=\"(none)\"\n\trstatus=\"(none)\"\n\tstatdate=(none)\n"
    );
    text.extend_from_slice(rest.as_bytes());
}
