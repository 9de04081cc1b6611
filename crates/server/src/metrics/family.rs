//! The list of all metrics: name, type, labels and help. Both the exposition and the table in
//! `docs/metrics.md` are generated from it.

use prometheus_client::metrics::MetricType;

/// One metric with all its labels.
#[derive(Debug)]
pub struct Family {
    /// The name, without the `_total` suffix of a counter's samples.
    pub name: &'static str,
    /// The metric type.
    pub kind: MetricType,
    /// The label names.
    pub labels: &'static [&'static str],
    /// The help text, a sentence without the full stop.
    pub help: &'static str,
}

macro_rules! families {
    ($($constant:ident = $kind:ident $name:literal [$($label:literal),*] $help:literal;)+) => {
        $(pub(super) const $constant: Family = Family {
            name: $name, kind: MetricType::$kind, labels: &[$($label),*], help: $help,
        };)+

        /// All metrics, in the order of exposition.
        pub const FAMILIES: &[&Family] = &[$(&$constant),+];
    };
}

families! {
    BUILD = Info "doorward_build" ["version", "engine"] "The version and the database engine";
    HTTP_REQUESTS = Counter "doorward_http_requests" ["route", "method", "status"] "Responses sent; `route` is the path template, `none` for unknown paths and preflights";
    HTTP_SECONDS = Histogram "doorward_http_request_seconds" ["route", "method"] "Time from the request head to the response head";
    HTTP_IN_FLIGHT = Gauge "doorward_http_in_flight" [] "Requests in flight";
    HASH_QUEUE = Gauge "doorward_hashing_queue" [] "Password hashes waiting for a thread";
    HASH_RUNNING = Gauge "doorward_hashing_running" [] "Password hashes being computed";
    HASH_WAIT = Histogram "doorward_hashing_wait_seconds" [] "Time that password hashes waited for a thread";
    HASH_WORK = Histogram "doorward_hashing_seconds" [] "Time to compute a password hash, without the wait";
    HASH_REFUSED = Counter "doorward_hashing_refused" [] "Password hashes rejected because the queue was full, each with a 503";
    DB_CALLS = Histogram "doorward_database_call_seconds" ["lane"] "Duration of database calls, one round trip each, including the wait for a connection or thread";
    DB_ACTIVE = Gauge "doorward_database_calls_active" ["lane"] "Database calls in progress";
    DB_WAITING = Gauge "doorward_database_calls_waiting" ["lane"] "Database calls waiting for a connection (PostgreSQL) or a thread (SQLite)";
    DB_FAILURES = Counter "doorward_database_failures" ["lane", "reason"] "Failed database calls: the database is `unavailable` or `overloaded`, the result is unknown (`unconfirmed`), the disk is `full`, a table or privilege is missing (`unready`), or another error (`internal`)";
    DB_CONNECTIONS = Gauge "doorward_database_connections" ["lane"] "Open PostgreSQL connections";
    DB_CONNECTING = Counter "doorward_database_connects" ["lane", "outcome"] "PostgreSQL connections that were `opened`, `failed` to open, or were `lost`; the next call opens a lost one again";
    DB_WAKES = Counter "doorward_database_wakes" [] "Connections opened while no other was open, which wake a suspended PostgreSQL";
    SQLITE_GROUP = Histogram "doorward_sqlite_group_writes" [] "Writes per shared SQLite transaction";
    SQLITE_LOG = Gauge "doorward_sqlite_wal_bytes" [] "Size of SQLite's write-ahead log after the last write";
    LIMITER = Counter "doorward_limiter_decisions" ["group", "outcome"] "Rate limit decisions, by route group";
    LIMITER_FALLBACKS = Counter "doorward_limiter_fallbacks" [] "Rate limit decisions made locally because Redis was unavailable";
    GUESSES = Counter "doorward_guesses" ["outcome"] "Password and code attempts: `right`, `wrong`, `refused` without a check after too many, or `abandoned` before a result";
    REFRESHES = Counter "doorward_refreshes" ["outcome"] "Refresh tokens presented: `rotated`, `repeated` within the grace period, `reused` (possible theft: the session was ended), `invalid`";
    SIGN_INS = Counter "doorward_sign_ins" ["method", "outcome"] "Sign-in attempts by method; `second_step_required` continues with method `second_step` or `passkey`";
    SESSIONS_BEGUN = Counter "doorward_sessions_begun" [] "Sessions created";
    SESSIONS_ENDED = Counter "doorward_sessions_ended" ["cause"] "Requests that ended sessions, one or more each";
    EVENTS = Counter "doorward_events" ["event", "outcome"] "Audit events; registrations are `account.register`";
    MAIL_OUTCOMES = Counter "doorward_mail_attempts" ["outcome"] "Mail delivery attempts: `sent`, to be `retried`, `failed` permanently, or `dropped` because there is no recipient";
    MAIL_WAITING = Gauge "doorward_mail_waiting" [] "Unsent mails in the outbox when this server last checked";
    MAIL_AGE = Gauge "doorward_mail_oldest_seconds" [] "Age of the oldest unsent mail; 0 if there is none";
    KEY_CHANGES = Counter "doorward_signing_key_changes" [] "Times this server found changed signing keys in the database";
    RESIDENT = Gauge "process_resident_memory_bytes" [] "Resident memory size";
    CPU = Counter "process_cpu_seconds" [] "CPU time used by this process";
    OPEN_FILES = Gauge "process_open_fds" [] "Open file descriptors";
    MOST_FILES = Gauge "process_max_fds" [] "Maximum number of open file descriptors";
    THREADS = Gauge "process_threads" [] "Number of threads";
    STARTED = Gauge "process_start_time_seconds" [] "Start time of the process, in seconds since the Unix epoch";
}

impl Family {
    /// The name of its samples, or the prefix of those of a histogram.
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
    format!("| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n{rows}")
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
