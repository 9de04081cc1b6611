//! A bounded queue between the server and stderr: a stalled log reader loses log lines, but never blocks
//! requests. Lost lines are counted and reported.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

const LINES: usize = 8192;
const BYTES: usize = 4 * 1024 * 1024;
/// How long the process waits at its end for the last lines.
const FLUSH_WITHIN: Duration = Duration::from_secs(1);

enum Item {
    Line(Vec<u8>),
    Flush(SyncSender<()>),
}

/// The sending end of the queue; clones share it.
#[derive(Clone, Debug)]
pub(in crate::cli) struct LogQueue {
    sender: SyncSender<Item>,
    load: Arc<Load>,
}

#[derive(Debug, Default)]
struct Load {
    bytes: AtomicUsize,
    lost: AtomicU64,
}

impl LogQueue {
    /// Starts the thread that writes to `out`; `tell_loss` formats the line about lost ones.
    pub(in crate::cli) fn start(
        out: impl Write + Send + 'static,
        describe_loss: fn(u64) -> String,
    ) -> io::Result<Self> {
        let (sender, items) = sync_channel(LINES);
        let load = Arc::new(Load::default());
        let queue = Self { sender, load: Arc::clone(&load) };
        std::thread::Builder::new()
            .name("log".into())
            .spawn(move || drain(&items, out, &load, describe_loss))?;
        Ok(queue)
    }

    /// Waits until the log is written, for at most a second.
    pub(in crate::cli) fn flush(&self) {
        let (done, flushed) = sync_channel(1);
        if self.sender.try_send(Item::Flush(done)).is_ok() {
            let _ = flushed.recv_timeout(FLUSH_WITHIN);
        }
    }
}

fn drain(
    items: &Receiver<Item>,
    mut out: impl Write,
    load: &Load,
    describe_loss: fn(u64) -> String,
) {
    for item in items {
        // A closed stderr does not stop the server.
        let _ = match item {
            Item::Line(line) => {
                load.bytes.fetch_sub(line.len(), Ordering::Relaxed);
                match load.lost.swap(0, Ordering::Relaxed) {
                    0 => Ok(()),
                    lost => writeln!(out, "{}", describe_loss(lost)),
                }
                .and_then(|()| out.write_all(&line))
            }
            Item::Flush(done) => {
                let flushed = out.flush();
                let _ = done.send(());
                flushed
            }
        };
    }
}

impl Write for LogQueue {
    /// Queues one whole line, or drops it.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let queued = self.load.bytes.fetch_add(line.len(), Ordering::Relaxed);
        let fits = queued + line.len() <= BYTES;
        if !fits || self.sender.try_send(Item::Line(line.to_vec())).is_err() {
            self.load.bytes.fetch_sub(line.len(), Ordering::Relaxed);
            self.load.lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A reader that reads nothing until its gate opens.
    struct Stalled(Arc<Mutex<Vec<u8>>>);

    impl Write for Stalled {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stalled_reader_costs_lines_and_blocks_nobody() {
        let written = Arc::new(Mutex::new(Vec::new()));
        let mut queue =
            LogQueue::start(Stalled(Arc::clone(&written)), |lost| format!("{lost} lost")).unwrap();
        let stall = written.lock().unwrap();
        let sent = LINES + 100;
        for _ in 0..sent {
            queue.write_all(b"line\n").unwrap();
        }
        drop(stall);
        // A line after the stall reports the loss, once there is room for it.
        for round in 1.. {
            queue.flush();
            queue.write_all(b"last\n").unwrap();
            queue.flush();
            let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
            if text.ends_with("last\n") {
                let lost: usize = text
                    .lines()
                    .filter_map(|line| line.strip_suffix(" lost")?.parse::<usize>().ok())
                    .sum();
                let lines = text.matches("line\n").count();
                assert!(lost >= 90, "{lost}");
                assert_eq!(lines + text.matches("last\n").count() + lost, sent + round);
                return;
            }
        }
    }

    #[test]
    fn the_queue_is_bounded_in_bytes_too() {
        let written = Arc::new(Mutex::new(Vec::new()));
        let mut queue =
            LogQueue::start(Stalled(Arc::clone(&written)), |lost| format!("{lost} lost")).unwrap();
        let stall = written.lock().unwrap();
        for _ in 0..10 {
            queue.write_all(&vec![b'x'; 1024 * 1024]).unwrap();
        }
        assert!(queue.load.lost.load(Ordering::Relaxed) >= 5);
        drop(stall);
        queue.flush();
        assert_eq!(queue.load.bytes.load(Ordering::Relaxed), 0);
    }
}
