//! `GET /auth/jwks`: the published set where clients of Better Auth look for it.

use super::pairs::{PAIRS, signing_with};
use crate::both;
use crate::support::TestApp;

both! {
    async fn it_answers_what_the_well_known_address_answers(engine: Engine) {
        for algorithm in PAIRS {
            let app = signing_with(engine, algorithm).await;
            let known = app.anonymous().get("/.well-known/jwks.json").await.expect(200);
            let alias = app.anonymous().get("/auth/jwks").await.expect(200);
            assert_eq!(alias.json(), known.json());
            assert_eq!(alias.json()["keys"].as_array().map(Vec::len), Some(1));
            assert_eq!(alias.header("cache-control"), known.header("cache-control"));
        }
    }

    async fn it_moves_with_the_path_of_authentication(engine: Engine) {
        let app = TestApp::with(engine, |settings| settings.auth_path = "/api/auth".into()).await;
        app.anonymous().get("/api/auth/jwks").await.expect(200);
        app.anonymous().get("/auth/jwks").await.expect(404);
    }
}
