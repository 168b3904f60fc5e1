//! Envelope ↔ control file: what of an envelope outlives the process.

use super::control_file::{ControlFile, VERSION};
use crate::config::Config;
use crate::engine::Scope;
use crate::envelope::{Body, Envelope, EnvelopeFlags, QueueId, QueueLocation, Recipient, Sender};
use crate::message::{HeaderFacts, set_dates};

/// Macros that are kept whatever the class says, as sendmail keeps them.
const PERSISTENT: [&[u8]; 4] = [b"_", b"r", b"s", b"daemon_flags"];

/// What is written for an envelope: recipients that are done are left out.
pub(super) fn to_control(config: &Config, envelope: &Envelope) -> ControlFile {
    ControlFile {
        version: VERSION,
        created: envelope.created,
        last_attempt: envelope.last_attempt,
        attempts: envelope.attempts,
        priority: envelope.priority,
        data_directory: None,
        data_file: data_file(envelope),
        body_type: envelope.body_type,
        quarantine: envelope.quarantine.clone(),
        message: envelope.message.clone(),
        // recipients of several groups never share an envelope here, so it counts as split
        flags: envelope.flags | EnvelopeFlags::SPLIT,
        macros: persistent_macros(config, &envelope.scope),
        sender: envelope.sender.text.clone(),
        envid: envelope.envid.clone(),
        auth: envelope.auth.clone(),
        deliver_by: envelope.deliver_by,
        recipients: envelope.pending().cloned().collect(),
        headers: envelope.headers.clone(),
        header_size: 0,
    }
}

/// Device and inode, once the message has been tried; a new one has none, as sendmail writes it.
fn data_file(envelope: &Envelope) -> Option<(u64, u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    match &envelope.body {
        Body::File { file, .. } if envelope.attempts > 0 => {
            let meta = file.metadata().ok()?;
            let device = meta.dev();
            let major = (device >> 8 & 0xfff) | (device >> 32 & !0xfff);
            let minor = (device & 0xff) | (device >> 12 & !0xff);
            Some((major, minor, meta.ino()))
        }
        _ => None,
    }
}

fn persistent_macros(config: &Config, scope: &Scope) -> Vec<(Vec<u8>, Vec<u8>)> {
    let class = config.names.get(b"persistentMacros").and_then(|id| config.classes.get(id));
    let listed = class.map(|class| class.words()).unwrap_or_default();
    let unbraced = |name: &[u8]| {
        let inner = name.strip_prefix(b"{").and_then(|name| name.strip_suffix(b"}"));
        inner.unwrap_or(name).to_vec()
    };
    let mut ids: Vec<_> = (PERSISTENT.iter().copied().chain(listed))
        .filter_map(|name| config.names.get(&unbraced(name)))
        .collect();
    ids.sort();
    ids.dedup();
    let value =
        |id| Some((config.names.long_name(id).unwrap_or(&[id.0]).to_vec(), scope.get(config, id)?.to_vec()));
    ids.into_iter().filter_map(value).collect()
}

/// The envelope a control file stands for. Addresses are not parsed, the sender's macros not set.
pub(super) fn to_envelope(
    config: &Config,
    control: ControlFile,
    id: &QueueId,
    place: QueueLocation,
    body: Body,
    now: i64,
) -> Envelope {
    let facts = HeaderFacts::of(config, &control.headers);
    let scope = scope(config, &control, &facts, id, now);
    let mut flags = control.flags | EnvelopeFlags::IN_QUEUE;
    flags.set(EnvelopeFlags::RESENT, facts.resent);
    flags.set(EnvelopeFlags::IS_MIME, facts.is_mime);
    let sender = Sender { text: control.sender, address: None };
    if sender.is_null() {
        flags |= EnvelopeFlags::RESPONSE;
    }
    Envelope {
        id: id.clone(),
        place,
        timeout_class: facts.timeout_class(flags.contains(EnvelopeFlags::RESPONSE)),
        sender,
        recipients: control
            .recipients
            .into_iter()
            .map(|recipient| Recipient { address: None, ..recipient })
            .collect(),
        size: body.size() + control.header_size,
        headers: control.headers,
        body,
        created: control.created,
        last_attempt: control.last_attempt,
        attempts: control.attempts,
        priority: control.priority,
        class: facts.class,
        hop_count: facts.hop_count,
        flags,
        body_type: control.body_type,
        envid: control.envid,
        auth: control.auth,
        deliver_by: control.deliver_by,
        message: control.message,
        quarantine: control.quarantine,
        message_id: facts.message_id,
        transcript: Vec::new(),
        scope,
    }
}

fn scope(config: &Config, control: &ControlFile, facts: &HeaderFacts, id: &QueueId, now: i64) -> Scope {
    let mut scope = Scope::default();
    set_dates(config, &mut scope, now);
    scope.set_named(config, b"i", id.as_bytes());
    if let Some(date) = &facts.date {
        scope.set_named(config, b"a", date);
    }
    if let Some(message_id) = &facts.message_id {
        scope.set_named(config, b"msg_id", message_id);
    }
    if let Some(name) = &facts.full_name {
        scope.set_named(config, b"x", name);
    }
    for (name, value) in &control.macros {
        scope.set_named(config, name, value);
    }
    scope
}
