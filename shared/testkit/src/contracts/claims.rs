//! [`EmailClaims`]

use app::ports::{EmailClaim, EmailClaims};
use domain::ids::Uuid;
use futures::future::join_all;

use super::fresh::later;
use crate::build::at;

/// Checks claims on emails.
pub async fn run(claims: &dyn EmailClaims) {
    let now = at("2030-05-06T08:00:00.100Z");
    let lease = |from| later(from, 60);
    let event = || format!("order#{}#3#delivered", Uuid::now_v7());

    let sent = event();
    let claim = async |event: &str, at| claims.claim(event, at, lease(at)).await.unwrap();
    assert_eq!(claim(&sent, now).await, EmailClaim::Ours);
    assert_eq!(claim(&sent, later(now, 59)).await, EmailClaim::Theirs);
    claims.mark_sent(&sent, later(now, 86_400)).await.unwrap();
    assert_eq!(claim(&sent, later(now, 1)).await, EmailClaim::Sent);
    assert_eq!(
        claim(&sent, later(now, 3600)).await,
        EmailClaim::Sent,
        "a sent email outlasts its lease"
    );
    claims.mark_sent(&sent, later(now, 86_400)).await.unwrap();

    let died = event();
    assert_eq!(claim(&died, now).await, EmailClaim::Ours);
    let lease_over = later(now, 60);
    assert_eq!(
        claim(&died, lease_over).await,
        EmailClaim::Ours,
        "its claimant has died"
    );
    assert_eq!(claim(&died, later(now, 61)).await, EmailClaim::Theirs);

    let unclaimed = event();
    claims
        .mark_sent(&unclaimed, later(now, 86_400))
        .await
        .unwrap();
    assert_eq!(claim(&unclaimed, now).await, EmailClaim::Sent);

    let raced = event();
    let results = join_all((0..8).map(|_| claim(&raced, now))).await;
    let ours = results.iter().filter(|claim| **claim == EmailClaim::Ours);
    assert_eq!(ours.count(), 1, "exactly one claimant sends: {results:?}");
    assert!(!results.contains(&EmailClaim::Sent));
}
