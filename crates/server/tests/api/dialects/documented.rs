//! The dialect that docs/dialects.md writes from zero does what the page says of it.

use serde_json::{Value, json};

use crate::both;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

/// The TOML under this heading of the page.
fn written(heading: &str) -> toml::Table {
    let page = include_str!("../../../../../docs/dialects.md");
    let (_, section) = page.split_once(heading).expect("the heading");
    let (_, block) = section.split_once("```toml\n").expect("a block");
    let (block, _) = block.split_once("```").expect("its end");
    toml::from_str(block).expect("TOML")
}

both! {
    async fn a_dialect_written_from_zero_serves_every_call_of_its_front_end(engine: Engine) {
        let file = written("## From zero");
        let dialect = serde_json::to_string(&file["dialect"]).expect("JSON");
        let app = TestApp::with(engine, |settings| {
            settings.dialect = Some(dialect);
            settings.registration_signs_in = file["registration_signs_in"].as_bool() == Some(true);
        })
        .await;
        let nobody = app.anonymous();
        let ada = json!({"mail": "ada@example.com", "secret": PASSWORD});
        let made = nobody.post("/v1/accounts", ada.clone()).await.expect(200).json();
        assert_eq!(made["ok"], true, "{made}");
        let signed_in = nobody.post("/v1/sessions", ada).await.expect(200).json();
        assert_eq!(signed_in["mail"], "ada@example.com", "{signed_in}");
        let wrong = json!({"mail": "ada@example.com", "secret": "another kettle 42"});
        let wrong = nobody.post("/v1/sessions", wrong).await.expect(400).json();
        assert_eq!(wrong, json!({"ok": false, "why": "Wrong e-mail or password"}));
        let client = nobody.with_token(signed_in["jwt"].as_str().expect("a token"));
        assert_eq!(client.get("/v1/me").await.expect(200).json()["mail"], "ada@example.com");
        let mut ids = Vec::new();
        for (text, weight) in [("Sweep", 1), ("Cook", 3), ("Wash", 2)] {
            let sent = json!({"text": text, "weight": weight, "colour": "red"});
            let chore = client.post("/v1/chores", sent).await.expect(201).json()["chore"].clone();
            let read = ["text", "weight", "colour", "done"].map(|name| chore[name].clone());
            assert_eq!(read, [json!(text), json!(weight), json!("red"), json!(false)]);
            ids.push(chore["id"].as_str().expect("an id").to_owned());
        }
        let finished = client.post_empty(&format!("/v1/chores/{}/finish", ids[0])).await.expect(200).json();
        assert_eq!(finished["chore"]["done"], true);
        let texts = |page: &Value| -> Vec<String> {
            let all = page["chores"].as_array().expect("a list").iter();
            all.map(|chore| chore["text"].as_str().expect("a text").to_owned()).collect()
        };
        let page = client.get("/v1/chores?state=open&by=-weight&p=1&per=1").await.expect(200).json();
        assert_eq!((texts(&page), &page["total"]), (vec!["Cook".to_owned()], &json!(2)));
        let page = client.get("/v1/chores?state=open&by=-weight&p=2&per=1").await.expect(200).json();
        assert_eq!(texts(&page), ["Wash"]);
        let gone = client.delete(&format!("/v1/chores/{}", ids[1])).await.expect(200).json();
        assert_eq!(gone, json!({"ok": true}));
        let refused = client.post("/v1/chores", json!({"text": "a", "flavour": 1})).await.expect(422).json();
        assert!(refused["why"].as_str().expect("a text").contains("flavour"), "{refused}");
    }
}
