//! One message over an open connection.

use super::answer::{Answer, ConnectionError};
use super::peer::Peer;
use crate::envelope::Body;
use crate::message::{BodyForm, BodyLines};
use crate::schema::Timeouts;
use std::io::Read;

/// What is offered: finished commands, header and body.
pub struct Offer<'a> {
    /// `MAIL From:<…> …`
    pub mail: Vec<u8>,
    /// `RCPT To:<…> …`, one per recipient.
    pub recipients: Vec<Vec<u8>>,
    /// Header with LF line ends and the blank line after it.
    pub header: Vec<u8>,
    /// The body.
    pub body: Body,
    /// LMTP: one answer per accepted recipient after the dot.
    pub lmtp: bool,
    /// Longest line; 0 for no limit.
    pub line_limit: u32,
    /// How long each step may take.
    pub timeouts: &'a Timeouts,
}

/// What was answered; `None` where it did not come to that.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Transaction {
    /// To MAIL.
    pub mail: Option<Answer>,
    /// To each RCPT, in the order of the offer.
    pub recipients: Vec<Option<Answer>>,
    /// To DATA.
    pub data: Option<Answer>,
    /// To the dot: one for all, or with LMTP one per accepted recipient in order.
    pub end: Vec<Answer>,
    /// Why it stopped early.
    pub trouble: Option<ConnectionError>,
}

/// RCPT commands sent before their answers are read.
const WINDOW: usize = 50;

/// Runs MAIL, RCPT, DATA. Each refused recipient's answer is shown to `refused` at once, in time to
/// put a line into the transcript.
pub async fn transact(
    peer: &mut Peer,
    offer: &Offer<'_>,
    refused: &mut (dyn FnMut(&mut Peer, usize, &Answer) + Send),
) -> Transaction {
    let mut done = Transaction { recipients: vec![None; offer.recipients.len()], ..Transaction::default() };
    if let Err(trouble) = run(peer, offer, refused, &mut done).await {
        done.trouble = Some(trouble);
    }
    done
}

async fn run(
    peer: &mut Peer,
    offer: &Offer<'_>,
    refused: &mut (dyn FnMut(&mut Peer, usize, &Answer) + Send),
    done: &mut Transaction,
) -> Result<(), ConnectionError> {
    let times = offer.timeouts;
    let answer = peer.command(&offer.mail, times.mail).await?;
    let accepted = answer.is_positive();
    done.mail = Some(answer);
    if !accepted {
        return Ok(());
    }
    let pipelined = peer.extensions.pipelining;
    recipients(peer, offer, refused, done, pipelined).await?;
    let any = done.recipients.iter().flatten().any(Answer::is_positive);
    if !any && !pipelined {
        return Ok(());
    }
    if !pipelined {
        peer.send_command(b"DATA", times.datainit).await?;
    }
    let answer = peer.answer(times.datainit).await?;
    let go = answer.code == 354;
    done.data = Some(answer);
    match (go, any) {
        (true, true) => content(peer, offer, done).await,
        // nobody left, but the server waits for a message: an empty one ends it
        (true, false) => peer.command(b".", times.datafinal).await.map(drop),
        (false, _) => Ok(()),
    }
}

async fn recipients(
    peer: &mut Peer,
    offer: &Offer<'_>,
    refused: &mut (dyn FnMut(&mut Peer, usize, &Answer) + Send),
    done: &mut Transaction,
    pipelined: bool,
) -> Result<(), ConnectionError> {
    let window = if pipelined { WINDOW } else { 1 };
    let times = offer.timeouts;
    for start in (0..offer.recipients.len()).step_by(window) {
        let end = (start + window).min(offer.recipients.len());
        let mut commands = Vec::new();
        for command in &offer.recipients[start..end] {
            commands.extend_from_slice(command);
            commands.extend_from_slice(b"\r\n");
            peer.note_command(command);
        }
        if pipelined && end == offer.recipients.len() {
            commands.extend_from_slice(b"DATA\r\n");
            peer.note_command(b"DATA");
        }
        peer.write(&commands, times.rcpt).await?;
        for index in start..end {
            let answer = peer.answer(times.rcpt).await?;
            if !answer.is_positive() {
                refused(peer, index, &answer);
            }
            let closing = answer.code == 421;
            done.recipients[index] = Some(answer);
            if closing {
                return Err(ConnectionError::Lost);
            }
        }
    }
    Ok(())
}

async fn content(peer: &mut Peer, offer: &Offer<'_>, done: &mut Transaction) -> Result<(), ConnectionError> {
    let times = offer.timeouts;
    let form = BodyForm { crlf: true, stuff_dots: true, line_limit: offer.line_limit, ..BodyForm::default() };
    let (mut header, mut lines) = (BodyLines::new(&form), BodyLines::new(&form));
    let mut out = Vec::with_capacity(80 << 10);
    // writing to memory cannot fail
    let _ = header.write(&offer.header, &mut out).and_then(|()| header.finish(&mut out));
    let (mut reader, mut block) = (offer.body.reader(), vec![0; 64 << 10]);
    loop {
        let Ok(count) = reader.read(&mut block) else {
            // our own file cannot be read: leave without a dot, so that nothing partial is delivered
            peer.dead = true;
            return Err(ConnectionError::Lost);
        };
        if count == 0 {
            break;
        }
        let _ = lines.write(&block[..count], &mut out);
        peer.write(&out, times.datablock).await?;
        out.clear();
    }
    let _ = lines.finish(&mut out);
    out.extend_from_slice(b".\r\n");
    peer.note_command(b".");
    peer.write(&out, times.datablock).await?;
    let accepted = done.recipients.iter().flatten().filter(|answer| answer.is_positive()).count();
    for _ in 0..if offer.lmtp { accepted } else { 1 } {
        done.end.push(peer.answer(times.datafinal).await?);
    }
    peer.messages += 1;
    Ok(())
}
