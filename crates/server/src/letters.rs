//! Assigns each mail to the feature that composes it.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::context::Context;
use crate::email::Email;
use crate::error::Error;
use crate::mail::{About, Composed, Composer, Kind, Letter, MailOrder};

/// Passes each order to the feature that composes its mail.
#[derive(Clone, Debug)]
pub struct Desk {
    context: Arc<Context>,
}

impl Desk {
    /// Over the context of all features.
    pub fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    async fn letter(&self, order: &MailOrder) -> Result<Composed, Error> {
        let emails = self.context.emails();
        match order.ask.kind {
            Kind::ResetPassword => self.context.passwords.reset_letter(order).await,
            Kind::VerifyEmail => emails.verify_letter(order).await,
            Kind::ConfirmEmail => emails.confirm_letter(order).await,
            Kind::EmailChanged => emails.changed_letter(order).await,
            Kind::Invitation => self.context.passwords.invitation_letter(order).await,
            Kind::LoginCode => self.context.code_letters().letter(order).await,
            Kind::Test => Ok(test_letter(order)),
            kind if kind.is_notice() => emails.notice_letter(order).await,
            kind => Err(Error::Internal(format!("no feature composes {}", kind.as_str()))),
        }
    }
}

/// The test mail.
fn test_letter(order: &MailOrder) -> Composed {
    let to = match &order.ask.about {
        About::Address(key) => Email::parse(key),
        About::User(_) => None,
    };
    match to {
        Some(to) => Composed::Letter {
            letter: Box::new(test_letter_to(&to)),
            user: None,
            steps: Vec::new(),
        },
        None => Composed::Nothing,
    }
}

/// The mail that `doorward mail test` sends.
pub fn test_letter_to(to: &Email) -> Letter {
    Letter::new(Kind::Test, to.as_str())
}

impl Composer for Desk {
    fn compose<'a>(&'a self, order: &'a MailOrder) -> BoxFuture<'a, Result<Composed, Error>> {
        self.letter(order).boxed()
    }
}
