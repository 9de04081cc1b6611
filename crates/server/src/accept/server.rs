//! The accept loop: HTTP/1.1 and HTTP/2 (cleartext, prior knowledge) on one port, a limit on connections, a
//! deadline for every phase of a connection, and a drain that lets accepted requests finish. `axum::serve`
//! has none of these. Accept errors are waited out, never fatal.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Response, StatusCode, Version, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::Service;

use crate::accept::flow::{Inflow, Outflow};
use crate::accept::limits::Limits;
use crate::accept::pulse::Pulse;
use crate::accept::shares::{Share, Shares};
use crate::accept::socket::Socket;
use crate::accept::streams::Streams;
use crate::http::client_ip::PeerAddr;

/// How a shutdown ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// All accepted requests were answered.
    Clean,
    /// The drain time expired; this many connections were closed.
    Cut(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Serving,
    Draining,
    Cutting,
}

/// How long a connection accepted just before the shutdown may take to send its request.
const LATE_REQUEST: Duration = Duration::from_millis(250);
const CLOSE: HeaderValue = HeaderValue::from_static("close");
/// How long an orderly close may take on a connection that was too slow.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// What responds to requests: a router, with or without layers.
pub trait Responder:
    Service<Request, Response = axum::response::Response, Error = Infallible, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> Responder for S where
    S: Service<Request, Response = axum::response::Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// Serves until `shutdown` completes, then drains.
pub async fn serve(
    listener: TcpListener,
    routes: impl Responder,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> Drained {
    let (phase, watched) = watch::channel(Phase::Serving);
    let drain_time = limits.drain;
    let shares = Shares::new(limits.connections_per_client);
    let server = Server { builder: builder(&limits), routes, limits, shares };
    accept(listener, Arc::new(server), watched, shutdown).await;
    drain(&phase, drain_time).await
}

struct Server<R> {
    builder: Builder<Streams>,
    routes: R,
    limits: Limits,
    shares: Arc<Shares>,
}

impl<R> Server<R> {
    /// The peer's place among the connections of its network; trusted proxies are not counted.
    fn share(&self, peer: SocketAddr, pulse: &Arc<Pulse>) -> Result<Option<Share>, ()> {
        let peer = peer.ip().to_canonical();
        if self.limits.trusted_proxies.iter().any(|proxy| proxy.contains(peer)) {
            return Ok(None);
        }
        self.shares.enter(peer, pulse).map(Some).ok_or(())
    }
}

fn builder(limits: &Limits) -> Builder<Streams> {
    let mut builder = Builder::new(Streams { exchange: limits.exchange });
    builder
        .http1()
        .timer(TokioTimer::new())
        // The pulse sets this deadline: hyper's own also counts idle time between requests.
        .header_read_timeout(None)
        .max_buf_size(limits.head_bytes);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(100)
        .initial_stream_window_size(64 * 1024)
        .initial_connection_window_size(512 * 1024)
        .max_send_buf_size(64 * 1024);
    builder
}

/// Accepts until the shutdown; returning drops the listener, which refuses new connections.
async fn accept<R: Responder>(
    listener: TcpListener,
    server: Arc<Server<R>>,
    phase: watch::Receiver<Phase>,
    shutdown: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(server.limits.connections));
    let mut shutdown = pin!(shutdown);
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            biased;
            () = shutdown.as_mut() => return,
            next = next => next,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (server, phase) = (Arc::clone(&server), phase.clone());
                tokio::spawn(async move {
                    connection(stream, peer, &server, phase).await;
                    drop(place);
                });
            }
            Err(error) => wait_out(&error).await,
        }
    }
}

/// A client that disconnected is not an error; a lack of file descriptors or memory passes when other
/// connections end.
async fn wait_out(error: &std::io::Error) {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "cannot accept connections; trying again");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn drain(phase: &watch::Sender<Phase>, patience: Duration) -> Drained {
    phase.send_replace(Phase::Draining);
    if tokio::time::timeout(patience, phase.closed()).await.is_ok() {
        return Drained::Clean;
    }
    let left = phase.receiver_count();
    phase.send_replace(Phase::Cutting);
    phase.closed().await;
    Drained::Cut(left)
}

