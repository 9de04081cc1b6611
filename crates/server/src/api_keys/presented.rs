//! Keys that are introspected (RFC 7662), revoked by their holder (RFC 7009), or inspected on the command
//! line.

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
    /// What a valid key currently allows.
    #[derive(Clone, Debug)]
    pub struct KeyWorth {
        /// Its scopes.
        pub scopes: Vec<String> = "trim(k.scopes, ',')",
        /// The networks it is valid from; none means everywhere.
        pub networks: Vec<String> = "(SELECT string_agg(n.network, ',' ORDER BY n.network) \
            FROM api_key_networks n WHERE n.key_id = k.id)",
        /// When it was made.
        pub created_at: OffsetDateTime = "k.created_at",
        /// When it expires.
        pub expires_at: Option<OffsetDateTime> = "k.expires_at",
        /// The roles of its owner.
        pub roles: Vec<String> = (crate::gate::role_names!("k.user_id")),
        /// Their permissions.
        permissions: Vec<String> = (crate::gate::permission_names!("k.user_id")),
    }
}

impl KeyWorth {
    /// The effective scopes: those that the owner has the permission for.
    pub fn effective(&self) -> impl Iterator<Item = KeyScope> {
        let holds = |name: &str| self.permissions.iter().any(|held| held == "*" || held == name);
        let known = self.scopes.iter().filter_map(|name| KeyScope::parse(name));
        known.filter(move |scope| scope.permission().is_none_or(|it| holds(it.as_str())))
    }
}

impl ApiKeys {
    /// What the key currently allows, in the round trip that checks the caller.
    pub async fn introspect(
        &self,
        authority: Authority,
        key: PresentedKey,
    ) -> Result<Option<KeyWorth>, Error> {
        Ok(store::find_live(&self.db, authority, key, self.clock.now()).await?)
    }

    /// Revokes a presented key; does not say whether it was valid.
    pub async fn revoke_presented(&self, key: PresentedKey, origin: &Origin) -> Result<(), Error> {
        let record = Record::from(origin, Event::ApiKeyRevoke).about(key.owner);
        let record = record.detail(format!("{} by its holder", key.id));
        match self.audit.write(store::revoke(key.owner, key.id).to_vec(), record).await {
            Ok(_) | Err(DbError::Refused(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Checks a presented key: the sentence about what is wrong, if anything.
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

    /// The owner of this key.
    pub async fn owner_of(&self, id: Uuid) -> Result<Option<Uuid>, Error> {
        Ok(store::find_owner(&self.db, id).await?)
    }
}
