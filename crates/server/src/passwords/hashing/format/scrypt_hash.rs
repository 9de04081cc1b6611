//! scrypt (RFC 7914) as stored by Better Auth, Lucia, Django, Werkzeug, passlib and Firebase. The memory and
//! work of a stored hash are limited.

use aws_lc_rs::cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use scrypt::Params;
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::encoded::{base64, fields, from_hex, number, numbers};
use crate::config::HashScheme;
use crate::passwords::hashing::hash_kind::HashKind;
use crate::passwords::hashing::password_hash::HashError;
use crate::passwords::hashing::stored_hash::Flaw;

/// Maximum memory × p, in KiB: sixteen times that of Better Auth.
const MAX_WORK: u64 = 512 * 1024;
const MAX_P: u32 = 16;
const MAX_R: u32 = 64;
const MAX_SALT: usize = 128;

pub(in crate::passwords::hashing) struct ScryptHash {
    params: Params,
    memory_kib: u64,
    work_kib: u64,
    salt: Vec<u8>,
    sum: ScryptSum,
    /// Better Auth and Lucia hash the password's NFKC form.
    is_normalised: bool,
}

enum ScryptSum {
    Plain(Vec<u8>),
    /// Firebase encrypts its project's key with the derived key.
    EncryptedKey {
        key: Vec<u8>,
        encrypted: Vec<u8>,
    },
}

/// The values in the various formats.
struct Said {
    n: u64,
    r: u32,
    p: u32,
    salt: Vec<u8>,
    sum: ScryptSum,
}

impl ScryptHash {
    /// Parses what follows the prefix of its kind.
    pub(in crate::passwords::hashing) fn parse(kind: HashKind, rest: &str) -> Result<Self, Flaw> {
        let said = match kind {
            HashKind::PasslibScrypt => Said::passlib(rest),
            HashKind::DjangoScrypt => Said::django(rest),
            HashKind::WerkzeugScrypt => Said::werkzeug(rest),
            HashKind::FirebaseScrypt => Said::firebase(rest),
            HashKind::BetterAuthScrypt => {
                Said::javascript(rest).filter(|said| said.salt.iter().all(u8::is_ascii_hexdigit))
            }
            _ => Said::javascript(rest),
        };
        let Said { n, r, p, salt, sum } = said.ok_or(Flaw::Malformed)?;
        // A truncated sum would still match.
        let is_whole = match &sum {
            ScryptSum::Plain(sum) => match kind {
                HashKind::PasslibScrypt => [32, 64].contains(&sum.len()),
                _ => sum.len() == 64,
            },
            ScryptSum::EncryptedKey { key, encrypted } => {
                (16..=128).contains(&key.len()) && key.len() == encrypted.len()
            }
        };
        if !is_whole || salt.len() > MAX_SALT || !n.is_power_of_two() || n < 2 || r == 0 || p == 0 {
            return Err(Flaw::Malformed);
        }
        let memory_kib = n.saturating_mul(r.into()).div_ceil(8);
        let work_kib = memory_kib.saturating_mul(p.into());
        Flaw::unless_affordable(
            r <= MAX_R
                && p <= MAX_P
                && memory_kib <= HashScheme::MAX_MEMORY.into()
                && work_kib <= MAX_WORK,
        )?;
        let log_n = u8::try_from(n.ilog2()).map_err(|_| Flaw::TooCostly)?;
        let params = Params::new(log_n, r, p).map_err(|_| Flaw::TooCostly)?;
        let is_normalised = matches!(kind, HashKind::BetterAuthScrypt | HashKind::LuciaScrypt);
        Ok(Self { params, memory_kib, work_kib, salt, sum, is_normalised })
    }

    pub(in crate::passwords::hashing) fn verify(&self, password: &[u8]) -> Result<bool, HashError> {
        let password = Zeroizing::new(match std::str::from_utf8(password) {
            Ok(text) if self.is_normalised => text.nfkc().collect::<String>().into_bytes(),
            _ => password.to_vec(),
        });
        Ok(match &self.sum {
            ScryptSum::Plain(sum) => self.derive(&password, sum.len())?.ct_eq(sum).into(),
            ScryptSum::EncryptedKey { key, encrypted } => {
                let derived = self.derive(&password, 32)?;
                encrypt(&derived, key).ok_or(HashError::Failed)?.ct_eq(encrypted).into()
            }
        })
    }

