//! `DELETE /auth/devices`.

use serde_json::json;

use super::{sign_in, trust, with_ada};
use crate::both;
use crate::factors::add_phone;

both! {
    async fn all_of_ones_own_are_removed_and_nobody_else_s(engine: Engine) {
        let (app, phone, ada) = with_ada(engine).await;
        let eve = app.sign_up("eve").await;
        let (eves, ..) = add_phone(&app, &eve).await;
        let kept = trust(&app, &eves, "eve").await;
        let gone = [trust(&app, &phone, "ada").await, trust(&app, &phone, "ada").await];
        ada.delete("/auth/devices").await.expect(204);
        ada.delete("/auth/devices").await.expect(204);
        assert_eq!(ada.get("/auth/devices").await.expect(200).json(), json!([]));
        for device in gone {
            sign_in(&app, "ada", &device).await.expect_problem(403, "mfa_required");
        }
        sign_in(&app, "eve", &kept).await.expect(200);
    }
}
