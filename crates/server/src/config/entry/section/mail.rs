//! The settings of mail: transport, contents and links.

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
    about: "The mail server: `smtp://user:password@host:587`, which must support STARTTLS unless the host is \
        this machine, or `smtps://…:465` with implicit TLS. Without it no mail is sent and features that need \
        mail are disabled. `dev` ignores it and writes mails to `.doorward/mail/`.",
    example: "smtp://user:password@mail.example.com:587",
    secrecy: Secrecy::Smtp,
    set: Some(|settings, text| put_some(&mut settings.smtp_url, SmtpUrl::parse(text))),
    ..PLAIN
};

pub(in crate::config) const MAIL_FROM: Setting = Setting {
    name: "MAIL_FROM",
    section: MAIL,
    about: "The sender of mails; required by `SMTP_URL`.",
    example: "Example <no-reply@example.com>",
    set: Some(|settings, text| put_some(&mut settings.mail_from, MailFrom::parse(text))),
    ..PLAIN
};

pub(in crate::config) const SMTP_CA_FILE: Setting = Setting {
    name: "SMTP_CA_FILE",
    section: MAIL,
    about: "A PEM file with additional certificate authorities to trust for the mail server.",
    set: Some(|settings, text| {
        put_some(&mut settings.smtp_ca_file, AuthorityFile::open(Path::new(text)))
    }),
    ..PLAIN
};

pub(in crate::config) const SMTP_TIMEOUT: Setting = Setting {
    name: "SMTP_TIMEOUT",
    section: MAIL,
    about: "Timeout for each step with the mail server; four times as long for its response to the text of a \
        mail. No request waits for it.",
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
    about: "The security events that account owners get a mail about: `on` for all, `off`, or a list of \
        `password-changed`, `email-changed` (with `EMAIL_CHANGE=immediate`; otherwise that mail is \
        always sent), `new-device`, `session-stolen`, `account-locked`, `factor-added`, `factor-removed`, \
        `factors-reset`, `recovery-codes-renewed`, `passkey-added`, `passkey-removed`, `device-trusted` and \
        `api-key-created`. Only verified addresses get such mails. Requires SMTP_URL.",
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
    about: "The public address of this server, such as `https://auth.example.com`. Links in mails are built \
        from it, never from a request.",
    example: "https://auth.example.com",
    set: Some(|settings, text| put_some(&mut settings.public_url, parse::public_url(text))),
    ..PLAIN
};

/// `APP_NAME`.
pub(in crate::config) const APP_NAME: Setting = Setting {
    name: "APP_NAME",
    section: MAIL,
    about: "The name of your product in mails.",
    default: "the host of `APP_URL` or `PUBLIC_URL`, otherwise `Doorward`",
    example: "Example Tasks",
    set: Some(|settings, text| put_some(&mut settings.letters.app_name, parse::short_text(text))),
    ..PLAIN
};

/// `APP_URL`.
pub(in crate::config) const APP_URL: Setting = Setting {
    name: "APP_URL",
    section: MAIL,
    about: "The address of your front end. Notices link to it, and the pages of `APP_PATHS` are below it.",
    example: "https://app.example.com",
    set: Some(|settings, text| put_some(&mut settings.letters.app_url, parse::public_url(text))),
    ..PLAIN
};

/// `APP_PATHS`.
pub(in crate::config) const APP_PATHS: Setting = Setting {
    name: "APP_PATHS",
    section: MAIL,
    about: "The pages of your front end for the links in mails: a list of `page=/path`, each path below \
        APP_URL. The pages are `verify`, `reset`, `confirm`, `undo`, `login` and `invitation`; Doorward's own \
        pages are used for the others. Notices link to `forgot` and `sessions`, which take no token, or to the \
        front end if they are not set. `{token}` in a path is replaced by the token; otherwise `#token=` and \
        the token are appended.",
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
    about: "A folder with your own mail templates, such as `reset-password.de.html`. Built-in templates are \
        used for the others. Read at the start and again on SIGHUP.",
    set: Some(|settings, text| put_some(&mut settings.letters.templates, folder(text))),
    ..PLAIN
};

/// `PAGES`.
pub(in crate::config) const PAGES: Setting = Setting {
    name: "PAGES",
    section: MAIL,
    about: "Whether Doorward serves its own small pages for the links in mails, below `AUTH_PATH/pages`. With \
        `off`, APP_PATHS must have a path for each page.",
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
