//! Hashes passwords on its own bounded number of threads, behind a bounded queue, so a flood of sign-ins
//! occupies only these threads. A full queue rejects immediately; jobs of clients that have disconnected are
//! skipped. Work is bounded here, not by permits held in requests, which a disconnect would release while the
//! hashing continues.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::oneshot;

use super::counted::WaitingJob;
use super::format::argon2_hash::Scratch;
use super::format::argon2id_maker::Argon2idMaker;
use super::password_hash::{self, HashError};
use super::stand_in::StandIn;
use super::stored_hash::StoredHash;
use super::work::{Work, WorkDone};
use crate::config::{HashScheme, PasswordKernel};
use crate::error::Error;
use crate::metrics::Metrics;

/// Waiting jobs per thread: one or two seconds of Argon2id, several seconds of bcrypt.
const QUEUE_PER_THREAD: usize = 64;
const QUEUE_PER_THREAD_BCRYPT: usize = 16;

type HashJob = Box<dyn FnOnce(&mut Scratch) + Send>;

/// The threads and their queue; clones share them, and the last clone stops them.
#[derive(Clone, Debug)]
pub struct HashingPool {
    scheme: HashScheme,
    maker: Argon2idMaker,
    owner: Arc<PoolOwner>,
}

/// The result of verifying a password.
#[derive(Debug)]
pub struct Verdict {
    /// The password is right.
    pub right: bool,
    /// The same password hashed with current parameters, if the stored hash has others.
    pub upgraded: Option<String>,
}

#[derive(Debug)]
struct PoolOwner {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<JobQueue>,
    wake: Condvar,
    capacity: usize,
    done: WorkDone,
    metrics: Metrics,
}

#[derive(Default)]
struct JobQueue {
    jobs: VecDeque<HashJob>,
    closed: bool,
}

impl std::fmt::Debug for JobQueue {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "JobQueue({} waiting)", self.jobs.len())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, JobQueue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The loop of a thread: jobs until the pool is dropped; memory is wiped before each wait.
    fn work(&self, maker: Argon2idMaker) {
        let mut scratch = Scratch::new(maker);
        loop {
            let job = self.lock().jobs.pop_front();
            if let Some(job) = job {
                // A panic must only fail its own request, not the thread.
                if catch_unwind(AssertUnwindSafe(|| job(&mut scratch))).is_err() {
                    scratch = Scratch::new(maker);
                }
                continue;
            }
            scratch.wipe();
            let queue = self.lock();
            if !queue.jobs.is_empty() {
                continue;
            }
            if queue.closed {
                return;
            }
            drop(self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner));
        }
    }

    fn push(&self, job: HashJob) -> Result<(), Error> {
        let mut queue = self.lock();
        if queue.jobs.len() >= self.capacity {
            if let Some(meters) = self.metrics.on() {
                meters.hashing.refused.one();
            }
            return Err(Error::HashingUnavailable);
        }
        queue.jobs.push_back(job);
        drop(queue);
        self.wake.notify_one();
        Ok(())
    }
}

impl Drop for PoolOwner {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.wake.notify_all();
    }
}

impl HashingPool {
    /// A pool of `threads` threads for this scheme.
    pub fn new(scheme: HashScheme, kernel: PasswordKernel, threads: usize) -> Self {
        Self::counted(scheme, kernel, threads, Metrics::default())
    }

    fn counted(
        scheme: HashScheme,
        kernel: PasswordKernel,
        threads: usize,
        metrics: Metrics,
    ) -> Self {
        let maker = Argon2idMaker::choose(kernel);
        let threads = threads.max(1);
        let per_thread = match scheme {
            HashScheme::Argon2id { .. } => QUEUE_PER_THREAD,
            HashScheme::Bcrypt { .. } => QUEUE_PER_THREAD_BCRYPT,
        };
        let capacity = threads * per_thread;
        let shared = Arc::new(Shared { capacity, metrics, ..Shared::default() });
        for number in 0..threads {
            let shared = Arc::clone(&shared);
            let thread = std::thread::Builder::new().name(format!("hashing-{number}"));
            if let Err(error) = thread.spawn(move || shared.work(maker)) {
                tracing::error!(%error, "a hashing thread could not be started");
            }
        }
        let owner = Arc::new(PoolOwner { shared });
        Self { scheme, maker, owner }
    }

