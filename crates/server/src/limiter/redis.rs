//! Rate limits shared by several nodes through Redis or Valkey: one atomic script with the rule of `gcra` on
//! Redis's own clock. Requests wait for Redis only very briefly: while it is unavailable or slow, the process
//! counts on its own, logs that once, and tries once a second to reconnect.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Script};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::config::{Quota, RedisUrl};
use crate::limiter::gcra::{Decision, micros};
use crate::patience::Wait;

/// How long a request waits for Redis; deducted from its budget for the database.
const PATIENCE: Duration = Duration::from_millis(150);
/// How long connecting may take; no request waits for it.
const CONNECTING: Duration = Duration::from_secs(3);
/// Delay between attempts while Redis is unavailable.
const PAUSE: Duration = Duration::from_secs(1);

const GCRA: &str = "\
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local window, interval = tonumber(ARGV[1]), tonumber(ARGV[2])
local tat = tonumber(redis.call('GET', KEYS[1]) or 0)
tat = math.min(math.max(tat, now), now + window)
local debt = tat + interval - now
if debt > window then
  return {0, 0, debt - window}
end
redis.call('SET', KEYS[1], string.format('%.0f', tat + interval), 'PX', math.ceil(debt / 1000))
return {1, math.floor((window - debt) / interval), debt}
";

/// The shared limiter.
#[derive(Debug)]
pub(super) struct RateRedis {
    client: Client,
    script: Script,
    connection: watch::Sender<Option<MultiplexedConnection>>,
    connecting: AtomicBool,
    /// True from the first failure to the next success.
    away: AtomicBool,
    began: Instant,
    /// Milliseconds since `began` until the next attempt.
    pause_until: AtomicU64,
}

impl RateRedis {
    /// A limiter at this address; connects on first use.
    pub(super) fn new(url: &RedisUrl) -> Option<Arc<Self>> {
        let client = Client::open(url.expose()).ok()?;
        Some(Arc::new(Self {
            client,
            script: Script::new(GCRA),
            connection: watch::Sender::new(None),
            connecting: AtomicBool::new(false),
            away: AtomicBool::new(false),
            began: Instant::now(),
            pause_until: AtomicU64::new(0),
        }))
    }

    /// Decides for the client with this `key`; `None` while Redis is unavailable.
    pub(super) async fn decide(self: &Arc<Self>, key: &str, quota: Quota) -> Option<Decision> {
        if self.elapsed() < self.pause_until.load(Relaxed) {
            return None;
        }
        if self.connection.borrow().is_none() {
            self.connect();
            if self.away.load(Relaxed) {
                return None;
            }
        }
        let wait = Wait::begin(PATIENCE);
        match timeout_at(wait.until(), self.ask(key, quota)).await {
            Ok(Ok(decision)) => {
                if self.away.swap(false, Relaxed) {
                    tracing::info!("Redis is back: rate limits are shared again");
                }
                Some(decision)
            }
            Ok(Err(error)) => self.fail(&error.to_string()),
            Err(_) => self.fail("no response in time"),
        }
    }

    async fn ask(&self, key: &str, quota: Quota) -> Result<Decision, redis::RedisError> {
        let mut connection = self.connection.subscribe();
        let connection = connection.wait_for(Option::is_some).await.ok();
        let connection = connection.and_then(|connection| connection.clone());
        let Some(mut connection) = connection else {
            return Err((redis::ErrorKind::Io, "no connection").into());
        };
        let window = micros(quota);
        let interval = (window / i64::from(quota.requests)).max(1);
        let (allowed, remaining, wait): (bool, u32, i64) = self
            .script
            .key(format!("doorward:rate:{key}"))
            .arg(window)
            .arg(interval)
            .invoke_async(&mut connection)
            .await?;
        Ok(Decision { allowed, remaining, wait })
    }

    /// Connects in the background, one attempt at a time.
    fn connect(self: &Arc<Self>) {
        if self.connecting.swap(true, Relaxed) {
            return;
        }
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let config = AsyncConnectionConfig::new()
                .set_connection_timeout(Some(CONNECTING))
                .set_response_timeout(Some(PATIENCE));
            match this.client.get_multiplexed_async_connection_with_config(&config).await {
                Ok(connection) => {
                    this.connection.send_replace(Some(connection));
                }
                Err(error) => {
                    this.fail(&error.to_string());
                }
            }
            this.connecting.store(false, Relaxed);
        });
    }

    /// Drops the connection, and logs it once per outage.
    fn fail(&self, why: &str) -> Option<Decision> {
        self.connection.send_replace(None);
        let pause = u64::try_from(PAUSE.as_millis()).unwrap_or(u64::MAX);
        self.pause_until.store(self.elapsed().saturating_add(pause), Relaxed);
        if !self.away.swap(true, Relaxed) {
            tracing::warn!(
                why,
                "Redis is unavailable: each node counts separately until it is back"
            );
        }
        None
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// How long connecting to this Redis and its response take; or an error.
pub async fn round_trip(url: &RedisUrl) -> Result<[Duration; 2], String> {
    let said = |error: redis::RedisError| error.to_string();
    let client = Client::open(url.expose()).map_err(said)?;
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECTING))
        .set_response_timeout(Some(CONNECTING));
    let began = Instant::now();
    let connection = client.get_multiplexed_async_connection_with_config(&config).await;
    let mut connection = connection.map_err(said)?;
    let (connected, asked) = (began.elapsed(), Instant::now());
    redis::cmd("PING").query_async::<String>(&mut connection).await.map_err(said)?;
    Ok([connected, asked.elapsed()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patience::{self, IN_ALL};

    /// Real time, because sockets use it. A busy machine shortens what is left.
    #[tokio::test]
    async fn what_is_waited_for_redis_is_gone_from_what_the_request_may_wait_in_all() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("redis://127.0.0.1:{}", silent.local_addr().unwrap().port());
        let limiter = RateRedis::new(&RedisUrl::parse(&url).unwrap()).unwrap();
        let rest = patience::within(async {
            assert!(limiter.decide("ada", Quota::per_minute(10)).await.is_none());
            Wait::begin(IN_ALL).until() - Instant::now()
        })
        .await;
        assert!(rest + PATIENCE <= IN_ALL, "{rest:?}");
    }
}
