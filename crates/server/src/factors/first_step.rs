//! The `mfa_token`, which links the first step of a sign-in to the second. It works once, for five minutes,
//! while the user is unchanged, and only for the stage it was issued for.

use std::time::Duration;

use super::{Factors, HeldSecret, Method, Methods, store};
use crate::db::Row;
use crate::error::{Challenge, Error};
use crate::gate::{Gate, Standing};
use crate::passwords::{FoundUser, bound_to, find_by_secret};
use crate::single_use::{NewSecret, OneTimeToken, Opened, Purpose};
use crate::sql::Step;
use crate::user::User;

/// Lifetime of the token.
const LIVES: Duration = Duration::from_mins(5);

/// The error for an `mfa_token` that is no longer valid.
pub(crate) fn not_valid() -> Error {
    Error::InvalidToken("The mfa_token is not valid, was used or has expired: sign in again.")
}

/// The second step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SecondStep {
    /// Use one of the account's factors.
    Verify,
    /// Add the first one, because the settings require it.
    Enrol,
}

impl SecondStep {
    const fn letter(self) -> char {
        match self {
            Self::Verify => 'v',
            Self::Enrol => 'e',
        }
    }
}

/// A sign-in whose first step is done, read from its `mfa_token`, which is not used up.
#[derive(Debug)]
pub(crate) struct FirstStep {
    /// The user: active, with the password and address of the first step.
    pub(crate) user: User,
    /// The stored hash, for creating the session.
    pub(crate) hash: Option<String>,
    /// The methods used so far.
    pub(crate) methods: Methods,
    /// The account's authenticator apps.
    pub(crate) held: Vec<HeldSecret>,
    opened: Opened,
}

impl Factors {
    /// What must follow a first step with `methods`; `None` if nothing. `factors` are the kinds of factors of
    /// the account.
    pub(crate) fn owed(
        &self,
        user: &User,
        factors: &[String],
        methods: Methods,
    ) -> Option<SecondStep> {
        if self.settings.mfa.is_off() || methods.are_two_factors() {
            None
        } else if !factors.is_empty() {
            // A trusted device replaces an existing factor, never one that must be added.
            (!methods.has(Method::TrustedDevice)).then_some(SecondStep::Verify)
        } else {
            self.settings.requires_factor(&user.roles).then_some(SecondStep::Enrol)
        }
    }

    /// The token of a first step, as a challenge, and the step that stores it.
    pub(crate) fn challenge(&self, found: &FirstProof<'_>, stage: SecondStep) -> (Challenge, Step) {
        let FirstProof { user, hash, factors, methods } = *found;
        let bound = format!(
            "{} {} {}",
            stage.letter(),
            methods.as_text(),
            bound_to(hash, user.email.as_deref())
        );
        let (token, step) = self.single_use.make(NewSecret {
            purpose: Purpose::SecondStep,
            user: Some(user.id),
            bound: Some(&bound),
            lives: LIVES,
        });
        let (methods, enrol) = match stage {
            SecondStep::Verify => (factors.to_vec(), Vec::new()),
            SecondStep::Enrol => (Vec::new(), vec!["totp"]),
        };
        let expires_in = LIVES.as_secs();
        (Challenge { token: token.into_secret(), expires_in, methods, enrol }, step)
    }

    /// The sign-in that the token belongs to, if it is valid for this stage.
    pub(crate) async fn first_step(
        &self,
        token: &OneTimeToken,
        stage: SecondStep,
    ) -> Result<FirstStep, Error> {
        let now = self.clock.now();
        let purpose = Purpose::SecondStep;
        self.must_be_on()?;
        let digest = token.digest(purpose);
        let read = vec![
            self.single_use.look(purpose, token),
            find_by_secret(digest.clone()),
            store::find_secrets_by_token(digest),
        ];
        let rows = self.db.write(read).await?;
        let first = |step: usize| rows.get(step).and_then(|found| found.first());
        let opened = first(0).map(Row::read::<Opened>).transpose()?;
        let opened = Opened::usable(opened, now).map_err(|_| not_valid())?;
        let found: FoundUser = first(1).ok_or_else(not_valid)?.read()?;
        let FoundUser { user, hash, banned_until, factors } = found;
        let mut bound = opened.bound.as_deref().unwrap_or_default().splitn(3, ' ');
        let own_stage = bound.next() == Some(stage.letter().encode_utf8(&mut [0; 4]));
        let methods = Methods::parse(bound.next().unwrap_or_default());
        let unchanged = bound.next() == Some(&*bound_to(hash.as_deref(), user.email.as_deref()));
        // An account that has a factor by now cannot add one without it.
        let enrolled = stage == SecondStep::Enrol && !factors.is_empty();
        if !own_stage || !unchanged || enrolled {
            return Err(not_valid());
        }
        if Standing::of(user.is_active, banned_until, now) != Standing::Active {
            return Err(Error::AccountDisabled);
        }
        let held = rows.get(2).into_iter().flatten().map(Row::read);
        let held = held.collect::<crate::sql::Result<_>>()?;
        Ok(FirstStep { user, hash, methods, held, opened })
    }

    /// The authenticator apps of the gate's user.
    pub(crate) async fn held(&self, gate: Gate) -> Result<Vec<HeldSecret>, Error> {
        self.must_be_on()?;
        Ok(self.db.read_as(gate, store::find_secrets(gate.user_id)).await?)
    }

    /// Steps that use up the token; they fail with [`Error::InvalidLink`] if another request was first.
    pub(crate) fn claim(&self, first: &FirstStep) -> [Step; 2] {
        self.single_use.claim(Purpose::SecondStep, &first.opened)
    }
}

/// The result of a first step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FirstProof<'a> {
    /// The user.
    pub(crate) user: &'a User,
    /// The stored hash; `None` for an account without a password.
    pub(crate) hash: Option<&'a str>,
    /// The kinds of factors that the account has.
    pub(crate) factors: &'a [String],
    /// The methods used.
    pub(crate) methods: Methods,
}
