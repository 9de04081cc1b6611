//! How pages are shown: their languages, their headers, and what an attacker's link makes of them.

use super::{open, send};
use crate::both;
use crate::support::TestApp;

both! {
    async fn a_page_is_in_the_language_that_the_browser_asks_for(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        for (language, tag, title) in [
            ("de-AT,de;q=0.9,en;q=0.5", "de", "Bestätigen Sie Ihre Adresse"),
            ("pt-BR", "pt", "Confirme seu endereço"),
            ("nl", "en", "Confirm your address"),
        ] {
            let page = open(&app, "/auth/pages/verify?token=x", language).await.expect(200);
            let text = page.text();
            assert!(text.contains(&format!("<html lang=\"{tag}\">")), "{text}");
            assert!(text.contains(&format!("<h1>{title}</h1>")), "{text}");
            assert_eq!(page.header("content-language"), tag);
        }
    }

    async fn a_page_runs_nothing_loads_nothing_and_is_kept_by_nobody(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        for page in ["verify", "confirm", "reset", "undo", "login", "forgot"] {
            let page = open(&app, &format!("/auth/pages/{page}?token=x"), "en").await.expect(200);
            let policy = page.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
            assert!(policy.ends_with("form-action 'self'; base-uri 'none'; frame-ancestors 'none'"), "{policy}");
            assert_eq!(page.header("referrer-policy"), "no-referrer");
            assert_eq!(page.header("cache-control"), "no-store");
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
            for part in ["<script", "src=", "<link", "http://", "https://"] {
                assert!(!page.text().contains(part), "{part}: {}", page.text());
            }
        }
    }

    async fn what_a_link_says_is_text_on_the_page(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let path = "/auth/pages/reset?token=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E%7B%7B7*7%7D%7D";
        let text = open(&app, path, "en\"><b>").await.expect(200).text();
        assert!(!text.contains("<script") && !text.contains("<b>"), "{text}");
        assert!(text.contains("{{7*7}}") && !text.contains("49\""), "{text}");
    }

    async fn the_page_of_a_sign_in_link_tells_how_to_go_on_and_uses_nothing_up(engine: Engine) {
        let app = TestApp::with_mail(engine, |settings| {
            settings.login_codes = true;
            settings.letters.app_url = Some("https://app.example.org".into());
        })
        .await;
        let ask = serde_json::json!({"email": "ada@example.com"});
        app.anonymous().post("/auth/login/code", ask).await.expect(202);
        let token = app.mails().await[0].after("token=");
        for _ in 0..3 {
            let page = open(&app, &format!("/auth/pages/login?token={token}"), "de").await.expect(200);
            let text = page.text();
            assert!(text.contains("<h1>Bei app.example.org anmelden</h1>"), "{text}");
            assert!(text.contains("Zurück zu app.example.org</a>"), "{text}");
            assert!(!text.contains("<form") && !text.contains(&token), "{text}");
            assert!(page.headers.get("set-cookie").is_none());
        }
        send(&app, "login", &format!("token={token}")).await.expect(200);
        let body = serde_json::json!({"token": token});
        app.anonymous().post("/auth/login/code/verify", body).await.expect(200);
    }

    async fn a_link_without_a_token_and_pages_that_are_off_are_said_to_be_so(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let page = open(&app, "/auth/pages/verify", "fr").await.expect(200);
        assert!(page.text().contains("Ce lien ne fonctionne plus"), "{}", page.text());
        let off = TestApp::with_mail(engine, |settings| settings.letters.pages_off = true).await;
        open(&off, "/auth/pages/verify?token=x", "en").await.expect(404);
    }
}
