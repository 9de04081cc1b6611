//! A mail as the bytes that are sent (RFC 5322, RFC 2045). Names and subjects are stripped of control
//! characters and encoded (RFC 2047), domains become A-labels, so that nothing in them can end a header.

use std::time::{Duration, SystemTime};

use lettre::address::Envelope as SmtpEnvelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, MultiPartKind, SinglePart};
use lettre::{Address, Message};
use uuid::Uuid;

use crate::config::MailFrom;
use crate::email::Email;
use crate::mail::outbox::StoredLetter;

/// The maximum length of a subject or name.
const LONGEST: usize = 200;

/// A mail ready to be sent.
#[derive(Clone, Debug)]
pub(in crate::mail) struct Formatted {
    pub(in crate::mail) id: Uuid,
    pub(in crate::mail) kind: String,
    pub(in crate::mail) to: String,
    pub(in crate::mail) shown: Option<String>,
    pub(in crate::mail) envelope: SmtpEnvelope,
    pub(in crate::mail) bytes: Vec<u8>,
}

/// The mail as a message from this sender. Its `Message-ID` is derived from the row's id, so that it is the
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
    // The boundary contains the id, which nobody who wrote part of the text knows in advance.
    let body = MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        .boundary(format!("part-{}", id.simple()))
        .singlepart(SinglePart::plain(letter.text.clone()))
        .singlepart(SinglePart::html(letter.html.clone()));
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
        .multipart(body)
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

/// The local part as entered, the domain in A-labels.
fn recipient(typed: &str) -> Option<Address> {
    let email = Email::parse(typed)?;
    let (_, domain) = email.key().rsplit_once('@')?;
    Address::new(email.local_part(), domain).ok()
}

fn one_line(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(LONGEST).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_or_a_subject_begins_a_header_of_its_own() {
        let letter = |name: &str, subject: &str| StoredLetter {
            to: "ada@bücher.example".into(),
            name: Some(name.into()),
            subject: subject.into(),
            text: "Hello\n.\nQUIT\n".into(),
            html: "<p>Hello</p>".into(),
            shown: None,
            composed_at: 0,
        };
        let from = MailFrom::parse("Büro <post@example.com>").unwrap();
        for (name, subject) in [
            ("Ada\r\nBcc: eve@example.com", "Hello\r\n\r\n<script>"),
            ("Ada\" <eve@example.com>, \"", "Hello\nX-Spam: no"),
            ("Åda\u{0}\u{85}Bcc: eve@example.com", "Grüße\u{2028}Bcc: eve@example.com"),
            ("\r\n", ""),
            (&"A".repeat(5000), &"ä".repeat(5000)),
        ] {
            let formatted = format(Uuid::nil(), "test", &letter(name, subject), &from).unwrap();
            let text = String::from_utf8(formatted.bytes).unwrap();
            let head = text.split("\r\n\r\n").next().unwrap();
            let names: Vec<_> = head
                .split("\r\n")
                .filter(|line| !line.starts_with(' '))
                .filter_map(|line| line.split_once(':'))
                .map(|(name, _)| name.to_ascii_lowercase())
                .collect();
            let allowed = [
                "from",
                "to",
                "subject",
                "date",
                "message-id",
                "auto-submitted",
                "mime-version",
                "content-type",
            ];
            assert!(names.iter().all(|name| allowed.contains(&&**name)), "{head}");
            assert!(head.is_ascii() && !head.contains('\0'), "{head}");
            assert_eq!(formatted.envelope.to().len(), 1);
            assert_eq!(formatted.envelope.to()[0].to_string(), "ada@xn--bcher-kva.example");
        }
    }
}
