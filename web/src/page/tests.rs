use std::net::IpAddr;

use pocketstack_model::node::{
    Address, Firmware, Health, Management, Medium, Overview, Root, State as Storage, Units,
};
use pocketstack_model::status::{Doing, Installation, Kept, NetworkChange};
use rocket::http::Method;
use rocket::local::asynchronous::Client;

use crate::confirm::testing::{CODE, unconfirmed};
use crate::node::Unavailable;
use crate::server::testing::client;

use super::*;

async fn get(client: &Client, path: &str) -> (u16, String) {
    let response = client.get(path).dispatch().await;
    assert_eq!(response.content_type(), Some(ContentType::HTML), "{path}");
    (
        response.status().code,
        response.into_string().await.expect("it has a body"),
    )
}

async fn page_after(change: impl FnOnce(&mut Overview)) -> String {
    let (client, node) = client().await;
    node.change(change);
    let (status, html) = get(&client, "/").await;
    assert_eq!(status, 200);
    html
}

#[track_caller]
fn shows(html: &str, texts: &[&str]) {
    for text in texts {
        assert!(html.contains(text), "the page does not show {text:?}:\n{html}");
    }
}

#[tokio::test]
async fn the_page_shows_every_field() {
    let html = page_after(|_| {}).await;
    shows(
        &html,
        &[
            "<title>lab-one: Healthy – PocketStack</title>",
            ">lab-one</h1>",
            "Version 0.1.0",
        ],
    );
    shows(
        &html,
        &["2026-11-21 08:04:12 UTC", "datetime=\"2026-11-21T08:04:12Z\""],
    );
    shows(&html, &["<dd>Up</dd>", "<code>br-mgmt</code>"]);
    shows(
        &html,
        &[
            "href=\"https://192.0.2.17/\">192.0.2.17/24",
            "href=\"https://[2001:db8::17]/\">2001:db8::17/64",
        ],
    );
    shows(
        &html,
        &[
            "AMD EPYC 7302P",
            "16 (32 threads)",
            "12 %",
            "0.52 (1 min), 0.61 (5 min), 0.43 (15 min)",
        ],
    );
    shows(&html, &["64.0 GiB", "5.0 GiB, 7 %"]);
    shows(
        &html,
        &[
            "UEFI",
            "Disk or USB stick",
            "Verified, read-only",
            &"5d1f".repeat(16),
        ],
    );
    shows(
        &html,
        &[
            "1.5 GiB of 8.0 GiB used on /dev/sda7",
            "6.12.48+deb13-amd64",
            "1 day 2 h 3 min",
        ],
    );
    shows(
        &html,
        &[
            "KVM",
            "API 12",
            "libvirt",
            "11.3.0",
            "DRBD",
            "8.4.11",
            "Heartbeat",
            "3.0.6",
        ],
    );
    shows(&html, &[">Working</span>", ">Ready, not needed yet</span>"]);
    shows(
        &html,
        &[
            "nvme0n1",
            "932 GiB",
            "Samsung SSD 980 PRO",
            "S5GXNX0T",
            "<td>Solid state</td><td>No</td>",
        ],
    );
    shows(
        &html,
        &[
            "sda",
            "15.0 GiB",
            "Cruzer Fit",
            "4C531001",
            "<td>Removable</td><td>Yes</td>",
        ],
    );
    shows(
        &html,
        &[
            "enp1s0",
            ">Up</span>",
            "2.5 Gbit/s",
            "52:54:00:aa:bb:01",
            "igb",
            "bond-mgmt",
        ],
    );
    shows(&html, &["enp2s0", ">Down</span>", "52:54:00:aa:bb:02", "r8169"]);
    shows(&html, &["<p>None.</p>"]);
    assert!(!html.contains("Needs attention"));
}

