//! Trusting a device: whoever has just proven a second factor may ask for it. The token is handed out once,
//! with the tokens of the session, and lasts a fixed time that no use prolongs.

use std::time::Duration;

use time::OffsetDateTime;

use super::{DeviceToken, Devices, store};
use crate::audit::{Event, Record};
use crate::config::Notice;
use crate::input::{Device, Origin};
use crate::passwords::bound_to;
use crate::sql::Step;
use crate::user::User;

/// A device that is about to be trusted.
#[derive(Debug)]
pub(crate) struct NewDevice {
    /// What the device is to keep.
    token: DeviceToken,
    /// For how long.
    lives: Duration,
    /// What makes it count: belongs behind what begins the session, into the same transaction.
    steps: Vec<Step>,
    /// Belongs into the same.
    record: Record,
}

impl NewDevice {
    /// Adds what makes it count to a transaction; what is left is to be handed out once that is done.
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
    /// What trusts the device that this request came from, for an account with this stored hash; `None` where
    /// no devices are trusted.
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

    /// Removes what has expired; how many devices that were.
    pub(crate) async fn prune(&self, now: OffsetDateTime) -> crate::sql::Result<usize> {
        const BATCH: u16 = 1000;
        let mut removed = 0;
        loop {
            let batch = store::delete_past(&self.db, now, BATCH.into()).await?;
            removed += batch;
            if batch < BATCH.into() {
                return Ok(removed);
            }
        }
    }
}
