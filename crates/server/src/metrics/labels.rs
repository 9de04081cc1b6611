//! The closed lists that labels are taken from. No label ever holds what a request, a user or a database
//! said: the number of time series is known when the server starts.

macro_rules! labels {
    ($($(#[$about:meta])+ $name:ident { $($variant:ident = $text:literal,)+ })+) => {$(
        $(#[$about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $(#[doc = concat!("`", $text, "`")] $variant,)+ }

        impl $name {
            /// The words, in order.
            pub(super) const ALL: &'static [&'static str] = &[$($text),+];
        }
    )+};
}

labels! {
    /// Which connections or threads a call to the database goes by.
    LaneLabel {
        OwnedReads = "owned_reads",
        OwnedWrites = "owned_writes",
        Reads = "reads",
        Writes = "writes",
        Searches = "searches",
        Probes = "probes",
    }
    /// Why the database did not do what it was asked.
    DatabaseFailure {
        Away = "away",
        Overloaded = "overloaded",
        Unconfirmed = "unconfirmed",
        Full = "full",
        Unready = "unready",
        Internal = "internal",
    }
    /// What became of an attempt to connect, and of connections.
    Connecting {
        Opened = "opened",
        Failed = "failed",
        Lost = "lost",
    }
    /// What the limiter said.
    LimitOutcome {
        Allowed = "allowed",
        Refused = "refused",
    }
    /// What a guess at a password or a code was.
    GuessOutcome {
        Right = "right",
        Wrong = "wrong",
        Refused = "refused",
        GivenBack = "given_back",
    }
    /// What a refresh token was.
    RefreshOutcome {
        Rotated = "rotated",
        Repeated = "repeated",
        Reused = "reused",
        Invalid = "invalid",
    }
    /// What somebody signs in with.
    SignInMethod {
        Password = "password",
        Mail = "mail",
        Passkey = "passkey",
        SecondStep = "second_step",
    }
    /// How it came out.
    SignInOutcome {
        Success = "success",
        Owed = "second_step_owed",
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
    /// What became of an attempt to deliver a mail.
    MailOutcome {
        Sent = "sent",
        Retried = "retried",
        Failed = "failed",
        Dropped = "dropped",
    }
}

/// The methods of requests that are told apart, and one word for all others.
pub(super) const METHODS: [&str; 8] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"];

/// The statuses that are told apart.
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

/// The word for the other statuses.
pub(super) const OTHER_STATUS: &str = "other";
/// The label of requests that met no route.
pub(super) const NO_ROUTE: &str = "none";
