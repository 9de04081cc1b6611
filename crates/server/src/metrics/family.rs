//! The list of all metrics: name, kind, labels and meaning. What is written is written by it, and so is the
//! table of `docs/metrics.md`.

use prometheus_client::metrics::MetricType;

/// One metric with all its labels.
#[derive(Debug)]
pub struct Family {
    /// Its name; a counter's samples have `_total` behind it.
    pub name: &'static str,
    /// What kind it is.
    pub kind: MetricType,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it counts, as a sentence without its full stop.
    pub help: &'static str,
}

macro_rules! families {
    ($($constant:ident = $kind:ident $name:literal [$($label:literal),*] $help:literal;)+) => {
        $(pub(super) const $constant: Family = Family {
            name: $name, kind: MetricType::$kind, labels: &[$($label),*], help: $help,
        };)+

        /// All of them, in the order in which they are written.
        pub const FAMILIES: &[&Family] = &[$(&$constant),+];
    };
}

families! {
    BUILD = Info "doorward_build" ["version", "engine"] "The version and the database engine";
    HTTP_REQUESTS = Counter "doorward_http_requests" ["route", "method", "status"] "Requests answered; `route` is the path with the names of its parameters, `none` for unknown paths and preflights";
    HTTP_SECONDS = Histogram "doorward_http_request_seconds" ["route", "method"] "From the request's head to the answer's head";
    HTTP_IN_FLIGHT = Gauge "doorward_http_in_flight" [] "Requests being answered";
    HASH_QUEUE = Gauge "doorward_hashing_queue" [] "Password hashes that wait for a thread";
    HASH_RUNNING = Gauge "doorward_hashing_running" [] "Password hashes being computed";
    HASH_WAIT = Histogram "doorward_hashing_wait_seconds" [] "How long password hashes waited for a thread";
    HASH_WORK = Histogram "doorward_hashing_seconds" [] "How long password hashes took once they had one";
    HASH_REFUSED = Counter "doorward_hashing_refused" [] "Password hashes refused because the queue was full; each is a 503";
    DB_CALLS = Histogram "doorward_database_call_seconds" ["lane"] "Calls to the database, one round trip each, with the wait for a connection or thread";
    DB_ACTIVE = Gauge "doorward_database_calls_active" ["lane"] "Calls under way";
    DB_WAITING = Gauge "doorward_database_calls_waiting" ["lane"] "Calls that wait: on PostgreSQL for a connection to open, on SQLite for a thread";
    DB_FAILURES = Counter "doorward_database_failures" ["lane", "reason"] "Calls that the database did not do: it was `away`, had too much to do (`overloaded`), did not say whether it had done it (`unconfirmed`), has no room (`full`), lacks what the server needs (`unready`), or failed otherwise (`internal`)";
    DB_CONNECTIONS = Gauge "doorward_database_connections" ["lane"] "Open connections to PostgreSQL";
    DB_CONNECTING = Counter "doorward_database_connects" ["lane", "outcome"] "Connections to PostgreSQL that were `opened`, that `failed` to open, and that were `lost` and are opened again by the next call";
    DB_WAKES = Counter "doorward_database_wakes" [] "Connections opened while none was open: a sleeping PostgreSQL was woken";
    SQLITE_GROUP = Histogram "doorward_sqlite_group_writes" [] "Writes that shared one transaction of SQLite";
    SQLITE_LOG = Gauge "doorward_sqlite_wal_bytes" [] "Size of SQLite's write-ahead log after the last write";
    LIMITER = Counter "doorward_limiter_decisions" ["group", "outcome"] "Requests that a rate limit allowed or refused, by group of routes";
    LIMITER_FALLBACKS = Counter "doorward_limiter_fallbacks" [] "Decisions made by this server alone because Redis did not answer";
    GUESSES = Counter "doorward_guesses" ["outcome"] "Guesses at passwords and codes: `right`, `wrong`, `refused` unseen after too many, or `given_back` undecided";
    REFRESHES = Counter "doorward_refreshes" ["outcome"] "Refresh tokens presented: `rotated`, `repeated` within the grace, `reused` (a theft: the session was ended), `invalid`";
    SIGN_INS = Counter "doorward_sign_ins" ["method", "outcome"] "Sign-ins by method; `second_step_owed` goes on as method `second_step` or `passkey`";
    SESSIONS_BEGUN = Counter "doorward_sessions_begun" [] "Sessions begun";
    SESSIONS_ENDED = Counter "doorward_sessions_ended" ["cause"] "Times that somebody ended sessions, one or many";
    EVENTS = Counter "doorward_events" ["event", "outcome"] "Events of the audit log; registrations are `account.register`";
    MAIL_OUTCOMES = Counter "doorward_mail_attempts" ["outcome"] "Attempts to deliver a mail: `sent`, to be `retried`, `failed` for good, or `dropped` because nobody is to get it";
    MAIL_WAITING = Gauge "doorward_mail_waiting" [] "Mails in the outbox that are not sent yet, when this server last looked";
    MAIL_AGE = Gauge "doorward_mail_oldest_seconds" [] "Age of the oldest of them; 0 if there is none";
    KEY_CHANGES = Counter "doorward_signing_key_changes" [] "Times that this server found other signing keys in the database than before";
    RESIDENT = Gauge "process_resident_memory_bytes" [] "Resident memory";
    CPU = Counter "process_cpu_seconds" [] "Time that processors spent on this process";
    OPEN_FILES = Gauge "process_open_fds" [] "Open file descriptors";
    MOST_FILES = Gauge "process_max_fds" [] "Most file descriptors that may be open";
    THREADS = Gauge "process_threads" [] "Threads";
    STARTED = Gauge "process_start_time_seconds" [] "When the server started, in seconds since 1970";
}

impl Family {
    /// The name that its samples have, or those of a histogram begin with.
    pub fn sample(&self) -> String {
        match self.kind {
            MetricType::Counter => format!("{}_total", self.name),
            MetricType::Info => format!("{}_info", self.name),
            _ => self.name.to_owned(),
        }
    }
}

/// The table of all metrics in Markdown.
pub fn table() -> String {
    let row = |it: &&Family| {
        let labels: Vec<_> = it.labels.iter().map(|label| format!("`{label}`")).collect();
        let (name, kind, help) = (it.sample(), it.kind.as_str(), it.help);
        format!("| `{name}` | {kind} | {} | {help}. |\n", labels.join(", "))
    };
    let rows: String = FAMILIES.iter().map(row).collect();
    format!("| metric | kind | labels | what it says |\n| --- | --- | --- | --- |\n{rows}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_of_the_form_that_prometheus_asks_for() {
        let mut names: Vec<_> = FAMILIES.iter().map(|family| family.name).collect();
        let plain = |name: &str| name.bytes().all(|it| it.is_ascii_lowercase() || it == b'_');
        assert!(names.iter().all(|name| plain(name) && !name.ends_with("_total")), "{names:?}");
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FAMILIES.len());
    }
}
