//! Keys that are asked about, or given up by whoever holds them: introspection (RFC 7662), revocation
//! (RFC 7009), and what the command line says of one.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{ApiKeys, store};
use crate::audit::{Event, Record};
use crate::error::Error;
use crate::gate::{Authority, KeyScope};
use crate::input::Origin;
use crate::keys::PresentedKey;
use crate::row;
use crate::sql::DbError;

row! {
    /// What a key that counts is worth now.
    #[derive(Clone, Debug)]
    pub struct KeyWorth {
        /// Its scopes.
        pub scopes: Vec<String> = "trim(k.scopes, ',')",
        /// The networks it counts from; none: from everywhere.
        pub networks: Vec<String> = "(SELECT string_agg(n.network, ',' ORDER BY n.network) \
            FROM api_key_networks n WHERE n.key_id = k.id)",
        /// When it was made.
        pub created_at: OffsetDateTime = "k.created_at",
        /// When it ends.
        pub expires_at: Option<OffsetDateTime> = "k.expires_at",
        /// The roles of its owner.
        pub roles: Vec<String> = (crate::gate::role_names!("k.user_id")),
        /// What those allow.
        permissions: Vec<String> = (crate::gate::permission_names!("k.user_id")),
    }
}

impl KeyWorth {
    /// What the key may be used for at this moment: its scopes, as far as its owner holds them.
    pub fn effective(&self) -> impl Iterator<Item = KeyScope> {
        let holds = |name: &str| self.permissions.iter().any(|held| held == "*" || held == name);
        let known = self.scopes.iter().filter_map(|name| KeyScope::parse(name));
        known.filter(move |scope| scope.permission().is_none_or(|it| holds(it.as_str())))
    }
}

impl ApiKeys {
    /// What the key is worth now, in the one round trip that checks who asks.
    pub async fn introspect(
        &self,
        authority: Authority,
        key: PresentedKey,
    ) -> Result<Option<KeyWorth>, Error> {
        Ok(store::find_live(&self.db, authority, key, self.clock.now()).await?)
    }

    /// Revokes the key of whoever holds it; whether it had counted is not said.
    pub async fn revoke_presented(&self, key: PresentedKey, origin: &Origin) -> Result<(), Error> {
        let record = Record::from(origin, Event::ApiKeyRevoke).about(key.owner);
        let record = record.detail(format!("{} by its holder", key.id));
        match self.audit.write(store::revoke(key.owner, key.id).to_vec(), record).await {
            Ok(_) | Err(DbError::Refused(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// What becomes of a key that is presented: the sentence on what fails, if something does.
    pub async fn failing(&self, key: PresentedKey) -> Result<Option<String>, Error> {
        let (db, now) = (&self.db, self.clock.now());
        if store::find_live(db, Authority::Operator, key, now).await?.is_some() {
            return Ok(None);
        }
        Ok(Some(match store::find_owner(db, key.id).await? {
            None => "key: it is unknown to this server, or was revoked".into(),
            Some(_) => "key: it has expired, or its account is disabled or banned".into(),
        }))
    }

    /// Whose key this is.
    pub async fn owner_of(&self, id: Uuid) -> Result<Option<Uuid>, Error> {
        Ok(store::find_owner(&self.db, id).await?)
    }
}
