//! Reports to the holder of the server's secret (`doorward doctor`) how a request arrived: from which peer,
//! as which client, and with which forwarding headers. Others learn nothing about the proxies.

use std::fmt::Write as _;

use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue};

use super::client_ip::{ClientIp, PeerAddr};
use crate::clock::Clock;
use crate::config::Settings;
use crate::crypto::Questions;

/// The header with the question.
pub const ASKED: HeaderName = HeaderName::from_static("doorward-question");
/// The header with the answer.
pub const ANSWERED: HeaderName = HeaderName::from_static("doorward-arrival");
/// Longer lists of hops are truncated.
const LONGEST: usize = 400;

/// Answers such questions.
#[derive(Clone, Debug)]
pub struct Arrivals {
    questions: Questions,
    header: HeaderName,
    clock: Clock,
}

impl Arrivals {
    /// With these settings.
    pub fn new(settings: &Settings, clock: Clock) -> Self {
        let header = settings.client_ip_header.clone();
        Self { questions: Questions::new(settings), header, clock }
    }

    /// `peer=…; client=…; hops=…`, if the request asks for it and is authorized to.
    pub(super) fn of(&self, headers: &HeaderMap, extensions: &Extensions) -> Option<HeaderValue> {
        let asked = headers.get(ASKED)?.to_str().ok()?;
        if !self.questions.is_one(asked, self.clock.now()) {
            return None;
        }
        let peer = extensions.get::<PeerAddr>()?.0.ip().to_canonical();
        let client = extensions.get::<ClientIp>()?.0;
        let mut text = format!("peer={peer}; client={client}; hops=");
        for (index, line) in headers.get_all(&self.header).iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            let _ = write!(text, "{separator}{}", line.to_str().unwrap_or("unreadable"));
        }
        text.truncate(LONGEST);
        HeaderValue::try_from(text).ok()
    }
}