    /// A pool with one thread per core.
    pub fn with_all_cores(scheme: HashScheme, kernel: PasswordKernel, metrics: Metrics) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self::counted(scheme, kernel, threads, metrics)
    }

    /// The Argon2id implementation: `avx512`, `avx2`, `portable` or `reference`.
    pub fn kernel(&self) -> &'static str {
        self.maker.name()
    }

    /// Hashes a new password.
    pub async fn hash(&self, password: SecretString, salt: [u8; 16]) -> Result<String, Error> {
        let scheme = self.scheme;
        self.run(move |work| work.hash(&password, scheme, salt)).await?.map_err(unavailable)
    }

    /// Verifies a password with a hash of any kind. Without a stored hash, or with an invalid one, the same
    /// work is done with the stand-in, so that timing does not disclose whether the account exists. `salt` is
    /// for an upgraded hash.
    pub(crate) async fn verify(
        &self,
        password: SecretString,
        stored: Option<String>,
        stand_in: StandIn,
        salt: [u8; 16],
    ) -> Result<Verdict, Error> {
        let scheme = self.scheme;
        self.run(move |work| {
            let stand_in = stand_in.as_str();
            let right = match stored.as_deref().map(|stored| work.verify(&password, stored)) {
                Some(Ok(right)) => right,
                Some(Err(HashError::Failed)) => return Err(HashError::Failed),
                Some(Err(HashError::Unreadable(why))) => {
                    tracing::error!("a stored password hash {why}; the sign-in fails");
                    work.verify(&password, stand_in).and(Ok(false))?
                }
                None => work.verify(&password, stand_in).and(Ok(false))?,
            };
            let old = stored.filter(|_| right);
            let upgraded = old.and_then(|old| work.upgrade(&password, &old, scheme, salt));
            Ok(Verdict { right, upgraded })
        })
        .await?
        .map_err(unavailable)
    }

    /// True if a job would be rejected now, so callers can skip the preparation.
    pub fn is_full(&self) -> bool {
        self.owner.shared.lock().jobs.len() >= self.owner.shared.capacity
    }

    /// The number of hashes computed so far.
    pub fn hashes_computed(&self) -> u64 {
        self.work_done().hashes
    }

    /// The total cost of all hashes.
    pub fn work_done(&self) -> Work {
        self.owner.shared.done.total()
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Workbench<'_>) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let shared = Arc::clone(&self.owner.shared);
        let waiting = WaitingJob::begin(&shared.metrics);
        self.owner.shared.push(Box::new(move |scratch| {
            if !answer.is_closed() {
                let _running = waiting.end(&shared.metrics);
                let mut bench = Workbench { scratch, done: &shared.done };
                let _ = answer.send(work(&mut bench));
            }
        }))?;
        answered.await.map_err(|_| Error::HashingUnavailable)
    }
}

/// A thread's working memory and its counter.
struct Workbench<'a> {
    scratch: &'a mut Scratch,
    done: &'a WorkDone,
}

impl Workbench<'_> {
    fn hash(
        &mut self,
        password: &SecretString,
        scheme: HashScheme,
        salt: [u8; 16],
    ) -> Result<String, HashError> {
        let bytes = password.expose_secret().as_bytes();
        let made = password_hash::hash(bytes, scheme, salt, self.scratch)?;
        self.done.add(StoredHash::parse(&made).map_err(HashError::Unreadable)?.cost());
        Ok(made)
    }

    fn verify(&mut self, password: &SecretString, stored: &str) -> Result<bool, HashError> {
        let hash = StoredHash::parse(stored).map_err(HashError::Unreadable)?;
        self.done.add(hash.cost());
        hash.verify(password.expose_secret().as_bytes(), self.scratch)
    }

    /// A failed upgrade does not fail the sign-in: the old hash stays.
    fn upgrade(
        &mut self,
        password: &SecretString,
        old: &str,
        scheme: HashScheme,
        salt: [u8; 16],
    ) -> Option<String> {
        let bytes = password.expose_secret().as_bytes();
        let other = password_hash::needs_upgrade(bytes, old, scheme);
        other.then(|| self.hash(password, scheme, salt).ok()).flatten()
    }
}

