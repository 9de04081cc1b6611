//! `GET /api/tasks`.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::{make, path};
use crate::both;
use crate::support::{Client, Engine, Reply, TestApp};

/// The path of the next page.
pub(crate) fn next(reply: &Reply) -> Option<String> {
    let link = reply.header("link");
    let (target, rel) = link.strip_prefix('<')?.split_once(">; ")?;
    assert_eq!(rel, "rel=\"next\"");
    assert!(target.starts_with('/'), "relative: {target}");
    Some(target.to_owned())
}

fn titles(reply: &Reply) -> Vec<String> {
    let list = reply.json();
    let title = |task: &Value| task["title"].as_str().expect("a title").to_owned();
    list.as_array().expect("an array").iter().map(title).collect()
}

async fn found(client: &Client, query: &str) -> Vec<String> {
    titles(&client.get(&format!("/api/tasks?{query}")).await.expect(200))
}

/// Every page's titles, following the links.
async fn all_pages(client: &Client, query: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut page = Some(format!("/api/tasks?{query}"));
    while let Some(path) = page {
        let reply = client.get(&path).await.expect(200);
        all.extend(titles(&reply));
        page = next(&reply);
        assert!(all.len() <= 100, "the pages never end");
    }
    all
}

/// Ties in every column, missing due dates, extremes.
async fn mixed_tasks(app: &TestApp, client: &Client) {
    let priorities = ["none", "low", "medium", "high"];
    let dues = [
        Value::Null,
        json!("2027-01-01T00:00:00Z"),
        json!("0001-01-01T00:00:00Z"),
        json!("9999-12-31T23:59:59.999999Z"),
        json!("2027-01-01T00:00:00.000001Z"),
    ];
    let names = ["a", "B", "é", "Z", "a b", "🦀", "\u{ffff}", "ß", "10", "9", "\u{10ffff}"];
    for n in 0..23 {
        let body = json!({
            "title": format!("{} {}", names[n % names.len()], n / 12),
            "priority": priorities[n % 4],
            "due_at": dues[n % 5],
            "completed": n % 3 == 0,
        });
        let task = make(client, body).await;
        if n % 2 == 0 {
            app.advance(Duration::from_micros(1));
        }
        if n % 7 == 0 {
            client.patch(&path(&task), json!({"description": "touched"})).await.expect(200);
        }
    }
}

const SORTS: [&str; 10] = [
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
    "due_at",
    "-due_at",
    "title",
    "-title",
    "priority",
    "-priority",
];

