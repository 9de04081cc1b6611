//! The application: what features share, which features there are, and the layers around them.

use std::sync::Arc;

use axum::Router;
use tower::Layer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::accounts::{self, Accounts, Guesses};
use crate::audit::Audit;
use crate::clock::Clock;
use crate::config::Settings;
use crate::crypto::{HashingPool, Random, RefreshSecrets};
use crate::db::Database;
use crate::error::Error;
use crate::http::docs;
use crate::http::health::{self, Probe};
use crate::http::layer::around::{Surround, Surrounded};
use crate::http::layer::envelope::Envelope;
use crate::http::layer::guard::Guard;
use crate::identities::Identities;
use crate::keys::{self, DecideFirst, Keys, SigningKeys};
use crate::limiter::RateLimiter;
use crate::openapi;
use crate::passwords::{self, Passwords};
use crate::roles::{self, Roles};
use crate::sessions::{self, Sessions};
use crate::tasks::{self, Tasks};
use crate::users::{self, Users};

/// Every route with the layers around it.
pub type Routes = Surrounded<Envelope, Router>;

/// Everything the features are built from.
#[derive(Clone, Debug)]
pub struct App {
    /// The resolved settings.
    pub settings: Arc<Settings>,
    /// The database.
    pub db: Database,
    /// The clock.
    pub clock: Clock,
    /// The random generator.
    pub random: Random,
    /// Signs and verifies access tokens.
    pub keys: Keys,
    /// Hashes passwords.
    pub hashing: HashingPool,
    /// Remembers who did what.
    pub audit: Audit,
    /// Counts guesses at passwords.
    pub guesses: Arc<Guesses>,
    /// What is remembered of sessions.
    pub sessions_memory: Arc<sessions::Memory>,
}

impl App {
    /// An application over an open database.
    pub fn new(settings: Settings, db: Database, clock: Clock, random: Random) -> Self {
        let keys = Keys::new(&settings, clock.clone(), db.clone());
        let hashing = HashingPool::with_all_cores(settings.password_hash);
        let (retention, time) = (settings.audit_retention, clock.clone());
        let audit = Audit::new(db.clone(), time, random.clone(), retention);
        let guesses = Guesses::new(&settings);
        let sessions_memory = Arc::default();
        let settings = Arc::new(settings);
        let (shared, time, chance) = (Arc::clone(&settings), clock.clone(), random.clone());
        let identities = Identities::new(shared, db.clone(), time, chance, audit.clone());
        keys.take_foreign(Arc::new(identities));
        Self { settings, db, clock, random, keys, hashing, audit, guesses, sessions_memory }
    }

    /// The use cases of accounts.
    pub fn accounts(&self) -> Accounts {
        Accounts {
            settings: Arc::clone(&self.settings),
            db: self.db.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            keys: self.keys.clone(),
            hashing: self.hashing.clone(),
            audit: self.audit.clone(),
            guesses: Arc::clone(&self.guesses),
        }
    }

    /// The use cases of key pairs.
    pub fn signing_keys(&self) -> SigningKeys {
        SigningKeys {
            keys: self.keys.clone(),
            audit: self.audit.clone(),
            random: self.random.clone(),
        }
    }

    /// The use cases of roles.
    pub fn roles(&self) -> Roles {
        Roles {
            db: self.db.clone(),
            clock: self.clock.clone(),
            keys: self.keys.clone(),
            audit: self.audit.clone(),
        }
    }

    /// The use cases of administration.
    pub fn users(&self) -> Users {
        Users { accounts: self.accounts() }
    }

    /// The use cases of sessions.
    pub fn sessions(&self) -> Sessions {
        Sessions {
            accounts: self.accounts(),
            secrets: RefreshSecrets::new(&self.settings),
            memory: Arc::clone(&self.sessions_memory),
        }
    }

    /// The use cases of passwords.
    pub fn passwords(&self) -> Passwords {
        Passwords { sessions: self.sessions() }
    }

    /// The use cases of tasks.
    pub fn tasks(&self) -> Tasks {
        Tasks { db: self.db.clone(), random: self.random.clone(), keys: self.keys.clone() }
    }

    /// Every route with its layers, and the OpenAPI document of them.
    pub fn router(&self) -> (Routes, OpenApi) {
        let auth = accounts::router(self.accounts())
            .merge(sessions::router(self.sessions()))
            .merge(passwords::router(self.passwords()))
            .merge(keys::auth_router(self.keys.clone()));
        let admin = users::router(self.users())
            .merge(roles::router(self.roles()))
            .merge(sessions::admin_router(self.sessions()));
        let (router, document) = OpenApiRouter::new()
            .merge(health::router(Probe::new(self.db.clone(), self.clock.clone())))
            .merge(keys::router(self.keys.clone()))
            .nest(&self.settings.auth_path, auth)
            .nest("/admin", admin)
            .nest(&self.settings.tasks_path, tasks::router(self.tasks()))
            .split_for_parts();
        let document = openapi::complete(document, &self.settings);
        let router = router.merge(docs::router(openapi::to_text(&document)));
        (self.surround(router), document)
    }

    /// The layers around every route.
    pub fn surround(&self, routes: Router) -> Routes {
        let decider =
            DecideFirst { db: self.db.clone(), audit: self.audit.clone(), keys: self.keys.clone() };
        let limiter = RateLimiter::new(Arc::clone(&self.settings), self.clock.clone());
        let layers =
            (Surround::with(Guard::default()), Surround::with(limiter), Surround::with(decider));
        let wrapped = routes
            .fallback(|| async { Error::NotFound })
            .method_not_allowed_fallback(|| async { Error::MethodNotAllowed })
            .layer(layers);
        let envelope = Envelope {
            settings: Arc::clone(&self.settings),
            clock: self.clock.clone(),
            random: self.random.clone(),
        };
        // Around the router, not a layer of its routes: the envelope sees a path before it is routed.
        Surround::with(envelope).layer(wrapped)
    }
}