#[tokio::test]
async fn a_machine_in_trouble_says_so_in_words() {
    let html = page_after(|overview| {
        overview.management = Management::NoLink {
            bridge: "br-mgmt".to_owned(),
        };
        overview.boot.firmware = Firmware::Bios;
        overview.boot.medium = Medium::Iso;
        overview.boot.root = Root::Corrupted {
            root_hash: "0bad".to_owned(),
        };
        overview.boot.state = Storage::Volatile;
        overview.cpu.busy_percent = None;
        overview.disks = Vec::new();
        overview.nics = Vec::new();
        overview.components[0].version = None;
        overview.components[0].health = Health::Failed {
            why: "switched off in the firmware".to_owned(),
        };
        overview.units = Units::Known {
            failed: vec!["lvm2-monitor.service".to_owned()],
        };
    })
    .await;
    shows(
        &html,
        &[
            "<title>lab-one: 4 problems – PocketStack</title>",
            "Needs attention",
            "<strong>Problem:</strong>",
        ],
    );
    shows(
        &html,
        &[
            "<dd>No link</dd>",
            "Check the cable",
            "BIOS (legacy)",
            "ISO image",
            "Damaged",
            "0bad",
        ],
    );
    shows(
        &html,
        &[
            "<strong>Note:</strong>",
            "In memory only, lost on restart",
            "Not measured yet",
        ],
    );
    shows(
        &html,
        &[
            "This machine has no disks.",
            "This machine has no wired network cards.",
        ],
    );
    shows(
        &html,
        &[
            "<td>unknown</td>",
            ">Failed</span>",
            "switched off in the firmware",
            "lvm2-monitor.service",
        ],
    );
}

#[tokio::test]
async fn hostile_names_stay_text() {
    const HOSTILE: &str = "\"><script>alert('x')</script>&";
    let html = page_after(|overview| {
        overview.name = HOSTILE.to_owned();
        overview.version = HOSTILE.to_owned();
        overview.cpu.model = HOSTILE.to_owned();
        overview.boot.kernel = HOSTILE.to_owned();
        overview.boot.root = Root::Unverified {
            why: HOSTILE.to_owned(),
        };
        overview.boot.state = Storage::Persistent {
            device: HOSTILE.to_owned(),
            size: overview.memory.total,
            used: overview.memory.used,
        };
        overview.management = Management::Up {
            bridge: HOSTILE.to_owned(),
            addresses: vec![Address {
                address: IpAddr::from([192, 0, 2, 1]),
                prefix: 24,
            }],
        };
        overview.disks[0].name = HOSTILE.to_owned();
        overview.disks[0].model = Some(HOSTILE.to_owned());
        overview.disks[0].serial = Some(HOSTILE.to_owned());
        overview.nics[0].name = HOSTILE.to_owned();
        overview.nics[0].mac = HOSTILE.to_owned();
        overview.nics[0].driver = Some(HOSTILE.to_owned());
        overview.nics[0].part_of = Some(HOSTILE.to_owned());
        overview.components[0].version = Some(HOSTILE.to_owned());
        overview.components[1].health = Health::Failed {
            why: HOSTILE.to_owned(),
        };
        overview.units = Units::Known {
            failed: vec![HOSTILE.to_owned()],
        };
        let hostile = || HOSTILE.to_owned();
        overview.kept = vec![Kept {
            subject: hostile(),
            want: hostile(),
            see: hostile(),
            doing: Doing::Stuck { why: hostile() },
        }];
        overview.network_change = NetworkChange::Reverted {
            at: overview.read_at,
            why: hostile(),
        };
        overview.installation = Installation::Failed { why: hostile() };
    })
    .await;
    assert!(!html.contains("<script>"), "{html}");
    assert!(!html.contains("alert('x')"), "{html}");
    // 23 places, six of them shown twice: the name in the title, four reasons among the findings, and the unit; the
    // subject that is stuck stands there too.
    assert_eq!(html.matches("alert(&#39;x&#39;)").count(), 30, "{html}");
}

