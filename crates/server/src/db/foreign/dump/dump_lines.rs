//! Reads the lines of a dump, keeping no more than necessary.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// Maximum size of a row, and of a relevant line outside of rows.
const MAX_ROW: usize = 16 << 20;
const MAX_TEXT: usize = 64 << 10;

#[derive(Debug)]
pub(super) struct DumpLines {
    path: PathBuf,
    file: BufReader<File>,
    line: Vec<u8>,
    number: u64,
}

impl DumpLines {
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let file = BufReader::with_capacity(1 << 16, file);
        Ok(Self { path: path.to_owned(), file, line: Vec::new(), number: 0 })
    }

    /// The number of the last line.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The next line outside of rows.
    pub(super) fn next_text(&mut self) -> Result<Option<String>, String> {
        let is_there = self.read(MAX_TEXT)?.is_some();
        Ok(is_there.then(|| String::from_utf8_lossy(&self.line).into_owned()))
    }

    /// The next row; none at the end of the table.
    pub(super) fn next_row(&mut self) -> Result<Option<&[u8]>, String> {
        match self.read(MAX_ROW)? {
            None => Err(self.is_cut_off()),
            Some(false) => {
                let (number, file) = (self.number, self.path.display());
                Err(format!("line {number} of {file} is longer than 16 MiB."))
            }
            Some(true) => Ok((self.line != br"\.").then_some(self.line.as_slice())),
        }
    }

    /// Skips the rows of a table.
    pub(super) fn skip_rows(&mut self) -> Result<(), String> {
        loop {
            match self.read(8)? {
                None => return Err(self.is_cut_off()),
                Some(true) if self.line == br"\." => return Ok(()),
                Some(_) => {}
            }
        }
    }

    fn is_cut_off(&self) -> String {
        format!("{} ends among the rows of a table: the dump is not whole.", self.path.display())
    }

    /// The next line, truncated to this size: whether it is complete, or none at the end.
    fn read(&mut self, most: usize) -> Result<Option<bool>, String> {
        self.line.clear();
        let mut is_whole = true;
        let mut is_there = false;
        loop {
            let part = self.file.fill_buf();
            let part = part.map_err(|error| format!("{}: {error}", self.path.display()))?;
            if part.is_empty() {
                break;
            }
            is_there = true;
            let end = part.iter().position(|byte| *byte == b'\n');
            let text = &part[..end.unwrap_or(part.len())];
            let room = most - self.line.len();
            self.line.extend_from_slice(&text[..text.len().min(room)]);
            is_whole &= text.len() <= room;
            let used = end.map_or(part.len(), |end| end + 1);
            self.file.consume(used);
            if end.is_some() {
                break;
            }
        }
        if !is_there {
            return Ok(None);
        }
        self.number += 1;
        if self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        Ok(Some(is_whole))
    }
}
