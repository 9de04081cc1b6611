//! The owner and id of tasks: the extractors of all handlers here. First the caller is authenticated (401),
//! then a `{user_id}` in the path must be the caller's own (403), then the task's id is parsed (422), so that
//! nothing is disclosed without a token. Also the owner's id in responses.

use std::sync::Arc;

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::Method;
use axum::http::request::Parts;
use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::task::Task;
use crate::db::FromValue;
use crate::error::Error;
use crate::gate::{Gate, KeyScope};
use crate::http::{IdInPath, NamedUser, Translated, segment_if_any};
use crate::keys::{Caller, Keys};
use crate::sql::ValueRef;

/// The caller, as the owner of the tasks at this path.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    /// Checked by the database with the work; its `user_id` is the owner.
    pub(super) gate: Gate,
    /// The path of the tasks in this request, as the client spelled it, without a trailing slash.
    pub(super) path: String,
    pub(super) name: OwnName,
}

/// The owner of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnerId {
    /// The local id.
    Here(Uuid),
    /// The id in another issuer's token.
    There(Arc<str>),
}

impl FromValue for OwnerId {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        Uuid::from_value(value).map(Self::Here)
    }
}

impl Serialize for OwnerId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Here(id) => id.serialize(serializer),
            Self::There(id) => id.serialize(serializer),
        }
    }
}

/// The owner's id in the caller's token, if another issuer issued it. A front end of that issuer knows this
/// id, so tasks contain it.
#[derive(Clone, Debug)]
pub(super) struct OwnName(Option<Arc<str>>);

impl OwnName {
    /// None other than the local id.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// This one.
    #[cfg(test)]
    pub(super) fn of(name: &str) -> Self {
        Self(Some(name.into()))
    }

    /// The task as shown to this caller.
    pub(super) fn seen(&self, mut task: Task) -> Task {
        if let Some(name) = &self.0 {
            task.user_id = OwnerId::There(Arc::clone(name));
        }
        task
    }

    /// The owner's id as shown to this caller.
    pub(super) fn shown(&self, owner: Uuid) -> OwnerId {
        self.0.as_ref().map_or(OwnerId::Here(owner), |name| OwnerId::There(Arc::clone(name)))
    }
}

/// The task in the path, and its owner.
#[derive(Clone, Debug)]
pub(super) struct OwnTask {
    pub(super) gate: Gate,
    pub(super) id: Uuid,
    pub(super) name: OwnName,
}

impl<S> FromRequestParts<S> for Owner
where
    S: AsRef<Keys> + Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let reads = [Method::GET, Method::HEAD].contains(&parts.method);
        let scope = if reads { KeyScope::TasksRead } else { KeyScope::TasksWrite };
        let caller = Caller::within(parts, state.as_ref(), scope).await?;
        let named = segment_if_any(parts, state, "user_id").await?;
        let also = parts.extensions.get::<NamedUser>().map_or(&[][..], |NamedUser(named)| named);
        let named = named.iter().chain(also);
        // Only clients of a dialect use this name for the caller.
        let is_me = |named: &str| named == "me" && parts.extensions.get::<Translated>().is_some();
        if named.into_iter().any(|named| !is_me(named) && !is_own(named, &caller)) {
            return Err(Error::NotYours);
        }
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
        let path = uri.path().trim_end_matches('/').to_owned();
        Ok(Self { gate: caller.gate, path, name: OwnName(caller.subject.map(Into::into)) })
    }
}

impl<S> FromRequestParts<S> for OwnTask
where
    S: AsRef<Keys> + Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Owner { gate, name, .. } = Owner::from_request_parts(parts, state).await?;
        let IdInPath(id) = IdInPath::from_request_parts(parts, state).await?;
        Ok(Self { gate, id, name })
    }
}

/// The local id, or the caller's id in another issuer's token.
fn is_own(named: &str, caller: &Caller) -> bool {
    Uuid::try_parse(named).ok() == Some(caller.user_id) || caller.subject.as_deref() == Some(named)
}
