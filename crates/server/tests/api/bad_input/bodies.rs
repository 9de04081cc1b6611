//! Bodies that no route may accept, and random ones.

use proptest::prelude::*;
use serde_json::{Value, json};

fn nested(open: &str, close: &str, levels: usize) -> Vec<u8> {
    format!("{}0{}", open.repeat(levels), close.repeat(levels)).into_bytes()
}

/// Bytes that are not one JSON object without duplicate keys.
pub(super) fn not_json() -> Vec<Vec<u8>> {
    let mut bodies: Vec<Vec<u8>> = [
        &b"{"[..],
        b"{\"title\":\"x\"",
        b"{\"title\":\"x\",}",
        b"{title:\"x\"}",
        b"{'title':'x'}",
        b"{\"title\":\"x\"} trailing",
        b"{\"title\":\"x\"}{\"title\":\"y\"}",
        b"\xef\xbb\xbf\xef\xbb\xbf{\"title\":\"two marks\"}",
        b"\xff\xfe{\x00}\x00",
        b"{\"title\":\"\xff\"}",
        b"{\"title\":\"\xc0\xaf\"}",
        b"{\"title\":\"\xed\xa0\x80\"}",
        b"{\"\xff\":1,\"title\":\"x\"}",
        b"{\"title\":\"\\ud800\"}",
        b"{\"title\":\"\\udc00\\ud800\"}",
        b"{\"title\":\"\\ud800x\"}",
        b"{\"title\":\"\\u12\"}",
        b"{\"title\":\"\\x41\"}",
        b"{\"title\":\"raw \x00 NUL\"}",
        b"{\"title\":\"raw \n newline\"}",
        b"{\"title\":\"x\",\"n\":1e400}",
        b"{\"title\":\"x\",\"n\":-1e99999999999}",
        b"{\"title\":\"x\",\"n\":NaN}",
        b"{\"title\":\"x\",\"n\":Infinity}",
        b"{\"title\":\"x\",\"n\":01}",
        b"{\"title\":\"x\",\"n\":0x10}",
        b"{\"title\":\"x\",\"title\":\"y\"}",
        b"{\"title\":\"x\",\"titl\\u0065\":\"y\"}",
        b"{\"title\":\"x\",\"ignored\":{\"a\":1,\"a\":2}}",
        b"{\"title\":\"x\",\"ignored\":[{\"a\":1,\"a\":2}]}",
        b"title=x&priority=high",
        b"<task/>",
        b"// comment\n{\"title\":\"x\"}",
        b"   ",
        b"\x00",
    ]
    .map(<[u8]>::to_vec)
    .into();
    bodies.push(nested("[", "]", 10_000));
    bodies.push(nested("{\"title\":", "}", 10_000));
    bodies.push(b"[".repeat(200_000));
    bodies.push(b"{\"a\":".repeat(20_000));
    bodies
}

/// JSON of which at least one value is not what a task can have.
pub(super) fn wrong_shapes() -> Vec<Value> {
    let mut bodies = vec![
        json!([]),
        json!([{"title": "x"}]),
        json!("title"),
        json!(7),
        json!(null),
        json!(true),
    ];
    let values = [
        json!([]),
        json!({}),
        json!({"title": "x"}),
        json!(["x"]),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(9_223_372_036_854_775_807_i64),
        json!(18_446_744_073_709_551_615_u64),
        json!(9.3e18),
        json!("\0"),
        json!("x\0y"),
    ];
    for field in ["title", "description", "completed", "priority", "due_at"] {
        for value in &values {
            bodies.push(json!({"title": "x", field: value}));
        }
    }
    for priority in ["", "critical", "high ", "0", "none,low"] {
        bodies.push(json!({"title": "x", "priority": priority}));
    }
    for completed in ["true", "", "1"] {
        bodies.push(json!({"title": "x", "completed": completed}));
    }
    for due_at in [
        "",
        "now",
        "infinity",
        "-infinity",
        "epoch",
        "2027-01-01T",
        "2027-01-01Z",
        "2027-01-01T00",
        "2027-01-01T00:00 01:00",
        "2027-13-01T00:00:00Z",
        "2027-02-29T00:00:00Z",
        "2027-01-01T24:00:00Z",
        "2027-01-01T00:60:00Z",
        "2027-01-01T00:00:61Z",
        "2016-12-31T23:59:60Z",
        "0000-01-01T00:00:00Z",
        "0000-12-31T23:59:59Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "10000-01-01T00:00:00Z",
        "-2027-01-01T00:00:00Z",
        "+2027-01-01T00:00:00Z",
        "-4713-01-01T00:00:00Z",
        "294277-01-01T00:00:00Z",
        "2027-01-01T00:00:00+00:00:60",
        "2027-01-01T00:00:00+25:00",
        "2027-01-01T00:00:00+00:60",
        "2027-01-01T00:00:00 UTC",
        "2027-01-01T00:00:00Z\n",
        " 2027-01-01T00:00:00Z",
        "2027-01-01T00:00:00\u{2212}01:00",
        "٢٠٢٧-01-01T00:00:00Z",
        "Fri, 20 Nov 2026 16:20:00 GMT",
        "1767225600",
        "2027-W01-1T00:00:00Z",
        "2027-001T00:00:00Z",
    ] {
        bodies.push(json!({"title": "x", "due_at": due_at}));
    }
    bodies
}

/// Objects whose members have the right names and any values.
pub(super) fn any_fields() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[ -~]{0,250}".prop_map(Value::from),
        Just(json!("high")),
        Just(json!("2027-01-01T00:00:00Z")),
    ];
    let value = leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,8}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    let name = prop_oneof![
        Just("title".to_owned()),
        Just("description".to_owned()),
        Just("completed".to_owned()),
        Just("priority".to_owned()),
        Just("due_at".to_owned()),
        ".{0,12}",
    ];
    prop::collection::btree_map(name, value, 0..6)
        .prop_map(|map| Value::Object(map.into_iter().collect()))
}