async fn connection<R: Responder>(
    stream: TcpStream,
    peer: SocketAddr,
    server: &Server<R>,
    mut phase: watch::Receiver<Phase>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let pulse = Pulse::new(&server.limits);
    let Ok(_share) = server.share(peer, &pulse) else { return };
    let service = service_fn(|request| answer(request, peer, &pulse, server));
    let io = TokioIo::new(Socket::new(stream, Arc::clone(&pulse)));
    let mut connection = pin!(server.builder.serve_connection(io, service));
    tokio::select! {
        biased;
        () = reached(&mut phase, Phase::Draining) => {}
        () = pulse.retirement() => {
            connection.as_mut().graceful_shutdown();
            let _ = patiently(connection.as_mut(), &pulse, &server.limits).await;
            return;
        }
        ending = patiently(connection.as_mut(), &pulse, &server.limits) => {
            if ending == Ending::TooSlow {
                connection.as_mut().graceful_shutdown();
                let _ = tokio::time::timeout(CLOSE_WITHIN, connection).await;
            }
            return;
        }
    }
    // A request may be on its way on a new or kept-alive connection. It is answered, and the response says
    // that the connection closes; closing immediately would make the client repeat it or fail.
    pulse.retire();
    if !pulse.is_busy() && tokio::time::timeout(LATE_REQUEST, connection.as_mut()).await.is_ok() {
        return;
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        biased;
        () = reached(&mut phase, Phase::Cutting) => {}
        _ = patiently(connection.as_mut(), &pulse, &server.limits) => {}
    }
}

/// Waits for this phase or a later one.
async fn reached(phase: &mut watch::Receiver<Phase>, wanted: Phase) {
    let _ = phase.wait_for(|phase| *phase >= wanted).await;
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Closed,
    TooSlow,
}

/// Polls the connection and its only timer, which is moved only if a nearer deadline appears.
async fn patiently<C, E>(mut connection: Pin<&mut C>, pulse: &Pulse, limits: &Limits) -> Ending
where
    C: Future<Output = Result<(), E>>,
{
    let mut alarm = pin!(tokio::time::sleep_until(pulse.deadline(limits)));
    poll_fn(|cx| {
        if connection.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ending::Closed);
        }
        let deadline = pulse.deadline(limits);
        if deadline < alarm.deadline() {
            alarm.as_mut().reset(deadline);
        }
        while alarm.as_mut().poll(cx).is_ready() {
            if pulse.deadline(limits) <= tokio::time::Instant::now() {
                return Poll::Ready(Ending::TooSlow);
            }
            alarm.as_mut().reset(pulse.deadline(limits));
        }
        Poll::Pending
    })
    .await
}

fn answer<R: Responder>(
    request: Request<Incoming>,
    peer: SocketAddr,
    pulse: &Arc<Pulse>,
    server: &Server<R>,
) -> impl Future<Output = Result<Response<Outflow>, Infallible>> + Send + use<R> {
    let http2 = request.version() == Version::HTTP_2;
    let exchange = pulse.begin(http2);
    let closes = !http2 && pulse.closes_connection();
    let deadline = tokio::time::Instant::now() + server.limits.body;
    let lacks_host = lacks_host(&request);
    let mut request = request.map(|body| Inflow::wrap(body, deadline, pulse));
    request.extensions_mut().insert(PeerAddr(peer));
    let mut routes = server.routes.clone();
    async move {
        if lacks_host {
            // The socket turns a bare refusal into a problem document.
            let mut refusal = Response::new(Outflow::new(Body::empty(), exchange));
            *refusal.status_mut() = StatusCode::BAD_REQUEST;
            return Ok(refusal);
        }
        let mut response = routes.call(request).await?.map(|body| Outflow::new(body, exchange));
        if closes {
            response.headers_mut().insert(header::CONNECTION, CLOSE);
        }
        Ok(response)
    }
}

/// RFC 9112 §3.2: exactly one `Host`, so that no two readers see different ones.
fn lacks_host<B>(request: &Request<B>) -> bool {
    request.version() == Version::HTTP_11
        && request.headers().get_all(header::HOST).iter().count() != 1
}
