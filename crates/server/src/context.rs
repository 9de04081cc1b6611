//! The context: what every feature's use cases stand on, made once when the process starts. A feature is
//! a name for its use cases over it, so one feature reaches another's without holding it.

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
    /// Remembers who did what.
    pub audit: Audit,
    /// Secrets that work once, for links and codes in mails.
    pub single_use: SingleUse,
    /// Takes mails to be sent.
    pub mail: Mail,
    /// Judges, hashes and compares passwords, and counts guesses at them.
    pub passwords: Passwords,
}

/// Declares a feature: the type that its use cases are written on, and the method of [`Context`] that
/// gives it. A clone of it is a clone of one `Arc`.
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
