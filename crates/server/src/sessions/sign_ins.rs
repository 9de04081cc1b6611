//! `GET /auth/me/sign-ins`: successful and failed sign-ins to the caller's account, from the audit log,
//! presented for the account's owner.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Sessions;
use crate::audit::{Entry, Event};
use crate::error::Error;
use crate::factors::Methods;
use crate::gate::Authority;
use crate::guesses::TOO_MANY_GUESSES;
use crate::http::Listing;
use crate::input::{Cursor, Page, browser};
use crate::keys::Caller;

/// The prefix of the audit detail of a rejected passkey.
pub(crate) const PASSKEY_REFUSED: &str = "the passkey ";

/// A sign-in, or a failed attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SignInRecord {
    /// The id; ids increase over time.
    #[schema(value_type = String)]
    pub id: Uuid,
    /// When.
    #[serde(serialize_with = "crate::timestamp::serialize")]
    pub at: OffsetDateTime,
    /// The result: `signed_in`; `second_step_asked` if the first step succeeded; or why it failed:
    /// `wrong_password`, `wrong_code`, `passkey_refused`, `too_many_tries` (not checked), `not_allowed` (the
    /// account is disabled, or its address must be verified first).
    #[schema(value_type = String)]
    pub result: &'static str,
    /// The number of attempts, if those of a minute were counted together.
    pub times: u64,
    /// The authentication methods, if the sign-in succeeded (RFC 8176); `trusted_device` if a trusted device
    /// replaced the second step.
    #[schema(required = true)]
    pub amr: Option<Vec<String>>,
    /// The session that it started.
    #[schema(required = true, value_type = Option<String>)]
    pub session_id: Option<Uuid>,
    /// The client's address.
    #[schema(required = true)]
    pub ip: Option<String>,
    /// The browser and the operating system, if it was a browser.
    #[schema(required = true)]
    pub client: Option<String>,
    /// The client's `User-Agent`.
    #[schema(required = true)]
    pub user_agent: Option<String>,
}

/// List sign-ins to your account
///
/// Including failed ones; newest first, as far back as the audit log goes. If there are more entries, `Link:
/// <…>; rel="next"` is the next page.
#[utoipa::path(get, path = "/me/sign-ins", operation_id = "sessions.sign_ins", tag = "sessions",
    security(("bearer" = [])),
    params(Page),
    responses(
        (status = 200, description = "Sign-ins and tries", body = [SignInRecord], headers(
            ("Link" = String, description = "The next page, if there is one"))),
        (status = 401, description = "No token, or one that is no longer valid"),
        (status = 422, description = "Invalid parameters; all of them are reported")))]
pub(super) async fn sign_ins(
    State(sessions): State<Sessions>,
    caller: Caller,
    listing: Listing,
) -> Result<Response, Error> {
    let page = listing.read::<Page>()?;
    let authority = Authority::Caller(caller.gate);
    let (found, next) = sessions.sign_ins(authority, caller.user_id, page).await?;
    Ok(listing.reply(found, next.map(|next| next.encode())))
}

impl Sessions {
    /// One page of the sign-ins to an account, and the cursor of the next page.
    pub async fn sign_ins(
        &self,
        authority: Authority,
        owner: Uuid,
        page: Page,
    ) -> Result<(Vec<SignInRecord>, Option<Cursor>), Error> {
        let (rows, next) = self.audit.sign_ins(authority, owner, page).await?;
        Ok((rows.into_iter().map(SignInRecord::from).collect(), next))
    }
}

impl From<Entry> for SignInRecord {
    fn from(entry: Entry) -> Self {
        let (what, times) = counted(entry.detail.as_deref());
        let is_code = entry.event == Event::FactorVerify.as_str();
        let result = match (&*entry.outcome, what) {
            ("success", _) if entry.event == Event::LoginFirstStep.as_str() => "second_step_asked",
            ("success", _) => "signed_in",
            ("failure", _) if is_code => "wrong_code",
            ("failure", Some(what)) if what.starts_with(PASSKEY_REFUSED) => "passkey_refused",
            ("failure", Some("code" | "link")) => "wrong_code",
            ("failure", _) => "wrong_password",
            (_, Some(TOO_MANY_GUESSES)) => "too_many_tries",
            _ => "not_allowed",
        };
        let amr = (entry.outcome == "success").then(|| amr_of(what)).flatten();
        Self {
            id: entry.id,
            at: entry.at,
            result,
            times,
            amr,
            session_id: entry.session_id,
            ip: entry.ip,
            client: entry.user_agent.as_deref().and_then(browser),
            user_agent: entry.user_agent,
        }
    }
}

/// The detail of a record, and the count at its end.
fn counted(detail: Option<&str>) -> (Option<&str>, u64) {
    let Some(detail) = detail else { return (None, 1) };
    let Some(rest) = detail.strip_suffix(" times more") else { return (Some(detail), 1) };
    let (what, count) = rest.rsplit_once(", ").map_or((None, rest), |(a, b)| (Some(a), b));
    match count.parse() {
        Ok(count) => (what, count),
        Err(_) => (Some(detail), 1),
    }
}

/// The authentication methods in the detail of a sign-in: no detail for a password, `code` and `link` for
/// mails, `passkey` and its id, with what preceded it, or the names themselves.
fn amr_of(detail: Option<&str>) -> Option<Vec<String>> {
    let words = match detail {
        None => "pwd".to_owned(),
        Some("code" | "link") => "otp".to_owned(),
        Some(detail) => match detail.strip_prefix("passkey ") {
            Some(rest) => {
                let before = rest.split_once(" after ").map_or("", |(_, before)| before);
                format!("{before} pop user mfa")
            }
            None => detail.to_owned(),
        },
    };
    let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
    // A record of another server version may have a different format.
    words.iter().all(|word| Methods::is_amr(word)).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_log_says_is_read_back_and_nothing_else_is_made_up() {
        let amr = |detail| amr_of(detail).map(|words| words.join(" "));
        for (detail, said) in [
            (None, Some("pwd")),
            (Some("code"), Some("otp")),
            (Some("pwd otp mfa"), Some("pwd otp mfa")),
            (Some("pwd trusted_device"), Some("pwd trusted_device")),
            (Some("passkey 0199c1a4-5d2e-7b60-9f13-6a8e42d07c5b"), Some("pop user mfa")),
            (Some("passkey 0199 after pwd"), Some("pwd pop user mfa")),
            (Some("by a new way"), None),
        ] {
            assert_eq!(amr(detail).as_deref(), said, "{detail:?}");
        }
    }

    #[test]
    fn tries_that_were_counted_together_have_their_count() {
        let guesses = TOO_MANY_GUESSES;
        assert_eq!(counted(Some(&format!("{guesses}, 41 times more"))), (Some(guesses), 41));
        assert_eq!(counted(Some("3 times more")), (None, 3));
        assert_eq!(counted(Some(guesses)), (Some(guesses), 1));
        assert_eq!(counted(None), (None, 1));
    }
}
