//! The closed lists of label values. Labels never contain text from a request, a user or the database, so
//! the number of time series is fixed when the server starts.

macro_rules! labels {
    ($($(#[$about:meta])+ $name:ident { $($variant:ident = $text:literal,)+ })+) => {$(
        $(#[$about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $(#[doc = concat!("`", $text, "`")] $variant,)+ }

        impl $name {
            /// The label values, in order.
            pub(super) const ALL: &'static [&'static str] = &[$($text),+];
        }
    )+};
}

labels! {
    /// The connections or threads that a database call uses.
    LaneLabel {
        OwnedReads = "owned_reads",
        OwnedWrites = "owned_writes",
        Reads = "reads",
        Writes = "writes",
        Searches = "searches",
        Probes = "probes",
    }
    /// Why a database call failed.
    DatabaseFailure {
        Unavailable = "unavailable",
        Overloaded = "overloaded",
        Unconfirmed = "unconfirmed",
        Full = "full",
        Unready = "unready",
        Internal = "internal",
    }
    /// The fate of a connection.
    Connecting {
        Opened = "opened",
        Failed = "failed",
        Lost = "lost",
    }
    /// A decision of the rate limiter.
    LimitOutcome {
        Allowed = "allowed",
        Refused = "refused",
    }
    /// The result of a password or code attempt.
    GuessOutcome {
        Right = "right",
        Wrong = "wrong",
        Refused = "refused",
        Abandoned = "abandoned",
    }
    /// The result of presenting a refresh token.
    RefreshOutcome {
        Rotated = "rotated",
        Repeated = "repeated",
        Reused = "reused",
        Invalid = "invalid",
    }
    /// How a user signs in.
    SignInMethod {
        Password = "password",
        Mail = "mail",
        Passkey = "passkey",
        SecondStep = "second_step",
    }
    /// The result of a sign-in attempt.
    SignInOutcome {
        Success = "success",
        SecondStepRequired = "second_step_required",
        Failure = "failure",
        Blocked = "blocked",
        Error = "error",
    }
    /// Why sessions ended.
    EndCause {
        Owner = "owner",
        Administrator = "administrator",
        Reuse = "refresh_reuse",
    }
    /// The result of a delivery attempt.
    MailOutcome {
        Sent = "sent",
        Retried = "retried",
        Failed = "failed",
        Dropped = "dropped",
    }
}

/// The request methods with a label of their own, and one for all others.
pub(super) const METHODS: [&str; 8] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"];

/// The statuses with a label of their own.
pub(super) const STATUSES: [(u16, &str); 28] = [
    (200, "200"),
    (201, "201"),
    (202, "202"),
    (204, "204"),
    (302, "302"),
    (303, "303"),
    (304, "304"),
    (307, "307"),
    (400, "400"),
    (401, "401"),
    (403, "403"),
    (404, "404"),
    (405, "405"),
    (406, "406"),
    (408, "408"),
    (409, "409"),
    (410, "410"),
    (412, "412"),
    (413, "413"),
    (414, "414"),
    (415, "415"),
    (422, "422"),
    (428, "428"),
    (429, "429"),
    (431, "431"),
    (500, "500"),
    (501, "501"),
    (503, "503"),
];

/// The label of all other statuses.
pub(super) const OTHER_STATUS: &str = "other";
/// The label of requests without a route.
pub(super) const NO_ROUTE: &str = "none";
