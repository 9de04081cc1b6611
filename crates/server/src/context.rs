//! The context that all use cases need, created once when the process starts. A feature is a named view of
//! it, so one feature can reach another without holding it.

use std::sync::Arc;

use crate::audit::Audit;
use crate::clock::Clock;
use crate::config::Settings;
use crate::crypto::Random;
use crate::db::Database;
use crate::keys::Keys;
use crate::mail::Mail;
use crate::passwords::Passwords;
use crate::single_use::SingleUse;

/// What all features share.
#[derive(Debug)]
pub struct Context {
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
    /// Records who did what.
    pub audit: Audit,
    /// Single-use secrets for links and codes in mails.
    pub single_use: SingleUse,
    /// Queues mails.
    pub mail: Mail,
    /// Checks, hashes and verifies passwords, and counts guesses.
    pub passwords: Passwords,
}

/// Declares a feature: the type that its use cases are methods of, and the method of [`Context`] that returns
/// it. Cloning it clones one `Arc`.
#[macro_export]
macro_rules! feature {
    ($(#[$about:meta])+ $feature:ident = $name:ident()) => {
        $(#[$about])+
        #[derive(Clone, Debug)]
        pub struct $feature(std::sync::Arc<$crate::context::Context>);

        impl $crate::context::Context {
            $(#[$about])+
            pub fn $name(self: &std::sync::Arc<Self>) -> $feature {
                $feature(std::sync::Arc::clone(self))
            }
        }

        impl std::ops::Deref for $feature {
            type Target = std::sync::Arc<$crate::context::Context>;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        impl AsRef<$crate::keys::Keys> for $feature {
            fn as_ref(&self) -> &$crate::keys::Keys {
                &self.0.keys
            }
        }
    };
}
