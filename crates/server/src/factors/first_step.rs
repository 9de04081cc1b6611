//! The `mfa_token`: what somebody holds between the first step of a sign-in and its second. It works once,
//! for five minutes, for this user as they were, and opens nothing but the stage that it was made for.

use std::time::Duration;

use super::{Factors, HeldSecret, Method, Methods, store};
use crate::db::Row;
use crate::error::{Challenge, Error};
use crate::gate::{Gate, Standing};
use crate::passwords::{FoundUser, bound_to, find_by_secret};
use crate::single_use::{NewSecret, OneTimeToken, Opened, Purpose};
use crate::sql::Step;
use crate::user::User;

/// How long the second step may take.
const LIVES: Duration = Duration::from_mins(5);

/// What an `mfa_token` that no longer counts is answered with.
pub(crate) fn not_valid() -> Error {
    Error::InvalidToken("The mfa_token is not valid, was used or has expired: sign in again.")
}

/// What the second step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SecondStep {
    /// To use a factor that the account has.
    Verify,
    /// To add the first one, since the settings ask for it.
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

/// A sign-in whose first step is done, read back from its `mfa_token`; not used by that.
#[derive(Debug)]
pub(crate) struct FirstStep {
    /// Who signs in: active, and with the password and address of the first step.
    pub(crate) user: User,
    /// The stored hash, which a session is begun with.
    pub(crate) hash: Option<String>,
    /// What was proven so far.
    pub(crate) methods: Methods,
    /// The authenticator apps among them.
    pub(crate) held: Vec<HeldSecret>,
    opened: Opened,
}

impl Factors {
    /// What has to follow a first step that proved `methods`; `None` if that is enough. `factors` are the
    /// kinds that the account has.
    pub(crate) fn owed(
        &self,
        user: &User,
        factors: &[String],
        methods: Methods,
    ) -> Option<SecondStep> {
        if self.settings.mfa.is_off() || methods.are_two_factors() {
            None
        } else if !factors.is_empty() {
            // A trusted device stands for a factor that there is, never for one that is to be added.
            (!methods.has(Method::TrustedDevice)).then_some(SecondStep::Verify)
        } else {
            self.settings.requires_factor(&user.roles).then_some(SecondStep::Enrol)
        }
    }

    /// The token of a first step, as the challenge that answers it, and the step that makes it work.
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

    /// The sign-in that the token belongs to, if the token still counts and is of this stage.
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
        // An account that has a factor by now adds none without it.
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

    /// Steps that use up the token; refused, as [`Error::InvalidLink`], if another request was first.
    pub(crate) fn claim(&self, first: &FirstStep) -> [Step; 2] {
        self.single_use.claim(Purpose::SecondStep, &first.opened)
    }
}

/// What a first step proved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FirstProof<'a> {
    /// Who.
    pub(crate) user: &'a User,
    /// The stored hash; none for an account without a password.
    pub(crate) hash: Option<&'a str>,
    /// The kinds of factors that the account has.
    pub(crate) factors: &'a [String],
    /// How.
    pub(crate) methods: Methods,
}
