//! The wizard, from the code on the console to the progress of the installation.

use pocketstack_model::config::network::Ipv4Settings;
use pocketstack_model::install::{DiskChoice, Existing};
use rocket::http::{Cookie, Header};

use super::*;
use crate::node::{CODE, NotDone, SETUP_CODE, disks};
use crate::server::testing::unset;

const PASSWORD: &str = "a horse of mine";

fn csrf_of(html: &str) -> String {
    let csrf = html
        .split("name=\"csrf\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    csrf.expect("the form has it").to_owned()
}

/// Sends the form of a screen as a browser does that has just loaded it.
async fn fill(client: &Client, path: &str, fields: &[(&str, &str)]) -> (u16, Option<String>, String) {
    let (status, html) = get(client, path).await;
    assert_eq!(status, 200, "{path}: {html}");
    let csrf = csrf_of(&html);
    let mut all = vec![("csrf", csrf.as_str())];
    all.extend(fields);
    let response = post(client, path, &all).await;
    let to = response.headers().get_one("Location").map(str::to_owned);
    (response.status().code, to, text(response).await)
}

#[track_caller]
fn leads(filled: &(u16, Option<String>, String), to: &str) {
    assert_eq!((filled.0, filled.1.as_deref()), (303, Some(to)), "{}", filled.2);
}

async fn begin(client: &Client) {
    let fields = [
        ("code", SETUP_CODE),
        ("password", PASSWORD),
        ("password_again", PASSWORD),
    ];
    let response = post(client, "/setup", &fields).await;
    assert_eq!(response.headers().get_one("Location"), Some("/setup/machine"));
}

#[tokio::test]
async fn a_machine_with_one_disk_and_dhcp_needs_four_entries() {
    let (client, node) = unset().await;
    node.set_disks(disks()[2..3].to_vec());
    let response = client.get("/").dispatch().await;
    assert_eq!(response.headers().get_one("Location"), Some("/setup"));
    // Code, password, password again: three.
    let (_, html) = get(&client, "/setup").await;
    assert_eq!(html.matches(" required").count(), 3, "{html}");
    begin(&client).await;
    // What each screen has already is sent as it is; the name of the disk that is wiped is the fourth.
    let (_, html) = get(&client, "/setup/machine").await;
    shows(
        &html,
        &[
            "value=\"pocketstack\"",
            "<option selected>UTC</option>",
            "the first one of a new cloud",
        ],
    );
    let filled = fill(
        &client,
        "/setup/machine",
        &[("name", "pocketstack"), ("time_zone", "UTC")],
    )
    .await;
    leads(&filled, "/setup/disks");
    shows(
        &get(&client, "/setup/disks").await.1,
        &["value=\"sdb\" required checked"],
    );
    let filled = fill(&client, "/setup/disks", &[("disk", "sdb"), ("erase", "sdb")]).await;
    leads(&filled, "/setup/network");
    shows(
        &get(&client, "/setup/network").await.1,
        &["value=\"dhcp\" checked", "value=\"auto\" checked"],
    );
    let filled = fill(
        &client,
        "/setup/network",
        &[("management-ipv4", "dhcp"), ("management-ipv6", "auto")],
    )
    .await;
    leads(&filled, "/setup/review");
    let (_, html) = get(&client, "/setup/review").await;
    shows(
        &html,
        &[
            "The machine is called pocketstack.",
            "Everything on sdb (Model sdb) is wiped",
            "Management network: all network cards, IPv4 by DHCP, IPv6 by router advertisements.",
            "cannot be brought back",
            "Install and finish",
        ],
    );
    leads(&fill(&client, "/setup/review", &[]).await, "/setup/progress");
    let answers = node.answers().expect("it is set up");
    let install = answers.install.expect("it is installed");
    assert_eq!(install.existing, Existing::Erase);
    assert_eq!(install.disk, DiskChoice::Path("pci-0000:00:1f.2-sdb".to_owned()));
    assert!(answers.access.password.is_some());

    // Signed in by the wizard, and nothing of it is open any more.
    let (status, html) = get(&client, "/setup/progress").await;
    assert_eq!(status, 200);
    shows(
        &html,
        &[
            "1 %: <span lang=\"en\">making partitions</span>",
            "id=\"progress\" data-live",
            "live.js",
        ],
    );
    let response = client.get("/setup").dispatch().await;
    assert_eq!(response.headers().get_one("Location"), Some("/"));
    assert_eq!(get(&client, "/").await.0, 200);
    shows(&get(&client, "/audit").await.1, &["Setting the machine up"]);
}

#[tokio::test]
async fn wrong_entries_are_explained_beside_their_fields_and_stay_over_a_reload() {
    let (client, _node) = unset().await;
    let response = post(
        &client,
        "/setup",
        &[("code", ""), ("password", "short"), ("password_again", "")],
    )
    .await;
    assert_eq!(response.status(), Status::UnprocessableEntity);
    let html = text(response).await;
    shows(
        &html,
        &[
            "2 entries have to be changed",
            "id=\"code-trouble\"",
            "href=\"#password\"",
        ],
    );
    let fields = [
        ("code", "WRNG-1234"),
        ("password", PASSWORD),
        ("password_again", PASSWORD),
    ];
    let response = post(&client, "/setup", &fields).await;
    assert_eq!(response.status(), Status::Forbidden);
    let html = text(response).await;
    shows(&html, &["This is not the setup code", "value=\"WRNG-1234\""]);
    assert!(!html.contains(PASSWORD));
    begin(&client).await;

    let wrong = [
        (
            "/setup/machine",
            vec![("name", "Lab <1>"), ("time_zone", "UTC")],
            "value=\"Lab &#60;1&#62;\"",
        ),
        (
            "/setup/disks",
            vec![("disk", "sdb"), ("erase", "sdx")],
            "value=\"sdx\"",
        ),
        (
            "/setup/network",
            vec![
                ("management-ipv4", "static"),
                ("management-ipv4-address", "192.0.2.300/24"),
            ],
            "value=\"192.0.2.300/24\"",
        ),
    ];
    for (path, fields, typed) in &wrong {
        let (status, _, html) = fill(&client, path, fields).await;
        assert_eq!(status, 422, "{path}");
        shows(
            &html,
            &[
                "One entry has to be changed",
                "class=\"trouble\" id=\"",
                "aria-invalid=\"true\"",
                typed,
            ],
        );
        let (status, html) = get(&client, path).await;
        assert_eq!(status, 200);
        shows(&html, &["One entry has to be changed", typed]);
    }
    // The review is not reached before all is right: it leads to the first screen that is not.
    let response = client.get("/setup/review").dispatch().await;
    assert_eq!(response.headers().get_one("Location"), Some("/setup/machine"));
}

#[tokio::test]
async fn going_back_loses_nothing_and_another_password_can_be_chosen() {
    let (client, node) = unset().await;
    begin(&client).await;
    fill(
        &client,
        "/setup/machine",
        &[("name", "lab-7"), ("time_zone", "America/Manaus")],
    )
    .await;
    fill(&client, "/setup/disks", &[("disk", "medium")]).await;
    let (_, html) = get(&client, "/setup/network").await;
    shows(
        &html,
        &[
            "href=\"/setup/disks\"",
            "href=\"/setup/machine\"",
            "aria-current=\"step\"",
        ],
    );
    fill(&client, "/setup/network", &[]).await;
    let (_, html) = get(&client, "/setup/machine").await;
    shows(
        &html,
        &["value=\"lab-7\"", "<option selected>America/Manaus</option>"],
    );
    let (_, html) = get(&client, "/setup").await;
    shows(&html, &["The setup code was right", "A password is chosen"]);
    assert!(!html.contains("name=\"code\""));
    let response = post(&client, "/setup", &[("password", ""), ("password_again", "")]).await;
    assert_eq!(response.headers().get_one("Location"), Some("/setup/machine"));
    let response = post(
        &client,
        "/setup",
        &[
            ("password", "another of mine"),
            ("password_again", "another of mine"),
        ],
    )
    .await;
    assert_eq!(response.status(), Status::SeeOther);
    leads(&fill(&client, "/setup/review", &[]).await, "/setup/progress");
    shows(&get(&client, "/setup/progress").await.1, &["lab-7 is set up."]);
    assert_eq!(node.answers().expect("set up").install, None);
    let access: &crate::access::Access = client.rocket().state().expect("it is managed");
    let cached: &Cached = client.rocket().state().expect("it is managed");
    let from = std::net::IpAddr::from([192, 0, 2, 9]);
    assert_eq!(
        access.check_password("another of mine", from, cached).await,
        Ok(())
    );
}

#[tokio::test]
async fn a_second_browser_is_told_and_can_take_over() {
    let (client, _node) = unset().await;
    begin(&client).await;
    fill(
        &client,
        "/setup/machine",
        &[("name", "lab-7"), ("time_zone", "UTC")],
    )
    .await;
    let name = "__Host-setup";
    let first = client
        .cookies()
        .get(name)
        .expect("it has begun")
        .value()
        .to_owned();

    let other = || {
        client
            .get("/setup")
            .cookie(Cookie::new(name, "of another browser"))
    };
    let html = text(other().dispatch().await).await;
    shows(
        &html,
        &[
            "Setup has been under way since",
            "from the address 0.0.0.0",
            "name=\"code\"",
        ],
    );
    let inside = client
        .get("/setup/machine")
        .cookie(Cookie::new(name, "of another browser"));
    assert_eq!(
        inside.dispatch().await.headers().get_one("Location"),
        Some("/setup")
    );
    let body = format!("code={SETUP_CODE}&password=another+of+mine&password_again=another+of+mine");
    let request = client
        .post("/setup")
        .cookie(Cookie::new(name, "of another browser"));
    let response = request.header(ContentType::Form).body(body).dispatch().await;
    assert_eq!(response.headers().get_one("Location"), Some("/setup/machine"));

    // What was typed is there, for the new browser only.
    shows(&get(&client, "/setup/machine").await.1, &["value=\"lab-7\""]);
    let old = client.get("/setup/machine").cookie(Cookie::new(name, first));
    assert_eq!(old.dispatch().await.headers().get_one("Location"), Some("/setup"));
}

#[tokio::test]
async fn what_the_node_refuses_at_the_end_is_said_and_can_be_tried_again() {
    let (client, node) = unset().await;
    begin(&client).await;
    fill(
        &client,
        "/setup/machine",
        &[("name", "lab-7"), ("time_zone", "UTC")],
    )
    .await;
    fill(&client, "/setup/disks", &[("disk", "medium")]).await;
    let set = [
        ("management-ipv4", "static"),
        ("management-ipv4-address", "192.0.2.10/24"),
        ("management-ipv4-gateway", "192.0.2.1"),
        ("dns", "192.0.2.53"),
    ];
    fill(&client, "/setup/network", &set).await;
    let words = || "in words".to_owned();
    for (why, status, shown) in [
        (NotDone::WrongCode(words()), 403, "This is not the setup code"),
        (NotDone::TooManyTries(words()), 429, "Too many wrong setup codes"),
        (NotDone::NotStored(words()), 507, "It could not be stored:"),
        (NotDone::Refused(words()), 422, "This was not done:"),
        (
            NotDone::Unavailable(Unavailable::TimedOut(5)),
            503,
            "did not answer within 5 seconds",
        ),
    ] {
        node.refuse(why);
        let (found, _, html) = fill(&client, "/setup/review", &[]).await;
        assert_eq!(found, status, "{shown}");
        shows(&html, &[shown, "role=\"alert\"", "Name servers: 192.0.2.53."]);
    }
    node.come_back();
    // Other networks are to be confirmed over the new address, so the page leads there.
    let (status, _, html) = fill(&client, "/setup/review", &[]).await;
    assert_eq!(status, 200);
    let url = format!("https://192.0.2.10/network/confirm?code={CODE}");
    shows(&html, &[&url, "https://lab-7.local/", "Within a minute"]);
    check_page(&html, "en");
    let network = node.answers().expect("set up").network;
    assert!(matches!(network.management.ipv4, Ipv4Settings::Static { .. }));
}

#[tokio::test]
async fn setup_that_somebody_else_has_finished_leads_to_signing_in() {
    let (client, node) = unset().await;
    begin(&client).await;
    fill(
        &client,
        "/setup/machine",
        &[("name", "lab-7"), ("time_zone", "UTC")],
    )
    .await;
    fill(&client, "/setup/disks", &[("disk", "medium")]).await;
    fill(&client, "/setup/network", &[]).await;
    node.refuse(NotDone::NothingWaits("set up".to_owned()));
    leads(&fill(&client, "/setup/review", &[]).await, "/sign-in");
}

#[tokio::test]
async fn the_whole_wizard_is_in_portuguese_too() {
    let (client, _node) = unset().await;
    let asks = || Header::new("Accept-Language", "pt-BR,pt;q=0.9");
    let page = async |path: &'static str| text(client.get(path).header(asks()).dispatch().await).await;
    shows(
        &page("/setup").await,
        &[
            "<html lang=\"pt-BR\">",
            "Boas-vindas ao PocketStack",
            "Código de configuração",
        ],
    );
    begin(&client).await;
    shows(
        &page("/setup/machine").await,
        &["<option selected>America/Sao_Paulo</option>", "Fuso horário"],
    );
    fill(
        &client,
        "/setup/machine",
        &[("name", "lab-7"), ("time_zone", "America/Sao_Paulo")],
    )
    .await;
    shows(
        &page("/setup/disks").await,
        &["Onde o PocketStack deve ficar?", "15,0 GiB"],
    );
    fill(&client, "/setup/disks", &[("disk", "nvme0n1")]).await;
    shows(
        &page("/setup/network").await,
        &["Rede de gerenciamento", "Servidores de nomes (DNS)"],
    );
    fill(&client, "/setup/network", &[]).await;
    shows(
        &page("/setup/review").await,
        &["Instalar e concluir", "nvme0n1 (Model nvme0n1), que está vazio."],
    );
    fill(&client, "/setup/review", &[]).await;
    shows(&page("/setup/progress").await, &["Você pode fechar esta página"]);
}

#[tokio::test]
async fn every_screen_is_whole_in_both_languages_empty_right_and_wrong() {
    for language in ["en", "pt-BR"] {
        let (client, _node) = unset().await;
        post(
            &client,
            "/language",
            &[("language", language), ("back", "/setup")],
        )
        .await;
        check_page(&get(&client, "/setup").await.1, language);
        check_page(
            &text(post(&client, "/setup", &[("password", "x")]).await).await,
            language,
        );
        begin(&client).await;
        let wrong = [
            ("/setup/machine", vec![]),
            (
                "/setup/disks",
                vec![
                    ("disk", "sdc"),
                    ("data", "sdx"),
                    ("mirror", "yes"),
                    ("existing", "keep"),
                ],
            ),
            ("/setup/disks", vec![("disk", "sdb"), ("data", "sdc")]),
            (
                "/setup/network",
                vec![
                    ("management-cards", "a/b"),
                    ("management-bond", "lacp"),
                    ("management-vlan", "x"),
                    ("management-ipv4", "static"),
                    ("management-ipv6", "static"),
                    ("dns", "x"),
                    ("external", "yes"),
                    ("external-vlan", "0"),
                ],
            ),
            (
                "/setup/network",
                vec![
                    ("management-ipv4", "off"),
                    ("management-ipv6", "off"),
                    ("external", "yes"),
                ],
            ),
        ];
        for (path, fields) in wrong {
            check_page(&get(&client, path).await.1, language);
            let (status, _, html) = fill(&client, path, &fields).await;
            assert_eq!(status, 422, "{path}");
            check_page(&html, language);
        }
        fill(
            &client,
            "/setup/machine",
            &[("name", "lab-7"), ("time_zone", "UTC")],
        )
        .await;
        let erased = [
            ("disk", "sdb"),
            ("data", "sdc"),
            ("mirror", "yes"),
            ("erase", "sdb sdc"),
        ];
        fill(&client, "/setup/disks", &erased).await;
        let networks = [
            ("management-cards", "enp1s0"),
            ("management-vlan", "5"),
            ("external", "yes"),
            ("external-cards", "enp2s0"),
            ("external-ipv4", "off"),
            ("external-ipv6", "static"),
            ("external-ipv6-address", "2001:db8::10/64"),
            ("external-ipv6-gateway", "fe80::1"),
            ("dns", "192.0.2.53"),
        ];
        fill(&client, "/setup/network", &networks).await;
        check_page(&get(&client, "/setup/review").await.1, language);
        fill(&client, "/setup/review", &[]).await;
        check_page(&get(&client, "/setup/progress").await.1, language);
    }
}
