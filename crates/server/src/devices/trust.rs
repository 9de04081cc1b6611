//! Trusts a device, on request after a second factor was used. The token is returned once, with the tokens of
//! the session, and has a fixed lifetime that use does not extend.

use std::time::Duration;

use time::OffsetDateTime;

use super::{DeviceToken, Devices, store};
use crate::audit::{Event, Record};
use crate::config::Notice;
use crate::db::in_batches;
use crate::input::{Device, Origin};
use crate::passwords::bound_to;
use crate::sql::Step;
use crate::user::User;

/// A device that is about to be trusted.
#[derive(Debug)]
pub(crate) struct NewDevice {
    /// The token for the device.
    token: DeviceToken,
    /// Its lifetime.
    lives: Duration,
    /// The steps that trust it, after those that create the session, in the same transaction.
    steps: Vec<Step>,
    /// The record, for the same transaction.
    record: Record,
}

impl NewDevice {
    /// Adds the steps to a transaction; returns what to hand out after the commit.
    pub(crate) fn into_parts(
        self,
        steps: &mut Vec<Step>,
        records: &mut Vec<Record>,
    ) -> (DeviceToken, Duration) {
        steps.extend(self.steps);
        records.push(self.record);
        (self.token, self.lives)
    }
}

impl Devices {
    /// What trusts the device of this request, for an account with this hash; `None` if trusted devices are
    /// off.
    pub(crate) fn trust(
        &self,
        user: &User,
        hash: Option<&str>,
        origin: &Origin,
    ) -> Option<NewDevice> {
        let lives = self.settings.trusted_devices?;
        let (bound, user) = (bound_to(hash, user.email.as_deref()), user.id);
        let now = self.clock.now();
        let (id, token) = (self.random.id(now), DeviceToken::new(&self.random));
        let name = match Device::of(origin).program {
            unnamed if unnamed.is_empty() => "unknown".to_owned(),
            name => name,
        };
        let ip = origin.ip.map(|ip| ip.to_string());
        let mut steps = store::insert(
            user,
            &store::NewRow {
                id,
                digest: token.digest(user),
                bound: &bound,
                name: &name,
                ip,
                now,
                lives,
            },
        )
        .to_vec();
        steps.extend(self.mail.notify(Notice::DeviceTrusted, user, origin));
        let record = Record::from(origin, Event::DeviceTrust).about(user).detail(id.to_string());
        Some(NewDevice { token, lives, steps, record })
    }

    /// Deletes expired devices; returns their number.
    pub(crate) async fn prune(&self, now: OffsetDateTime) -> crate::sql::Result<usize> {
        in_batches(|limit| store::delete_past(&self.db, now, limit)).await
    }
}
