//! Making a machine as it was before its setup.

use super::*;
use crate::node::NotDone;

async fn send(client: &Client, name: &str) -> (u16, String) {
    let csrf = testing::csrf(client).await;
    let fields = [("csrf", csrf.as_str()), ("how", "factory-reset"), ("name", name)];
    let response = post(client, "/power", &fields).await;
    (response.status().code, text(response).await)
}

#[tokio::test]
async fn a_reset_takes_the_name_of_the_machine_and_says_what_is_lost() {
    let (client, node) = client().await;
    let (_, html) = get(&client, "/power").await;
    shows(
        &html,
        &["Lost are: settings", "What stays: the system", "Reset lab-one"],
    );
    for wrong in ["", "lab-two", "lab-one lab-one"] {
        let (status, html) = send(&client, wrong).await;
        assert_eq!(status, 422, "{wrong:?}");
        shows(
            &html,
            &["This is not the name of this machine", "id=\"name-trouble\""],
        );
    }
    assert!(!node.is_reset());
    assert_eq!(node.ended(), None);
    let (status, html) = send(&client, " Lab-One ").await;
    assert_eq!(status, 200);
    shows(&html, &["forgets its settings"]);
    assert!(
        !html.contains("action=\"/power\""),
        "nothing more can be asked for"
    );
    assert!(node.is_reset());
    shows(&get(&client, "/audit").await.1, &["Resetting the machine"]);
}

#[tokio::test]
async fn a_reset_that_is_refused_says_why() {
    let (client, node) = client().await;
    node.refuse(NotDone::Refused("this machine keeps no state".to_owned()));
    let (status, html) = send(&client, "lab-one").await;
    assert_eq!(status, 422);
    shows(&html, &["this machine keeps no state", "value=\"lab-one\""]);
}
