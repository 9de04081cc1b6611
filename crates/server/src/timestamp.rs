//! Instants as text, RFC 3339 in UTC: fixed width with microseconds for SQLite, and without trailing zeros
//! for JSON. Written by hand because a page of tasks formats a hundred of them, which would cost more than
//! the query with a general formatter.

use serde::Serializer;
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

const WIDTH: usize = "2026-11-20T16:21:24.000000Z".len();
const SHAPE: &[u8; WIDTH] = b"0000-00-00T00:00:00.000000Z";
/// In microseconds.
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// The Julian day of 1970-01-01.
const EPOCH_DAY: i32 = 2_440_588;
const SECONDS: usize = "2026-11-20T16:21:24".len();

/// The text of an instant, on the stack. Years outside 0–9999 do not occur: input validation rejects them.
#[derive(Clone, Copy, Debug)]
pub struct Timestamp {
    bytes: [u8; WIDTH],
    length: usize,
}

impl Timestamp {
    /// Fixed width with six decimals: sorts as text.
    pub fn fixed(at: OffsetDateTime) -> Self {
        let at = at.to_offset(UtcOffset::UTC);
        let (hour, minute, second, micros) = at.to_hms_micro();
        let seconds = (u32::from(hour) * 60 + u32::from(minute)) * 60 + u32::from(second);
        Self::of(at.date(), seconds, micros)
    }

    /// The shortest text of the instant this many microseconds after 1970; `None` unless its year has four
    /// digits.
    pub fn short_from_micros(micros: i64) -> Option<Self> {
        let (days, of_day) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
        let day = EPOCH_DAY.checked_add(i32::try_from(days).ok()?)?;
        let date = Date::from_julian_day(day).ok().filter(|date| date.year() >= 0)?;
        let seconds = u32::try_from(of_day / SECOND).ok()?;
        Some(Self::of(date, seconds, u32::try_from(of_day % SECOND).ok()?).trimmed())
    }

    /// This many seconds and microseconds into a day in UTC.
    fn of(date: Date, seconds: u32, micros: u32) -> Self {
        let (year, month, day) = date.to_calendar_date();
        let year = year.unsigned_abs();
        let [y0, y1] = pair(year / 100);
        let [y2, y3] = pair(year % 100);
        let [mo0, mo1] = pair(u8::from(month).into());
        let [d0, d1] = pair(day.into());
        let [h0, h1] = pair(seconds / 3600);
        let [m0, m1] = pair(seconds / 60 % 60);
        let [s0, s1] = pair(seconds % 60);
        let [u0, u1] = pair(micros / 10_000);
        let [u2, u3] = pair(micros / 100 % 100);
        let [u4, u5] = pair(micros % 100);
        // One array, so that nothing is checked against its length.
        let bytes = [
            y0, y1, y2, y3, b'-', mo0, mo1, b'-', d0, d1, b'T', h0, h1, b':', m0, m1, b':', s0, s1,
            b'.', u0, u1, u2, u3, u4, u5, b'Z',
        ];
        Self { bytes, length: WIDTH }
    }

    /// The shortest text: no trailing zeros, and no point without a fraction.
    pub fn short(at: OffsetDateTime) -> Self {
        Self::fixed(at).trimmed()
    }

    fn trimmed(mut self) -> Self {
        let mut end = WIDTH - 1;
        while end > SECONDS && matches!(self.bytes[end - 1], b'0' | b'.') {
            let point = self.bytes[end - 1] == b'.';
            end -= 1;
            if point {
                break;
            }
        }
        self.bytes[end] = b'Z';
        self.length = end + 1;
        self
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The text, in ASCII.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// To the second, for display.
pub fn to_the_second(at: OffsetDateTime) -> String {
    let whole = at.replace_nanosecond(0).unwrap_or(at);
    Timestamp::short(whole).as_str().to_owned()
}

/// The digits of a number below 100.
fn pair(number: u32) -> [u8; 2] {
    let [number, ..] = number.to_le_bytes();
    [b'0' + number / 10, b'0' + number % 10]
}

/// The shortest text from the fixed-width one, of which only digits and punctuation are checked.
pub fn shortened(fixed: &[u8]) -> Option<Timestamp> {
    let bytes: &[u8; WIDTH] = fixed.try_into().ok()?;
    // Looks at all bytes: stopping at the first would keep the compiler from taking many at once.
    let fits = bytes.iter().zip(SHAPE).fold(true, |all, (byte, shape)| {
        all & ((byte == shape) | ((*shape == b'0') & byte.is_ascii_digit()))
    });
    fits.then(|| Timestamp { bytes: *bytes, length: WIDTH }.trimmed())
}

/// The instant this many microseconds after 1970, unless `time` cannot represent it.
pub fn from_micros(micros: i64) -> Option<OffsetDateTime> {
    let whole = OffsetDateTime::from_unix_timestamp(micros.div_euclid(SECOND)).ok()?;
    whole.replace_microsecond(u32::try_from(micros.rem_euclid(SECOND)).ok()?).ok()
}

/// Reads the fixed-width text back.
pub fn parse_fixed(text: &str) -> Option<OffsetDateTime> {
    let bytes: &[u8; WIDTH] = text.as_bytes().try_into().ok()?;
    let shape = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (26, b'Z')];
    if shape.iter().any(|(place, mark)| bytes[*place] != *mark) {
        return None;
    }
    let small = |from: usize| u8::try_from(number(&bytes[from..from + 2])?).ok();
    let year = i32::try_from(number(&bytes[..4])?).ok()?;
    let date = Date::from_calendar_date(year, Month::try_from(small(5)?).ok()?, small(8)?).ok()?;
    let time =
        Time::from_hms_micro(small(11)?, small(14)?, small(17)?, number(&bytes[20..26])?).ok()?;
    Some(PrimitiveDateTime::new(date, time).assume_utc())
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0'))
    })
}

