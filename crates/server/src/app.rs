//! The application: the shared context, the features, and the layers around them.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use serde_json::Value;
use tower::Layer;
use tower::util::Either;

use crate::accounts;
use crate::api_keys;
use crate::audit::{Audit, Event, Outcome};
use crate::clock::Clock;
use crate::codes::{self, Codes};
use crate::config::{Reserved, Secret, Settings};
use crate::context::Context;
use crate::crypto::Random;
use crate::db::Database;
use crate::devices;
use crate::dialect::{self, Dialects};
use crate::emails;
use crate::exports::{self, Exports};
use crate::factors;
use crate::guesses::Guesses;
use crate::http::docs::{self, Contract};
use crate::http::health::{self, Probe};
use crate::http::layer::around::{Surround, Surrounded};
use crate::http::layer::envelope::Envelope;
use crate::http::layer::guard::Guard;
use crate::http::layer::notes::Notes;
use crate::http::scrape::{self, Scrape};
use crate::http::{Operation, RateGroup, Registered, Routes};
use crate::identities::Identities;
use crate::keys::{self, DecideFirst, Keys, SigningKeys};
use crate::letters::Desk;
use crate::limiter::{LIMITS, RateLimiter};
use crate::mail::{Delivery, Mail, Outbox, Say, letter};
use crate::metrics::Facts;
use crate::openapi::{self, ServedDocument};
use crate::pages::{self, Pages};
use crate::passkeys::{self, Passkeys};
use crate::passwords::{self, PasswordMeans, Passwords};
use crate::roles;
use crate::sessions::{self, Sessions};
use crate::single_use::SingleUse;
use crate::tasks;
use crate::users;

/// All routes with the layers around them.
pub type Served = Surrounded<Envelope, Either<Router, Surrounded<Dialects, Router>>>;

/// Where administration is mounted.
const ADMIN: &str = "/admin";

