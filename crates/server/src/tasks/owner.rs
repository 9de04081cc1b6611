//! Whose tasks, and which: the extractors of every handler here. The caller is decided first (401),
//! then that a `{user_id}` in the path is the caller's own (403), then the task's id (422), so that
//! nothing is learned without a token. Besides, what a task's answer calls its owner.

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
use crate::http::{IdInPath, JsonText, NamedUser, Translated, segment_if_any};
use crate::keys::{Caller, Keys};
use crate::sql::ValueRef;

/// The caller, as the owner of the tasks at this path.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    /// What the database checks along with the work; its `user_id` is the owner.
    pub(super) gate: Gate,
    /// Where this request found the tasks, as the client spelled it, without a slash at the end.
    pub(super) path: String,
    pub(super) name: OwnName,
}

/// Whose a task is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnerId {
    /// By the id here.
    Here(Uuid),
    /// By the id that another issuer's token says.
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

impl JsonText for OwnerId {
    fn append(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        match self {
            Self::Here(id) => id.append(out),
            Self::There(id) => id.append(out),
        }
    }
}

/// What the caller's token calls its owner, if another issuer made it. That is the id that a front end of that
/// issuer knows, so its tasks say the same.
#[derive(Clone, Debug)]
pub(super) struct OwnName(Option<Arc<str>>);

impl OwnName {
    /// The task as this caller sees it.
    pub(super) fn seen(&self, mut task: Task) -> Task {
        self.show_in(&mut task);
        task
    }

    /// The same in its place.
    pub(super) fn show_in(&self, task: &mut Task) {
        if let Some(name) = &self.0 {
            task.user_id = OwnerId::There(Arc::clone(name));
        }
    }
}

/// The task a path names, and its owner.
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
        // Only clients that a dialect is spoken with call the caller so.
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

/// The local id, or what another issuer's token calls the caller.
fn is_own(named: &str, caller: &Caller) -> bool {
    Uuid::try_parse(named).ok() == Some(caller.user_id) || caller.subject.as_deref() == Some(named)
}
