//! The disks, and installing to one of them from a machine that is set up.

use pocketstack_model::install::{DiskChoice, Existing, What};
use pocketstack_model::status::Installation;

use super::*;
use crate::node::NotDone;

async fn send(client: &Client, fields: &[(&str, &str)]) -> (u16, String) {
    let csrf = testing::csrf(client).await;
    let mut all = vec![("csrf", csrf.as_str())];
    all.extend(fields);
    let response = post(client, "/disks", &all).await;
    (response.status().code, text(response).await)
}

#[tokio::test]
async fn every_disk_is_shown_and_the_medium_is_named() {
    let (client, _node) = client().await;
    let (status, html) = get(&client, "/disks").await;
    assert_eq!(status, 200);
    shows(
        &html,
        &[
            "<th scope=\"row\">nvme0n1</th>",
            "S5GXNX0T",
            "Model sdb",
            "sda <span class=\"badge off\">Boot medium</span>",
            "this machine runs from it",
            "ext4 &#34;data&#34;",
            "Only settings and volumes",
            "Install now",
        ],
    );
    assert_eq!(html.matches("Boot medium").count(), 1);
    assert!(
        !html.contains("value=\"medium\""),
        "there is nothing to choose then"
    );
}

#[tokio::test]
async fn what_is_wiped_is_typed_and_the_progress_is_shown() {
    let (client, node) = client().await;
    let wrong = [
        (vec![], "Choose a disk."),
        (vec![("disk", "medium")], "Choose a disk."),
        (vec![("disk", "sda"), ("erase", "sda")], "cannot be used"),
        (vec![("disk", "sdb")], "names of exactly"),
        (
            vec![("disk", "sdc"), ("what", "state"), ("existing", "keep")],
            "Choose the whole system",
        ),
    ];
    for (fields, told) in wrong {
        let (status, html) = send(&client, &fields).await;
        assert_eq!(status, 422, "{fields:?}");
        shows(&html, &[told]);
    }
    assert_eq!(node.installs(), []);
    let fields = [("disk", "sdb"), ("what", "state"), ("erase", "sdb")];
    assert_eq!(send(&client, &fields).await.0, 303);
    let installs = node.installs();
    assert_eq!(
        (installs[0].what, installs[0].existing),
        (What::State, Existing::Erase)
    );
    assert_eq!(
        installs[0].disk,
        DiskChoice::Path("pci-0000:00:1f.2-sdb".to_owned())
    );
    let (_, html) = get(&client, "/disks").await;
    shows(
        &html,
        &["<progress max=\"100\" value=\"1\"", "id=\"progress\" data-live"],
    );
    assert!(!html.contains("Install now"), "one at a time");
    // Sent once more, it leads to what runs.
    assert_eq!(send(&client, &fields).await.0, 303);
    assert_eq!(node.installs().len(), 1);
    shows(&get(&client, "/audit").await.1, &["Installing to disk"]);
}

#[tokio::test]
async fn one_that_failed_can_be_begun_again_and_a_refusal_keeps_what_was_chosen() {
    let (client, node) = client().await;
    node.change(|overview| {
        overview.installation = Installation::Failed {
            why: "vda cannot be written".to_owned().into(),
        };
    });
    let (_, html) = get(&client, "/disks").await;
    shows(
        &html,
        &["vda cannot be written", "Choose the disk again", "Install now"],
    );
    node.refuse(NotDone::Refused("the medium has gone".to_owned()));
    let (status, html) = send(&client, &[("disk", "nvme0n1")]).await;
    assert_eq!(status, 422);
    shows(
        &html,
        &["the medium has gone", "value=\"nvme0n1\" required checked"],
    );
    node.come_back();
    assert_eq!(send(&client, &[("disk", "nvme0n1")]).await.0, 303);
    assert_eq!(node.installs().len(), 1);
}

#[tokio::test]
async fn an_installed_machine_is_not_installed_from_itself() {
    let (client, node) = client().await;
    node.change(|overview| overview.boot.installed = true);
    let (_, html) = get(&client, "/disks").await;
    shows(&html, &["runs from a disk it was installed on"]);
    assert!(!html.contains("Install now"));
    assert_eq!(send(&client, &[("disk", "nvme0n1")]).await.0, 303);
    assert_eq!(node.installs(), []);
}