fn unavailable(error: HashError) -> Error {
    tracing::error!(?error, "password hashing failed");
    Error::HashingUnavailable
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures_util::FutureExt;

    use super::{HashingPool, QUEUE_PER_THREAD, StandIn};
    use crate::config::{HashScheme, PasswordKernel};
    use crate::error::Error;

    const CHEAP: HashScheme = HashScheme::Argon2id { m: 64, t: 1, p: 1 };

    fn pool() -> HashingPool {
        HashingPool::new(CHEAP, PasswordKernel::Auto, 1)
    }

    fn stand_in() -> StandIn {
        StandIn::of_scheme(CHEAP)
    }

    /// Occupies the pool's only thread until the sender is dropped.
    async fn block(pool: &HashingPool) -> mpsc::Sender<()> {
        let (release, released) = mpsc::channel::<()>();
        let (began, running) = tokio::sync::oneshot::channel();
        let pool = pool.clone();
        tokio::spawn(async move {
            let _ = pool
                .run(move |_| {
                    let _ = began.send(());
                    let _ = released.recv();
                })
                .await;
        });
        running.await.unwrap();
        release
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once() {
        let pool = pool();
        let release = block(&pool).await;
        let waiting: Vec<_> = (0..QUEUE_PER_THREAD)
            .map(|_| {
                let pool = pool.clone();
                tokio::spawn(async move { pool.hash("password".into(), [0; 16]).await })
            })
            .collect();
        while pool.owner.shared.lock().jobs.len() < QUEUE_PER_THREAD {
            tokio::task::yield_now().await;
        }
        let refused = pool.hash("password".into(), [0; 16]).await;
        assert!(matches!(refused, Err(Error::HashingUnavailable)), "{refused:?}");
        drop(release);
        for job in waiting {
            job.await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn a_job_whose_client_went_away_is_skipped() {
        let pool = pool();
        let release = block(&pool).await;
        for _ in 0..10 {
            let gone = pool.hash("password".into(), [0; 16]).now_or_never();
            assert!(gone.is_none());
        }
        drop(release);
        pool.hash("password".into(), [0; 16]).await.unwrap();
        assert_eq!(pool.hashes_computed(), 1);
    }

    #[tokio::test]
    async fn a_panicking_job_fails_alone() {
        let pool = pool();
        let failed = pool.run(|_| -> () { panic!("a bug") }).await;
        assert!(matches!(failed, Err(Error::HashingUnavailable)));
        pool.hash("password".into(), [0; 16]).await.unwrap();
    }

    #[tokio::test]
    async fn unknown_known_and_unreadable_accounts_cost_one_hash_each() {
        let pool = pool();
        let stored = pool.hash("password".into(), [1; 16]).await.unwrap();
        for stored in [None, Some(stored.clone()), Some("!unreadable".into())] {
            let before = pool.hashes_computed();
            let verdict = pool.verify("wrong".into(), stored, stand_in(), [0; 16]).await.unwrap();
            assert!(!verdict.right && verdict.upgraded.is_none());
            assert_eq!(pool.hashes_computed() - before, 1);
        }
        let right =
            pool.verify("password".into(), Some(stored), stand_in(), [0; 16]).await.unwrap();
        assert!(right.right && right.upgraded.is_none());
    }

    #[tokio::test]
    async fn an_old_hash_is_upgraded_by_the_right_password_only() {
        let stored = pool().hash("password".into(), [1; 16]).await.unwrap();
        let stronger =
            HashingPool::new(HashScheme::Argon2id { m: 128, t: 1, p: 1 }, PasswordKernel::Auto, 1);
        let wrong = stronger
            .verify("wrong".into(), Some(stored.clone()), stand_in(), [0; 16])
            .await
            .unwrap();
        assert!(wrong.upgraded.is_none());
        let right =
            stronger.verify("password".into(), Some(stored), stand_in(), [0; 16]).await.unwrap();
        let upgraded = right.upgraded.unwrap();
        assert!(upgraded.starts_with("$argon2id$v=19$m=128,t=1,p=1$"), "{upgraded}");
        let again =
            stronger.verify("password".into(), Some(upgraded), stand_in(), [0; 16]).await.unwrap();
        assert!(again.right && again.upgraded.is_none());
    }
}
