//! Records on their way to the disk: all that wait are written in one piece and share a sync.
//!
//! In: accepted messages, identifiers of those that are done. Out: whoever handed in a message hears when it is on the disk. That one
//! is done nobody waits for: it goes with the next message, or within a second. After a write or a sync that failed
//! nothing is written any more, since nobody knows what is there; what the journal holds goes to files.

use super::direct::{self, Blocks};
use super::format::{BLOCK, Message, Place, Record, SEGMENT_BLOCKS, blocks, put, put_frame};
use super::ring::Ring;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Records of a frame, in bytes, that no other joins.
const FULL_FRAME: usize = 1 << 20;
/// The longest record of a message. A longer message is one for files.
pub(super) const LONGEST: usize = 64 * BLOCK;
/// How long the end of a message may wait for another sync.
const SOON: Duration = Duration::from_secs(1);

/// Says whether a message is on the disk.
pub(super) type Written = oneshot::Receiver<bool>;

/// One journal that is written.
#[derive(Debug)]
pub(super) struct Writer {
    file: File,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    ring: Ring,
    /// The frame that records are added to.
    open: Option<Frame>,
    /// Frames before that one.
    ready: VecDeque<Frame>,
    /// Records of messages that are done, for the next frame.
    done: Vec<u8>,
    /// Since when one of those waits.
    done_since: Option<Instant>,
    /// The thread waits: whoever adds something has to say so.
    waits: bool,
    phase: Phase,
    /// No write succeeds.
    #[cfg(test)]
    broken: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Writing,
    /// Messages are refused.
    Closing,
    /// A write has failed: nothing more is written.
    Failed,
    /// What is there is written, then the thread ends.
    Stopping,
}

#[derive(Debug)]
struct Frame {
    place: Place,
    records: Vec<u8>,
    waiting: Vec<oneshot::Sender<bool>>,
}

impl State {
    /// The frame to which so many bytes can be added; `None`: the journal is full.
    fn frame(&mut self, length: usize) -> Option<&mut Frame> {
        if self.open.as_ref().is_some_and(|open| !self.fits(open, length)) {
            self.close();
        }
        if self.open.is_none() {
            let place = self.ring.place(blocks(self.done.len() + length))?;
            let records = std::mem::take(&mut self.done);
            self.open = Some(Frame { place, records, waiting: Vec::new() });
        }
        self.open.as_mut()
    }

    fn fits(&self, open: &Frame, length: usize) -> bool {
        let length = open.records.len() + length;
        length <= FULL_FRAME && blocks(length) <= self.ring.left()
    }

    fn close(&mut self) {
        if let Some(frame) = self.open.take() {
            self.ring.advance(blocks(frame.records.len()));
            self.ready.push_back(frame);
        }
    }

    /// Is it time for the ends of messages that nobody waits for?
    fn is_due(&self) -> bool {
        self.phase == Phase::Stopping || self.done_since.is_some_and(|since| since.elapsed() >= SOON)
    }

    /// All frames that are to be written now.
    fn take_due(&mut self) -> Vec<Frame> {
        if self.is_due() && !self.done.is_empty() && self.frame(0).is_none() {
            // once there is room
            self.done_since = Some(Instant::now());
        }
        self.close();
        if self.done.is_empty() {
            self.done_since = None;
        }
        self.ready.drain(..).collect()
    }
}

