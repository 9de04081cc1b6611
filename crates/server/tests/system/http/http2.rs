//! HTTP/2 in cleartext with prior knowledge, on the same port.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, Version};
use doorward::accept::limits::Limits;
use doorward::accept::server::Drained;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use crate::http::server::{PATIENCE, SHORT, Server, limits};

async fn client(server: &Server) -> SendRequest<Body> {
    let stream = TcpStream::connect(server.address).await.expect("a connection");
    let (client, connection) =
        handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("a handshake");
    tokio::spawn(connection);
    client
}

fn get(path: &str) -> Request<Body> {
    Request::get(format!("http://test{path}")).body(Body::empty()).expect("a request")
}

#[tokio::test(flavor = "multi_thread")]
async fn many_streams_share_a_connection() {
    let server = Server::start(limits()).await;
    let client = client(&server).await;
    let answers = (0..50).map(|_| {
        let mut client = client.clone();
        tokio::spawn(async move {
            client.ready().await.expect("ready");
            let response = client.send_request(get("/hello")).await.expect("an answer");
            assert_eq!(response.version(), Version::HTTP_2);
            to_bytes(Body::new(response.into_body()), 100).await.expect("a body")
        })
    });
    for answer in answers.collect::<Vec<_>>() {
        assert_eq!(&answer.await.expect("no panic")[..], b"hello");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn giant_headers_are_refused() {
    let server = Server::start(limits()).await;
    let mut client = client(&server).await;
    let mut request = get("/hello");
    request.headers_mut().insert("x", "x".repeat(100_000).parse().expect("a value"));
    let refused = match client.send_request(request).await {
        Ok(response) => response.status() == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Err(_) => true,
    };
    assert!(refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_lets_streams_finish() {
    let server = Server::start(limits()).await;
    let mut client = client(&server).await;
    let answer = tokio::spawn(client.send_request(get("/held")));
    server.holds(1).await;
    let stopping = server.stop();
    stopping.refuses_newcomers().await;
    stopping.release();
    let response = answer.await.expect("no panic").expect("an answer");
    assert_eq!(response.status(), StatusCode::OK);
    let body = to_bytes(Body::new(response.into_body()), 100).await.expect("a body");
    assert_eq!(&body[..], b"late but whole");
    drop(client);
    assert_eq!(stopping.drained().await, Drained::Clean);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_is_closed() {
    let server = Server::start(Limits { idle: SHORT, ..limits() }).await;
    let stream = TcpStream::connect(server.address).await.expect("a connection");
    let (mut client, connection) =
        handshake::<_, _, Body>(TokioExecutor::new(), TokioIo::new(stream)).await.expect("h2");
    let connection = tokio::spawn(connection);
    assert_eq!(client.send_request(get("/hello")).await.expect("200").status(), StatusCode::OK);
    let closed = tokio::time::timeout(PATIENCE, connection).await;
    assert!(closed.is_ok(), "still open");
}

/// One frame (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload").to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

/// `GET http://test/stuck` or `POST`, in HPACK without Huffman (RFC 7541 §6.2.2).
fn header_block(method: u8, path: &str) -> Vec<u8> {
    let mut block = vec![method, 0x86, 0x04];
    block.push(u8::try_from(path.len()).expect("short"));
    block.extend_from_slice(path.as_bytes());
    block.extend_from_slice(b"\x01\x04test");
    block
}

/// Sends frames after the preface until the server closes or all are sent; true if it closed.
async fn flood(server: &Server, frames: impl Iterator<Item = Vec<u8>>) -> bool {
    let mut socket = server.connect().await;
    socket.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    socket.send(&frame(SETTINGS, 0, 0, b"")).await;
    let (mut from, mut to) = socket.0.into_split();
    let heard = tokio::spawn(async move {
        let mut bytes = Vec::new();
        let read = tokio::io::AsyncReadExt::read_to_end(&mut from, &mut bytes);
        tokio::time::timeout(PATIENCE, read).await.is_ok()
    });
    let flooding = async {
        for frame in frames {
            if tokio::io::AsyncWriteExt::write_all(&mut to, &frame).await.is_err() {
                break;
            }
        }
    };
    // A server that closes has stopped reading.
    let _ = tokio::time::timeout(PATIENCE, flooding).await;
    heard.await.expect("no panic")
}

async fn still_serves(server: &Server) {
    let answer = client(server).await.send_request(get("/hello")).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
}

/// CVE-2023-44487.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_resets_ends_its_connection() {
    let server = Server::start(limits()).await;
    let block = header_block(0x82, "/stuck");
    let frames = (0..20_000_u32).map(|turn| {
        let stream = turn * 2 + 1;
        let open = frame(HEADERS, END_HEADERS | 1, stream, &block);
        [open, frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])].concat()
    });
    assert!(flood(&server, frames).await, "the connection is still open");
    still_serves(&server).await;
}

/// RUSTSEC-2024-0332.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_continuations_ends_its_connection() {
    let server = Server::start(limits()).await;
    let open = frame(HEADERS, 1, 1, &header_block(0x82, "/hello"));
    let filler = [&[0x00, 0x01, b'x', 0x7f, 0x81, 0x7e][..], &[b'y'; 16_000]].concat();
    let rest = (0..2000).map(move |_| frame(CONTINUATION, 0, 1, &filler[..16_000]));
    assert!(flood(&server, std::iter::once(open).chain(rest)).await, "still open");
    still_serves(&server).await;
}

/// RUSTSEC-2026-0258.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_empty_data_ends_its_connection() {
    let server = Server::start(limits()).await;
    let open = frame(HEADERS, END_HEADERS, 1, &header_block(0x83, "/echo"));
    let rest = (0..200_000).map(|_| frame(DATA, 0, 1, b""));
    assert!(flood(&server, std::iter::once(open).chain(rest)).await, "still open");
    still_serves(&server).await;
}
