//! Compressed logs: by which program, and what was in them.
//!
//! In: bytes as they lie there. Out: the same bytes, unpacked as they are read. Never here: more of a file in memory than its
//! window.

use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::{self, BufRead, Read};

/// Windows that are larger are refused: `xz -9` has 64 MiB, `zstd --ultra -22 --long` 128.
const MAX_WINDOW: u64 = 256 << 20;

/// Unpacks, once it is known what it is.
type Unpack = for<'r> fn(Box<dyn BufRead + 'r>) -> Box<dyn Read + 'r>;

/// What the files begin with, and who unpacks them: gzip (RFC 1952), bzip2, xz, zstd (RFC 8878).
const FORMATS: &[(&[u8], Unpack)] = &[
    (b"\x1f\x8b", |raw| Box::new(MultiGzDecoder::new(raw))),
    (b"BZh", |raw| Box::new(MultiBzDecoder::new(raw))),
    (b"\xfd7zXZ\0", |raw| {
        Box::new(XzReader::new_mem_limit(raw, true, u32::try_from(MAX_WINDOW >> 10).unwrap_or(u32::MAX)))
    }),
    (b"\x28\xb5\x2f\xfd", |raw| Box::new(ZstdReader { state: Zstd::Between(raw) })),
];

/// The content of what may be compressed.
///
/// # Errors
/// When nothing can be read.
pub fn unpacked<'r>(mut raw: Box<dyn BufRead + 'r>) -> io::Result<Box<dyn Read + 'r>> {
    let begins = raw.fill_buf()?;
    let format = FORMATS.iter().find(|(magic, _)| begins.starts_with(magic));
    Ok(match format {
        Some((_, unpack)) => unpack(raw),
        None => Box::new(raw),
    })
}

/// One frame after the other: logs are appended to, and `pzstd` writes many.
struct ZstdReader<'r> {
    state: Zstd<'r>,
}

enum Zstd<'r> {
    Between(Box<dyn BufRead + 'r>),
    Within(Box<dyn BufRead + 'r>, Box<FrameDecoder>),
    Over,
}

impl Read for ZstdReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.state = match std::mem::replace(&mut self.state, Zstd::Over) {
                Zstd::Over => return Ok(0),
                Zstd::Between(mut raw) => match raw.fill_buf()?.is_empty() {
                    true => Zstd::Over,
                    false => begin(raw)?,
                },
                Zstd::Within(mut raw, mut frame) => {
                    while frame.can_collect() == 0 && !frame.is_finished() {
                        frame
                            .decode_blocks(&mut raw, BlockDecodingStrategy::UptoBlocks(1))
                            .map_err(damaged)?;
                    }
                    let count = frame.read(buffer)?;
                    if count > 0 || buffer.is_empty() {
                        self.state = Zstd::Within(raw, frame);
                        return Ok(count);
                    }
                    verify(&frame)?;
                    Zstd::Between(raw)
                }
            };
        }
    }
}

fn damaged(error: impl std::fmt::Display) -> io::Error {
    io::Error::other(error.to_string())
}

fn begin(mut raw: Box<dyn BufRead + '_>) -> io::Result<Zstd<'_>> {
    let mut frame = FrameDecoder::new();
    frame.set_max_window_size(MAX_WINDOW);
    match frame.init(&mut raw) {
        Ok(()) => Ok(Zstd::Within(raw, Box::new(frame))),
        // what others have put between frames
        Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
            io::copy(&mut raw.by_ref().take(u64::from(length)), &mut io::sink())?;
            Ok(Zstd::Between(raw))
        }
        Err(error) => Err(damaged(error)),
    }
}

fn verify(frame: &FrameDecoder) -> io::Result<()> {
    match frame.get_checksum_from_data().is_none_or(|sum| Some(sum) == frame.get_calculated_checksum()) {
        true => Ok(()),
        false => Err(damaged("its checksum is wrong")),
    }
}