both! {
    async fn pages_join_into_the_whole_list_in_every_order(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let bob = app.sign_up("bob").await;
        mixed_tasks(&app, &ada).await;
        mixed_tasks(&app, &bob).await;
        for sort in SORTS {
            for filter in ["", "&completed=false", "&q=1&priority=high"] {
                let whole = found(&ada, &format!("limit=1000&sort={sort}{filter}")).await;
                assert!(!whole.is_empty());
                for limit in [1, 4, whole.len()] {
                    let pages = all_pages(&ada, &format!("limit={limit}&sort={sort}{filter}")).await;
                    assert_eq!(pages, whole, "sort={sort}{filter} limit={limit}");
                }
                let opposite = sort.strip_prefix('-').map_or(format!("-{sort}"), Into::into);
                let mut reversed = found(&ada, &format!("limit=1000&sort={opposite}{filter}")).await;
                reversed.reverse();
                assert_eq!(reversed, whole, "{sort} is the reverse of {opposite}");
            }
            assert_eq!(found(&ada, &format!("sort={sort}")).await.len(), 23);
        }
    }

    async fn a_page_of_long_texts_ends_early_and_links_to_the_rest(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        // Two bytes each in JSON, then four bytes each in UTF-8.
        for n in 0..60 {
            let metadata = json!({"a": "\n".repeat(4_000), "b": "\u{1f980}".repeat(2_000)});
            let tags: Vec<_> = (0..20).map(|tag| format!("{tag:\"<50}")).collect();
            make(&ada, json!({"title": format!("{n}"), "metadata": metadata, "tags": tags})).await;
        }
        for letter in ["\n", "\u{1f980}"] {
            for n in 0..60 {
                let body = json!({"title": format!("{n}"), "description": letter.repeat(10_000)});
                make(&ada, body).await;
            }
        }
        for query in ["limit=1000", "limit=1000&sort=-title", "limit=1000&q=1", "limit=100&completed=false"] {
            let mut all = BTreeSet::new();
            let mut page = Some(format!("/api/tasks?{query}"));
            let mut pages = 0;
            while let Some(path) = page {
                let reply = ada.get(&path).await.expect(200);
                assert!(reply.bytes.len() <= (1 << 20) + 2, "{} bytes", reply.bytes.len());
                let list = reply.json();
                let list = list.as_array().expect("an array");
                let length = list.len();
                assert!(length > 0);
                all.extend(list.iter().map(|task| task["id"].to_string()));
                page = next(&reply);
                pages += 1;
                let is_short = length < 25;
                assert!(!is_short || page.is_none(), "{length} tasks and more to come");
            }
            let wanted = if query.ends_with("q=1") { 45 } else { 180 };
            assert_eq!(all.len(), wanted, "{query}");
            assert!(pages > 1 || wanted == 45, "{query} on {pages} pages");
        }
    }

    async fn tasks_without_a_due_date_come_last(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for (title, due) in [("later", json!("2028-01-01T00:00:00Z")), ("never", Value::Null), ("soon", json!("2027-01-01T00:00:00+14:00"))] {
            make(&ada, json!({"title": title, "due_at": due})).await;
        }
        assert_eq!(found(&ada, "sort=due_at").await, ["soon", "later", "never"]);
        assert_eq!(found(&ada, "sort=-due_at").await, ["never", "later", "soon"]);
        assert_eq!(found(&ada, "sort=title").await, ["later", "never", "soon"]);
    }

    async fn the_last_page_has_no_link_and_links_keep_the_other_parameters(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for n in 0..5 {
            make(&ada, json!({"title": format!("a&b {n}")})).await;
            app.advance(Duration::from_secs(1));
        }
        let reply = ada.get("/api/tasks?q=A%26B+&sort=-created_at&limit=2&theme=dark").await;
        let link = next(&reply).expect("a next page");
        for kept in ["q=A%26B+", "sort=-created_at", "limit=2", "theme=dark"] {
            assert!(link.contains(kept), "{link} lacks {kept}");
        }
        let second = ada.get(&link).await;
        assert_eq!(titles(&second), ["a&b 2", "a&b 1"]);
        let link = next(&second).expect("a next page");
        assert_eq!(link.matches("cursor=").count(), 1);
        let last = ada.get(&link).await;
        assert_eq!(titles(&last), ["a&b 0"]);
        assert_eq!(next(&last), None);
        assert_eq!(next(&ada.get("/api/tasks?limit=5").await), None, "exactly full is not more");
    }

    async fn pages_stay_whole_while_tasks_come_and_go(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let mut paths = Vec::new();
        for n in 0..6 {
            paths.push(path(&make(&ada, json!({"title": format!("{n}")})).await));
            app.advance(Duration::from_secs(1));
        }
        let first = ada.get("/api/tasks?limit=3").await;
        // The task the cursor stands on disappears, and one comes in behind.
        ada.delete(&paths[2]).await.expect(204);
        make(&ada, json!({"title": "new"})).await;
        let rest = ada.get(&next(&first).expect("a next page")).await;
        assert_eq!(titles(&rest), ["3", "4", "5"]);
    }

    async fn filters_select_and_combine(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for (title, priority, completed, due) in [
            ("one", "none", false, Value::Null),
            ("two", "high", true, json!("2027-01-01T00:00:00Z")),
            ("three", "high", false, json!("2027-06-01T00:00:00Z")),
        ] {
            let body = json!({"title": title, "priority": priority, "completed": completed, "due_at": due});
            make(&ada, body).await;
            app.advance(Duration::from_secs(1));
        }
        for (query, expected) in [
            ("completed=true", vec!["two"]),
            ("completed=False", vec!["one", "three"]),
            ("completed=1", vec!["two"]),
            ("priority=high", vec!["two", "three"]),
            ("priority=None", vec!["one"]),
            ("priority=HIGH", vec!["two", "three"]),
            ("due_after=2027-01-01&due_before=2027-06-01T00:01", vec!["three"]),
            ("due_before=2027-06-01", vec!["two"]),
            ("priority=low", vec![]),
            ("due_before=2027-06-01T00:00:00Z", vec!["two"]),
            ("due_after=2027-01-01T00:00:00Z", vec!["three"]),
            ("due_after=2027-01-01T01:59:59.999999%2B02:00", vec!["two", "three"]),
            ("due_after=2026-01-01T00:00:00Z&due_before=2027-02-01T00:00:00Z", vec!["two"]),
            ("priority=high&completed=false", vec!["three"]),
            ("q=", vec!["one", "two", "three"]),
            ("unknown=x&unknown=y", vec!["one", "two", "three"]),
        ] {
            assert_eq!(found(&ada, query).await, expected, "{query}");
        }
    }

    async fn search_ignores_case_beyond_ascii_and_takes_wildcards_literally(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for (title, description) in [
            ("Straße", "ÉCOLE"), ("50%", "a_b"), ("50 percent", "aXb"), (r"c:\temp", "!bang"), ("Ωmega", "İstanbul"),
        ] {
            make(&ada, json!({"title": title, "description": description})).await;
            app.advance(Duration::from_secs(1));
        }
        for (q, expected) in [
            ("STRASSE", vec!["Straße"]),
            ("straße", vec!["Straße"]),
            ("école", vec!["Straße"]),
            ("50%25", vec!["50%"]),
            ("%25", vec!["50%"]),
            ("_", vec!["50%"]),
            ("A_B", vec!["50%"]),
            (r"%5C", vec![r"c:\temp"]),
            (r":%5CTEMP", vec![r"c:\temp"]),
            ("!", vec![r"c:\temp"]),
            ("ωMEGA", vec!["Ωmega"]),
            ("istanbul", vec!["Ωmega"]),
            ("stra%C3%9Fe%C3%A9cole", vec![]),
            ("%27", vec![]),
        ] {
            let query: String = q.chars().map(|letter| {
                if letter.is_ascii() { letter.to_string() } else {
                    url::form_urlencoded::byte_serialize(letter.to_string().as_bytes()).collect()
                }
            }).collect();
            assert_eq!(found(&ada, &format!("q={query}")).await, expected, "{q}");
        }
    }

    async fn bad_parameters_are_422_and_all_named(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for bad in [
            "completed=maybe", "completed=", "priority=critical", "priority=", "priority=3",
            "due_before=2027-01", "due_before=", "due_after=2027-01-01T00:00+02:00",
            "due_after=0000-01-01T00:00:00Z", "due_before=10000-01-01T00:00:00Z",
            "due_before=2016-12-31T23:59:60Z", "sort=", "sort=id", "sort=--title", "sort=title,id",
            "sort=user_id", "limit=0", "limit=1001", "limit=-1", "limit=ten", "limit=1e2", "limit=",
            "limit=99999999999999999999", "limit=1.0", "cursor=", "cursor=x", "cursor=%00",
            "limit=1&limit=2", "sort=title&sort=title", "q=a&q=b", "cursor=a&cursor=b",
            "q=%00", "q=%ff", "q=%C3", "%ff=1", "completed=%00", "sort=title%00",
        ] {
            let reply = ada.get(&format!("/api/tasks?{bad}")).await.expect_problem(422, "validation");
            assert_eq!(reply.json()["errors"][0]["loc"][0], "query", "{bad}");
        }
        let long = "x".repeat(201);
        ada.get(&format!("/api/tasks?q={long}")).await.expect_problem(422, "validation");
        let reply = ada.get("/api/tasks?limit=0&sort=x&completed=y").await.expect(422).json();
        let named: BTreeSet<_> = reply["errors"].as_array().expect("errors").iter()
            .map(|error| error["loc"][1].as_str().expect("a name").to_owned()).collect();
        assert_eq!(named, ["completed", "limit", "sort"].map(String::from).into());
    }

    async fn a_cursor_that_was_edited_or_is_of_another_order_is_422(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for title in ["a", "b", "c"] {
            make(&ada, json!({"title": title, "due_at": "2027-01-01T00:00:00Z"})).await;
        }
        let cursor_of = async |sort: &str| {
            let link = next(&ada.get(&format!("/api/tasks?limit=1&sort={sort}")).await);
            link.expect("a link").split_once("cursor=").expect("a cursor").1.to_owned()
        };
        for sort in SORTS {
            let cursor = cursor_of(sort).await;
            ada.get(&format!("/api/tasks?sort={sort}&cursor={cursor}")).await.expect(200);
            for other in SORTS.iter().filter(|other| **other != sort) {
                let path = format!("/api/tasks?sort={other}&cursor={cursor}");
                ada.get(&path).await.expect_problem(422, "validation");
            }
            for place in 0..cursor.len() {
                let mut edited = cursor.clone().into_bytes();
                edited[place] = if edited[place] == b'A' { b'B' } else { b'A' };
                let edited = String::from_utf8(edited).expect("ASCII");
                let path = format!("/api/tasks?sort={sort}&cursor={edited}");
                ada.get(&path).await.expect_problem(422, "validation");
            }
            for edited in [&cursor[1..], &cursor[..cursor.len() - 1], &format!("{cursor}A"), &format!("{cursor}=")] {
                let path = format!("/api/tasks?sort={sort}&cursor={edited}");
                ada.get(&path).await.expect_problem(422, "validation");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_list_the_same_tasks_in_the_same_order() {
    let mut answers = Vec::new();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        mixed_tasks(&app, &ada).await;
        let mut answer = Vec::new();
        for sort in SORTS {
            for filter in ["", "&q=%C3%89", "&completed=true", "&due_after=0001-01-01T00:00:00Z"] {
                answer.push((
                    sort,
                    filter,
                    all_pages(&ada, &format!("limit=5&sort={sort}{filter}")).await,
                ));
            }
        }
        answers.push(answer);
    }
    let postgres = answers.pop();
    assert_eq!(answers.pop(), postgres);
}
