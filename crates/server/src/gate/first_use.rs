//! Records the first use of credentials: of a generation of the refresh token, and of an API key in each
//! minute.

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{Gate, Via};
use crate::sql::Step;
use crate::{statements, step};

/// The precision of a key's last use, and so how often it is written at most.
const USE_WRITTEN_EVERY: Duration = Duration::MINUTE;

statements! {
    NOTE_USE = "UPDATE api_keys SET last_used_at = :now, last_used_ip = :ip WHERE id = :id \
        AND (last_used_at IS NULL OR last_used_at <= :since)";
    CONFIRM = "UPDATE sessions SET confirmed = :generation WHERE id = :session \
        AND confirmed < :generation";
}

impl Gate {
    /// A use of the API key after this instant is recent enough.
    pub(crate) fn used_since(&self) -> OffsetDateTime {
        self.now - USE_WRITTEN_EVERY
    }

    /// The step that records the first use of a generation, or of an API key in this minute.
    pub(crate) fn first_use(&self) -> Step {
        let Gate { session_id, generation, now, .. } = *self;
        let Via::Key(used) = self.via else {
            return step!(CONFIRM { session: session_id, generation });
        };
        let (ip, since) = (used.ip().to_string(), self.used_since());
        step!(NOTE_USE { id: session_id, now, ip, since })
    }

    /// The lane in which the work waits. A key is only verified together with the work, so requests with keys
    /// have a separate lane: forged keys do not delay signed-in users.
    pub(crate) fn waits_as(&self) -> Uuid {
        match self.via {
            Via::Key(_) => Uuid::from_u128(!self.user_id.as_u128()),
            Via::Session | Via::Imported | Via::Identity => self.user_id,
        }
    }
}
