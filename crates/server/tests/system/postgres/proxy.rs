//! A TCP proxy in front of PostgreSQL that can go silent, be far away, cut connections, and count how often the
//! client speaks after the server: the number of round trips.

use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

pub(crate) struct Proxy {
    pub(crate) port: u16,
    silent: watch::Sender<bool>,
    mute: watch::Sender<bool>,
    delay: watch::Sender<Duration>,
    cut: watch::Sender<usize>,
    server: Arc<AtomicU16>,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    round_trips: AtomicUsize,
    bytes: AtomicUsize,
    connections: AtomicUsize,
    first: Mutex<Vec<u8>>,
}

impl Proxy {
    pub(crate) async fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (silent, is_silent) = watch::channel(false);
        let (mute, is_mute) = watch::channel(false);
        let (delay, of) = watch::channel(Duration::ZERO);
        let (cut, is_cut) = watch::channel(0);
        let seen = Arc::new(Seen::default());
        let count = Arc::clone(&seen);
        let server = Arc::new(AtomicU16::new(server));
        let behind = Arc::clone(&server);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (is_silent, mut is_cut) = (is_silent.clone(), is_cut.clone());
                let is_mute = is_mute.clone();
                let of = of.clone();
                let (seen, server) = (Arc::clone(&count), behind.load(Ordering::SeqCst));
                is_cut.mark_unchanged();
                tokio::spawn(async move {
                    seen.connections.fetch_add(1, Ordering::SeqCst);
                    tokio::select! {
                        () = serve(client, server, [is_silent, is_mute], of, &seen) => {}
                        _ = is_cut.changed() => {}
                    }
                    seen.connections.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { port, silent, mute, delay, cut, server, seen }
    }

    /// The URL with this proxy's port in place of the server's.
    pub(crate) fn before(&self, url: &str) -> String {
        let (start, rest) = url.rsplit_once(':').unwrap();
        let (_, path) = rest.split_once('/').unwrap();
        format!("{start}:{}/{path}", self.port)
    }

    /// From now on nothing is forwarded, new connections included; nothing is closed either.
    pub(crate) fn go_silent(&self) {
        self.silent.send_replace(true);
    }

    /// From now on the server hears all and nothing that it says arrives: half of the way is gone.
    pub(crate) fn lose_answers(&self) {
        self.mute.send_replace(true);
    }

    pub(crate) fn resume(&self) {
        self.silent.send_replace(false);
        self.mute.send_replace(false);
    }

    /// What is sent from now on arrives this much later, either way; the rate stays what it is.
    pub(crate) fn move_away(&self, one_way: Duration) {
        self.delay.send_replace(one_way);
    }

    /// New connections go to this server, as where a name or an address is moved.
    pub(crate) fn lead_to(&self, server: u16) {
        self.server.store(server, Ordering::SeqCst);
    }

    /// Closes every connection.
    pub(crate) fn cut(&self) {
        self.cut.send_modify(|count| *count += 1);
    }

    pub(crate) fn round_trips(&self) -> usize {
        self.seen.round_trips.load(Ordering::SeqCst)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.seen.bytes.load(Ordering::SeqCst)
    }

    /// The beginning of what clients sent.
    pub(crate) fn first_bytes(&self) -> Vec<u8> {
        self.seen.first.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }
}

async fn serve(
    client: TcpStream,
    server: u16,
    [silent, mute]: [watch::Receiver<bool>; 2],
    delay: watch::Receiver<Duration>,
    seen: &Seen,
) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { return };
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // Whether the last to speak was the server.
    let answered = AtomicBool::new(true);
    tokio::select! {
        () = forward(from_client, to_server, [silent.clone(), silent.clone()], delay.clone(), |bytes| {
            seen.bytes.fetch_add(bytes.len(), Ordering::SeqCst);
            let mut first = seen.first.lock().unwrap();
            if first.len() < 4096 {
                first.extend_from_slice(bytes);
            }
            if answered.swap(false, Ordering::SeqCst) {
                seen.round_trips.fetch_add(1, Ordering::SeqCst);
            }
        }) => {}
        () = forward(from_server, to_client, [silent, mute], delay, |_| answered.store(true, Ordering::SeqCst)) => {}
    }
}

async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut silent: [watch::Receiver<bool>; 2],
    delay: watch::Receiver<Duration>,
    saw: impl Fn(&[u8]),
) {
    let (queue, mut on_the_way) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let reading = async move {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            if !speaks(&mut silent).await {
                return;
            }
            let Ok(count) = from.read(&mut buffer).await else { return };
            if count == 0 || !speaks(&mut silent).await {
                return;
            }
            saw(&buffer[..count]);
            let _ = queue.send((Instant::now() + *delay.borrow(), buffer[..count].to_vec()));
        }
    };
    let writing = async move {
        while let Some((arrives, bytes)) = on_the_way.recv().await {
            if arrives > Instant::now() {
                tokio::time::sleep_until(arrives).await;
            }
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    };
    // What was read arrives, also after the end.
    let reading = async {
        reading.await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = reading => {}
        () = writing => {}
    }
}

/// Waits until neither is silent any more; false at the end.
async fn speaks([one, two]: &mut [watch::Receiver<bool>; 2]) -> bool {
    one.wait_for(|silent| !silent).await.is_ok() && two.wait_for(|silent| !silent).await.is_ok()
}