/// For `#[serde(serialize_with)]`.
pub fn serialize<S: Serializer>(at: &OffsetDateTime, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(Timestamp::short(*at).as_str())
}

/// For `#[serde(serialize_with)]` on an optional instant.
#[allow(clippy::ref_option, reason = "serde calls it with a reference to the field")]
pub fn serialize_option<S: Serializer>(
    at: &Option<OffsetDateTime>,
    out: S,
) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => serialize(at, out),
        None => out.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::format_description::well_known::Rfc3339;

    use super::*;

    proptest! {
        #[test]
        fn both_texts_say_what_the_general_formatter_says(
            seconds in -62_135_596_800_i64..253_402_300_800,
            micros in prop_oneof![Just(0), Just(500_000), Just(120), 0_i64..1_000_000],
        ) {
            let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap()
                + time::Duration::microseconds(micros);
            let short = Timestamp::short(at);
            prop_assert_eq!(short.as_str(), at.format(&Rfc3339).unwrap());
            let since = seconds * SECOND + micros;
            prop_assert_eq!(from_micros(since), Some(at));
            let from_micros = Timestamp::short_from_micros(since).unwrap();
            prop_assert_eq!(from_micros.as_str(), short.as_str());
            let fixed = Timestamp::fixed(at);
            prop_assert_eq!(fixed.as_str().len(), WIDTH);
            prop_assert_eq!(OffsetDateTime::parse(fixed.as_str(), &Rfc3339).unwrap(), at);
            prop_assert_eq!(parse_fixed(fixed.as_str()), Some(at));
            let shortened = shortened(fixed.as_bytes()).unwrap();
            prop_assert_eq!(shortened.as_str(), short.as_str());
        }

        #[test]
        fn nothing_else_is_read(text in "\\PC{0,30}") {
            prop_assert!(parse_fixed(&text).is_none_or(|at| Timestamp::fixed(at).as_str() == text));
            prop_assert!(shortened(text.as_bytes()).is_none());
        }
    }

    #[test]
    fn an_instant_of_no_four_digits_has_no_text() {
        let (first, last) = (-62_167_219_200 * SECOND, 253_402_300_800 * SECOND - 1);
        let text = |micros| Timestamp::short_from_micros(micros).map(|at| at.as_str().to_owned());
        assert_eq!(text(first).unwrap(), "0000-01-01T00:00:00Z");
        assert_eq!(text(last).unwrap(), "9999-12-31T23:59:59.999999Z");
        for micros in [first - 1, last + 1, i64::MIN, i64::MAX] {
            assert_eq!(text(micros), None, "{micros}");
        }
        assert_eq!((from_micros(i64::MIN), from_micros(i64::MAX)), (None, None));
    }

    #[test]
    fn dates_that_do_not_exist_are_not_read() {
        for text in [
            "2026-02-30T00:00:00.000000Z",
            "2026-13-01T00:00:00.000000Z",
            "2026-01-01T24:00:00.000000Z",
            "2026-01-01 00:00:00.000000Z",
            "2026-01-01T00:00:00.00000aZ",
            "",
        ] {
            assert_eq!(parse_fixed(text), None, "{text}");
        }
        for text in ["2026-01-01 00:00:00.000000Z", "2026-01-01T00:00:00.00000aZ", ""] {
            assert!(shortened(text.as_bytes()).is_none(), "{text}");
        }
    }
}