#[tokio::test]
async fn a_node_that_is_away_is_a_page_with_advice_and_ends() {
    let (client, node) = client().await;
    node.leave(Unavailable::NotRunning);
    let response = client.get("/").dispatch().await;
    assert_eq!(response.headers().get_one("Retry-After"), Some("5"));
    let (status, html) = get(&client, "/").await;
    assert_eq!(status, 503);
    shows(
        &html,
        &[
            "This machine cannot be shown right now",
            "(pocketstackd) is not running.",
            "Try again",
        ],
    );
    shows(
        &html,
        &["restart the machine if the console shows no progress", "live.js"],
    );
    node.come_back();
    assert_eq!(get(&client, "/").await.0, 200);
}

#[tokio::test]
async fn mistakes_get_readable_pages() {
    let (client, _node) = client().await;
    let (status, html) = get(&client, "/no-such-page").await;
    assert_eq!(status, 404);
    shows(
        &html,
        &[
            "There is no such page",
            "Error 404",
            "Go to the overview of this machine.",
        ],
    );

    let response = client.req(Method::Post, "/").dispatch().await;
    assert_eq!(response.status(), Status::MethodNotAllowed);
    assert_eq!(response.headers().get_one("Allow"), Some("GET, HEAD"));
    shows(
        &response.into_string().await.expect("it has a body"),
        &["This page can only be read"],
    );
}

/// The policy forbids inline styles and scripts, so one that slipped in would silently not work.
#[tokio::test]
async fn nothing_inline_is_on_any_page() {
    let (client, node) = client().await;
    let mut pages = vec![get(&client, "/").await.1, get(&client, "/no-such-page").await.1];
    node.change(|overview| overview.network_change = unconfirmed(60));
    for path in ["/", "/network/confirm", "/network/confirm?code=ABCD2345"] {
        pages.push(get(&client, path).await.1);
    }
    node.leave(Unavailable::NotRunning);
    pages.push(get(&client, "/").await.1);
    for html in pages {
        for forbidden in [
            " style=",
            "<style",
            " onclick=",
            "javascript:",
            "<script>",
            "http://",
        ] {
            assert!(!html.contains(forbidden), "{forbidden} in {html}");
        }
        shows(
            &html,
            &[
                "<html lang=\"en\">",
                "<main id=\"content\"",
                "<h1",
                "Skip to the content",
            ],
        );
    }
}

#[tokio::test]
async fn what_is_kept_is_a_table_and_what_is_stuck_a_problem() {
    let kept = |subject: &str, doing| Kept {
        subject: subject.to_owned(),
        want: format!("{subject} as wanted"),
        see: format!("{subject} as seen"),
        doing,
    };
    let html = page_after(|overview| {
        overview.kept = vec![
            kept("name", Doing::Nothing),
            kept(
                "network management",
                Doing::Changing {
                    since: overview.read_at,
                    step: "making br-mgmt".to_owned(),
                },
            ),
            kept(
                "time",
                Doing::Stuck {
                    why: "no such zone".to_owned(),
                },
            ),
        ];
    })
    .await;
    shows(
        &html,
        &[
            "What I want</th>",
            "What I see</th>",
            "name as wanted",
            "name as seen",
            ">Nothing, it is as wanted</span>",
            ">Changing it</span>",
            "making br-mgmt, since 2026-11-21 08:04:12 UTC",
            ">Stuck</span>",
            "time is not as configured: no such zone",
            "1 problem",
        ],
    );
}

#[tokio::test]
async fn an_installation_shows_how_far_it_is_and_how_it_ended() {
    let shown = async |installation| page_after(|overview| overview.installation = installation).await;
    assert!(!page_after(|_| {}).await.contains("installation-title"));
    let running = Installation::Running {
        step: "writing the system".to_owned(),
        percent: 52,
    };
    shows(
        &shown(running).await,
        &[
            "Installing to disk",
            "52 %: writing the system",
            "max=\"100\" value=\"52\"",
        ],
    );
    let failed = Installation::Failed {
        why: "sda cannot be written".to_owned(),
    };
    shows(
        &shown(failed).await,
        &["has failed</h2>", "sda cannot be written"],
    );
    let done = Installation::Done {
        disk: "nvme7n1".to_owned(),
    };
    shows(&shown(done).await, &["Installed to disk", "<code>nvme7n1</code>"]);
}