impl Writer {
    /// Over a journal that is new and ours.
    pub(super) fn new(file: File) -> Self {
        direct::begin(&file);
        let (open, ready, done, done_since) = Default::default();
        let ring = Ring::new();
        let state = State {
            ring,
            open,
            ready,
            done,
            done_since,
            waits: false,
            phase: Phase::Writing,
            #[cfg(test)]
            broken: false,
        };
        Self { file, state: Mutex::new(state), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self, mut state: MutexGuard<'_, State>) {
        let waits = std::mem::take(&mut state.waits);
        drop(state);
        if waits {
            self.changed.notify_one();
        }
    }

    /// Adds a message. `None`: it is too long, or there is no room, or none is taken any more.
    pub(super) fn append(&self, message: Message<'_>) -> Option<(u64, Written)> {
        let mut record = Vec::with_capacity(message.control.len() + message.body.len() + 128);
        put(&mut record, &Record::Message(message));
        let mut state = self.lock();
        if record.len() > LONGEST || state.phase != Phase::Writing {
            return None;
        }
        let frame = state.frame(record.len())?;
        frame.records.extend_from_slice(&record);
        let (sender, receiver) = oneshot::channel();
        frame.waiting.push(sender);
        let turn = frame.place.turn;
        state.ring.keep(turn);
        self.wake(state);
        Some((turn, receiver))
    }

    /// A message of this turn is not needed any more.
    pub(super) fn done(&self, id: &[u8], turn: u64) {
        let mut record = Vec::with_capacity(id.len() + 2);
        put(&mut record, &Record::Done(id));
        let mut state = self.lock();
        state.ring.release(turn);
        if state.phase == Phase::Failed {
            return;
        }
        match state.open.as_ref().is_some_and(|open| state.fits(open, record.len())) {
            true => state
                .frame(record.len())
                .into_iter()
                .for_each(|frame| frame.records.extend_from_slice(&record)),
            false => state.done.extend_from_slice(&record),
        }
        if state.done_since.is_none() {
            state.done_since = Some(Instant::now());
            self.wake(state);
        }
    }

    /// Has a write failed?
    pub(super) fn has_failed(&self) -> bool {
        self.lock().phase == Phase::Failed
    }

    /// The next write fails, as on a disk that is broken.
    #[cfg(test)]
    pub(super) fn fail(&self) {
        self.lock().broken = true;
    }

    /// No message is taken from now on.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Writing {
            state.phase = Phase::Closing;
        }
    }

    /// The thread ends when what is there has been written.
    pub(super) fn stop(&self) {
        let mut state = self.lock();
        if state.phase != Phase::Failed {
            state.phase = Phase::Stopping;
        }
        self.wake(state);
    }

    /// Writes until it is stopped or a write fails.
    pub(super) fn run(&self) {
        let mut memory = Blocks::default();
        while let Some(frames) = self.next() {
            let written = self.write(&frames, &mut memory);
            let failed = written.is_err();
            if failed {
                self.lock().phase = Phase::Failed;
            }
            frames.into_iter().for_each(|frame| frame.tell(!failed));
            if failed {
                let mut state = self.lock();
                state.close();
                state.ready.drain(..).for_each(|frame| frame.tell(false));
                return;
            }
        }
    }

    /// What is to be written next; waits for it.
    fn next(&self) -> Option<Vec<Frame>> {
        let mut state = self.lock();
        loop {
            let frames = state.take_due();
            if !frames.is_empty() {
                return Some(frames);
            }
            if state.phase == Phase::Stopping {
                return None;
            }
            state.waits = true;
            let wait = state.done_since.map_or(Duration::MAX, |since| SOON.saturating_sub(since.elapsed()));
            let woken = self.changed.wait_timeout(state, wait.min(Duration::from_secs(3600)));
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
            state.waits = false;
        }
    }

    /// All blocks of a segment are in the file before it is used, so that a sync writes data and nothing else.
    fn fill_segment(&self, place: Place, memory: &mut Blocks) -> io::Result<()> {
        let end = Place { block: SEGMENT_BLOCKS, ..place }.offset();
        let zeros = memory.filled(64 * BLOCK, |bytes| bytes.resize(bytes.len() + 64 * BLOCK, 0));
        let mut at = self.file.metadata()?.len();
        while at < end {
            let piece = usize::try_from(end - at).unwrap_or(usize::MAX).min(zeros.len());
            self.file.write_all_at(&zeros[..piece], at)?;
            at += piece as u64;
        }
        Ok(())
    }

    /// The first frame of a segment is on the disk before the next one is begun: else a cut could leave
    /// the former turn with a hole in it, and its messages would come back.
    fn write(&self, frames: &[Frame], memory: &mut Blocks) -> io::Result<()> {
        #[cfg(test)]
        if self.lock().broken {
            return Err(io::ErrorKind::Other.into());
        }
        for Frame { place, records, .. } in frames {
            if place.block == 1 {
                self.fill_segment(*place, memory)?;
                self.write_frame(Place { block: 0, ..*place }, &[], memory)?;
                self.file.sync_data()?;
            }
            self.write_frame(*place, records, memory)?;
        }
        self.file.sync_data()
    }

    fn write_frame(&self, place: Place, records: &[u8], memory: &mut Blocks) -> io::Result<()> {
        let length = blocks(records.len()) as usize * BLOCK;
        let bytes = memory.filled(length, |bytes| put_frame(bytes, place, records));
        self.file.write_all_at(bytes, place.offset())
    }
}

impl Frame {
    fn tell(self, written: bool) {
        // who has gone need not know
        for waiting in self.waiting {
            let _ = waiting.send(written);
        }
    }
}
