//! A letter as the bytes that are sent (RFC 5322, RFC 2045). Names and subjects are freed of control
//! characters and encoded (RFC 2047), domains become A-labels, so that nothing in them can end a header.

use std::time::{Duration, SystemTime};

use lettre::address::Envelope as SmtpEnvelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};
use uuid::Uuid;

use crate::config::MailFrom;
use crate::email::Email;
use crate::mail::outbox::StoredLetter;

/// The longest subject or name that is sent, in characters.
const LONGEST: usize = 200;

/// A letter ready to be sent.
#[derive(Clone, Debug)]
pub(in crate::mail) struct Formatted {
    pub(in crate::mail) id: Uuid,
    pub(in crate::mail) kind: String,
    pub(in crate::mail) to: String,
    pub(in crate::mail) shown: Option<String>,
    pub(in crate::mail) envelope: SmtpEnvelope,
    pub(in crate::mail) bytes: Vec<u8>,
}

/// The letter as a message from this sender. Its `Message-ID` is made of the row's id, so that it is the
/// same at every attempt. The error is a sentence.
pub(in crate::mail) fn format(
    id: Uuid,
    kind: &str,
    letter: &StoredLetter,
    from: &MailFrom,
) -> Result<Formatted, String> {
    let cannot = |error: &dyn std::fmt::Display| format!("The message cannot be written: {error}.");
    let to = recipient(&letter.to).ok_or_else(|| cannot(&"the address is not valid"))?;
    let name = letter.name.as_deref().map(one_line).filter(|name| !name.is_empty());
    let domain = from.mailbox().email.domain();
    let seconds = u64::try_from(letter.composed_at).unwrap_or_default();
    let message = Message::builder()
        .from(from.mailbox().clone())
        .to(Mailbox::new(name, to.clone()))
        .subject(one_line(&letter.subject))
        .date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
        .message_id(Some(format!("<{id}@{domain}>")))
        // RFC 3834 §5: no out-of-office answers.
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".into(),
        ))
        .multipart(MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone()))
        .map_err(|error| cannot(&error))?;
    let envelope = SmtpEnvelope::new(Some(from.mailbox().email.clone()), vec![to]);
    Ok(Formatted {
        id,
        kind: kind.to_owned(),
        to: letter.to.clone(),
        shown: letter.shown.clone(),
        envelope: envelope.map_err(|error| cannot(&error))?,
        bytes: message.formatted(),
    })
}

/// The local part as typed, the domain in A-labels.
fn recipient(typed: &str) -> Option<Address> {
    let email = Email::parse(typed)?;
    let (_, domain) = email.key().rsplit_once('@')?;
    Address::new(email.local_part(), domain).ok()
}

fn one_line(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(LONGEST).collect::<String>().trim().to_owned()
}
