//! Requests a probe of a server on this machine, over a persistent connection.

use std::net::SocketAddr;

use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::{BodyExt, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Maximum size of a probe's response.
const MOST: usize = 64 * 1024;

/// A server on this machine.
pub(in crate::cli) struct Asker {
    at: SocketAddr,
    connection: Option<SendRequest<Body>>,
}

impl Asker {
    /// The server at this address.
    pub(in crate::cli) fn of(at: SocketAddr) -> Self {
        Self { at, connection: None }
    }

    /// The status and body of its response; the error is the end of a sentence.
    pub(in crate::cli) async fn get(&mut self, path: &str) -> Result<(u16, String), String> {
        let usable = self.connection.take().filter(SendRequest::is_ready);
        let mut connection = match usable {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let request = Request::get(path).header(header::HOST, self.at.to_string());
        let request = request.body(Body::empty()).map_err(|error| error.to_string())?;
        let answer = connection.send_request(request).await.map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), MOST).collect().await;
        let body = body.map_err(|error| error.to_string())?.to_bytes();
        self.connection = Some(connection);
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }

    /// Closes the connection, so that the next request uses a new one.
    pub(in crate::cli) fn hang_up(&mut self) {
        self.connection = None;
    }

    async fn connect(&self) -> Result<SendRequest<Body>, String> {
        let stream = TcpStream::connect(self.at).await.map_err(|error| error.to_string())?;
        let (sender, connection) =
            handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        Ok(sender)
    }
}
