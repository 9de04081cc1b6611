//! Access tokens of sessions that a script has stored, one for each user.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// This many users are active in a database of any size, spread over all of it.
const ACTIVE: u64 = 10_000;

/// A random one of them, counted from 0.
pub(crate) fn active_user(users: u64) -> u64 {
    random() % ACTIVE * (users / ACTIVE)
}

/// One of a user's tasks at random. As `scripts/growth.sh` stores them: task n belongs to user 1 + n % users.
pub(crate) fn task_path(user: u64, users: u64, tasks: u64) -> String {
    let task = user + users * (random() % (tasks / users));
    format!("/api/tasks/00000000-0000-7000-9000-{task:012}")
}

#[derive(Clone)]
pub(crate) struct Mint {
    header: String,
    claims: serde_json::Value,
    key: hmac::Key,
}

impl Mint {
    /// Mints tokens like the sample, which is signed with this secret.
    pub(crate) fn like(sample: &str, secret: &str) -> Self {
        let (header, rest) = sample.split_once('.').unwrap();
        let claims = URL_SAFE_NO_PAD.decode(rest.split('.').next().unwrap()).unwrap();
        let claims = serde_json::from_slice(&claims).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        Self { header: header.to_owned(), claims, key }
    }

    pub(crate) fn token(&self, user: u64) -> String {
        let mut claims = self.claims.clone();
        let id = format!("00000000-0000-7000-8000-{user:012}");
        claims["sub"] = id.as_str().into();
        claims["user_id"] = id.into();
        claims["sid"] = format!("00000000-0000-7000-a000-{user:012}").into();
        let signed = format!("{}.{}", self.header, URL_SAFE_NO_PAD.encode(claims.to_string()));
        let tag = hmac::sign(&self.key, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
    }
}

pub(crate) fn random() -> u64 {
    let mut bytes = [0; 8];
    aws_lc_rs::rand::fill(&mut bytes).unwrap();
    u64::from_le_bytes(bytes)
}
