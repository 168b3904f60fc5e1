//! BDAT (RFC 3030): a message in chunks of a length said before. BINARYMIME is not offered, so what comes is lines of text, and
//! bare CR and LF are judged as those behind DATA are.
//!
//! The bytes of a chunk are read whatever the reply is: they must never be taken for commands.

use super::acceptor::Acceptor;
use super::filter::FilterCall;
use super::session::{Flow, Session};
use super::transaction::Stage;
use super::verb_row::{Command, VerbRow};
use crate::schema::{EnhancedStatus, Reply};
use crate::smtp::proto::{Chunk, DataDecoder};

pub(super) const fn row<A: Acceptor>() -> VerbRow<A> {
    VerbRow::new("BDAT", |session, command| Box::pin(session.bdat(command))).when_refusing()
}

impl<A: Acceptor> Session<A> {
    async fn bdat(&mut self, command: Command<'_>) -> Flow {
        if !self.server.policy.chunking {
            return self.unknown(command.line).await;
        }
        let Some(chunk) = Chunk::parse(command.argument) else {
            // nobody knows where the next command begins
            let status = EnhancedStatus(5, 5, 4);
            self.error(&Reply::new(501, Some(status), "Syntax error in chunk size"), None);
            return Flow::Close;
        };
        match self.may_send_chunk(chunk).await {
            Ok(()) => self.take_chunk(chunk).await,
            Err(reply) => self.refuse_chunk(chunk, &reply).await,
        }
    }

    async fn may_send_chunk(&mut self, chunk: Chunk) -> Result<(), Reply> {
        if let Some(refusal) = &self.refusal {
            return Err(refusal.reply());
        }
        if chunk.has_more_words {
            return Err(Reply::new(501, Some(EnhancedStatus(5, 5, 4)), "Syntax error in parameters of BDAT"));
        }
        if self.chunks.is_some() {
            return Ok(());
        }
        self.may_send_data()?;
        match self.ask(FilterCall::Data(self.transaction.counted()), None).await {
            Some(reply) => Err(reply),
            None => Ok(()),
        }
    }

    async fn take_chunk(&mut self, chunk: Chunk) -> Flow {
        let mut collecting = match self.chunks.take() {
            Some(begun) => begun,
            None => {
                self.name_single_recipient();
                self.transaction.stage = Stage::Data { notes: Vec::new() };
                Box::new(self.begin_message(DataDecoder::of_chunks(self.features.strictness)))
            }
        };
        if let Err(flow) = self.collect_chunk(&mut collecting, chunk.size).await {
            return flow;
        }
        if chunk.is_last {
            return self.collected_chunks(*collecting).await;
        }
        if collecting.failed.is_some() {
            // the rest will be refused as well
            return self.collected(*collecting).await;
        }
        self.chunks = Some(collecting);
        self.say("250", Some("2.0.0"), format!("{} octets received", chunk.size).as_bytes());
        Flow::Continue
    }

    /// The transaction ends with it: the next chunk, which may have been sent already, must not become the beginning of a
    /// message.
    async fn refuse_chunk(&mut self, chunk: Chunk, reply: &Reply) -> Flow {
        if let Err(lost) = self.wire.skip(chunk.size, self.server.policy.data_timeout).await {
            return self.broken_off(0, lost);
        }
        self.error(reply, None);
        if self.transaction.has_begun() {
            self.abort_filters().await;
            self.abort_transaction(10, "BDAT");
        }
        Flow::Continue
    }
}
