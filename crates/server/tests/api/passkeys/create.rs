//! `POST /auth/passkeys`.

use std::time::Duration;

use serde_json::{Value, json};

use super::{answer, create, login_options, options, with_passkeys};
use crate::both;
use crate::support::Reply;
use crate::support::authenticator::{Authenticator, decoded, encoded};

/// What is wrong with a credential, in the answer's own sentence.
fn refusal(reply: Reply, field: &str) -> String {
    let body = reply.expect_problem(422, "validation").json();
    assert_eq!(body["errors"][0]["loc"], json!(["body", field]), "{body}");
    body["detail"].as_str().unwrap().to_owned()
}

/// How a dishonest authenticator differs from an honest one.
type Lie = fn(&mut Authenticator);

both! {
    async fn a_new_passkey_is_shown_without_its_key(engine: Engine) {
        let app = with_passkeys(engine).await;
        let ada = app.sign_up("ada").await;
        let asked = options(&ada).await;
        let mut one = Authenticator::security_key();
        let mut body = answer(&asked, &one.create(&asked));
        body["name"] = " Blue key ".into();
        let reply = ada.post("/auth/passkeys", body).await.expect(201);
        let made = reply.json();
        assert_eq!(reply.header("location"), format!("/auth/passkeys/{}", made["id"].as_str().unwrap()));
        let mut names: Vec<_> = made.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["backed_up", "backup_eligible", "created_at", "id", "last_used_at", "name"]);
        assert_eq!(made["name"], "Blue key");
        assert_eq!((&made["backup_eligible"], &made["backed_up"]), (&json!(false), &json!(false)));
        assert_eq!(made["last_used_at"], Value::Null);
    }

    async fn a_passkey_without_a_name_is_called_after_the_browser(engine: Engine) {
        let app = with_passkeys(engine).await;
        let ada = app.sign_up("ada").await;
        for (agent, name) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox, Linux"),
            ("", "Passkey"),
        ] {
            let asked = options(&ada).await;
            let body = answer(&asked, &Authenticator::synced().create(&asked)).to_string();
            let headers = [("content-type", "application/json"), ("user-agent", agent)];
            let made = ada.raw("POST", "/auth/passkeys", &headers, body).await.expect(201).json();
            assert_eq!(made["name"], name);
            assert_eq!(made["backup_eligible"], true);
        }
    }

    async fn a_ceremony_is_one_session_s_and_lasts_five_minutes(engine: Engine) {
        let app = with_passkeys(engine).await;
        let (ada, eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
        let other_device = ada.login("ada@example.com", crate::support::client::PASSWORD).await;
        let begun = options(&ada).await;
        for other in [&eve, &other_device] {
            let why = refusal(create(other, &begun, &mut Authenticator::synced()).await, "ceremony");
            assert!(why.contains("request new options"), "{why}");
        }
        app.advance(Duration::from_secs(299));
        create(&ada, &begun, &mut Authenticator::synced()).await.expect(201);
        let begun = options(&ada).await;
        app.advance(Duration::from_mins(5));
        refusal(create(&ada, &begun, &mut Authenticator::synced()).await, "ceremony");
        // One to sign in adds nothing.
        let asked = options(&ada).await;
        let credential = Authenticator::synced().create(&asked);
        let body = answer(&login_options(&ada).await, &credential);
        refusal(ada.post("/auth/passkeys", body).await, "ceremony");
    }

    async fn of_ten_answers_to_one_ceremony_one_adds_a_passkey(engine: Engine) {
        let app = with_passkeys(engine).await;
        let replica = app.replica().await;
        let ada = app.sign_up("ada").await;
        let begun = options(&ada).await;
        let bodies = (0..10).map(|_| answer(&begun, &Authenticator::synced().create(&begun)));
        let sent = bodies.enumerate().map(|(turn, body)| {
            let client = if turn % 2 == 0 { ada.clone() } else { ada.through(&replica) };
            async move { client.post("/auth/passkeys", body).await }
        });
        let replies = futures_util::future::join_all(sent).await;
        let made = replies.iter().filter(|reply| reply.status == 201).count();
        assert_eq!(made, 1);
        for reply in replies.into_iter().filter(|reply| reply.status != 201) {
            refusal(reply, "ceremony");
        }
        assert_eq!(ada.get("/auth/passkeys").await.json().as_array().unwrap().len(), 1);
    }

    async fn what_is_wrong_with_the_browser_s_answer_is_said(engine: Engine) {
        let app = with_passkeys(engine).await;
        let ada = app.sign_up("ada").await;
        let lies: [(Lie, &str); 7] = [
            (|it| it.origin = "https://evil.example".into(), "an origin that is not in RP_ORIGINS"),
            (|it| it.origin = "https://app.example.com.evil.example".into(), "an origin that is not in RP_ORIGINS"),
            (|it| it.origin = "http://app.example.com".into(), "an origin that is not in RP_ORIGINS"),
            (|it| it.rp_id = "evil.example".into(), "a domain other than RP_ID"),
            (|it| it.cross_origin = true, "embedded in another site"),
            (|it| it.verifies(false), "without verifying the user"),
            (|it| it.says_backed_up(false, true), "backup flags that contradict its registration"),
        ];
        for (lie, said) in lies {
            let mut one = Authenticator::synced();
            lie(&mut one);
            let begun = options(&ada).await;
            let why = refusal(create(&ada, &begun, &mut one).await, "credential");
            assert!(why.contains(said), "{why}");
        }
        let (begun, other) = (options(&ada).await, options(&ada).await);
        let body = answer(&begun, &Authenticator::synced().create(&other));
        assert!(refusal(ada.post("/auth/passkeys", body).await, "credential").contains("a different challenge"));
        let begun = options(&ada).await;
        let mut credential = Authenticator::synced().create(&begun);
        credential["clientExtensionResults"]["credProps"]["rk"] = false.into();
        let why = refusal(ada.post("/auth/passkeys", answer(&begun, &credential)).await, "credential");
        assert!(why.contains("is not discoverable"), "{why}");
        let why = refusal(ada.post("/auth/passkeys", answer(&begun, &json!({"id": "AA"}))).await, "credential");
        assert!(why.contains("`rawId` is missing"), "{why}");
        assert_eq!(ada.get("/auth/passkeys").await.json(), json!([]));
    }

    async fn one_passkey_is_one_account_s(engine: Engine) {
        let app = with_passkeys(engine).await;
        let (ada, eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
        let mut one = Authenticator::synced();
        one.add_to(&ada, "Phone").await;
        let adas = one.handle.clone();
        for client in [&eve, &ada] {
            let begun = options(client).await;
            create(client, &begun, &mut one).await.expect_problem(409, "passkey_taken");
        }
        one.handle = adas;
        let tokens = one.sign_in(&app.anonymous()).await.expect(200).json();
        assert_eq!(tokens["user"]["id"], ada.user["id"]);
        // Once the account is gone, the authenticator may be another's.
        let body = json!({"password": crate::support::client::PASSWORD});
        ada.post("/auth/me/delete", body).await.expect(204);
        one.sign_in(&app.anonymous()).await.expect(401);
        one.add_to(&eve, "Phone").await;
        let tokens = one.sign_in(&app.anonymous()).await.expect(200).json();
        assert_eq!(tokens["user"]["id"], eve.user["id"]);
    }

    async fn an_account_has_twenty_at_most_however_many_are_added_at_once(engine: Engine) {
        let app = with_passkeys(engine).await;
        let ada = app.sign_up("ada").await;
        for _ in 0..17 {
            Authenticator::synced().add_to(&ada, "Key").await;
        }
        let at_once = (0..6).map(|_| async {
            let begun = options(&ada).await;
            create(&ada, &begun, &mut Authenticator::synced()).await
        });
        let replies = futures_util::future::join_all(at_once).await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 3);
        for reply in replies.into_iter().filter(|reply| reply.status != 201) {
            reply.expect_problem(409, "too_many_passkeys");
        }
        assert_eq!(ada.get("/auth/passkeys").await.json().as_array().unwrap().len(), 20);
    }

    async fn a_key_that_would_take_long_to_verify_or_much_room_is_refused(engine: Engine) {
        let app = with_passkeys(engine).await;
        let ada = app.sign_up("ada").await;
        for bytes in [513_u16, 2048, 20_000] {
            let begun = options(&ada).await;
            // COSE (RFC 8230 §4): {1: 3, 3: -257, -1: n, -2: e}.
            let mut key = vec![0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x59];
            key.extend(bytes.to_be_bytes());
            key.extend(vec![0xff; bytes.into()]);
            key.extend([0x21, 0x43, 0x01, 0x00, 0x01]);
            let credential = Authenticator::synced().create_with(&begun, &key);
            refusal(ada.post("/auth/passkeys", answer(&begun, &credential)).await, "credential");
        }
        let begun = options(&ada).await;
        // What an attestation brings along is kept.
        let mut one = Authenticator::synced();
        one.attests = true;
        let mut credential = one.create(&begun);
        credential["response"]["transports"] = vec!["usb"; 5000].into();
        let why = refusal(ada.post("/auth/passkeys", answer(&begun, &credential)).await, "credential");
        assert!(why.contains("is too large to store"), "{why}");
    }

    async fn no_bytes_of_a_browser_s_answer_bring_the_server_down(engine: Engine) {
        let app = with_passkeys(engine).await;
        let ada = app.sign_up("ada").await;
        let begun = options(&ada).await;
        let credential = Authenticator::synced().create(&begun);
        let object = decoded(&credential["response"]["attestationObject"]);
        let mut seed = 1_u64;
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(seed >> 33).unwrap()
        };
        for turn in 0..300 {
            let mut bad = object.clone();
            if turn % 3 == 0 {
                bad.truncate(next() % object.len());
            } else {
                let place = next() % bad.len();
                bad[place] = u8::try_from(next() % 256).unwrap();
            }
            let mut one = credential.clone();
            one["response"]["attestationObject"] = encoded(&bad).into();
            let reply = ada.post("/auth/passkeys", answer(&begun, &one)).await;
            // What is not signed may still be a passkey; the first such one uses the ceremony up.
            assert!([201, 422].contains(&reply.status), "{}", reply.text());
        }
    }

    async fn adding_is_in_the_audit_log(engine: Engine) {
        let app = with_passkeys(engine).await;
        let root = app.admin("root").await;
        let ada = app.sign_up("ada").await;
        let made = Authenticator::synced().add_to(&ada, "Phone").await;
        let records = app.audited(&root, "passkey.add").await;
        assert_eq!(records.len(), 1);
        assert_eq!(records[0]["subject_id"], ada.user["id"]);
        assert_eq!(records[0]["detail"], made["id"]);
    }
}
