//! Sample mails, for previews and for testing templates.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use time::OffsetDateTime;

use super::{Kind, Language, Letter};

/// A sample mail of this kind.
pub fn sample(kind: Kind, language: Language) -> Letter {
    let happened = kind.is_notice();
    let life = match kind {
        Kind::LoginCode => Duration::from_mins(10),
        Kind::ResetPassword => Duration::from_hours(1),
        Kind::EmailChanged => Duration::from_hours(72),
        Kind::Invitation => Duration::from_hours(7 * 24),
        _ => Duration::from_hours(24),
    };
    let has_link = kind.page().is_some();
    Letter {
        name: Some("Ada Lovelace".into()),
        locale: Some(language.tag().into()),
        token: has_link.then(|| "q0bXw2vJ8m5tYhN3sZ7kRfL1cD4gUaEoPiT6yBnMxQs".into()),
        code: (kind == Kind::LoginCode).then(|| "482913".into()),
        valid_for: has_link.then_some(life),
        other_address: (kind == Kind::EmailChanged).then(|| "ada@new.example.com".into()),
        at: happened.then_some(OffsetDateTime::UNIX_EPOCH + Duration::from_hours(497_304)),
        ip: happened.then_some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7))),
        user_agent: happened.then(|| {
            "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0".into()
        }),
        ..Letter::new(kind, "ada@example.com")
    }
}
