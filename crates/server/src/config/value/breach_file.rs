//! `PASSWORD_BREACH_FILE`: breached passwords, in the format of the Have I Been Pwned downloader: SHA-1 in
//! hex, `:count`, one per line, in ascending order. It has tens of gigabytes, so it is never loaded: it is
//! opened, sampled, and searched by `passwords/policy/breach.rs`. A byte-order mark, which some editors add,
//! is ignored.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use crate::config::source::text_file;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// Hex digits in a SHA-1.
const DIGITS: usize = 40;
/// An upper bound for the end of one line and all of the next.
const TWO_LINES: usize = 128;
/// Lines that are checked before the file is considered sorted.
const SAMPLES: u64 = 256;

/// An open file; clones share it.
#[derive(Clone, Debug)]
pub struct BreachFile {
    path: Arc<Path>,
    file: Arc<File>,
    /// The start of the first line.
    begins: u64,
    size: u64,
}

/// A SHA-1 in upper-case hex, as at the start of a line.
pub(crate) type HexSha1 = [u8; DIGITS];

impl BreachFile {
    /// Opens the file and checks samples of its lines; the error is the end of a sentence that begins with
    /// the setting's name.
    pub fn open(path: &Path) -> Result<Self, String> {
        let unreadable = |why: io::Error| text_file::unreadable(path, &why);
        let file = File::open(path).map_err(unreadable)?;
        let size = file.metadata().map_err(unreadable)?.len();
        let mut this = Self { path: path.into(), file: Arc::new(file), begins: 0, size };
        let mut mark = [0; BYTE_ORDER_MARK.len()];
        let read = this.read(&mut mark, 0).map_err(unreadable)?;
        if mark[..read] == *BYTE_ORDER_MARK {
            this.begins = read as u64;
            this.size -= this.begins;
        }
        this.check().map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => format!(
                "names {}, which is not a list of SHA-1 hashes in ascending order, one per line (HASH:COUNT): {error}",
                path.display()
            ),
            _ => unreadable(error),
        })?;
        Ok(this)
    }

    fn check(&self) -> io::Result<()> {
        let mut last: Option<(u64, HexSha1)> = None;
        for sample in 0..=SAMPLES {
            let wanted = self.size / SAMPLES * sample;
            let Some((start, hash)) = self.line_from(wanted.min(self.size.saturating_sub(1)))?
            else {
                continue;
            };
            if last.is_some_and(|(before, smaller)| before < start && smaller >= hash) {
                return Err(invalid(format!("it is not sorted before byte {start}")));
            }
            last = Some((start, hash));
        }
        last.map(|_| ()).ok_or_else(|| invalid("it is empty".into()))
    }

    /// Opens the file that is now at its path.
    pub(crate) fn reopen(&self) -> Result<Self, String> {
        Self::open(&self.path)
    }

    /// The size of its lines in bytes when it was opened.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The first line that starts at `at` or later, and its position.
    pub(crate) fn line_from(&self, at: u64) -> io::Result<Option<(u64, HexSha1)>> {
        // The byte before shows whether a line starts here.
        let from = at.saturating_sub(1);
        let mut bytes = [0; TWO_LINES];
        let read = self.read(&mut bytes, from)?;
        let bytes = &bytes[..read];
        let skip = if at == 0 {
            0
        } else {
            match bytes.iter().position(|byte| *byte == b'\n') {
                Some(end) => end + 1,
                None if from + read as u64 >= self.size => return Ok(None),
                None => return Err(invalid(format!("the line at byte {at} is too long"))),
            }
        };
        let rest = &bytes[skip..];
        let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let start = from + skip as u64;
        if line.is_empty() && start >= self.size {
            return Ok(None);
        }
        let hash = line_hash(line)
            .ok_or_else(|| invalid(format!("the line at byte {start} is invalid")))?;
        Ok(Some((start, hash)))
    }

    /// Reads at `at` into `into`, up to the end of the file; returns the number of bytes.
    pub(crate) fn read(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
        let mut done = 0;
        while done < into.len() {
            match self.file.read_at(&mut into[done..], self.begins + at + done as u64)? {
                0 => break,
                read => done += read,
            }
        }
        Ok(done)
    }
}

/// The hash at the start of a line, if valid.
pub(crate) fn line_hash(line: &[u8]) -> Option<HexSha1> {
    let (hash, rest) = line.split_first_chunk::<DIGITS>()?;
    let ends = matches!(rest.first(), None | Some(b':' | b'\r'));
    (ends && hash.iter().all(u8::is_ascii_hexdigit)).then(|| hash.map(|b| b.to_ascii_uppercase()))
}

pub(crate) fn invalid(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// A file with these lines, opened.
#[cfg(test)]
pub(crate) fn breach_file_of(
    lines: &[String],
    end: &str,
) -> (tempfile::NamedTempFile, Result<BreachFile, String>) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let all: String = lines.iter().flat_map(|line| [line.as_str(), end]).collect();
    std::fs::write(file.path(), all).unwrap();
    let opened = BreachFile::open(file.path());
    (file, opened)
}

#[cfg(test)]
mod tests {
    use super::breach_file_of as file;
    use super::*;

    #[test]
    fn what_is_no_sorted_list_of_hashes_is_refused() {
        let why = BreachFile::open("/nowhere/pwned.txt".as_ref()).unwrap_err();
        assert!(why.starts_with("names /nowhere/pwned.txt, which cannot be read: "), "{why}");
        let by_count: Vec<String> =
            (0..500).map(|n| format!("{:040X}:1", n * 7919 % 500)).collect();
        assert!(file(&by_count, "\n").1.unwrap_err().contains("not sorted"));
        assert!(file(&[], "\n").1.unwrap_err().contains("empty"));
        for line in ["password", "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD", &"A".repeat(41)] {
            let why = file(&[line.to_owned()], "\n").1.unwrap_err();
            assert!(why.contains("is invalid"), "{why}");
        }
        assert!(file(&["x".repeat(500)], "").1.is_err());
    }
}
