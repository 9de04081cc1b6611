//! Mails of an application under test: written to a folder, as `doorward dev` does, and read back.

use std::sync::Arc;

use doorward::config::{MailFrom, Settings};
use doorward::mail::Delivery;

use super::app::{Engine, TestApp};

/// A mail as it was sent, headers and all.
#[derive(Clone, Debug)]
pub struct SentMail(pub String);

impl SentMail {
    /// A header, unfolded; empty if it has none of this name.
    pub fn header(&self, name: &str) -> String {
        let head = self.0.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
        let wanted = format!("{}:", name.to_lowercase());
        let line = head.lines().find(|line| line.to_lowercase().starts_with(&wanted));
        line.map_or_else(String::new, |line| line[wanted.len()..].trim().to_owned())
    }

    /// The text, decoded from quoted-printable where it is encoded.
    pub fn text(&self) -> String {
        let joined = self.0.replace("=\r\n", "").replace("=3D", "=");
        joined.replace("\r\n", "\n")
    }

    /// What follows `before` in the text, up to the next white space or quote.
    pub fn after(&self, before: &str) -> String {
        let text = self.text();
        let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}")).1;
        rest.split(|c: char| c.is_whitespace() || c == '"' || c == '<')
            .next()
            .unwrap_or_default()
            .into()
    }
}

impl TestApp {
    /// An application that writes its mails to a folder.
    pub async fn with_mail(engine: Engine, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a temp dir"));
        let path = folder.path().to_owned();
        let mut app = Self::with(engine, |settings| {
            settings.mail_folder = Some(path);
            settings.mail_from =
                Some(MailFrom::parse("Doorward <post@example.org>").expect("a sender"));
            settings.public_url = Some("https://auth.example.org".into());
            change(settings);
        })
        .await;
        app.mails = Some(folder);
        app
    }

    /// What delivers its mails.
    pub fn delivery(&self) -> Delivery {
        self.app.delivery(|_, _| {}).expect("a transport").expect("mail is on")
    }

    /// Delivers what is due, and takes the mails that were written since the last call, oldest first.
    pub async fn mails(&self) -> Vec<SentMail> {
        self.delivery().deliver_due().await.expect("delivered");
        let folder = self.mails.as_ref().expect("an application with mail").path();
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .expect("the folder")
            .flatten()
            .map(|file| file.path())
            .collect();
        files.sort();
        let take = |path: std::path::PathBuf| {
            let text = std::fs::read_to_string(&path).expect("a mail");
            std::fs::remove_file(&path).expect("removed");
            SentMail(text)
        };
        files.into_iter().map(take).collect()
    }
}
