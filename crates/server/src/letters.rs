//! Who writes which letter: each kind of mail is composed by the feature that owns what is in it.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::context::Context;
use crate::email::Email;
use crate::error::Error;
use crate::mail::{About, Composed, Composer, Kind, Letter, MailOrder};

/// Hands what was asked for to the feature that composes it.
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
            Kind::PasswordChanged
            | Kind::NewDevice
            | Kind::SessionStolen
            | Kind::AccountLocked
            | Kind::FactorAdded
            | Kind::FactorRemoved
            | Kind::FactorsReset
            | Kind::RecoveryCodesRenewed
            | Kind::PasskeyAdded
            | Kind::PasskeyRemoved
            | Kind::DeviceTrusted
            | Kind::ApiKeyCreated => emails.notice_letter(order).await,
            Kind::Test => Ok(test_letter(order)),
            kind @ Kind::AddressTaken => {
                Err(Error::Internal(format!("nobody composes {}", kind.as_str())))
            }
        }
    }
}

/// What proves that mail works.
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

/// The letter that `doorward mail test` sends.
pub fn test_letter_to(to: &Email) -> Letter {
    Letter::new(Kind::Test, to.as_str())
}

impl Composer for Desk {
    fn compose<'a>(&'a self, order: &'a MailOrder) -> BoxFuture<'a, Result<Composed, Error>> {
        self.letter(order).boxed()
    }
}
