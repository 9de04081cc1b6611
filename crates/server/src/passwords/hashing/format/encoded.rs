//! The encodings of bytes and numbers in stored hashes. Parsing is as lenient as in the programs that wrote
//! them: padding is optional, and the unused bits of the last letter are ignored.

use base64::Engine;
use base64::alphabet::{BCRYPT, STANDARD};
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_encode_padding(false)
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);

const STANDARD_LETTERS: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
/// bcrypt's alphabet, without padding.
pub(in crate::passwords::hashing) const BCRYPT_LETTERS: GeneralPurpose =
    GeneralPurpose::new(&BCRYPT, LENIENT);

/// Standard base64.
pub(in crate::passwords::hashing) fn base64(text: &str) -> Option<Vec<u8>> {
    STANDARD_LETTERS.decode(text).ok()
}

/// passlib's base64, with `.` instead of `+`.
pub(in crate::passwords::hashing) fn passlib_base64(text: &str) -> Option<Vec<u8>> {
    base64(&text.replace('.', "+"))
}

/// bcrypt's base64 of exactly this many bytes.
pub(in crate::passwords::hashing) fn bcrypt_base64<const LENGTH: usize>(
    text: &str,
) -> Option<[u8; LENGTH]> {
    BCRYPT_LETTERS.decode(text).ok()?.try_into().ok()
}

/// The alphabet of crypt, in the order of the values.
pub(in crate::passwords::hashing) const CRYPT_LETTERS: &[u8; 64] =
    b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// crypt's base64, without padding: six bits a letter, the lowest first.
pub(in crate::passwords::hashing) fn crypt_letters(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut letters = Zeroizing::new(Vec::with_capacity((bytes.len() * 4).div_ceil(3)));
    for three in bytes.chunks(3) {
        let bits = three.iter().rev().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        letters.extend((0..=three.len()).map(|place| CRYPT_LETTERS[bits >> (6 * place) & 63]));
    }
    letters
}

/// Hexadecimal digits of either case.
pub(in crate::passwords::hashing) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |letter: &u8| char::from(*letter).to_digit(16);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| u8::try_from(digit(high)? << 4 | digit(low)?).ok()).collect()
}

/// Digits only: no sign.
pub(in crate::passwords::hashing) fn number(text: &str) -> Option<u32> {
    text.bytes().all(|letter| letter.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// The values of `name=value,name=value`, which must have exactly these names in this order.
pub(in crate::passwords::hashing) fn numbers<const COUNT: usize>(
    text: &str,
    names: [&str; COUNT],
) -> Option<[u32; COUNT]> {
    let mut pairs = text.split(',');
    let mut values = [0; COUNT];
    for (value, name) in values.iter_mut().zip(names) {
        *value = number(pairs.next()?.strip_prefix(name)?.strip_prefix('=')?)?;
    }
    pairs.next().is_none().then_some(values)
}

/// The fields between `$`, if there are exactly that many.
pub(in crate::passwords::hashing) fn fields<const COUNT: usize>(
    text: &str,
) -> Option<[&str; COUNT]> {
    let mut parts = text.split('$');
    let mut found = [""; COUNT];
    for field in &mut found {
        *field = parts.next()?;
    }
    parts.next().is_none().then_some(found)
}
