//! One message over an open connection: MAIL, RCPT, DATA (RFC 5321, 3.3; LMTP: RFC 2033).

use super::answer::{Answer, ConnectionError};
use super::connection::{ServerConnection, command_line};
use super::timeouts::CommandTimeouts;
use crate::envelope::Body;
use crate::message::{BodyForm, BodyLines};

use std::io::Read;

/// What is offered: finished commands, header and body.
pub struct Offer<'a> {
    /// `MAIL From:<…> …`
    pub mail: Vec<u8>,
    /// `RCPT To:<…> …`, one per recipient.
    pub recipients: Vec<Vec<u8>>,
    /// Header with LF line ends; the blank line after it stands here or begins the body.
    pub header: Vec<u8>,
    /// The body.
    pub body: Body,
    /// LMTP: one answer per accepted recipient after the dot.
    pub lmtp: bool,
    /// How its lines are written: with CR LF and doubled dots.
    pub form: BodyForm,
    /// The same of the header.
    pub header_form: BodyForm,
    /// How long each step may take.
    pub timeouts: &'a CommandTimeouts,
    /// Lines for the transcript, from when the message itself is written.
    pub notes: Vec<Vec<u8>>,
}

/// What was answered; `None` where it did not come to that.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Answers {
    /// To MAIL.
    pub mail: Option<Answer>,
    /// To each RCPT, in the order of the offer.
    pub recipients: Vec<Option<Answer>>,
    /// To DATA.
    pub data: Option<Answer>,
    /// To the dot: one for all, or with LMTP one per accepted recipient in order.
    pub dot: Vec<Answer>,
    /// Why it stopped early.
    pub error: Option<ConnectionError>,
    /// To QUIT, where the server said 421 and that was the end.
    pub farewell: Option<Answer>,
}

/// RCPT commands sent before their answers are read (PIPELINING, RFC 2920).
const PIPELINE_WINDOW: usize = 50;
/// Bytes of a message that are sent at a time, or a little more.
const PIECE: usize = 64 << 10;

/// Which answer it was that refused a recipient.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// That to RCPT.
    Recipient,
    /// That to the dot, of LMTP.
    Dot,
}

/// Is shown the answer that refuses a recipient (by its place in the offer).
pub type Refused<'a> = &'a mut (dyn FnMut(&mut ServerConnection, usize, &Answer, Stage) + Send);

/// Runs MAIL, RCPT, DATA. Each refused recipient's answer is shown to `refused` at once, in time to
/// put a line into the transcript.
pub async fn transact(server: &mut ServerConnection, offer: &Offer<'_>, refused: Refused<'_>) -> Answers {
    let mut answers = Answers { recipients: vec![None; offer.recipients.len()], ..Answers::default() };
    if let Err(error) = run(server, offer, refused, &mut answers).await {
        answers.error = Some(error);
    }
    if answers.is_closing() {
        answers.farewell = server.farewell(offer.timeouts.quit).await;
    }
    answers
}

impl Answers {
    /// Did it come to the message itself?
    pub fn is_written(&self) -> bool {
        let any = self.recipients.iter().flatten().any(Answer::is_positive);
        any && self.data.as_ref().is_some_and(|answer| answer.code == 354)
    }

    /// Did the server close the connection with its last answer (RFC 5321, 3.8)?
    fn is_closing(&self) -> bool {
        let last = self.dot.last().or(self.data.as_ref());
        let last = last.or_else(|| self.recipients.iter().flatten().next_back()).or(self.mail.as_ref());
        last.is_some_and(Answer::is_closing)
    }

    /// Was MAIL refused for good? The server waits for another one, once it has heard RSET.
    pub fn refuse_sender(&self) -> bool {
        self.mail.as_ref().is_some_and(Answer::is_permanent)
    }

    /// May the connection serve another message? Not after MAIL was refused, or DATA for now.
    pub fn leaves_usable(&self) -> bool {
        let refused = self.data.as_ref().is_some_and(Answer::is_temporary);
        self.mail.as_ref().is_some_and(Answer::is_positive) && !refused
    }
}

