//! Verifies a second factor: a code of an authenticator app or a recovery code. As with passwords, a guess is
//! claimed before the code is checked, but counted separately; the code is used up in the transaction of the
//! work that it allows.

use uuid::Uuid;
use zeroize::Zeroizing;

use super::authenticator::Authenticator;
use super::store::{self, HeldSecret};
use super::{Factors, Method, RecoveryCode};
use crate::audit::Record;
use crate::error::{Error, Invalid};
use crate::gate::Authority;
use crate::guesses::{Guess, Guesser};
use crate::single_use::SixDigits;
use crate::sql::{self, Step};

/// The code for a factor.
#[derive(Debug)]
pub(crate) enum GivenCode {
    /// Of an authenticator app.
    Totp(SixDigits),
    /// A recovery code.
    Recovery(RecoveryCode),
}

impl GivenCode {
    /// The one that was sent; an error if there is none or both.
    pub(crate) fn one_of(
        code: Option<SixDigits>,
        recovery_code: Option<RecoveryCode>,
    ) -> Result<Self, Error> {
        match (code, recovery_code) {
            (Some(code), None) => Ok(Self::Totp(code)),
            (None, Some(code)) => Ok(Self::Recovery(code)),
            (given, _) => {
                let (why, kind) = match given {
                    None => ("is required, unless recovery_code is sent", "missing"),
                    Some(_) => ("must not be sent together with recovery_code", "value_error"),
                };
                Err(Error::Validation(vec![Invalid::new("body", "code", (why.into(), kind))]))
            }
        }
    }
}

/// A factor that was verified, and is not used up yet.
#[derive(Debug)]
pub(crate) struct FactorProof {
    /// The method.
    pub(crate) method: Method,
    steps: Vec<Step>,
    guess: Guess,
}

impl FactorProof {
    /// Uses up the code, does the work that it allows, appends the records and clears the count of wrong
    /// codes, in one transaction.
    pub(crate) async fn commit(
        self,
        authority: Authority,
        work: Vec<Step>,
        records: impl IntoIterator<Item = Record>,
    ) -> sql::Result<()> {
        let mut steps = self.steps;
        steps.extend(work);
        self.guess.right(authority, steps, records).await.map(drop)
    }
}

impl Factors {
    /// Checks that the code belongs to one of the user's factors; `held` are their apps. `record` is for a
    /// wrong code.
    pub(crate) async fn prove(
        &self,
        guesser: Guesser,
        owner: Uuid,
        held: &[HeldSecret],
        given: GivenCode,
        record: Record,
    ) -> Result<FactorProof, Error> {
        let turn = self.passwords.guesses.turn(guesser).await?;
        let now = self.clock.now();
        let claim = self.random.id(now);
        match given {
            GivenCode::Totp(code) => {
                let (guess, _) = turn.claim(store::find_secrets(owner)).await?;
                let found = held.iter().find_map(|held| {
                    let app = self.unsealed(held)?;
                    let step = app.step_of(&code, now).filter(|step| *step > held.last_step)?;
                    Some((held, app, step))
                });
                let Some((held, app, step)) = found else {
                    guess.wrong(record);
                    return Err(Error::WrongCode);
                };
                let sealed = self.sealed(held.id, &app)?;
                let steps = store::take_step(owner, held, step, &sealed, claim, now).to_vec();
                Ok(FactorProof { method: Method::Totp, steps, guess })
            }
            GivenCode::Recovery(code) => {
                let digest = code.digest(owner);
                let (guess, found) = turn.claim(store::find_code(owner, &digest)).await?;
                if found.is_none() {
                    guess.wrong(record);
                    return Err(Error::WrongCode);
                }
                let steps = store::use_code(owner, &digest, claim, now).to_vec();
                Ok(FactorProof { method: Method::RecoveryCode, steps, guess })
            }
        }
    }

    /// The app with this encrypted secret; `None` if no configured secret decrypts it.
    pub(super) fn unsealed(&self, held: &HeldSecret) -> Option<Authenticator> {
        let opened = self.seals().unseal(&held.id.to_string(), &held.secret);
        if opened.is_none() {
            tracing::error!(factor = %held.id, "a factor is encrypted with a secret that is not configured");
        }
        opened.map(Authenticator::with)
    }

    /// The app's secret, encrypted with the current secret.
    pub(super) fn sealed(&self, id: Uuid, app: &Authenticator) -> Result<Vec<u8>, Error> {
        let sealed = self.seals().seal(&id.to_string(), app.bytes(), &self.random);
        sealed.ok_or_else(|| Error::Internal("a factor could not be encrypted".into()))
    }

    /// Encrypts all secrets with the current secret that are encrypted with an earlier one, so that it can be
    /// removed; returns their number.
    pub async fn reseal(&self) -> Result<usize, Error> {
        const BATCH: u16 = 500;
        let (mut after, mut resealed) = (Uuid::nil(), 0);
        loop {
            let found = store::find_seals(&self.db, after, BATCH).await?;
            let Some(last) = found.last() else { return Ok(resealed) };
            after = last.id;
            for held in &found {
                let name = held.id.to_string();
                if self.seals().is_current(&name, &held.secret) {
                    continue;
                }
                let Some(app) = self.unsealed(held) else { continue };
                let new = Zeroizing::new(self.sealed(held.id, &app)?);
                store::reseal(&self.db, held, &new).await?;
                resealed += 1;
            }
        }
    }
}
