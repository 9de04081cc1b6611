//! Security notices. Each goes to the account's address at the time of sending, if that is verified, so that
//! registering with somebody else's address does not send mails there.

use super::Emails;
use crate::error::Error;
use crate::mail::{Composed, Letter, MailOrder};

impl Emails {
    /// What happened, when and from where.
    pub(crate) async fn notice_letter(&self, order: &MailOrder) -> Result<Composed, Error> {
        let Some(found) = self.addressee(&order.ask.about).await? else {
            return Ok(Composed::Nothing);
        };
        let Some(email) = found.user.email.as_deref().filter(|_| found.user.email_verified) else {
            return Ok(Composed::Nothing);
        };
        let client = &order.ask.client;
        let letter = Letter {
            name: found.user.name.clone(),
            locale: found.user.locale.clone(),
            at: Some(order.asked_at),
            ip: client.ip,
            user_agent: client.user_agent.clone(),
            ..Letter::new(order.ask.kind, email)
        };
        let (letter, user) = (Box::new(letter), Some(found.user.id));
        Ok(Composed::Letter { letter, user, steps: Vec::new() })
    }
}