/// The context, and the features that have state of their own. It derefs to the context.
#[derive(Clone, Debug)]
pub struct App {
    context: Arc<Context>,
    sessions: Sessions,
    passkeys: Passkeys,
    exports: Exports,
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
        Self::watch(&settings, &db, &clock);
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
        let mail = Mail::new(&settings, clock.clone(), random.clone());
        let guesses =
            Guesses::new(&settings, db.clone(), clock.clone(), audit.clone(), mail.clone());
        let single_use = SingleUse::new(&settings, db.clone(), clock.clone(), random.clone());
        let means = PasswordMeans {
            db: db.clone(),
            clock: clock.clone(),
            random: random.clone(),
            keys: keys.clone(),
            audit: audit.clone(),
            guesses,
            mail: mail.clone(),
            single_use: single_use.clone(),
        };
        let passwords = Passwords::new(&settings, means);
        let context =
            Context { settings, db, clock, random, keys, audit, single_use, mail, passwords };
        let context = Arc::new(context);
        let sessions = Sessions::new(Arc::clone(&context));
        let passkeys = Passkeys::new(sessions.clone());
        let exports = Exports::new(Arc::clone(&context));
        Self { context, sessions, passkeys, exports }
    }

    /// Enables metrics for this database and its users, if the settings ask for them.
    pub fn watch(settings: &Settings, db: &Database, clock: &Clock) {
        if settings.metrics_listen.is_none() && settings.metrics_token.is_none() {
            return;
        }
        db.metrics().turn_on(&Facts {
            started_at: clock.now(),
            version: env!("CARGO_PKG_VERSION"),
            engine: db.engine_name(),
            events: Event::ALL.iter().map(|event| event.as_str()).collect(),
            outcomes: Outcome::ALL.iter().map(|outcome| outcome.as_str()).collect(),
            limits: LIMITS.to_vec(),
        });
    }

    /// What a scrape needs, and the token it must present, if any.
    pub fn scrape(&self, token: Option<Secret>) -> Scrape {
        Scrape::new(self.db.metrics().clone(), self.clock.clone(), token)
    }

    /// The same application over the same database, with a further dialect on top of its own and the settings
    /// for it.
    #[must_use]
    pub fn speaking(&self, dialect: &Value, besides: &BTreeMap<String, String>) -> Self {
        let mut settings = (*self.settings).clone();
        let own = settings.dialect.as_deref().and_then(|own| serde_json::from_str(own).ok());
        settings.dialect = Some(dialect::laid_over(own.unwrap_or_default(), dialect).to_string());
        let options = &mut settings.dialect_options;
        for (name, option) in [("list", &mut options.list), ("item", &mut options.item)] {
            if dialect.get(name).is_some() {
                *option = None;
            }
        }
        if dialect.get("delete").is_some() {
            options.delete = None;
        }
        if let Some(signs_in) = besides.get("registration_signs_in") {
            settings.registration_signs_in = signs_in == "true";
        }
        let before = &self.context;
        let context = Arc::new(Context {
            settings: Arc::new(settings),
            db: before.db.clone(),
            clock: before.clock.clone(),
            random: before.random.clone(),
            keys: before.keys.clone(),
            audit: before.audit.clone(),
            single_use: before.single_use.clone(),
            mail: before.mail.clone(),
            passwords: before.passwords.clone(),
        });
        let sessions = Sessions::new(Arc::clone(&context));
        let passkeys = Passkeys::new(sessions.clone());
        Self { context, sessions, passkeys, ..self.clone() }
    }

    /// The use cases of key pairs.
    pub fn signing_keys(&self) -> SigningKeys {
        SigningKeys {
            keys: self.keys.clone(),
            audit: self.audit.clone(),
            random: self.random.clone(),
        }
    }

    /// The use cases for operators of the outbox.
    pub fn outbox(&self) -> Outbox {
        Outbox {
            db: self.db.clone(),
            clock: self.clock.clone(),
            audit: self.audit.clone(),
            mail: self.mail.clone(),
        }
    }

    /// The worker that delivers mails and reports to `say` what the operator should see; `None` if mail is
    /// off. The error is a sentence.
    pub fn delivery(&self, say: Say) -> Result<Option<Delivery>, String> {
        Delivery::new(
            Arc::clone(&self.settings),
            self.db.clone(),
            self.clock.clone(),
            self.random.clone(),
            self.mail.clone(),
            Arc::new(Desk::new(Arc::clone(&self.context))),
            say,
        )
    }

    /// The use cases of sessions.
    pub fn sessions(&self) -> Sessions {
        self.sessions.clone()
    }

    /// The use cases of codes.
    pub fn codes(&self) -> Codes {
        Codes::new(self.sessions())
    }

    /// The use cases of passkeys.
    pub fn passkeys(&self) -> Passkeys {
        self.passkeys.clone()
    }

    /// The use cases of exports.
    pub fn exports(&self) -> Exports {
        self.exports.clone()
    }

    /// Every route with its layers.
    pub fn router(&self) -> Served {
        let (app, prefix) = (self.clone(), self.settings.public_prefix());
        let contract = Contract::new(prefix, move || openapi::to_text(&app.document()));
        let pages = self.pages().below(&self.settings.auth_path);
        let own = self.routes().merge(pages).merge(docs::routes().with_state(contract));
        self.surround(match &self.settings.metrics_token {
            Some(token) => own.merge(scrape::routes().with_state(self.scrape(Some(token.clone())))),
            None => own,
        })
    }

    /// The OpenAPI document of every route.
    pub fn document(&self) -> ServedDocument {
        let mut document = self.routes().document();
        let operations = operations(&self.settings);
        let dialects = dialect::of(&self.settings, &operations, self.clock.clone());
        let Ok(Some(dialects)) = dialects else {
            return ServedDocument::Contract(Box::new(openapi::complete(document, &self.settings)));
        };
        dialects.describe(&mut document);
        ServedDocument::Spoken(dialects.speak(&openapi::complete(document, &self.settings)))
    }

    /// All routes in the contract.
    pub fn routes(&self) -> Routes {
        let settings = &self.settings;
        let auth = accounts::routes()
            .with_state(self.accounts())
            .merge(sessions::routes().with_state(self.sessions()))
            .merge(codes::routes().with_state(self.codes()))
            .merge(passkeys::routes().with_state(self.passkeys()))
            .merge(factors::routes().with_state(self.factors()))
            .merge(devices::routes().with_state(self.devices()))
            .merge(exports::routes().with_state(self.exports()))
            .merge(api_keys::routes().with_state(self.api_keys()))
            .merge(passwords::routes().with_state(self.passwords.clone()))
            .merge(emails::routes().with_state(self.emails()))
            .merge(keys::auth_routes().with_state(self.keys.clone()));
        let admin = users::routes()
            .with_state(self.users())
            .merge(roles::routes().with_state(self.roles()))
            .merge(sessions::admin_routes().with_state(self.sessions()))
            .merge(api_keys::admin_routes().with_state(self.api_keys()));
        let probe = Probe::new(&self.settings, self.db.clone(), self.clock.clone());
        health::routes()
            .with_state(probe)
            .merge(keys::routes().with_state(self.keys.clone()))
            .merge(auth.below(&settings.auth_path))
            .merge(admin.below(ADMIN))
            .merge(tasks::routes().with_state(self.tasks()).below(&settings.tasks_path))
    }

    /// Doorward's own pages, unless they are off.
    fn pages(&self) -> Routes {
        if self.settings.letters.pages_off {
            return Routes::default();
        }
        pages::routes().with_state(Pages::new(Arc::clone(&self.context)))
    }

    /// The layers around every route.
    pub fn surround(&self, routes: Routes) -> Served {
        let decider =
            DecideFirst { db: self.db.clone(), audit: self.audit.clone(), keys: self.keys.clone() };
        let decider = Surround::with(decider);
        let metrics = self.db.metrics();
        let limiter =
            RateLimiter::new(Arc::clone(&self.settings), self.clock.clone(), metrics.clone());
        let (limiter, guard) = (Arc::new(limiter), Guard::default().counted(metrics.clone()));
        let layers = |route: Option<Arc<Registered>>| {
            let group = route.as_ref().map_or(RateGroup::Uncounted, |route| route.declared.rate);
            let guard = Surround::with(guard.around(route));
            (guard, Surround::with(limiter.of(group)), decider.clone())
        };
        let operations = operations(&self.settings);
        let served = routes.surrounded(layers);
        let surrounded = match dialect::of(&self.settings, &operations, self.clock.clone()) {
            Ok(None) => Either::Left(served),
            Ok(Some(dialects)) => Either::Right(Surround::with(dialects).layer(served)),
            // The settings were checked earlier with the same function.
            Err(problems) => {
                tracing::error!(?problems, "the dialects are not used");
                Either::Left(served)
            }
        };
        let envelope = Envelope {
            settings: Arc::clone(&self.settings),
            clock: self.clock.clone(),
            random: self.random.clone(),
            metrics: metrics.clone(),
            notes: Notes::default(),
            #[cfg(feature = "otlp")]
            spans: crate::http::layer::spans::Spans::of(&self.settings),
        };
        // Around the router, not a layer of its routes: the envelope sees a path before routing.
        Surround::with(envelope).layer(surrounded)
    }
}