async fn send(client: &Client, code: &str) -> (u16, String) {
    let response = client
        .post("/network/confirm")
        .header(ContentType::Form)
        .body(format!("code={code}"))
        .dispatch()
        .await;
    assert_eq!(response.content_type(), Some(ContentType::HTML));
    (
        response.status().code,
        response.into_string().await.expect("it has a body"),
    )
}

#[tokio::test]
async fn a_change_of_the_networks_is_kept_with_its_code() {
    let (client, node) = client().await;
    node.change(|overview| overview.network_change = unconfirmed(60));
    let (_, html) = get(&client, "/").await;
    shows(
        &html,
        &[
            "New network settings are in use",
            "action=\"/network/confirm\"",
            "<label for=\"code\">Code</label>",
        ],
    );
    let (status, html) = get(&client, &format!("/network/confirm?code={CODE}")).await;
    assert_eq!(status, 200);
    shows(&html, &["Keep the new network settings?", "value=\"ABCD2345\""]);

    let (status, html) = send(&client, "WRNG2345").await;
    assert_eq!(status, 403);
    shows(
        &html,
        &[
            "role=\"alert\"",
            "the code is wrong",
            "4 more tries are left",
            "<form",
        ],
    );
    let (status, html) = send(&client, CODE).await;
    assert_eq!(status, 200);
    shows(&html, &["The new network settings are kept"]);
    assert!(!html.contains("<form"));
    assert!(!get(&client, "/").await.1.contains("change-title"));

    let (status, html) = send(&client, CODE).await;
    assert_eq!(status, 409);
    shows(&html, &["No change of the networks waits"]);
}

#[tokio::test]
async fn after_too_many_codes_the_form_is_gone() {
    let (client, node) = client().await;
    node.change(|overview| overview.network_change = unconfirmed(60));
    for _ in 0..5 {
        assert_eq!(send(&client, "WRNG2345").await.0, 403);
    }
    let (status, html) = send(&client, CODE).await;
    assert_eq!(status, 429);
    shows(&html, &["Too many wrong codes"]);
    assert!(!html.contains("<form"));
    assert_eq!(node.codes(), 5);
}

#[tokio::test]
async fn a_change_that_was_taken_back_says_why() {
    let (client, node) = client().await;
    node.change(|overview| {
        overview.network_change = NetworkChange::Reverted {
            at: overview.read_at,
            why: "nobody confirmed it within 60 seconds".to_owned(),
        };
    });
    for path in ["/", "/network/confirm"] {
        let (status, html) = get(&client, path).await;
        assert_eq!(status, 200);
        shows(
            &html,
            &[
                "The network settings were taken back",
                "Since 2026-11-21 08:04:12 UTC the settings before are in use again: nobody confirmed it within 60 seconds.",
            ],
        );
    }
}

#[tokio::test]
async fn hostile_codes_stay_text_and_other_sites_are_not_served() {
    let (client, node) = client().await;
    node.change(|overview| overview.network_change = unconfirmed(60));
    let (_, html) = get(
        &client,
        "/network/confirm?code=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
    )
    .await;
    assert!(!html.contains("<script>"), "{html}");
    shows(&html, &["&#60;script&#62;"]);

    for (site, status) in [("cross-site", 403), ("same-site", 403), ("same-origin", 200)] {
        let response = client
            .post("/network/confirm")
            .header(ContentType::Form)
            .header(rocket::http::Header::new("Sec-Fetch-Site", site))
            .body(format!("code={CODE}"))
            .dispatch()
            .await;
        assert_eq!(response.status().code, status, "{site}");
    }
    assert_eq!(node.codes(), 1);
}

#[tokio::test]
async fn the_address_for_confirming_knows_two_methods() {
    let (client, _node) = client().await;
    let response = client.put("/network/confirm").dispatch().await;
    assert_eq!(response.status(), Status::MethodNotAllowed);
    assert_eq!(response.headers().get_one("Allow"), Some("GET, HEAD, POST"));
}