async fn run(
    server: &mut ServerConnection,
    offer: &Offer<'_>,
    refused: Refused<'_>,
    answers: &mut Answers,
) -> Result<(), ConnectionError> {
    let timeouts = offer.timeouts;
    let answer = server.command(&offer.mail, timeouts.mail).await?;
    let accepted = answer.is_positive();
    answers.mail = Some(answer);
    if !accepted {
        return Ok(());
    }
    let pipelined = server.extensions.pipelining;
    recipients(server, offer, refused, answers, pipelined).await?;
    let any = answers.recipients.iter().flatten().any(Answer::is_positive);
    if !any && !pipelined {
        return Ok(());
    }
    if !pipelined {
        server.send_command(b"DATA", timeouts.data).await?;
    }
    server.begin_phase(b"DATA 354");
    let answer = server.answer(timeouts.data).await?;
    let go = answer.code == 354;
    answers.data = Some(answer);
    match (go, any) {
        (true, true) => content(server, offer, refused, answers).await,
        // nobody left, but the server waits for a message: an empty one ends it
        (true, false) => server.command(b".", timeouts.dot).await.map(drop),
        (false, _) => Ok(()),
    }
}

async fn recipients(
    server: &mut ServerConnection,
    offer: &Offer<'_>,
    refused: Refused<'_>,
    answers: &mut Answers,
    pipelined: bool,
) -> Result<(), ConnectionError> {
    let window = if pipelined { PIPELINE_WINDOW } else { 1 };
    let timeouts = offer.timeouts;
    for start in (0..offer.recipients.len()).step_by(window) {
        let end = (start + window).min(offer.recipients.len());
        let mut commands = Vec::new();
        for command in &offer.recipients[start..end] {
            commands.extend(command_line(command));
            server.note_command(command);
        }
        if pipelined && end == offer.recipients.len() {
            commands.extend_from_slice(b"DATA\r\n");
            server.note_command(b"DATA");
        }
        server.write(&commands, timeouts.rcpt).await?;
        for index in start..end {
            server.begin_phase(b"RCPT");
            let answer = server.answer(timeouts.rcpt).await?;
            let closing = answer.is_closing();
            if !answer.is_positive() && !closing {
                refused(server, index, &answer, Stage::Recipient);
            }
            answers.recipients[index] = Some(answer);
            if closing {
                return Err(ConnectionError::Lost);
            }
        }
    }
    Ok(())
}

async fn content(
    server: &mut ServerConnection,
    offer: &Offer<'_>,
    refused: Refused<'_>,
    answers: &mut Answers,
) -> Result<(), ConnectionError> {
    let timeouts = offer.timeouts;
    offer.notes.iter().for_each(|line| server.note(line));
    let (mut header, mut lines) = (BodyLines::new(&offer.header_form), BodyLines::new(&offer.form));
    // a message that is short goes out in one piece, with its dot
    let size = usize::try_from(offer.body.size()).unwrap_or(PIECE).min(PIECE);
    let mut out = Vec::with_capacity(offer.header.len() + size + size / 16);
    // writing to memory cannot fail
    let _ = header.write(&offer.header, &mut out).and_then(|()| header.finish(&mut out));
    let (mut reader, mut block) = (offer.body.reader(), vec![0; size.max(1)]);
    loop {
        let Ok(count) = reader.read(&mut block) else {
            // our own file cannot be read: leave without a dot, so that nothing partial is delivered
            server.dead = true;
            return Err(ConnectionError::Lost);
        };
        if count == 0 {
            break;
        }
        let _ = lines.write(&block[..count], &mut out);
        if out.len() >= PIECE {
            server.write(&out, timeouts.block).await?;
            out.clear();
        }
    }
    let _ = lines.finish(&mut out);
    out.extend_from_slice(b".\r\n");
    server.console.step(&[b">>> ."]);
    server.write(&out, timeouts.block).await?;
    server.begin_phase(b"DATA status");
    let accepted = |answer: &Option<Answer>| answer.as_ref().is_some_and(Answer::is_positive);
    let accepted = (0..answers.recipients.len()).filter(|at| accepted(&answers.recipients[*at]));
    for index in accepted.collect::<Vec<_>>() {
        let answer = server.answer(timeouts.dot).await?;
        if offer.lmtp && !answer.is_positive() {
            refused(server, index, &answer, Stage::Dot);
        }
        answers.dot.push(answer);
        if !offer.lmtp {
            break;
        }
    }
    server.messages += 1;
    Ok(())
}
