//! Broken and hostile requests: bounded, refused whole, and never read as two where a proxy saw one.

use serde_json::Value;

use crate::http::server::{Server, get_request, limits};

/// The answer is exactly one refusal with a problem document, and the connection is closed.
#[track_caller]
fn is_one_refusal(answer: &str, status: u16) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    assert!(head.contains("content-type: application/problem+json"), "{answer}");
    assert!(head.contains("x-request-id: "), "{answer}");
    let body: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"));
    assert_eq!(body["status"], status);
}

#[tokio::test(flavor = "multi_thread")]
async fn giant_headers_are_refused_with_an_answer_that_arrives() {
    let server = Server::start(limits()).await;
    let giant = format!("GET /hello HTTP/1.1\r\nHost: test\r\nX: {}\r\n\r\n", "x".repeat(200_000));
    is_one_refusal(&server.exchange(giant.as_bytes()).await, 431);
    let many = format!("GET /hello HTTP/1.1\r\nHost: test\r\n{}\r\n", "A: b\r\n".repeat(5000));
    is_one_refusal(&server.exchange(many.as_bytes()).await, 431);
    let line = format!("GET /{} HTTP/1.1\r\nHost: test\r\n\r\n", "x".repeat(200_000));
    let answer = server.exchange(line.as_bytes()).await;
    assert!(["HTTP/1.1 431 ", "HTTP/1.1 414 "].iter().any(|it| answer.starts_with(it)), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_a_body_that_is_not_read_arrives() {
    let server = Server::start(limits()).await;
    let mut request =
        b"POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 4000000\r\n\r\n".to_vec();
    request.resize(request.len() + 4_000_000, b'x');
    let answer = server.exchange(&request).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_http_is_refused() {
    let server = Server::start(limits()).await;
    for garbage in [
        "\x16\x03\x01\x02\0\x01\0\x01\r\n\r\n",
        "GET /hello\r\n\r\n",
        "GET /hel lo HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost : test\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: test\r\nX\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: te\0st\r\n\r\n",
        "GET /hello HTTP/1.1\r\nX: 1\r\n folded: 2\r\nHost: test\r\n\r\n",
        "GET /hello HTTP/9.9\r\nHost: test\r\n\r\n",
        "GET /hello HTTP/1.1\r\nConnection: close\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n",
        "G\x01T /hello HTTP/1.1\r\nHost: test\r\n\r\n",
    ] {
        is_one_refusal(&server.exchange(garbage.as_bytes()).await, 400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_a_proxy_could_read_differently_are_refused() {
    let server = Server::start(limits()).await;
    let smuggled = "GET /hello HTTP/1.1\r\nHost: test\r\n\r\n";
    for headers in [
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 6\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 99999999999999999999999\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
    ] {
        let request =
            format!("POST /ignore HTTP/1.1\r\nHost: test\r\n{headers}\r\n0\r\n\r\n{smuggled}");
        is_one_refusal(&server.exchange(request.as_bytes()).await, 400);
    }
}

/// RFC 9112 §6.1: chunked wins, and the connection ends with the answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_length_beside_chunks_gets_one_answer_and_the_connection_is_closed() {
    let server = Server::start(limits()).await;
    let smuggled = "GET /hello HTTP/1.1\r\nHost: test\r\n\r\n";
    for headers in [
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
    ] {
        let request =
            format!("POST /ignore HTTP/1.1\r\nHost: test\r\n{headers}\r\n0\r\n\r\n{smuggled}");
        let answers = server.exchange(request.as_bytes()).await;
        assert_eq!(answers.matches("HTTP/1.1 ").count(), 1, "{answers}");
        assert!(answers.contains("connection: close"), "{answers}");
        assert!(!answers.contains("hello"), "{answers}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_after_a_request_gets_one_refusal_after_its_answer() {
    let server = Server::start(limits()).await;
    let request = [get_request("/hello"), b"garbage garbage\r\n\r\n".to_vec()].concat();
    let answers = server.exchange(&request).await;
    let (first, second) = answers.split_once("hello").expect("the first answer");
    assert!(first.starts_with("HTTP/1.1 200 "), "{answers}");
    is_one_refusal(second, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_left_unread_is_never_taken_for_a_request() {
    let server = Server::start(limits()).await;
    let smuggled = "GET /hello HTTP/1.1\r\nHost: test\r\n\r\n";
    let request = format!(
        "POST /ignore HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n{smuggled}",
        smuggled.len() + 100_000
    );
    let answers = server.exchange(request.as_bytes()).await;
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 1, "{answers}");
    assert!(answers.ends_with("ignored"), "{answers}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_chunks_and_endless_trailers_are_refused() {
    let server = Server::start(limits()).await;
    let head = "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n";
    for body in ["zz\r\nab\r\n0\r\n\r\n", "ffffffffffffffffff\r\n", "-1\r\n", "2\r\nabXX0\r\n\r\n"]
    {
        let answer = server.exchange(format!("{head}{body}").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{body}: {answer}");
    }
    let trailers = format!("{head}0\r\n{}", "A: b\r\n".repeat(50_000));
    assert!(!server.exchange(trailers.as_bytes()).await.contains("HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn http_1_0_and_absolute_form_are_understood() {
    let server = Server::start(limits()).await;
    let old = server.exchange(b"GET /hello HTTP/1.0\r\n\r\n").await;
    assert!(old.starts_with("HTTP/1.0 200 ") && old.ends_with("hello"), "{old}");
    let absolute = "GET http://test/hello HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    assert!(server.exchange(absolute.as_bytes()).await.ends_with("hello"));
}
