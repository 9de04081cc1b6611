//! A dialogue with the mail server, step by step, each with a deadline (RFC 5321). The step that fails
//! decides what happens to the mail: responses to the recipient or the text concern this mail, everything
//! before concerns all mails.

use std::time::Duration;

use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailCommand, Quit, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;
use tokio::time::timeout;

use super::{Formatted, Undelivered};

/// How long the server may take to accept a mail, in steps: a client that gives up too soon sends it twice
/// (RFC 5321 §4.5.3.2.6).
const PATIENCE_AT_THE_END: u32 = 4;

/// How to reach the server.
#[derive(Clone, Debug)]
pub(super) struct ServerAddress {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) credentials: Option<Credentials>,
    pub(super) hello: ClientId,
    pub(super) step: Duration,
}

/// When TLS begins.
#[derive(Clone)]
pub(super) enum Security {
    /// Never: the server is on this machine.
    None,
    /// With a command, which must succeed.
    StartTls(TlsParameters),
    /// With the connection.
    Implicit(TlsParameters),
}

impl std::fmt::Debug for Security {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::None => "None",
            Self::StartTls(_) => "StartTls",
            Self::Implicit(_) => "Implicit",
        })
    }
}

/// An open, authenticated connection.
pub(super) struct Connection {
    smtp: AsyncSmtpConnection,
    step: Duration,
    /// The number of mails it has accepted.
    pub(super) sent: u32,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Connection({})", self.sent)
    }
}

impl Connection {
    pub(super) async fn open(server: &ServerAddress) -> Result<Self, Undelivered> {
        let ServerAddress { host, port, security, credentials, hello, step } = server;
        let place = format!("{host}:{port}");
        let tls = match security {
            Security::Implicit(tls) => Some(tls.clone()),
            _ => None,
        };
        let connect =
            AsyncSmtpConnection::connect_tokio1((&**host, *port), Some(*step), hello, tls, None);
        // Address, TLS, greeting and EHLO.
        let mut smtp = match timeout(*step * 2, connect).await {
            Ok(Ok(smtp)) => smtp,
            Ok(Err(error)) => return Err(no_server(&format!("{place} cannot be used"), &error)),
            Err(_) => return Err(silent(&place, "its greeting", *step * 2)),
        };
        if let Security::StartTls(tls) = security {
            if !smtp.can_starttls() {
                return Err(Undelivered::NoServer(format!(
                    "{place} does not support STARTTLS, which is required to send to another machine."
                )));
            }
            match timeout(*step * 2, smtp.starttls(tls.clone(), hello)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    return Err(no_server(
                        &format!("{place} has no trusted TLS certificate"),
                        &error,
                    ));
                }
                Err(_) => return Err(silent(&place, "STARTTLS", *step * 2)),
            }
        }
        if let Some(credentials) = credentials {
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            match timeout(*step * 2, smtp.auth(&mechanisms, credentials)).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => {
                    return Err(no_server(
                        &format!("{place} rejected the user name or password"),
                        &error,
                    ));
                }
                Err(_) => return Err(silent(&place, "AUTH", *step * 2)),
            }
        }
        Ok(Self { smtp, step: *step, sent: 0 })
    }

    /// Sends a mail; returns the server's response.
    pub(super) async fn send(&mut self, letter: &Formatted) -> Result<String, Undelivered> {
        let mut parameters = Vec::new();
        if self.smtp.server_info().supports_feature(Extension::EightBitMime)
            && !letter.bytes.is_ascii()
        {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let from = MailCommand::new(letter.envelope.from().cloned(), parameters);
        let answer = self.step("MAIL", from).await?;
        answer.map_err(|error| no_server("the server rejected the sender", &error))?;
        for to in letter.envelope.to() {
            let answer = self.step("RCPT", Rcpt::new(to.clone(), Vec::new())).await?;
            answer
                .map_err(|error| about_this_letter("the server rejected the recipient", &error))?;
        }
        let answer = self.step("DATA", Data).await?;
        answer.map_err(|error| about_this_letter("the server rejected the message", &error))?;
        let limit = self.step * PATIENCE_AT_THE_END;
        let answer = timeout(limit, self.smtp.message(&letter.bytes)).await;
        let answer = answer.map_err(|_| late("the text of the message", limit))?;
        let answer =
            answer.map_err(|error| about_this_letter("the server rejected the message", &error))?;
        self.sent += 1;
        Ok(words(&answer))
    }

    /// Prepares it for the next mail; false if it is no longer usable.
    pub(super) async fn is_ready(&mut self) -> bool {
        matches!(self.step("RSET", Rset).await, Ok(Ok(_)))
    }

    /// Closes it properly.
    pub(super) async fn quit(mut self) {
        let _ = self.step("QUIT", Quit).await;
    }

    async fn step(
        &mut self,
        name: &str,
        command: impl std::fmt::Display,
    ) -> Result<Result<Response, SmtpError>, Undelivered> {
        let limit = self.step;
        timeout(limit, self.smtp.command(command)).await.map_err(|_| late(name, limit))
    }
}

fn late(what: &str, limit: Duration) -> Undelivered {
    Undelivered::Later(format!(
        "The mail server did not respond to {what} within {} s.",
        limit.as_secs()
    ))
}

fn silent(place: &str, what: &str, limit: Duration) -> Undelivered {
    Undelivered::NoServer(format!("{place} did not respond within {} s: {what}.", limit.as_secs()))
}

/// For responses before the recipient is known.
fn no_server(what: &str, error: &SmtpError) -> Undelivered {
    Undelivered::NoServer(sentence(what, error))
}

/// For responses to the recipient and the text. 421 always ends the connection.
fn about_this_letter(what: &str, error: &SmtpError) -> Undelivered {
    let code = error.status().map(|code| code.to_string());
    if code.as_deref() == Some("421") {
        return Undelivered::NoServer(sentence(what, error));
    }
    if error.is_permanent() {
        return Undelivered::Refused(sentence(what, error));
    }
    Undelivered::Later(sentence(what, error))
}

/// The server's response, or the error, on one line.
fn sentence(what: &str, error: &SmtpError) -> String {
    let mut said = String::new();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        said = cause.to_string();
        source = cause.source();
    }
    if said.is_empty() {
        said = error.to_string();
    }
    let code = error.status().map_or_else(String::new, |code| format!("{code} "));
    let said: String =
        said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    let (first, rest) = what.split_at(1);
    let said = said.trim().trim_end_matches('.');
    format!("{}{rest}: {code}{said}.", first.to_uppercase())
}

fn words(answer: &Response) -> String {
    let code = answer.code();
    let text: String = answer.message().collect::<Vec<_>>().join(" ");
    let text: String = text.chars().filter(|c| !c.is_control()).take(300).collect();
    format!("{code} {text}").trim().to_owned()
}
