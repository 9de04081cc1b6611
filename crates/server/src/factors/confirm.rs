//! Confirms an authenticator app with its first code and thereby activates it, so nobody is locked out by an
//! app that never scanned the QR code. The user has just seen the secret, so there is nothing to guess; the
//! code's time step is used up.

use uuid::Uuid;

use super::{Factors, RecoveryCodes, store};
use crate::audit::{Actor, Event, Record};
use crate::config::Notice;
use crate::db::Row;
use crate::error::Error;
use crate::gate::{Authority, end_devices, end_sessions};
use crate::single_use::SixDigits;
use crate::sql::Step;

/// A factor that is about to be activated.
#[derive(Debug)]
pub(crate) struct Confirmation {
    /// The steps that activate it.
    pub(crate) steps: Vec<Step>,
    /// The account's first recovery codes, which the steps store.
    pub(crate) codes: Option<RecoveryCodes>,
    /// Whether it is the account's first factor.
    pub(crate) is_first: bool,
}

impl Factors {
    /// Activates the user's app `id`, if the code is right.
    pub(crate) async fn confirmation(
        &self,
        authority: Authority,
        owner: Uuid,
        id: Uuid,
        code: &SixDigits,
    ) -> Result<Confirmation, Error> {
        self.must_be_on()?;
        let now = self.clock.now();
        let rows = self.db.write_by(authority, vec![store::find_pending(owner, id)]).await?;
        let held = rows.first().and_then(|found| found.first()).map(Row::read).transpose()?;
        let held = held.ok_or(Error::NotFound)?;
        let step = self.unsealed(&held).and_then(|app| app.step_of(code, now));
        let step = step.ok_or(Error::WrongCode)?;
        let (before, codes_left) = store::list(&self.db, authority, owner).await?;
        let mut steps = store::confirm(owner, id, step, self.random.id(now), now).to_vec();
        let mut codes = None;
        if before.is_empty() || codes_left == 0 {
            let (made, work) = self.new_codes(owner);
            steps.extend(work);
            codes = Some(made);
        }
        Ok(Confirmation { steps, codes, is_first: before.is_empty() })
    }

    /// Activates the app with its first code; returns the account's first recovery codes. Older sessions end
    /// with the first factor, as when the user adds it.
    pub async fn confirm_for(
        &self,
        by: &Actor,
        owner: Uuid,
        id: Uuid,
        code: &SixDigits,
    ) -> Result<Option<RecoveryCodes>, Error> {
        let confirmed = self.confirmation(by.authority, owner, id, code).await?;
        let mut steps = confirmed.steps;
        if confirmed.is_first {
            steps.push(end_sessions(owner, self.clock.now(), "factor_added"));
        }
        steps.push(end_devices(owner));
        steps.extend(self.mail.notify(Notice::FactorAdded, owner, &by.origin_for_owner()));
        let record = Record::by(by, Event::FactorConfirm).about(owner);
        self.audit.commit(by.authority, steps, [record]).await?;
        self.mail.wake();
        Ok(confirmed.codes)
    }
}
