//! The networks: shown, changed, and kept without typing the code.

use pocketstack_model::config::network::Ipv4Settings;
use pocketstack_model::status::{Doing, Kept, NetworkChange};

use super::*;
use crate::node::{CODE, NodeSource, NotDone};

async fn send(client: &Client, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let csrf = testing::csrf(client).await;
    let mut all = vec![("csrf", csrf.as_str())];
    all.extend(fields);
    let response = post(client, path, &all).await;
    (response.status().code, text(response).await)
}

const FIXED: [(&str, &str); 4] = [
    ("management-ipv4", "static"),
    ("management-ipv4-address", "198.51.100.7/24"),
    ("management-ipv4-gateway", "198.51.100.1"),
    ("management-mtu", "9000"),
];

#[tokio::test]
async fn each_role_is_shown_as_wanted_and_as_seen() {
    let (client, node) = client().await;
    node.change(|overview| {
        overview.kept.push(Kept {
            subject: "network management".into(),
            want: "DHCP".into(),
            see: "br-mgmt with 192.0.2.17/24".into(),
            doing: Doing::Stuck {
                why: "no answer <b>".into(),
            },
        });
    });
    let (status, html) = get(&client, "/networks").await;
    assert_eq!(status, 200);
    shows(
        &html,
        &[
            "<li>all network cards</li><li>IPv4 by DHCP</li>",
            "br-mgmt with 192.0.2.17/24",
            "no answer &#60;b&#62;",
            "href=\"/networks/bmc\"",
            "Without them, the management network is used.",
        ],
    );
    assert_eq!(get(&client, "/networks/other").await.0, 404);
    let (_, html) = get(&client, "/networks/external").await;
    shows(
        &html,
        &[
            "name=\"own\" value=\"yes\">",
            "name=\"external-cards\" value=\"enp1s0\"",
        ],
    );
}

#[tokio::test]
async fn a_change_says_where_to_keep_it_and_needs_no_code_there() {
    let (client, node) = client().await;
    let (status, html) = send(&client, "/networks/management", &FIXED).await;
    assert_eq!(status, 200);
    check_page(&html, "en");
    let url = format!("href=\"https://198.51.100.7/network/confirm?code={CODE}\"");
    shows(&html, &[&url, ".local/network/confirm", "they are taken back at"]);
    let network = node.configured().network.management;
    assert_eq!(network.mtu.to_string(), "9000");
    assert!(matches!(network.ipv4, Ipv4Settings::Static { .. }));
    let (_, html) = get(&client, "/networks/management").await;
    shows(&html, &["value=\"198.51.100.7/24\"", "value=\"9000\""]);

    for path in ["/", "/network/confirm"] {
        let (_, html) = get(&client, path).await;
        shows(&html, &["name=\"remembered\""]);
        assert!(!html.contains("id=\"code\""), "{path}");
    }
    // In another session, as after signing in at the new address.
    let (status, html) = send(&client, "/network/confirm", &[("remembered", "yes")]).await;
    assert_eq!(status, 200);
    shows(&html, &["The new network settings are kept"]);
    shows(&get(&client, "/audit").await.1, &["network management"]);
}

#[tokio::test]
async fn the_code_of_a_change_made_elsewhere_is_typed() {
    let (client, node) = client().await;
    send(&client, "/networks/management", &FIXED).await;
    node.change(|overview| overview.network_change = unconfirmed(90));
    let (_, html) = get(&client, "/").await;
    shows(&html, &["id=\"code\""]);
    assert!(!html.contains("name=\"remembered\""));
    let (status, _) = send(&client, "/network/confirm", &[("remembered", "yes")]).await;
    assert_eq!(status, 422);
    assert_eq!(node.codes(), 0, "it costs no try");
}

#[tokio::test]
async fn a_network_of_its_own_is_made_and_given_up() {
    let (client, node) = client().await;
    let own = [("own", "yes"), ("bmc-vlan", "30"), ("bmc-dns", "")];
    let (_, html) = send(&client, "/networks/bmc", &own).await;
    // The management network has not changed, so the machine is where it was.
    shows(
        &html,
        &[
            "https://192.0.2.17/network/confirm",
            "https://[2001:db8::17]/network/confirm",
        ],
    );
    assert!(node.configured().network.bmc.is_some());
    node.confirm_network(CODE).await.expect("kept");
    send(&client, "/networks/bmc", &[("bmc-vlan", "30")]).await;
    assert_eq!(node.configured().network.bmc, None);
    let (_, html) = send(&client, "/networks/bmc", &[]).await;
    shows(&html, &["Nothing was changed."]);
}

#[tokio::test]
async fn what_is_wrong_is_told_at_its_field_and_nothing_is_changed() {
    let (client, node) = client().await;
    let before = node.configured();
    for (path, fields, words) in [
        (
            "/networks/management",
            [("management-mtu", "900"), ("x", "")],
            "from 1280 to 9216",
        ),
        (
            "/networks/management",
            [("dns", "dns.example.org"), ("x", "")],
            "Type IP addresses",
        ),
        (
            "/networks/bmc",
            [("own", "yes"), ("x", "")],
            "Choose the network cards of this network",
        ),
        (
            "/networks/external",
            [("own", "yes"), ("external-vlan", "5000")],
            "from 1 to 4094",
        ),
    ] {
        let (status, html) = send(&client, path, &fields).await;
        assert_eq!(status, 422, "{words}");
        check_page(&html, "en");
        shows(&html, &[words]);
    }
    node.refuse(NotDone::Unconfirmed("wait 40 s".to_owned()));
    let (status, html) = send(&client, "/networks/management", &FIXED).await;
    assert_eq!(status, 409);
    shows(&html, &["Another change of the networks waits", "value=\"9000\""]);
    assert_eq!(node.configured(), before);
    assert_eq!(send(&client, "/networks/other", &FIXED).await.0, 404);
}

#[tokio::test]
async fn a_card_that_is_not_there_stays_chosen() {
    let (client, node) = client().await;
    let mut configuration = node.configured();
    let cards = ["enp9s0", "52:54:00:aa:bb:01"];
    configuration.network.management.cards = cards.map(|card| card.parse().expect("a card")).into();
    node.change_configuration(&configuration).await.expect("changed");
    node.change(|overview| overview.network_change = NetworkChange::None);
    let (_, html) = get(&client, "/networks/management").await;
    shows(
        &html,
        &[
            "value=\"enp9s0\" checked",
            "(not in this machine)",
            "value=\"52:54:00:aa:bb:01\" checked",
            "name=\"management-cards\" value=\"enp2s0\">",
        ],
    );
}
