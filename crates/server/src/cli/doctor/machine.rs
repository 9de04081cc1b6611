//! This machine: the limit of open files, how long hashing a password takes and how many users can sign in at
//! a time, and whether there is enough memory for it. Runs alone, so that the measurements are not disturbed.

use std::path::Path;
use std::time::Duration;

use futures_util::future::join_all;
use secrecy::SecretString;
use tokio::time::Instant;

use super::files::size;
use super::finding::{CheckName, Finding, shown};
use super::patient::Patient;
use crate::accept::limits::{Limits, RESERVED_FILES, open_files};
use crate::config::HashScheme;
use crate::passwords::HashingPool;

const OPEN_FILES: CheckName = CheckName("machine.open-files");
const HASHING: CheckName = CheckName("machine.hashing");
const MEMORY: CheckName = CheckName("machine.memory");

/// A front end on a slow network can use up fewer connections than this.
const FEW: usize = 1024;
/// Number of single hashes; their median counts.
const SINGLE: usize = 3;
/// How long all cores hash.
const MEASURED: Duration = Duration::from_millis(1200);
/// A hash should not be cheaper than this for an attacker, nor slower than that for users.
const CHEAP: Duration = Duration::from_millis(15);
const SLOW_HASH: Duration = Duration::from_secs(1);

pub(super) async fn examine(patient: &Patient) -> Vec<Finding> {
    let hashing = patient.within(HASHING, hashing(patient)).await;
    vec![connections(patient), hashing, memory(patient)]
}

fn connections(patient: &Patient) -> Finding {
    let files = open_files();
    let possible = Limits::default().connections;
    let asked = patient.settings.max_connections.unwrap_or(possible);
    let next = "Raise the limit: LimitNOFILE=65536 in the unit, or ulimit -n 65536";
    let detail = format!(
        "The limit is {files} open files; {asked} connections and {RESERVED_FILES} others are needed"
    );
    if asked.saturating_add(RESERVED_FILES) > files && patient.settings.max_connections.is_some() {
        return OPEN_FILES.failed(detail, format!("{next}; or lower MAX_CONNECTIONS"));
    }
    if asked < FEW && patient.settings.max_connections.is_none() {
        return OPEN_FILES.warning(detail, next);
    }
    OPEN_FILES.ok(detail)
}

async fn hashing(patient: &Patient) -> Finding {
    let settings = &patient.settings;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let pool = HashingPool::new(settings.password_hash, settings.password_kernel, cores);
    let hash = || pool.hash(SecretString::from("a password of nobody"), [7; 16]);
    let mut alone = Vec::new();
    for _ in 0..=SINGLE {
        let began = Instant::now();
        if hash().await.is_err() {
            return HASHING.failed(
                "Passwords cannot be hashed",
                "See machine.memory, and set PASSWORD_HASH lower",
            );
        }
        alone.push(began.elapsed());
    }
    // The first one allocates the memory.
    alone.remove(0);
    alone.sort_unstable();
    let (one, began, mut done) = (alone[alone.len() / 2], Instant::now(), 0_u32);
    while began.elapsed() < MEASURED {
        let all = join_all((0..cores).map(|_| hash())).await;
        done += u32::try_from(all.iter().filter(|made| made.is_ok()).count()).unwrap_or_default();
    }
    let rate = f64::from(done) / began.elapsed().as_secs_f64();
    let kernel = match settings.password_hash {
        HashScheme::Argon2id { m, t, p } => {
            format!("argon2id:m={m},t={t},p={p} by {}", pool.kernel())
        }
        HashScheme::Bcrypt { cost } => format!("bcrypt:{cost}"),
    };
    let detail =
        format!("{kernel}: {} each, {rate:.0} sign-ins per second on {cores} cores", shown(one));
    judged(settings.password_hash, one, detail)
}

fn judged(scheme: HashScheme, one: Duration, detail: String) -> Finding {
    if one > SLOW_HASH {
        return HASHING.warning(
            detail,
            "Lower PASSWORD_HASH, or use a faster machine: users wait that long to sign in",
        );
    }
    match scheme {
        HashScheme::Argon2id { m, t, .. } if one < CHEAP => {
            let dearer = HashScheme::Argon2id { m: 65_536, t: 3, p: 1 };
            let HashScheme::Argon2id { m: more, t: times, .. } = dearer else {
                return HASHING.ok(detail);
            };
            let factor = f64::from(more) * f64::from(times) / (f64::from(m) * f64::from(t));
            let would = shown(one.mul_f64(factor));
            HASHING.ok(format!(
                "{detail}; PASSWORD_HASH=argon2id:m=65536,t=3,p=1 would take about {would} and make guessing \
                    accordingly more expensive"
            ))
        }
        HashScheme::Bcrypt { .. } => HASHING.ok(format!(
            "{detail}; argon2id makes guessing on GPUs far more expensive (PASSWORD_HASH=argon2id)"
        )),
        HashScheme::Argon2id { .. } => HASHING.ok(detail),
    }
}

/// Each core hashes with its own memory.
fn memory(patient: &Patient) -> Finding {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let each = match patient.settings.password_hash {
        HashScheme::Argon2id { m, .. } => u64::from(m) * 1024,
        HashScheme::Bcrypt { .. } => return MEMORY.ok("bcrypt needs very little"),
    };
    let needed = each * u64::try_from(cores).unwrap_or(1) + (64 << 20);
    let Some(free) = available() else {
        return MEMORY.skipped("The available memory cannot be determined on this system");
    };
    let detail = format!(
        "{} are free; the server and hashing on {cores} cores need {}",
        size(free),
        size(needed)
    );
    if free < needed {
        return MEMORY.failed(detail, "Give the process more memory, or set PASSWORD_HASH lower");
    }
    if free < needed * 2 {
        return MEMORY
            .warning(detail, "Give the process more memory: other programs need memory too");
    }
    MEMORY.ok(detail)
}

/// The memory this process can still allocate: of the machine, and of its control group.
fn available() -> Option<u64> {
    let machine = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024)
    });
    let number = |name: &str| {
        let text = std::fs::read_to_string(Path::new("/sys/fs/cgroup").join(name)).ok()?;
        text.trim().parse::<u64>().ok()
    };
    let group =
        number("memory.max").map(|most| most.saturating_sub(number("memory.current").unwrap_or(0)));
    match (machine, group) {
        (Some(one), Some(two)) => Some(one.min(two)),
        (one, two) => one.or(two),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::Health;

    #[test]
    fn a_hash_that_people_would_wait_for_is_warned_of_and_a_cheap_one_gets_a_hint() {
        let of = |millis| judged(HashScheme::default(), Duration::from_millis(millis), "it".into());
        assert_eq!(of(1500).status, Health::Warning);
        assert_eq!(of(30).detail, "it.");
        let cheap = of(10);
        assert_eq!(cheap.status, Health::Ok);
        assert!(cheap.detail.contains("m=65536,t=3,p=1 would take about 51 ms"), "{cheap:?}");
    }
}