/// All operations of the contract, where these settings mount them.
pub fn operations(settings: &Settings) -> Vec<Operation> {
    let auth = [
        accounts::routes().below(&settings.auth_path).operations(),
        sessions::routes().below(&settings.auth_path).operations(),
        codes::routes().below(&settings.auth_path).operations(),
        passkeys::routes().below(&settings.auth_path).operations(),
        factors::routes().below(&settings.auth_path).operations(),
        devices::routes().below(&settings.auth_path).operations(),
        exports::routes().below(&settings.auth_path).operations(),
        api_keys::routes().below(&settings.auth_path).operations(),
        passwords::routes().below(&settings.auth_path).operations(),
        emails::routes().below(&settings.auth_path).operations(),
    ];
    let admin = [
        users::routes().below(ADMIN).operations(),
        roles::routes().below(ADMIN).operations(),
        sessions::admin_routes().below(ADMIN).operations(),
        api_keys::admin_routes().below(ADMIN).operations(),
        tasks::routes().below(&settings.tasks_path).operations(),
    ];
    auth.into_iter().chain(admin).flatten().collect()
}

fn dialect_problems(settings: &Settings) -> Vec<String> {
    // The clock is not used before the first request.
    dialect::of(settings, &operations(settings), Clock::system()).err().unwrap_or_default()
}

/// The paths that `AUTH_PATH` and `TASKS_PATH` must not cover.
pub fn reserved() -> Reserved {
    fn all<S: Clone + Send + Sync + 'static>(routes: &Routes<S>) -> Vec<String> {
        routes.first_segments().map(str::to_owned).collect()
    }
    let own = [all(&health::routes()), all(&scrape::routes())];
    let top = [own.concat(), all(&keys::routes()), all(&docs::routes())].concat();
    let below_auth = [
        all(&accounts::routes()),
        all(&sessions::routes()),
        all(&codes::routes()),
        all(&passkeys::routes()),
        all(&factors::routes()),
        all(&devices::routes()),
        all(&exports::routes()),
        all(&api_keys::routes()),
        all(&passwords::routes()),
        all(&emails::routes()),
        all(&pages::routes()),
        all(&keys::auth_routes()),
    ];
    let admin = ADMIN.trim_start_matches('/').to_owned();
    Reserved {
        top: top.into_iter().chain([admin]).collect(),
        below_auth: below_auth.concat().into_iter().collect(),
        settings_of: Some(dialect::settings_of),
        dialect_problems: Some(dialect_problems),
        letter_problems: Some(letter::problems),
    }
}
