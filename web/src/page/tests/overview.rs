//! The overview in both languages.

use std::net::IpAddr;

use pocketstack_model::node::{Address, Firmware, Health, Management, Medium, Root, State as Storage, Units};
use pocketstack_model::status::{Doing, Installation, Kept, NetworkChange};
use pocketstack_model::words::{install, kept as words};

use super::*;

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
            subject: hostile().into(),
            want: hostile().into(),
            see: hostile().into(),
            doing: Doing::Stuck {
                why: hostile().into(),
            },
        }];
        overview.network_change = NetworkChange::Reverted {
            at: overview.read_at,
            why: hostile().into(),
        };
        overview.installation = Installation::Failed {
            why: hostile().into(),
        };
    })
    .await;
    assert!(!html.contains("<script>"), "{html}");
    assert!(!html.contains("alert('x')"), "{html}");
    // 22 places (the version is that of this program), six of them shown twice: the name in the title, four reasons among the findings, and the unit; the
    // subject that is stuck stands there too.
    assert_eq!(html.matches("alert(&#39;x&#39;)").count(), 29, "{html}");
}

#[tokio::test]
async fn what_is_kept_is_a_table_and_what_is_stuck_a_problem() {
    let kept = |subject: &str, doing| Kept {
        subject: subject.into(),
        want: format!("{subject} as wanted").into(),
        see: format!("{subject} as seen").into(),
        doing,
    };
    let html = page_after(|overview| {
        overview.kept = vec![
            kept("name", Doing::Nothing),
            kept(
                "network management",
                Doing::Changing {
                    since: overview.read_at,
                    step: "making br-mgmt".into(),
                },
            ),
            kept(
                "time",
                Doing::Stuck {
                    why: "no such zone".into(),
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
            "making br-mgmt",
            "since 2026-11-21 08:04:12 UTC",
            ">Stuck</span>",
            "time is not as configured: <span lang=\"en\">no such zone</span>",
            "1 problem",
        ],
    );
}

#[tokio::test]
async fn what_the_node_says_is_read_in_the_language_of_the_reader() {
    let (client, node) = client().await;
    node.change(|overview| {
        let role = words::role_management();
        overview.kept = vec![Kept {
            subject: words::network(role.clone()),
            want: words::network_on("br-mgmt", words::cards_all_other()),
            see: words::bridge_with("br-mgmt", words::no_address()),
            doing: Doing::Stuck {
                why: words::also(words::no_link_all("enp1s0", role), "EIO <b>"),
            },
        }];
        overview.installation = Installation::Running {
            step: install::step_copy(),
            percent: 52,
        };
    });
    post(&client, "/language", &[("language", "pt-BR"), ("back", "/")]).await;
    let html = get(&client, "/").await.1;
    shows(
        &html,
        &[
            ">rede de gerenciamento</th>",
            ">br-mgmt em todas as outras placas de rede</td>",
            ">br-mgmt: nenhum endereço</td>",
            "sem link em enp1s0, por isso a rede de gerenciamento não alcança ninguém: verifique o cabo; EIO &#60;b&#62;",
            "52 %: copiando o sistema<",
        ],
    );
    assert!(!html.contains("management network"), "{html}");
}

#[tokio::test]
async fn an_installation_shows_how_far_it_is_and_how_it_ended() {
    let shown = async |installation| page_after(|overview| overview.installation = installation).await;
    assert!(!page_after(|_| {}).await.contains("installation-title"));
    let running = Installation::Running {
        step: "writing the system".into(),
        percent: 52,
    };
    shows(
        &shown(running).await,
        &[
            "Installing to disk",
            "52 %: <span lang=\"en\">writing the system</span>",
            "max=\"100\" value=\"52\"",
        ],
    );
    let failed = Installation::Failed {
        why: "sda cannot be written".into(),
    };
    shows(
        &shown(failed).await,
        &["has failed</h2>", "sda cannot be written"],
    );
    let done = Installation::Done {
        disk: "nvme7n1".to_owned(),
    };
    shows(
        &shown(done).await,
        &[
            "Installed to disk",
            "The installation on nvme7n1 is complete and was read back",
        ],
    );
}
