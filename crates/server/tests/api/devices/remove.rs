//! `DELETE /auth/devices/{id}`.

use super::{sign_in, trust, with_ada};
use crate::both;

both! {
    async fn one_is_removed_and_the_others_stay(engine: Engine) {
        let (app, phone, ada) = with_ada(engine).await;
        let (one, other) = (trust(&app, &phone, "ada").await, trust(&app, &phone, "ada").await);
        let listed = ada.get("/auth/devices").await.expect(200).json();
        let id = |number: usize| listed[number]["id"].as_str().unwrap().to_owned();
        let eve = app.sign_up("eve").await;
        // The newest is the first.
        let path = format!("/auth/devices/{}", id(0));
        eve.delete(&path).await.expect_problem(404, "not_found");
        ada.delete(&path).await.expect(204);
        ada.delete(&path).await.expect_problem(404, "not_found");
        ada.delete("/auth/devices/nonsense").await.expect_problem(422, "validation");
        sign_in(&app, "ada", &other).await.expect_problem(403, "mfa_required");
        sign_in(&app, "ada", &one).await.expect(200);
        let root = app.admin("root").await;
        let events = app.audited(&root, "device.forget").await;
        assert_eq!((events.len(), &events[0]["detail"]), (1, &serde_json::json!(id(0))));
    }
}
