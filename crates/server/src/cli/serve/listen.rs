//! Listening: the address, the limits of the accept loop, and the signal that stops it.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::accept::limits::Limits;
use crate::accept::server;
use crate::accept::server::{Drained, Responder};
use crate::app::App;
use crate::cli::serve::signals::Signals;
use crate::cli::serve::supervisor;
use crate::cli::{Exit, Failure, failed};
use crate::config::Settings;
use crate::http::scrape;

/// Connections for scrapers.
const METRICS_CONNECTIONS: usize = 16;

/// Binds the configured address.
pub(in crate::cli) async fn bind(settings: &Settings) -> Result<TcpListener, Failure> {
    let address = SocketAddr::new(settings.host, settings.port);
    TcpListener::bind(address).await.map_err(|error| {
        Failure::Failed(match error.kind() {
            ErrorKind::AddrInUse => format!(
                "{address} is in use by another process: stop it, or choose another port with \
                 --port or PORT."
            ),
            ErrorKind::AddrNotAvailable => format!(
                "{} is not an address of this machine: choose another with --host or HOST \
                 (0.0.0.0 for all).",
                address.ip()
            ),
            ErrorKind::PermissionDenied => format!(
                "This user may not listen on port {}: choose 1024 or higher with --port or PORT.",
                address.port()
            ),
            _ => format!("Cannot listen on {address}: {error}."),
        })
    })
}

/// The URL of the listener from this machine.
pub(in crate::cli) fn url(listener: &TcpListener) -> String {
    match listener.local_addr() {
        Ok(address) => format!("http://{}", reachable(address)),
        Err(_) => "http://localhost".into(),
    }
}

/// The address to reach the listener from this machine.
pub(in crate::cli) fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        });
    }
    address
}

/// Serves metrics on their own address, if configured, until aborted.
pub(in crate::cli) async fn metrics(app: &App) -> Result<Option<JoinHandle<()>>, Failure> {
    let Some(address) = app.settings.metrics_listen else { return Ok(None) };
    let listener = TcpListener::bind(address).await.map_err(|error| {
        failed(match error.kind() {
            ErrorKind::AddrInUse => format!(
                "METRICS_LISTEN: {address} is in use by another process: stop it, or choose another port"
            ),
            ErrorKind::AddrNotAvailable => format!(
                "METRICS_LISTEN: {} is not an address of this machine: choose another",
                address.ip()
            ),
            _ => format!("METRICS_LISTEN: cannot listen on {address}: {error}"),
        })
    })?;
    let routes = scrape::alone(app.scrape(None));
    let connections = METRICS_CONNECTIONS;
    let limits = Limits { connections, connections_per_client: connections, ..Limits::default() };
    Ok(Some(tokio::spawn(async move {
        server::serve(listener, routes, limits, std::future::pending()).await;
    })))
}

/// The limits in the settings.
pub(in crate::cli) fn limits(settings: &Settings) -> Limits {
    let limits = Limits::default();
    let connections = settings.max_connections.unwrap_or(limits.connections);
    let share = settings.max_connections_per_client;
    Limits {
        connections,
        connections_per_client: share.unwrap_or_else(|| Limits::share_of(connections)),
        trusted_proxies: settings.trusted_proxies.clone(),
        idle: settings.keep_alive_timeout,
        drain: settings.drain_timeout,
        ..limits
    }
}

/// Serves until a signal or `trouble`, then lets accepted requests finish, unless Ctrl-C is pressed again;
/// returns the trouble.
pub(in crate::cli) async fn serve(
    listener: TcpListener,
    routes: impl Responder,
    limits: Limits,
    signals: Signals,
    trouble: impl Future<Output = Failure>,
) -> Exit {
    let mut outcome = Ok(());
    let (first, second) = signals.split();
    let ending = async {
        tokio::select! {
            () = first => tracing::info!("stopping; requests in progress may finish"),
            trouble = trouble => outcome = Err(trouble),
        }
        supervisor::stopping().await;
    };
    let drained = tokio::select! {
        drained = server::serve(listener, routes, limits, ending) => drained,
        () = second => return Err(failed("Stopped at the second Ctrl-C; requests in progress were aborted")),
    };
    match drained {
        Drained::Clean => tracing::info!("stopped; every accepted request was answered"),
        Drained::Cut(connections) => {
            tracing::warn!(connections, "stopped; DRAIN_TIMEOUT expired for some connections");
        }
    }
    outcome
}
