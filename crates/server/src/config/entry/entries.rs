//! Every setting there is, each once. To add one: a field in `settings`, an entry here, and
//! `UPDATE_DOCS=1 cargo test --test cli documents`.

use std::time::Duration;

use super::parse;
use super::section::abuse;
use super::section::accounts;
use super::section::database;
use super::section::dialects;
use super::section::factors;
use super::section::issuers;
use super::section::mail;
use super::section::metrics;
use super::section::passkeys;
use super::section::tasks;
use super::section::tokens;
use super::word;
use crate::config::AllowedOrigins;
use crate::config::DatabaseUrl;
use crate::config::entry::table::{Alias, Secrecy, Setting};
use crate::config::entry::word::{put, put_some};

pub(in crate::config) const DATABASE: &str = "Database";
pub(in crate::config) const TOKENS: &str = "Secrets and tokens";
pub(in crate::config) const ISSUERS: &str = "Better Auth and other issuers";
pub(in crate::config) const SESSIONS: &str = "Sessions";
pub(in crate::config) const PASSWORDS: &str = "Registration and passwords";
pub(in crate::config) const FACTORS: &str = "Second factors";
pub(in crate::config) const PASSKEYS: &str = "Passkeys";
pub(in crate::config) const LIMITS: &str = "Limits";
pub(in crate::config) const HTTP: &str = "HTTP";
pub(in crate::config) const LOGS: &str = "Logs and metrics";
pub(in crate::config) const LATER: &str = "Known, but not supported by this version yet";

/// What most entries share.
pub(in crate::config) const PLAIN: Setting = Setting {
    name: "",
    aliases: &[],
    section: "",
    about: "",
    default: "",
    example: "",
    secrecy: Secrecy::Plain,
    set: None,
};

pub(in crate::config) const fn also(name: &'static str) -> Alias {
    Alias { name, set: None }
}

