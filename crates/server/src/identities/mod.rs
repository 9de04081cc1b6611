//! Identities: users of other issuers, such as Better Auth. The first valid token of an (issuer, subject)
//! creates a local user; from then on the database checks the identity and its user in the same round trip as
//! the work. An email address never gives access to an existing account, unless its issuer and the account
//! have both verified it and the operator allows it.

mod admit;
mod better_auth;
mod examine;
mod found_tables;
mod imported;
mod issuerless;
mod known;
mod person;
mod reach;
mod store;
mod trusted;

pub use imported::imported_digest;
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
use crate::gate::Via;
use crate::input::Origin;
use crate::keys::{Admitted, Admitting, AdmittingCookie, Examining, Foreign, Surveying, refused};
use found_tables::FoundTables;
use imported::{ImportedSession, ImportedSessions};
use known::Known;
use person::Person;

/// For whom, or for which session here, a token of another issuer speaks.
#[derive(Debug)]
enum Vouched {
    Person(Person),
    Session(ImportedSession),
}

/// The use cases of identities, and their state.
#[derive(Clone, Debug)]
pub struct Identities {
    settings: Arc<Settings>,
    db: Database,
    clock: Clock,
    random: Random,
    audit: Audit,
    known: Arc<Known>,
    better_auth_tables: Arc<FoundTables>,
    imported_sessions: Arc<ImportedSessions>,
    issuers: Issuers,
    secrets: Arc<[Key]>,
}

impl Identities {
    /// Verifies the tokens of the issuers in these settings.
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
            imported_sessions: Arc::default(),
            issuers,
            secrets,
        }
    }

    /// The person in the token; `None` if it is from no trusted issuer.
    async fn read(&self, token: &str) -> Result<Option<Vouched>, Error> {
        if Token::split(token).is_err() {
            return self.better_auth_session(token).await;
        }
        let now = self.clock.now().unix_timestamp();
        match self.issuers.verify(token, now).await {
            Ok(Principal { issuer, subject, claims, .. }) => {
                let person = Person::new(&issuer, &subject.into(), &claims);
                let vouched = person.map(|person| Some(Vouched::Person(person)));
                vouched.ok_or_else(|| refused(Rejection::BadClaims))
            }
            // It names none of them.
            Err(Rejection::WrongIssuer) => {
                let person = self.issuerless(token, now).map_err(refused)?;
                Ok(person.map(Vouched::Person))
            }
            Err(rejection) => Err(refused(rejection)),
        }
    }

    async fn admitted(&self, vouched: Vouched, origin: Origin) -> Result<Admitted, Error> {
        Ok(match vouched {
            Vouched::Session(ImportedSession { id, user_id, subject }) => {
                Admitted { user_id, via: Via::Imported, id, subject }
            }
            Vouched::Person(person) => {
                let identity = self.identity(&person, origin).await?;
                let (user_id, id, subject) = (identity.user_id, identity.id, Some(person.subject));
                Admitted { user_id, via: Via::Identity, id, subject }
            }
        })
    }
}

impl Foreign for Identities {
    fn admit<'a>(&'a self, token: &'a str, origin: Origin) -> Admitting<'a> {
        Box::pin(async move {
            let Some(vouched) = self.read(token).await? else { return Ok(None) };
            self.admitted(vouched, origin).await.map(Some)
        })
    }

    fn admit_cookie<'a>(&'a self, value: &'a str, origin: Origin) -> AdmittingCookie<'a> {
        Box::pin(async move {
            let vouched = self.better_auth_cookie(value).await?;
            self.admitted(vouched, origin).await
        })
    }

    fn examine<'a>(&'a self, token: &'a str) -> Examining<'a> {
        Box::pin(self.examined_foreign(token))
    }

    fn survey(&self) -> Surveying<'_> {
        Box::pin(async { Ok(self.survey_better_auth().await?) })
    }

    fn forget(&self, id: Uuid) {
        self.known.forget(id);
        self.imported_sessions.forget(id);
    }
}
