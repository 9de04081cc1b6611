//! Looks a password up in the file of breached ones (`PASSWORD_BREACH_FILE`): a binary search in the sorted
//! file with about 25 small reads.

use std::cmp::Ordering;
use std::io;

use crate::config::{BreachFile, HexSha1, invalid, line_hash};

/// Hash, colon, count, line end: an upper bound for a line.
const LONGEST_LINE: u64 = 64;
/// The size of the final read of the search.
const BLOCK: u64 = 4096;

/// True if the file contains this SHA-1. Blocks on the disk: not for async workers.
pub(super) fn contains(file: &BreachFile, sha1: &[u8]) -> io::Result<bool> {
    let wanted = hex(sha1);
    let (mut low, mut high) = (0, file.size());
    while high - low > BLOCK {
        let middle = low + (high - low) / 2;
        match file.line_from(middle)? {
            Some((start, hash)) if start < high => match wanted.cmp(&hash) {
                Ordering::Equal => return Ok(true),
                Ordering::Greater => low = start,
                Ordering::Less => high = start,
            },
            _ => high = middle,
        }
    }
    let mut block = vec![0; usize::try_from(high - low + LONGEST_LINE).unwrap_or(0)];
    let read = file.read(&mut block, low)?;
    if (read as u64) < high - low {
        return Err(invalid("it has become shorter".into()));
    }
    Ok(block[..read].split(|byte| *byte == b'\n').any(|line| line_hash(line) == Some(wanted)))
}

fn hex(sha1: &[u8]) -> HexSha1 {
    let digit = |half: u8| b"0123456789ABCDEF"[usize::from(half)];
    let mut text: HexSha1 = [b'0'; 40];
    for (pair, byte) in text.chunks_exact_mut(2).zip(sha1) {
        pair[0] = digit(byte >> 4);
        pair[1] = digit(byte & 15);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::breach_file_of as file;
    use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

    fn sha1(number: u64) -> Vec<u8> {
        digest(&SHA1_FOR_LEGACY_USE_ONLY, &number.to_le_bytes()).as_ref().to_vec()
    }

    fn text(hash: &[u8]) -> String {
        String::from_utf8(hex(hash).to_vec()).unwrap()
    }

    #[test]
    fn every_hash_of_the_file_is_found_and_no_other() {
        for (count, end) in [(1, "\n"), (2, "\r\n"), (70, "\n"), (300, "\r\n"), (20_000, "\n")] {
            let mut lines: Vec<String> = (0..count)
                .map(|number| format!("{}:{}", text(&sha1(number)), number * number))
                .collect();
            lines.sort();
            let (_file, opened) = file(&lines, end);
            let opened = opened.unwrap();
            for number in 0..count {
                assert!(contains(&opened, &sha1(number)).unwrap(), "{number} of {count}");
            }
            for number in count..count + 2000 {
                assert!(!contains(&opened, &sha1(number)).unwrap(), "{number} of {count}");
            }
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_file() {
        for count in [1, 500] {
            let mut lines: Vec<String> = (0..count).map(|n| text(&sha1(n))).collect();
            lines.sort();
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), format!("\u{feff}{}\n", lines.join("\n"))).unwrap();
            let opened = BreachFile::open(file.path()).unwrap();
            assert!((0..count).all(|number| contains(&opened, &sha1(number)).unwrap()));
            assert!(!contains(&opened, &sha1(count)).unwrap());
        }
    }

    #[test]
    fn lower_case_no_counts_and_no_last_line_end_are_fine() {
        let mut lines: Vec<String> = (0..500).map(|n| text(&sha1(n)).to_lowercase()).collect();
        lines.sort();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), lines.join("\n")).unwrap();
        let opened = BreachFile::open(file.path()).unwrap();
        assert!((0..500).all(|number| contains(&opened, &sha1(number)).unwrap()));
    }
}