/// The settings, in the order people read them.
pub(in crate::config) const ENTRIES: &[Setting] = &[
    Setting {
        name: "DATABASE_URL",
        section: DATABASE,
        about: "Where the data is: `sqlite:path` or `postgres://user:password@host/database`. \
            SQLAlchemy's spellings work too (`postgresql+asyncpg://`, `sqlite:///relative`, \
            `sqlite:////absolute`). `dev` ignores it and says so.",
        default: "sqlite:doorward.db",
        example: "postgresql://user:password@ep-name-pooler.region.aws.neon.tech/neondb?sslmode=require",
        secrecy: Secrecy::Database,
        set: Some(|settings, text| put(&mut settings.database, DatabaseUrl::parse(text))),
        ..PLAIN
    },
    Setting {
        name: "DATABASE_URL_UNPOOLED",
        section: DATABASE,
        about: "The direct host that migrations use. Not needed for Neon: it is derived from the \
            `-pooler` host.",
        secrecy: Secrecy::Database,
        set: Some(|settings, text| {
            put_some(&mut settings.database_unpooled, DatabaseUrl::parse(text))
        }),
        ..PLAIN
    },
    Setting {
        name: "DATABASE_TENANT_ROLE",
        section: DATABASE,
        about: "The PostgreSQL role that owns the view through which tasks are read, so that \
            row-level security holds for every login. `db migrate` creates it if it is absent.",
        default: "doorward_tenant",
        set: Some(|settings, text| put(&mut settings.tenant_role, word::role(text))),
        ..PLAIN
    },
    database::SQLITE_SYNCHRONOUS,
    database::SQLITE_CACHE_SIZE,
    database::SQLITE_MMAP_SIZE,
    Setting {
        name: "BETTER_AUTH_SECRET",
        aliases: &[also("DOORWARD_SECRET"), also("SECRET_KEY"), also("JWT_SECRET")],
        section: TOKENS,
        about: "The shared secret that signs access tokens (HS256): at least 32 bytes, made with \
            `openssl rand -hex 32`. Doorward does not start with one that is missing, short or \
            printed in documentation.",
        default: "made by `dev` only",
        example: "",
        secrecy: Secrecy::Secret,
        set: Some(|settings, text| put(&mut settings.secret, word::secret(text))),
    },
    Setting {
        name: "PREVIOUS_SECRETS",
        section: TOKENS,
        about: "Secrets that are accepted but sign nothing: earlier ones, and the next one before it \
            takes over, so that nobody is signed out when the secret changes. A list. See `docs/deploy.md`.",
        secrecy: Secrecy::Secret,
        set: Some(|settings, text| put(&mut settings.previous_secrets, word::secrets(text))),
        ..PLAIN
    },
    Setting {
        name: "ACCESS_TOKEN_TTL",
        aliases: &[Alias {
            name: "ACCESS_TOKEN_EXPIRE_MINUTES",
            set: Some(|settings, text| put(&mut settings.access_token_ttl, parse::minutes(text))),
        }],
        section: TOKENS,
        about: "How long an access token lives. `ACCESS_TOKEN_EXPIRE_MINUTES` counts minutes.",
        default: "24h",
        example: "24h",
        set: Some(|settings, text| put(&mut settings.access_token_ttl, parse::duration(text, 1))),
        ..PLAIN
    },
    tokens::TOKEN_ALGORITHM,
    tokens::TOKEN_PROFILE,
    tokens::TOKEN_ISSUER,
    tokens::TOKEN_AUDIENCE,
    tokens::TOKEN_APP_METADATA,
    issuers::BETTER_AUTH_URL,
    issuers::NEON_AUTH_URL,
    issuers::ACCEPT_COOKIES,
    issuers::BETTER_AUTH_COOKIE_PREFIX,
    issuers::TRUSTED_ISSUERS,
    issuers::ACCEPT_SHARED_SECRET_TOKENS,
    issuers::SHARED_SECRET_ISSUER,
    issuers::SHARED_SECRET_AUDIENCE,
    issuers::LINK_VERIFIED_EMAILS,
    Setting {
        name: "SESSION_IDLE_TTL",
        section: SESSIONS,
        about: "A session that is not refreshed for this long ends.",
        default: "30d",
        example: "30d",
        set: Some(|settings, text| put(&mut settings.session_idle_ttl, parse::duration(text, 1))),
        ..PLAIN
    },
    Setting {
        name: "SESSION_MAX_TTL",
        section: SESSIONS,
        about: "A session ends after this long, however often it is refreshed.",
        default: "180d",
        example: "180d",
        set: Some(|settings, text| put(&mut settings.session_max_ttl, parse::duration(text, 1))),
        ..PLAIN
    },
    Setting {
        name: "REFRESH_GRACE",
        section: SESSIONS,
        about: "A refresh token used twice within this time gets the same successor twice (two \
            browser tabs) instead of raising the alarm. `0` for none.",
        default: "10s",
        set: Some(|settings, text| put(&mut settings.refresh_grace, parse::duration(text, 0))),
        ..PLAIN
    },
    Setting {
        name: "REFRESH_RETRY",
        section: SESSIONS,
        about: "The same while the successor has never been used, which means that the answer \
            was lost on its way. `0` for none.",
        default: "1h",
        set: Some(|settings, text| put(&mut settings.refresh_retry, parse::duration(text, 0))),
        ..PLAIN
    },
    accounts::REFRESH_WITH_ACCESS_TOKEN,
    accounts::REGISTRATION,
    accounts::REGISTRATION_SIGNS_IN,
    accounts::REQUIRE_VERIFIED_EMAIL,
    accounts::EMAIL_VERIFICATION_TTL,
    accounts::PASSWORD_RESET_TTL,
    accounts::INVITATION_TTL,
    accounts::USERNAMES,
    accounts::LOGIN_CODES,
    accounts::EMAIL_CHANGE,
    accounts::PASSWORD_CHANGE,
    accounts::ACCOUNT_DELETION,
    accounts::COMMON_PASSWORDS,
    Setting {
        name: "PASSWORD_HASH",
        section: PASSWORDS,
        about: "How new passwords are hashed: `argon2id`, `argon2id:m=19456,t=2,p=1` (memory in \
            KiB, passes, lanes), `bcrypt` or `bcrypt:12`. Both kinds, and those of other \
            programs (`docs/password-hashes.md`), are always verified.",
        default: "argon2id:m=19456,t=2,p=1",
        example: "argon2id",
        set: Some(|settings, text| put(&mut settings.password_hash, parse::hash_scheme(text))),
        ..PLAIN
    },
    accounts::PASSWORD_KERNEL,
    accounts::PASSWORD_MIN_LENGTH,
    abuse::PASSWORD_WORD_LIST,
    abuse::PASSWORD_BREACH_FILE,
    factors::MFA,
    factors::MFA_ROLES,
    factors::TRUSTED_DEVICES,
    factors::STEP_UP_AGE,
    passkeys::RP_ID,
    passkeys::RP_ORIGINS,
    abuse::RATE_LIMIT_LOGIN,
    abuse::RATE_LIMIT_REGISTER,
    abuse::RATE_LIMIT_REFRESH,
    abuse::RATE_LIMIT_AUTH,
    abuse::RATE_LIMIT_API,
    abuse::RATE_LIMIT_INTROSPECT,
    abuse::RATE_LIMIT_API_KEY,
    abuse::REDIS_URL,
    abuse::LOGIN_MAX_FAILURES,
    Setting {
        name: "HOST",
        section: HTTP,
        about: "The address to listen on; `0.0.0.0` for all of this machine's.",
        default: "127.0.0.1",
        example: "127.0.0.1",
        set: Some(|settings, text| put(&mut settings.host, parse::host(text))),
        ..PLAIN
    },
    Setting {
        name: "PORT",
        section: HTTP,
        about: "The port to listen on; `0` picks a free one.",
        default: "8000",
        example: "8000",
        set: Some(|settings, text| put(&mut settings.port, parse::number(text, 0..=u16::MAX))),
        ..PLAIN
    },
    Setting {
        name: "ALLOWED_ORIGINS",
        section: HTTP,
        about: "The web origins whose pages may call (CORS). A list; credentials are allowed, so \
            `*` is refused.",
        default: "none; in `dev` any port of localhost and 127.0.0.1",
        example: "http://localhost:3000,https://app.example.com",
        set: Some(|settings, text| {
            put(&mut settings.allowed_origins, parse::origins(text).map(AllowedOrigins::List))
        }),
        ..PLAIN
    },
    Setting {
        name: "ALLOWED_HEADERS",
        section: HTTP,
        about: "Request headers that those pages may send besides the usual ones and those of tracing \
            libraries (`traceparent`, `baggage`, `sentry-trace`). A list.",
        default: "none",
        example: "X-Tenant,X-App-Version",
        set: Some(|settings, text| put(&mut settings.allowed_headers, parse::headers(text))),
        ..PLAIN
    },
    Setting {
        name: "AUTH_PATH",
        section: HTTP,
        about: "Where the accounts and sign-in routes are mounted.",
        default: "/auth",
        set: Some(|settings, text| put(&mut settings.auth_path, parse::mount(text, false))),
        ..PLAIN
    },
    Setting {
        name: "TASKS_PATH",
        section: HTTP,
        about: "Where the tasks are mounted, such as `/api/v1/tasks` or `/api/{user_id}/tasks`.",
        default: "/api/tasks",
        set: Some(|settings, text| put(&mut settings.tasks_path, parse::mount(text, true))),
        ..PLAIN
    },
    dialects::COMPAT,
    dialects::DIALECT,
    dialects::DIALECT_LIST,
    dialects::DIALECT_ITEM,
    dialects::DIALECT_OPEN_STATUS,
    dialects::DIALECT_DELETE,
    tasks::TASK_TITLE_MAX,
    mail::PUBLIC_URL,
    Setting {
        name: "TRUSTED_PROXIES",
        section: HTTP,
        about: "Addresses and networks of the proxies in front, whose CLIENT_IP_HEADER counts. \
            A list such as `10.0.0.0/8,::1`.",
        default: "none",
        set: Some(|settings, text| put(&mut settings.trusted_proxies, parse::networks(text))),
        ..PLAIN
    },
    Setting {
        name: "CLIENT_IP_HEADER",
        section: HTTP,
        about: "The header in which the proxy in front names the client: `X-Forwarded-For`, `Forwarded`, \
            or one with a single address such as `X-Real-IP` or `CF-Connecting-IP`. Others are ignored.",
        default: "X-Forwarded-For",
        set: Some(|settings, text| put(&mut settings.client_ip_header, parse::header(text))),
        ..PLAIN
    },
    Setting {
        name: "MAX_CONNECTIONS",
        section: HTTP,
        about: "Maximum number of open connections; further ones wait.",
        default: "as many as the process may open files, at most 16384",
        set: Some(|settings, text| {
            put_some(&mut settings.max_connections, parse::number(text, 1..=1_000_000))
        }),
        ..PLAIN
    },
    Setting {
        name: "MAX_CONNECTIONS_PER_CLIENT",
        section: HTTP,
        about: "Connections open at once of one IPv4 address or IPv6 /64 network; at the limit its \
            idlest one is closed for the next. Trusted proxies have no limit of their own.",
        default: "a quarter of MAX_CONNECTIONS",
        set: Some(|settings, text| {
            put_some(&mut settings.max_connections_per_client, parse::number(text, 1..=1_000_000))
        }),
        ..PLAIN
    },
    Setting {
        name: "KEEP_ALIVE_TIMEOUT",
        section: HTTP,
        about: "How long a connection may be idle between requests. Keep it above what the proxy in \
            front keeps its own connections for: nginx and AWS 60s, Caddy 2m, Google 10m.",
        default: "3m",
        set: Some(|settings, text| put(&mut settings.keep_alive_timeout, parse::duration(text, 1))),
        ..PLAIN
    },
    Setting {
        name: "DRAIN_TIMEOUT",
        section: HTTP,
        about: "How long requests in progress may take to finish after a stop signal.",
        default: "25s",
        set: Some(|settings, text| put(&mut settings.drain_timeout, parse::duration(text, 0))),
        ..PLAIN
    },
    mail::SMTP_URL,
    mail::MAIL_FROM,
    mail::SMTP_CA_FILE,
    mail::SMTP_TIMEOUT,
    mail::SECURITY_NOTICES,
    mail::APP_NAME,
    mail::APP_URL,
    mail::APP_PATHS,
    mail::PAGES,
    mail::MAIL_TEMPLATES,
    Setting {
        name: "AUDIT_RETENTION",
        section: LOGS,
        about: "How long records of the audit log are kept: a day or longer; `0` keeps them for ever. Older ones are \
            removed once a day while the server has work, and by `doorward audit prune`.",
        default: "365d",
        set: Some(|settings, text| {
            let kept = parse::duration(text, 0)?;
            if !kept.is_zero() && kept < Duration::from_hours(24) {
                return Err("must be a day or longer, or 0 for ever".into());
            }
            settings.audit_retention = (!kept.is_zero()).then_some(kept);
            Ok(())
        }),
        ..PLAIN
    },
    Setting {
        name: "RUST_LOG",
        section: LOGS,
        about: "What is logged: a level (`error warn info debug trace`), or `doorward=debug,warn`. \
            Requests that only read and succeed are logged at `debug`, all others at `info` or \
            above: `info,doorward::access=debug` adds them, as `dev` does.",
        default: "info",
        example: "info",
        set: Some(|settings, text| put(&mut settings.log_filter, word::log_filter(text))),
        ..PLAIN
    },
    Setting {
        name: "LOG_FORMAT",
        section: LOGS,
        about: "`text` for people or `json` for machines, on stderr.",
        default: "text",
        example: "text",
        set: Some(|settings, text| put(&mut settings.log_format, word::log_format(text))),
        ..PLAIN
    },
    metrics::METRICS_LISTEN,
    metrics::METRICS_TOKEN,
    metrics::OTLP_ENDPOINT,
];
