//! What is wrong with a sign-in by a passkey shows in the audit log alone.

use std::time::Duration;

use serde_json::{Value, json};

use super::{answer, login_options, options, with_passkeys};
use crate::both;
use crate::support::authenticator::{Authenticator, decoded, encoded};
use crate::support::{Client, Reply, TestApp};

/// The body and the headers of a refusal, without what differs between any two answers.
fn seen(reply: Reply) -> (Value, Vec<(String, String)>) {
    let reply = reply.expect_problem(401, "invalid_credentials");
    let mut body = reply.json();
    body["request_id"] = Value::Null;
    let mut headers: Vec<_> = reply
        .headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (body, headers)
}

async fn failures(app: &TestApp, root: &Client) -> Vec<String> {
    let records = app.audited(root, "login").await;
    let failed = records.iter().filter(|record| record["outcome"] == "failure");
    failed.map(|record| record["detail"].as_str().unwrap_or_default().to_owned()).collect()
}

/// How a dishonest authenticator differs from an honest one.
type Lie = fn(&mut Authenticator);

both! {
    async fn every_refusal_looks_alike(engine: Engine) {
        let app = with_passkeys(engine).await;
        let root = app.admin("root").await;
        let (ada, eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
        let nobody = app.anonymous();
        let (mut one, mut eves) = (Authenticator::security_key(), Authenticator::security_key());
        one.add_to(&ada, "Key").await;
        eves.add_to(&eve, "Key").await;
        let mut refusals = Vec::new();

        // Nobody's.
        refusals.push(seen(Authenticator::security_key().sign_in(&nobody).await));
        let lies: [Lie; 7] = [
            |it| it.origin = "https://evil.example".into(),
            |it| it.origin = "https://app.example.com:8443".into(),
            |it| it.origin = "https://example.com".into(),
            |it| it.rp_id = "evil.example".into(),
            |it| it.cross_origin = true,
            |it| it.verifies(false),
            |it| it.says_backed_up(true, true),
        ];
        for lie in lies {
            let mut liar = one.copy();
            liar.counter += 10;
            lie(&mut liar);
            refusals.push(seen(liar.sign_in(&nobody).await));
        }
        // Ada's credential in another's name, and another's key in the name of Ada's credential.
        let mut liar = one.copy();
        liar.handle.clone_from(&eves.handle);
        refusals.push(seen(liar.sign_in(&nobody).await));
        let mut liar = eves.copy();
        (liar.id, liar.handle, liar.counter) = (one.id.clone(), one.handle.clone(), 100);
        refusals.push(seen(liar.sign_in(&nobody).await));
        // Another ceremony's answer, an answer to one that is for something else, and a made-up ceremony.
        let (begun, other) = (login_options(&nobody).await, login_options(&nobody).await);
        let body = answer(&begun, &one.get(&other));
        refusals.push(seen(nobody.post("/auth/login/passkey", body).await));
        let adding = options(&ada).await;
        let body = answer(&adding, &one.get(&adding));
        refusals.push(seen(nobody.post("/auth/login/passkey", body).await));
        let mut body = answer(&begun, &one.get(&begun));
        body["ceremony"] = "dwc_made-up".into();
        refusals.push(seen(nobody.post("/auth/login/passkey", body).await));
        // No name at all, which is what a second factor of other services sends.
        let mut credential = one.get(&begun);
        credential["response"]["userHandle"] = Value::Null;
        refusals.push(seen(nobody.post("/auth/login/passkey", answer(&begun, &credential)).await));
        // Too late.
        let late = login_options(&nobody).await;
        app.advance(Duration::from_mins(5));
        let body = answer(&late, &one.get(&late));
        refusals.push(seen(nobody.post("/auth/login/passkey", body).await));

        for refusal in &refusals {
            assert_eq!(refusal, &refusals[0]);
        }
        let logged = failures(&app, &root).await;
        for why in [
            "is not known",
            "an origin that is not in RP_ORIGINS",
            "is for a domain other than RP_ID",
            "comes from a page embedded in another site",
            "without verifying the user",
            "has backup flags that contradict its registration",
            "names another user",
            "has an invalid signature",
            "answers a different challenge",
            "answers a ceremony that has expired",
        ] {
            assert!(logged.iter().any(|detail| detail.contains(why)), "{why}: {logged:#?}");
        }
        // None of it has harmed the owner.
        one.counter += 100;
        one.sign_in(&nobody).await.expect(200);
    }

    async fn a_copy_of_a_security_key_is_refused_and_recorded(engine: Engine) {
        let app = with_passkeys(engine).await;
        let root = app.admin("root").await;
        let ada = app.sign_up("ada").await;
        let mut one = Authenticator::security_key();
        let made = one.add_to(&ada, "Key").await;
        let mut copy = one.copy();
        one.sign_in(&app.anonymous()).await.expect(200);
        copy.sign_in(&app.anonymous()).await.expect_problem(401, "invalid_credentials");
        let records = app.audited(&root, "passkey.cloned").await;
        assert_eq!(records.len(), 1);
        assert_eq!((&records[0]["subject_id"], &records[0]["outcome"]), (&ada.user["id"], &json!("blocked")));
        assert_eq!(records[0]["detail"], made["id"]);
        one.sign_in(&app.anonymous()).await.expect(200);
        // One that stops counting is one as well.
        (one.counter, one.counts) = (0, false);
        one.sign_in(&app.anonymous()).await.expect_problem(401, "invalid_credentials");
    }

    async fn what_is_malformed_is_said_before_anything_is_judged(engine: Engine) {
        let app = with_passkeys(engine).await;
        let nobody = app.anonymous();
        let begun = login_options(&nobody).await;
        let whole = answer(&begun, &Authenticator::synced().get(&begun));
        for (change, field) in [
            (json!({"ceremony": null}), "ceremony"),
            (json!({"ceremony": "x".repeat(4097)}), "ceremony"),
            (json!({"credential": null}), "credential"),
            (json!({"credential": "text"}), "credential"),
            (json!({"credential": {}}), "credential"),
            (json!({"credential": {"id": "AA", "rawId": "not base64!", "type": "public-key"}}), "credential"),
        ] {
            let mut body = whole.clone();
            for (name, value) in change.as_object().unwrap() {
                body[name] = value.clone();
            }
            let body = nobody.post("/auth/login/passkey", body).await.expect_problem(422, "validation").json();
            assert_eq!(body["errors"][0]["loc"][1], field, "{body}");
        }
        let huge = json!({"ceremony": begun["ceremony"], "credential": {"id": "A".repeat(70_000)}});
        nobody.post("/auth/login/passkey", huge).await.expect_problem(413, "payload_too_large");
    }

    async fn no_bytes_of_a_browser_s_answer_bring_the_server_down_or_anybody_in(engine: Engine) {
        let app = with_passkeys(engine).await;
        let ada = app.sign_up("ada").await;
        let mut one = Authenticator::synced();
        one.add_to(&ada, "Phone").await;
        let nobody = app.anonymous();
        let begun = login_options(&nobody).await;
        let good = one.get(&begun);
        let mut seed = 7_u64;
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(seed >> 33).unwrap()
        };
        for turn in 0..300 {
            let member = ["clientDataJSON", "authenticatorData", "signature", "userHandle"][turn % 4];
            let mut bytes = decoded(&good["response"][member]);
            let place = next() % bytes.len();
            if turn % 3 == 0 {
                bytes.truncate(place);
            } else {
                bytes[place] ^= 1 << (next() % 8);
            }
            let mut bad = good.clone();
            bad["response"][member] = encoded(&bytes).into();
            let reply = nobody.post("/auth/login/passkey", answer(&begun, &bad)).await;
            assert_eq!(reply.status, 401, "{member}: {}", reply.text());
        }
        nobody.post("/auth/login/passkey", answer(&begun, &good)).await.expect(200);
    }
}
