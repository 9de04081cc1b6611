//! `GET /.well-known/jwks.json`.

use std::time::Duration;

use doorward::audit::Actor;

use super::pairs::{PAIRS, published};
use crate::both;
use crate::support::TestApp;

both! {
    async fn the_published_set_has_public_members_only_and_each_kid_once(engine: Engine) {
        let app = TestApp::start(engine).await;
        assert!(published(&app).await.is_empty(), "the shared secret is never published");
        for algorithm in PAIRS {
            app.app.signing_keys().create(&Actor::operator(), algorithm).await.expect("a key");
        }
        app.advance(Duration::from_secs(5));
        let keys = published(&app).await;
        assert_eq!(keys.len(), 3);
        let mut kids: Vec<_> = keys.iter().map(|key| key["kid"].to_string()).collect();
        kids.sort();
        kids.dedup();
        assert_eq!(kids.len(), 3);
        for key in &keys {
            assert_eq!(key["use"], "sig");
            for (name, value) in key.as_object().expect("an object") {
                let public = ["alg", "crv", "e", "kid", "kty", "n", "use", "x", "y"];
                assert!(public.contains(&name.as_str()), "{name}");
                assert!(value.is_string());
            }
        }
    }
}
