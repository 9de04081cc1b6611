//! Accepts the token of a trusted device with the first step of a sign-in. If anything is wrong with it, the
//! response is the same as without it: the second step follows.

use uuid::Uuid;

use super::{DeviceToken, Devices, store};
use crate::error::Error;
use crate::passwords::bound_to;
use crate::sql::Step;
use crate::user::User;

/// A device whose sign-ins need no second step.
#[derive(Clone, Debug)]
pub(crate) struct FoundDevice {
    user: Uuid,
    device: Uuid,
    bound: String,
}

impl Devices {
    /// The user's device with this token, if it is valid for the account's current hash.
    pub(crate) async fn find(
        &self,
        token: &DeviceToken,
        user: &User,
        hash: Option<&str>,
    ) -> Result<Option<FoundDevice>, Error> {
        if self.settings.trusted_devices.is_none() {
            return Ok(None);
        }
        let (owner, now) = (user.id, self.clock.now());
        let bound = bound_to(hash, user.email.as_deref());
        let found = store::find(&self.db, owner, token.digest(owner), &bound, now).await?;
        Ok(found.map(|device| FoundDevice { user: owner, device, bound }))
    }

    /// Steps that use the device, for an account whose hash is `hash` from now on: the password may just have
    /// been rehashed. Fails with `device_gone` if it was removed in the meantime.
    pub(crate) fn stand_in(
        &self,
        device: &FoundDevice,
        user: &User,
        hash: Option<&str>,
    ) -> [Step; 2] {
        let FoundDevice { user: owner, device, bound } = device;
        let renewed = bound_to(hash, user.email.as_deref());
        store::used(*owner, *device, bound, &renewed, self.clock.now())
    }
}
