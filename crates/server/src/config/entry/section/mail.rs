//! The settings of mail: how it is sent, what it says and where its links lead.

use std::path::{Path, PathBuf};

use crate::config::entry::entries::{HTTP, PLAIN};
use crate::config::entry::parse;
use crate::config::entry::table::{Secrecy, Setting};
use crate::config::entry::word::{put, put_some};
use crate::config::{AppPaths, AuthorityFile, MailFrom, Notices, SmtpUrl};

const MAIL: &str = "Mail";

pub(in crate::config) const SMTP_URL: Setting = Setting {
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

pub(in crate::config) const MAIL_FROM: Setting = Setting {
    name: "MAIL_FROM",
    section: MAIL,
    about: "The sender of mails, which `SMTP_URL` needs.",
    example: "Example <no-reply@example.com>",
    set: Some(|settings, text| put_some(&mut settings.mail_from, MailFrom::parse(text))),
    ..PLAIN
};

pub(in crate::config) const SMTP_CA_FILE: Setting = Setting {
    name: "SMTP_CA_FILE",
    section: MAIL,
    about: "A PEM file with certificates of authorities of your own that sign the mail server's; they \
        count besides the public ones.",
    set: Some(|settings, text| {
        put_some(&mut settings.smtp_ca_file, AuthorityFile::open(Path::new(text)))
    }),
    ..PLAIN
};

pub(in crate::config) const SMTP_TIMEOUT: Setting = Setting {
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

/// `SECURITY_NOTICES`.
pub(in crate::config) const SECURITY_NOTICES: Setting = Setting {
    name: "SECURITY_NOTICES",
    section: MAIL,
    about: "What happens to an account that its owner gets a mail about: `on` for everything, `off`, or a \
        list of `password-changed`, `email-changed` (with `EMAIL_CHANGE=immediate`; otherwise that mail is \
        always sent), `new-device`, `session-stolen`, `account-locked`, `factor-added`, `factor-removed`, \
        `factors-reset`, `recovery-codes-renewed`, `passkey-added`, `passkey-removed`, `device-trusted` and \
        `api-key-created`. Only verified addresses get such \
        mails. It needs SMTP_URL.",
    default: "off",
    example: "on",
    set: Some(|settings, text| {
        put(&mut settings.notices, parse::list(text).and_then(|items| Notices::parse(&items)))
    }),
    ..PLAIN
};

/// `PUBLIC_URL`.
pub(in crate::config) const PUBLIC_URL: Setting = Setting {
    name: "PUBLIC_URL",
    section: HTTP,
    about: "The address people reach this server by, such as `https://auth.example.com`. Links in mails are \
        made from it, never from what a request says.",
    example: "https://auth.example.com",
    set: Some(|settings, text| put_some(&mut settings.public_url, parse::public_url(text))),
    ..PLAIN
};

/// `APP_NAME`.
pub(in crate::config) const APP_NAME: Setting = Setting {
    name: "APP_NAME",
    section: MAIL,
    about: "What your product is called in mails.",
    default: "the host of `APP_URL` or `PUBLIC_URL`, else `Doorward`",
    example: "Example Tasks",
    set: Some(|settings, text| put_some(&mut settings.letters.app_name, parse::short_text(text))),
    ..PLAIN
};

/// `APP_URL`.
pub(in crate::config) const APP_URL: Setting = Setting {
    name: "APP_URL",
    section: MAIL,
    about: "The address of your front end. Notices link to it, and so do the \
        links with a secret for the pages that `APP_PATHS` names.",
    example: "https://app.example.com",
    set: Some(|settings, text| put_some(&mut settings.letters.app_url, parse::public_url(text))),
    ..PLAIN
};

/// `APP_PATHS`.
pub(in crate::config) const APP_PATHS: Setting = Setting {
    name: "APP_PATHS",
    section: MAIL,
    about: "Where your front end shows pages of its own for the links in mails: a list of `page=/path`, each \
        path below APP_URL. The pages are `verify`, `reset`, `confirm`, `undo`, `login` and `invitation`; \
        those that are not named are Doorward's. \
        Notices link to `forgot` and `sessions`, which take no secret; without them to the front end. `{token}` in a path stands for the secret; without it \
        `#token=` and the secret are appended.",
    default: "none",
    example: "reset=/reset-password?token={token},verify=/verify-email",
    set: Some(|settings, text| {
        let paths = parse::list(text).and_then(|items| AppPaths::parse(&items));
        put(&mut settings.letters.app_paths, paths)
    }),
    ..PLAIN
};

/// `MAIL_TEMPLATES`.
pub(in crate::config) const MAIL_TEMPLATES: Setting = Setting {
    name: "MAIL_TEMPLATES",
    section: MAIL,
    about: "A folder with templates of your own for mails, such as `reset-password.de.html`. \
        What is not there is built in. Read at the start and anew at SIGHUP.",
    set: Some(|settings, text| put_some(&mut settings.letters.templates, folder(text))),
    ..PLAIN
};

/// `PAGES`.
pub(in crate::config) const PAGES: Setting = Setting {
    name: "PAGES",
    section: MAIL,
    about: "Whether Doorward shows small pages of its own for the links in mails, below `AUTH_PATH/pages`. \
        With `off`, APP_PATHS has to name a path of your front end for each.",
    default: "on",
    set: Some(|settings, text| {
        settings.letters.pages_off = !parse::yes_or_no(text)?;
        Ok(())
    }),
    ..PLAIN
};

fn folder(text: &str) -> parse::Parsed<PathBuf> {
    let path = PathBuf::from(text);
    if path.is_dir() {
        Ok(path)
    } else {
        Err(format!("names {text:?}, which is not a folder: create it, or correct the path"))
    }
}