    fn derive(&self, password: &[u8], length: usize) -> Result<Zeroizing<Vec<u8>>, HashError> {
        // The library aborts the process if it cannot allocate memory.
        let memory = usize::try_from(self.memory_kib * 1024).map_err(|_| HashError::Failed)?;
        Vec::<u8>::new().try_reserve_exact(memory).map_err(|_| HashError::Failed)?;
        let mut derived = Zeroizing::new(vec![0; length]);
        scrypt::scrypt(password, &self.salt, &self.params, &mut derived)
            .map_err(|_| HashError::Failed)?;
        Ok(derived)
    }

    /// The memory it writes.
    pub(in crate::passwords::hashing) fn kib(&self) -> u64 {
        self.work_kib
    }
}

impl Said {
    /// `ln=16,r=8,p=1$salt$sum`
    fn passlib(rest: &str) -> Option<Self> {
        let [costs, salt, sum] = fields(rest)?;
        let [log_n, r, p] = numbers(costs, ["ln", "r", "p"])?;
        let n = 1_u64.checked_shl(log_n)?;
        Some(Self { n, r, p, salt: base64(salt)?, sum: ScryptSum::Plain(base64(sum)?) })
    }

    /// `16384$salt$8$5$sum`
    fn django(rest: &str) -> Option<Self> {
        let [n, salt, r, p, sum] = fields(rest)?;
        let (n, r, p) = (number(n)?.into(), number(r)?, number(p)?);
        Some(Self { n, r, p, salt: salt.into(), sum: ScryptSum::Plain(base64(sum)?) })
    }

    /// `32768:8:1$salt$sum`
    fn werkzeug(rest: &str) -> Option<Self> {
        let [costs, salt, sum] = fields(rest)?;
        let (n, costs) = costs.split_once(':')?;
        let (r, p) = costs.split_once(':')?;
        let (n, r, p) = (number(n)?.into(), number(r)?, number(p)?);
        Some(Self { n, r, p, salt: salt.into(), sum: ScryptSum::Plain(from_hex(sum)?) })
    }

    /// `v=1,n=14,r=8,p=1,ss=separator,sk=key$salt$encrypted`, as GoTrue writes it.
    fn firebase(rest: &str) -> Option<Self> {
        let [costs, salt, encrypted] = fields(rest)?;
        let (costs, key) = costs.split_once(",sk=")?;
        let (costs, separator) = costs.split_once(",ss=").unwrap_or((costs, ""));
        let [1, log_n, r, p] = numbers(costs, ["v", "n", "r", "p"])? else { return None };
        let n = 1_u64.checked_shl(log_n)?;
        // Firebase's own exports use the URL-safe alphabet.
        let bytes = |text: &str| base64(&text.replace('-', "+").replace('_', "/"));
        let salt = [bytes(salt)?, bytes(separator)?].concat();
        let sum = ScryptSum::EncryptedKey { key: bytes(key)?, encrypted: bytes(encrypted)? };
        Some(Self { n, r, p, salt, sum })
    }

    /// `salt:sum`; the salt is used as text.
    fn javascript(rest: &str) -> Option<Self> {
        let (salt, sum) = rest.split_once(':')?;
        let sum = from_hex(sum)?;
        Some(Self { n: 16_384, r: 16, p: 1, salt: salt.into(), sum: ScryptSum::Plain(sum) })
    }
}

/// AES-256 in counter mode, starting at zero.
fn encrypt(key: &[u8], text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let key = EncryptingKey::ctr(UnboundCipherKey::new(&AES_256, key).ok()?).ok()?;
    let mut text = Zeroizing::new(text.to_vec());
    let start = EncryptionContext::Iv128(FixedLength::from([0; 16]));
    key.less_safe_encrypt(&mut text, start).ok()?;
    Some(text)
}
