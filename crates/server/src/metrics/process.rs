//! Process metrics from the system, with the names that Prometheus's own clients use. Without `/proc` there
//! are none.

/// One reading.
#[derive(Debug, Default)]
pub(super) struct Process {
    pub(super) resident_bytes: Option<u64>,
    pub(super) open_files: Option<u64>,
    pub(super) most_files: Option<u64>,
    pub(super) cpu_seconds: Option<f64>,
    pub(super) threads: Option<u64>,
}

/// Linux reports CPU time in hundredths of a second, whatever the kernel's own tick is.
const TICKS: f64 = 100.0;

impl Process {
    pub(super) fn read() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        Self {
            resident_bytes: field("VmRSS:").map(|kilobytes| kilobytes * 1024),
            threads: field("Threads:"),
            open_files: open_files(),
            most_files: most_files(),
            cpu_seconds: cpu_seconds(),
        }
    }
}

/// One of them is the directory being read.
fn open_files() -> Option<u64> {
    let files = std::fs::read_dir("/proc/self/fd").ok()?.count();
    u64::try_from(files).ok()?.checked_sub(1)
}

#[cfg(unix)]
fn most_files() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}

#[cfg(not(unix))]
fn most_files() -> Option<u64> {
    None
}

#[allow(clippy::cast_precision_loss, reason = "less than 2^53 ticks")]
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The process name before it can contain spaces and brackets.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let ticks = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(ticks as f64 / TICKS)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_files_threads_and_time() {
        let read = Process::read();
        assert!(read.resident_bytes.unwrap() > 1 << 20, "{read:?}");
        assert!((3..10_000).contains(&read.open_files.unwrap()), "{read:?}");
        assert!(read.most_files.is_none_or(|most| most > read.open_files.unwrap()), "{read:?}");
        assert!(read.threads.unwrap() > 0 && read.cpu_seconds.is_some(), "{read:?}");
    }
}
