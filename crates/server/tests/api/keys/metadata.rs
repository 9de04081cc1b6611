//! `GET /.well-known/oauth-authorization-server` (RFC 8414).

use serde_json::json;

use crate::both;
use crate::support::TestApp;

both! {
    async fn the_metadata_names_what_there_is(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            settings.public_url = Some("https://auth.example.com".into());
            settings.token_issuer = "https://auth.example.com".into();
            settings.auth_path = "/api/auth".into();
        })
        .await;
        let reply = app.anonymous().get("/.well-known/oauth-authorization-server").await.expect(200);
        let metadata = reply.json();
        assert_eq!(metadata["issuer"], "https://auth.example.com");
        assert_eq!(metadata["jwks_uri"], "https://auth.example.com/.well-known/jwks.json");
        assert_eq!(metadata["introspection_endpoint"], "https://auth.example.com/api/auth/introspect");
        assert_eq!(metadata["revocation_endpoint"], "https://auth.example.com/api/auth/revoke");
        assert_eq!(metadata["grant_types_supported"], json!(["refresh_token"]));
    }
}
