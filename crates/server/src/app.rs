//! The application: what features share, which features there are, and the layers around them.

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use tower::Layer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::accounts;
use crate::audit::Audit;
use crate::clock::Clock;
use crate::config::Settings;
use crate::context::Context;
use crate::crypto::Random;
use crate::db::Database;
use crate::error::Error;
use crate::guesses::Guesses;
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
use crate::roles;
use crate::sessions::{self, Sessions};
use crate::tasks;
use crate::users;

/// Every route with the layers around it.
pub type Routes = Surrounded<Envelope, Router>;

/// The context of all features, and those of them that remember something of their own. It derefs to
/// the context.
#[derive(Clone, Debug)]
pub struct App {
    context: Arc<Context>,
    sessions: Sessions,
}

impl Deref for App {
    type Target = Arc<Context>;

    fn deref(&self) -> &Arc<Context> {
        &self.context
    }
}

impl App {
    /// An application over an open database.
    pub fn new(settings: Settings, db: Database, clock: Clock, random: Random) -> Self {
        let settings = Arc::new(settings);
        let retention = settings.audit_retention;
        let audit = Audit::new(db.clone(), clock.clone(), random.clone(), retention);
        let identities = Identities::new(
            Arc::clone(&settings),
            db.clone(),
            clock.clone(),
            random.clone(),
            audit.clone(),
        );
        let keys = Keys::new(&settings, clock.clone(), db.clone(), Arc::new(identities));
        let guesses = Guesses::new(&settings, db.clone(), clock.clone(), audit.clone());
        let passwords = Passwords::new(
            &settings,
            clock.clone(),
            random.clone(),
            keys.clone(),
            audit.clone(),
            guesses,
        );
        let context = Context { settings, db, clock, random, keys, audit, passwords };
        let context = Arc::new(context);
        Self { sessions: Sessions::new(Arc::clone(&context)), context }
    }

    /// The use cases of key pairs.
    pub fn signing_keys(&self) -> SigningKeys {
        SigningKeys {
            keys: self.keys.clone(),
            audit: self.audit.clone(),
            random: self.random.clone(),
        }
    }

    /// The use cases of sessions.
    pub fn sessions(&self) -> Sessions {
        self.sessions.clone()
    }

    /// Every route with its layers, and the OpenAPI document of them.
    pub fn router(&self) -> (Routes, OpenApi) {
        let auth = accounts::router(self.accounts())
            .merge(sessions::router(self.sessions()))
            .merge(passwords::router(self.passwords.clone()))
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
