//! Reads the bytes of a file: decompresses gzip, computes the SHA-256, counts.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Chain, Cursor, ErrorKind, Read};
use std::mem;
use std::path::Path;

use flate2::bufread::GzDecoder;
use sha2::{Digest as _, Sha256};

use crate::{Digest, Error, Problem};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Compressed bytes are read in pieces of this size.
const BUFFER: usize = 64 << 10;

/// Uncompressed bytes are hashed in pieces of this size, while they are in the cache.
const CHUNK: u64 = 256 << 10;

/// Memory for this many bytes is reserved on a header's word; for more, only when that much has arrived.
const RESERVED_ON_TRUST: usize = 256 << 10;

/// The bytes of a file, uncompressed, counted and hashed as they are read.
pub(crate) struct Source<R: Read> {
    bytes: Bytes<R>,
    hash: Sha256,
    n_read: u64,
    /// Why the gzip stream ended before its end.
    cut: Option<io::Error>,
    /// Whether something that is no gzip follows the gzip stream.
    has_more: bool,
}

/// The first bytes, which were looked at already, and the rest.
type Start<R> = Chain<Cursor<Vec<u8>>, BufReader<R>>;

enum Bytes<R: Read> {
    Plain(Start<R>),
    /// One of the members of a gzip file: their data follow one another (RFC 1952, section 2.2).
    Gzip(Box<GzDecoder<Start<R>>>),
    End,
}

/// Opens a file to be read.
pub(crate) fn open(path: &Path) -> Result<File, Error> {
    // Asked before it is opened: opening a pipe waits for somebody to write.
    let is_file = fs::metadata(path).and_then(|metadata| match metadata.is_file() {
        true => Ok(()),
        false => Err(io::Error::other("it is not a file")),
    });
    is_file.and_then(|()| File::open(path)).map_err(|cause| Problem::Read { cause }.at(path))
}

impl<R: Read> Source<R> {
    /// Looks at the first bytes of `reader`, which must be gzip if its name promises it.
    pub(crate) fn new(reader: R, promises_gzip: bool) -> Result<Source<R>, Problem> {
        let mut reader = BufReader::with_capacity(BUFFER, reader);
        let mut start = Vec::new();
        reader.by_ref().take(64).read_to_end(&mut start).map_err(|cause| Problem::Read { cause })?;
        if looks_like_html(&start) {
            return Err(Problem::Html);
        }
        let is_gzip = start.starts_with(&GZIP_MAGIC);
        if !is_gzip && promises_gzip {
            start.truncate(GZIP_MAGIC.len());
            return Err(Problem::NotGzip { found: start });
        }
        let start = Cursor::new(start).chain(reader);
        Ok(Source {
            hash: Sha256::new(),
            n_read: 0,
            bytes: if is_gzip { Bytes::Gzip(Box::new(GzDecoder::new(start))) } else { Bytes::Plain(start) },
            cut: None,
            has_more: false,
        })
    }

    /// Bytes read so far, uncompressed.
    pub(crate) fn n_read(&self) -> u64 {
        self.n_read
    }

    /// Appends the next `n` bytes to `to`, or as many as there are.
    ///
    /// Memory grows with what arrives, by four times what is there and never beyond `n`: a header alone gets
    /// [`RESERVED_ON_TRUST`].
    pub(crate) fn read_up_to(&mut self, n: u64, to: &mut Vec<u8>) -> Result<(), Problem> {
        let end = self.n_read + n;
        while self.n_read < end {
            let old = to.len();
            let piece = (end - self.n_read).min(CHUNK);
            if to.capacity() - old < piece as usize {
                let wanted = (4 * old).max(RESERVED_ON_TRUST) as u64;
                let more = (end - self.n_read).min(wanted) as usize;
                if to.try_reserve_exact(more).is_err() {
                    return Err(Problem::Read { cause: ErrorKind::OutOfMemory.into() });
                }
            }
            let result = match &mut self.bytes {
                Bytes::Plain(reader) => reader.take(piece).read_to_end(to),
                Bytes::Gzip(reader) => reader.take(piece).read_to_end(to),
                Bytes::End => Ok(0),
            };
            // What came before an error is in `to` as well.
            self.hash.update(&to[old..]);
            self.n_read += (to.len() - old) as u64;
            match result {
                Ok(0) if !self.next_member()? => break,
                Ok(_) => {}
                Err(cause) => return self.stop(cause),
            }
        }
        Ok(())
    }

    /// Goes on to the next gzip member, if there is one. Zeros between members and behind the last are padding, as for gzip
    /// itself: tapes and disks have blocks to fill.
    fn next_member(&mut self) -> Result<bool, Problem> {
        let Bytes::Gzip(decoder) = mem::replace(&mut self.bytes, Bytes::End) else { return Ok(false) };
        let mut rest = decoder.into_inner();
        let first = loop {
            let bytes = rest.fill_buf().map_err(|cause| Problem::Read { cause })?;
            match bytes.iter().position(|byte| *byte != 0) {
                Some(0) => break bytes[0],
                None if bytes.is_empty() => return Ok(false),
                n_zeros => {
                    let n_zeros = n_zeros.unwrap_or(bytes.len());
                    rest.consume(n_zeros);
                }
            }
        };
        self.has_more = first != GZIP_MAGIC[0];
        if !self.has_more {
            self.bytes = Bytes::Gzip(Box::new(GzDecoder::new(rest)));
        }
        Ok(!self.has_more)
    }

    /// Sorts out whether the operating system, the decompressor, or the end of the file stopped us.
    fn stop(&mut self, cause: io::Error) -> Result<(), Problem> {
        match self.bytes {
            Bytes::Gzip(_) if cause.kind() == ErrorKind::UnexpectedEof => {
                // Whoever counts the bytes can say more about it.
                self.cut = Some(cause);
                Ok(())
            }
            Bytes::Gzip(_) if matches!(cause.kind(), ErrorKind::InvalidInput | ErrorKind::InvalidData) => {
                Err(Problem::DamagedGzip { found: self.n_read, cause })
            }
            _ => Err(Problem::Read { cause }),
        }
    }

    /// Makes sure that nothing follows and, for gzip, that the checksum is right.
    pub(crate) fn finish(mut self) -> Result<Digest, Problem> {
        let expected = self.n_read;
        let mut beyond = Vec::new();
        self.read_up_to(1, &mut beyond)?;
        if let Some(cause) = self.cut {
            return Err(Problem::DamagedGzip { found: expected, cause });
        }
        match beyond.is_empty() && !self.has_more {
            true => Ok(Digest(self.hash.finalize().into())),
            false => Err(Problem::TrailingBytes { expected }),
        }
    }
}

pub(crate) fn has_gzip_name(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"))
}

/// IDX starts with a zero byte and gzip with 1f, so there is no doubt about text.
pub(crate) fn looks_like_html(start: &[u8]) -> bool {
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    text.trim_ascii_start().starts_with(b"<")
}
