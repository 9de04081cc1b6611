//! Scans JSON written by this server for where values start and end, without parsing it.

use std::ops::Range;

use memchr::memchr2;

/// The members of an object, each as its key without quotes and the text of its value.
pub(in crate::dialect) fn members(object: &[u8]) -> Members<'_> {
    Members { text: object, at: skip_space(object, skip_space(object, 0) + 1) }
}

/// The items of an array, each as its text.
pub(in crate::dialect) fn items(array: &[u8]) -> Items<'_> {
    Items { text: array, at: skip_space(array, skip_space(array, 0) + 1) }
}

/// The value of one member.
pub(in crate::dialect) fn member<'a>(object: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    members(object).find(|(key, _)| *key == name).map(|(_, value)| value)
}

#[derive(Debug)]
pub(in crate::dialect) struct Members<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Members<'a> {
    /// The key of the next member, where its value is, and whether the key is the guessed one, so that its end
    /// need not be searched.
    pub(super) fn next_like(&mut self, guess: &[u8]) -> Option<(&'a [u8], Range<usize>, bool)> {
        if self.text.get(self.at) != Some(&b'"') {
            return None;
        }
        let guessed = self.at + 1 + guess.len();
        let is_guess = self.text.get(guessed) == Some(&b'"')
            && self.text.get(self.at + 1..guessed) == Some(guess);
        let end = if is_guess { guessed + 1 } else { string_end(self.text, self.at) };
        let key = self.text.get(self.at + 1..end - 1)?;
        // Past the colon.
        let start = skip_space(self.text, skip_space(self.text, end) + 1);
        let end = value_end(self.text, start);
        self.at = after_comma(self.text, end);
        Some((key, start..end, is_guess))
    }

    /// The position after the object, after the last member.
    pub(super) fn end(&self) -> usize {
        (self.at + 1).min(self.text.len())
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (key, value, _) = self.next_like(b"")?;
        Some((key, self.text.get(value)?))
    }
}

#[derive(Debug)]
pub(in crate::dialect) struct Items<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if matches!(self.text.get(self.at), None | Some(b']')) {
            return None;
        }
        let end = value_end(self.text, self.at);
        let value = self.text.get(self.at..end)?;
        self.at = after_comma(self.text, end);
        Some(value)
    }
}

fn skip_space(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
    }
    at
}

pub(super) fn after_comma(text: &[u8], end: usize) -> usize {
    let at = skip_space(text, end);
    if text.get(at) == Some(&b',') { skip_space(text, at + 1) } else { at }
}

/// The position after the closing quote of the string that starts at `at`.
fn string_end(text: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    loop {
        match text.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
            None => return text.len(),
            Some(found) if text[at + found] == b'"' => return at + found + 1,
            Some(found) => at += found + 2,
        }
    }
}

pub(super) fn value_end(text: &[u8], start: usize) -> usize {
    match text.get(start) {
        Some(b'"') => string_end(text, start),
        Some(b'{' | b'[') => {
            let (mut depth, mut at) = (0usize, start);
            while let Some(byte) = text.get(at) {
                match byte {
                    b'"' => {
                        at = string_end(text, at);
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth -= 1;
                        if depth == 0 {
                            return at + 1;
                        }
                    }
                    _ => {}
                }
                at += 1;
            }
            text.len()
        }
        _ => {
            let rest = text.get(start..).unwrap_or_default();
            let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n');
            rest.iter().position(ends).map_or(text.len(), |length| start + length)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{items, member, members};

    #[test]
    fn members_and_items_end_where_their_values_do() {
        let text = br#"{"a":"x\"},{","b" : {"c":[1,{"d":"]"}]}, "e":null,"f":-1.5e3}"#;
        let found: Vec<_> = members(text).map(|(_, value)| value).collect();
        let wanted: [&[u8]; 4] = [br#""x\"},{""#, br#"{"c":[1,{"d":"]"}]}"#, b"null", b"-1.5e3"];
        assert_eq!(found, wanted);
        assert_eq!(member(text, b"e"), Some(&b"null"[..]));
        assert_eq!(items(b"[]").count() + members(b"{}").count(), 0);
        let found: Vec<_> = items(br#"[{"a":"]"},[2], "t\\"]"#).collect();
        assert_eq!(found, [&br#"{"a":"]"}"#[..], b"[2]", br#""t\\""#]);
    }
}
