//! Identities: people whom another issuer vouches for, Better Auth above all. The first valid sight of
//! (issuer, subject) makes a local user; from then on the database checks that the identity and its
//! user stand in the same round trip as the work. No e-mail address ever opens somebody's account,
//! unless its issuer has verified it, the account has too, and the operator allows it.

mod admit;
mod better_auth;
mod examine;
mod found_tables;
mod issuerless;
mod known;
mod person;
mod reach;
mod store;
mod trusted;

pub use reach::{Reached, reach};
pub use store::STATEMENTS;

use std::sync::Arc;

use doorward_verify::{Issuers, Key, Principal, Rejection, Token};
use uuid::Uuid;

use crate::audit::Audit;
use crate::clock::Clock;
use crate::config::Settings;
use crate::crypto::Random;
use crate::db::Database;
use crate::error::Error;
use crate::input::Origin;
use crate::keys::{Admitted, Admitting, AdmittingCookie, Examining, Foreign, Surveying, refused};
use found_tables::FoundTables;
use known::Known;
use person::Person;

/// The use cases of identities, and what they need.
#[derive(Clone, Debug)]
pub struct Identities {
    settings: Arc<Settings>,
    db: Database,
    clock: Clock,
    random: Random,
    audit: Audit,
    known: Arc<Known>,
    better_auth_tables: Arc<FoundTables>,
    issuers: Issuers,
    secrets: Arc<[Key]>,
}

impl Identities {
    /// Reads the tokens of the issuers these settings trust.
    pub fn new(
        settings: Arc<Settings>,
        db: Database,
        clock: Clock,
        random: Random,
        audit: Audit,
    ) -> Self {
        let issuers = trusted::issuers(&settings);
        let secrets = std::iter::once(&settings.secret).chain(&settings.previous_secrets);
        let secrets =
            secrets.filter_map(|secret| Key::shared_secret(secret.bytes()).ok()).collect();
        Self {
            settings,
            db,
            clock,
            random,
            audit,
            known: Arc::default(),
            better_auth_tables: Arc::default(),
            issuers,
            secrets,
        }
    }

    /// Whom the token speaks for; `None` if it is none of any trusted issuer's.
    async fn read(&self, token: &str) -> Result<Option<Person>, Error> {
        if Token::split(token).is_err() {
            return self.better_auth_session(token).await;
        }
        let now = self.clock.now().unix_timestamp();
        match self.issuers.verify(token, now).await {
            Ok(Principal { issuer, subject, claims, .. }) => {
                let person = Person::new(&issuer, &subject.into(), &claims);
                person.map(Some).ok_or_else(|| refused(Rejection::BadClaims))
            }
            // It names none of them.
            Err(Rejection::WrongIssuer) => self.issuerless(token, now).map_err(refused),
            Err(rejection) => Err(refused(rejection)),
        }
    }

    async fn admitted(&self, person: Person, origin: Origin) -> Result<Admitted, Error> {
        let identity = self.identity(&person, origin).await?;
        let (user_id, identity_id) = (identity.user_id, identity.id);
        Ok(Admitted { user_id, identity_id, subject: person.subject })
    }
}

impl Foreign for Identities {
    fn admit<'a>(&'a self, token: &'a str, origin: Origin) -> Admitting<'a> {
        Box::pin(async move {
            let Some(person) = self.read(token).await? else { return Ok(None) };
            self.admitted(person, origin).await.map(Some)
        })
    }

    fn admit_cookie<'a>(&'a self, value: &'a str, origin: Origin) -> AdmittingCookie<'a> {
        Box::pin(async move {
            let person = self.better_auth_cookie(value).await?;
            self.admitted(person, origin).await
        })
    }

    fn examine<'a>(&'a self, token: &'a str) -> Examining<'a> {
        Box::pin(self.examined_foreign(token))
    }

    fn survey(&self) -> Surveying<'_> {
        Box::pin(async { Ok(self.survey_better_auth().await?) })
    }

    fn forget(&self, identity: Uuid) {
        self.known.forget(identity);
    }
}
