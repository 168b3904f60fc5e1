//! DKIM signatures of what goes to other hosts: made of the bytes that go on the wire, before any of them does.

use super::attempt::Attempt;
use super::conversion;
use crate::config::{Config, Mailer};
use crate::envelope::{Body, Envelope};
use crate::logging::Priority;
use crate::mail_auth::{Fields, Keys, Signing};
use crate::message::{BodyForm, BodyLines};
use std::io::{self, Read};
use std::net::IpAddr;

/// Bytes that are read at a time.
const PIECE: usize = 64 << 10;

/// The header with the signatures that the site's table asks for before it.
///
/// # Errors
/// There is no signature for now and DKIMSendUnsigned is not set, or the body cannot be read.
pub(super) async fn signed(
    attempt: &Attempt<'_>,
    mailer: &Mailer,
    header: Vec<u8>,
    body: &Body,
) -> io::Result<Vec<u8>> {
    let on = attempt.on;
    // LMTP is a way to mailboxes
    if on.signer.is_off() || mailer.has(b'z') || !is_ours(&on.site.config, attempt.envelope) {
        return Ok(header);
    }
    let domains = Fields::of(&header).author_domains();
    let [domain] = &domains[..] else { return Ok(header) };
    let signatures = match on.signer.keys(domain).await {
        Ok(keys) if keys.is_empty() => return Ok(header),
        Ok(keys) => signatures(&keys, mailer, &header, body, on.clock.now()).await?,
        Err(why) => Err(why),
    };
    let id = Some(attempt.envelope.id.as_bytes());
    match signatures {
        Ok(fields) => {
            let text = [b"DKIM: signed for ", &domain[..]].concat();
            on.logger.log(9, Priority::Info, id, &text);
            Ok([fields, header].concat())
        }
        Err(why) if on.site.config.options.dkim_send_unsigned => {
            on.logger.log(0, Priority::Error, id, format!("{why}: sent without a signature").as_bytes());
            Ok(header)
        }
        Err(why) => Err(io::Error::other(why)),
    }
}

/// All signatures, or why one of them cannot be made.
async fn signatures(
    keys: &Keys,
    mailer: &Mailer,
    header: &[u8],
    body: &Body,
    now: i64,
) -> io::Result<Result<Vec<u8>, String>> {
    let mut signing = Signing::default();
    let mut wire = Vec::new();
    let header_form = conversion::header_form(mailer);
    let mut lines = BodyLines::new(&header_form);
    lines.write(header, &mut wire)?;
    lines.finish(&mut wire)?;
    // dots are doubled for the way only (RFC 6376, 3.4)
    let form = BodyForm { stuff_dots: false, ..conversion::form(mailer) };
    let mut lines = BodyLines::new(&form);
    let (mut reader, mut block) = (body.reader(), vec![0; PIECE]);
    loop {
        signing.write(&wire);
        wire.clear();
        let count = reader.read(&mut block)?;
        if count == 0 {
            break;
        }
        lines.write(&block[..count], &mut wire)?;
        tokio::task::yield_now().await;
    }
    lines.finish(&mut wire)?;
    signing.write(&wire);
    Ok(signing.finish(&keys.list(), now))
}

/// Did it begin its way here: written on this host, by somebody who has proved who he is, or on a host that relays through this one?
/// Whatever else passes through may bear our name without being ours.
fn is_ours(config: &Config, envelope: &Envelope) -> bool {
    let value = |name: &[u8]| envelope.scope.get_named(config, name).unwrap_or_default();
    // ESMTPA, ESMTPSA (RFC 3848)
    if value(b"r").ends_with(b"A") {
        return true;
    }
    match client_address(value(b"_")) {
        Ok(Some(address)) => config.relays_for(address),
        Ok(None) => true,
        Err(()) => false,
    }
}

/// The address in `$_`: `name [address]`, with words behind it at times. `None`: no client, a user of this host.
fn client_address(peer: &[u8]) -> Result<Option<IpAddr>, ()> {
    let Some(open) = memchr::memrchr(b'[', peer) else { return Ok(None) };
    let address = peer[open + 1..].split(|byte| *byte == b']').next().unwrap_or_default();
    let address = std::str::from_utf8(address).map_err(drop)?;
    let address = address.strip_prefix("IPv6:").unwrap_or(address);
    address.parse().map(Some).map_err(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_a_message_is() {
        let mut config = Config::default();
        let ours = |config: &mut Config, peer: &str, protocol: &str| {
            let mut envelope = Envelope::default();
            for (name, value) in [("_", peer), ("r", protocol)] {
                envelope.scope.set_named(config, name.as_bytes(), value.as_bytes());
            }
            is_ours(config, &envelope)
        };
        assert!(ours(&mut config, "ann@localhost", ""));
        assert!(ours(&mut config, "localhost [127.0.0.1]", "ESMTP"));
        assert!(ours(&mut config, "localhost [IPv6:::1]", "ESMTP"));
        assert!(ours(&mut config, "host.example [192.0.2.1]", "ESMTPSA"));
        assert!(!ours(&mut config, "host.example [192.0.2.1] (may be forged)", "ESMTPS"));
        assert!(!ours(&mut config, "x[127.0.0.1]@host.example [192.0.2.1]", "ESMTP"));
        assert!(!ours(&mut config, "host.example [nonsense]", "ESMTP"));
    }
}
