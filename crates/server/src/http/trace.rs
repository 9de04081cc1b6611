//! W3C Trace Context: the caller's `traceparent`. Its trace id becomes the request id, so that logs, problem
//! documents and traces use the same id. A malformed one is ignored, so a caller only controls sixteen bytes
//! in hexadecimal.

use axum::http::HeaderMap;

/// The header.
const TRACEPARENT: &str = "traceparent";

/// A caller's trace context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) struct TraceContext<'a> {
    pub(in crate::http) trace: &'a str,
    /// The caller's span id.
    #[cfg(feature = "otlp")]
    pub(in crate::http) parent: &'a str,
    /// Whether the caller's span is sampled.
    #[cfg(feature = "otlp")]
    pub(in crate::http) sampled: bool,
}

impl<'a> TraceContext<'a> {
    /// From the single `traceparent`, if valid (Trace Context §3.2).
    pub(in crate::http) fn of(headers: &'a HeaderMap) -> Option<Self> {
        let mut sent = headers.get_all(TRACEPARENT).iter();
        let (Some(one), None) = (sent.next(), sent.next()) else { return None };
        parse(one.to_str().ok()?)
    }
}

fn parse(text: &str) -> Option<TraceContext<'_>> {
    // Later versions may only extend the format of the first.
    let whole = text.len() == 55 || (text.as_bytes().get(55) == Some(&b'-') && text.len() <= 512);
    let mut parts = text.split('-');
    let (version, trace) = (parts.next()?, parts.next()?);
    let (parent, flags) = (parts.next()?, parts.next()?);
    let hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
    };
    let nothing = |part: &str| part.bytes().all(|it| it == b'0');
    let valid = whole
        && hex(version, 2)
        && version != "ff"
        && (version != "00" || text.len() == 55)
        && hex(trace, 32)
        && !nothing(trace)
        && hex(parent, 16)
        && !nothing(parent)
        && hex(flags, 2);
    #[cfg(feature = "otlp")]
    let sampled = u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & 1 == 1);
    valid.then_some(TraceContext {
        trace,
        #[cfg(feature = "otlp")]
        parent,
        #[cfg(feature = "otlp")]
        sampled,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn the_trace_id_of_a_valid_context_is_read() {
        for text in ["00-TRACE-00f067aa0ba902b7-01", "cc-TRACE-00f067aa0ba902b7-01-what-ever"] {
            let text = text.replace("TRACE", TRACE);
            assert_eq!(parse(&text).map(|it| it.trace), Some(TRACE), "{text}");
        }
    }

    #[test]
    fn what_is_not_of_the_form_is_no_context() {
        for text in [
            "",
            "00",
            "00-TRACE",
            "ff-TRACE-00f067aa0ba902b7-01",
            "00-TRACE-00f067aa0ba902b7-01-more",
            "cc-TRACE-00f067aa0ba902b7-01more",
            "00-TRACE-0000000000000000-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-TRACE-00f067aa0ba902b7-1",
            "00-TRACE-00f067aa0ba902b-001",
            "00-4bf92f3577b34da6a3ce929d0e0e473\"-00f067aa0ba902b7-01",
        ] {
            assert_eq!(parse(&text.replace("TRACE", TRACE)), None, "{text}");
        }
        assert_eq!(parse(&format!("cc-{TRACE}-00f067aa0ba902b7-01-{}", "x".repeat(600))), None);
    }

    #[test]
    fn two_contexts_are_none() {
        let mut headers = HeaderMap::new();
        let context = format!("00-{TRACE}-00f067aa0ba902b7-01");
        headers.append(TRACEPARENT, context.parse().unwrap());
        assert_eq!(TraceContext::of(&headers).map(|it| it.trace), Some(TRACE));
        headers.append(TRACEPARENT, context.parse().unwrap());
        assert_eq!(TraceContext::of(&headers), None);
    }
}
