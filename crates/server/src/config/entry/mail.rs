//! The settings that say how mail is sent.

use std::path::Path;

use super::entries::PLAIN;
use super::parse;
use crate::config::entry::table::{Secrecy, Setting};
use crate::config::entry::word::{put, put_some};
use crate::config::{AuthorityFile, MailFrom, SmtpUrl};

const MAIL: &str = "Mail";

pub(super) const SMTP_URL: Setting = Setting {
    name: "SMTP_URL",
    section: MAIL,
    about: "The mail server: `smtp://user:password@host:587`, which must offer STARTTLS unless the host \
        is this machine, or `smtps://…:465` with TLS from the start. Without it no mail is sent, and what \
        needs mail is off. `dev` ignores it and writes mails to `.doorward/mail/`.",
    example: "smtp://user:password@mail.example.com:587",
    secrecy: Secrecy::Smtp,
    set: Some(|settings, text| put_some(&mut settings.smtp_url, SmtpUrl::parse(text))),
    ..PLAIN
};

pub(super) const MAIL_FROM: Setting = Setting {
    name: "MAIL_FROM",
    section: MAIL,
    about: "The sender of mails, which `SMTP_URL` needs.",
    example: "Example <no-reply@example.com>",
    set: Some(|settings, text| put_some(&mut settings.mail_from, MailFrom::parse(text))),
    ..PLAIN
};

pub(super) const SMTP_CA_FILE: Setting = Setting {
    name: "SMTP_CA_FILE",
    section: MAIL,
    about: "A PEM file with certificates of authorities of your own that sign the mail server's; they \
        count besides the public ones.",
    set: Some(|settings, text| {
        put_some(&mut settings.smtp_ca_file, AuthorityFile::open(Path::new(text)))
    }),
    ..PLAIN
};

pub(super) const SMTP_TIMEOUT: Setting = Setting {
    name: "SMTP_TIMEOUT",
    section: MAIL,
    about: "How long the mail server may take for each step; four times as long for its answer to the \
        text of a mail. No request waits for it.",
    default: "30s",
    set: Some(|settings, text| {
        let within = parse::duration(text, 1).and_then(|time| {
            let most = std::time::Duration::from_mins(5);
            if time > most { Err("must be at most 5m".to_owned()) } else { Ok(time) }
        });
        put(&mut settings.smtp_timeout, within)
    }),
    ..PLAIN
};
