//! The contract of `NetworkLinks`, kept by the fake and by the real adapter, and the networks on both.
//!
//! The real adapter works on real links in a network namespace of its own: the test starts itself once more under
//! `unshare`, so that all of its threads are in there. Virtual Ethernet pairs stand for cards and cables, with a
//! made-up sysfs that calls them cards.

mod bench;
mod contract;
mod namespace;

use bench::{FakeBench, KernelBench};
use contract::networks::{on, vlan};
use contract::{neighbours, networks, software, storm, traffic};
use namespace::inside;
use pocketstack_model::config::network::NetworkSettings;

/// A bench in a namespace of its own, and the test on it; `missing` says what this kernel cannot do.
macro_rules! in_namespace {
    ($name:ident, $missing:expr, |$bench:ident| $test:expr) => {
        #[tokio::test]
        async fn $name() -> anyhow::Result<()> {
            if !inside(stringify!($name))? {
                return Ok(());
            }
            let $bench = &KernelBench::new()?;
            if let Some(why) = $missing($bench).await {
                println!("SKIPPED: this kernel cannot do it ({why}); the image cases cover it");
                return Ok(());
            }
            $test
        }
    };
}

async fn nothing_missing(_: &KernelBench) -> Option<String> {
    None
}

async fn no_bonds(bench: &KernelBench) -> Option<String> {
    software::no_bonds(bench).await
}

async fn no_vlans(bench: &KernelBench) -> Option<String> {
    software::no_vlans(bench).await
}

async fn no_bonds_or_vlans(bench: &KernelBench) -> Option<String> {
    match no_bonds(bench).await {
        None => no_vlans(bench).await,
        why => why,
    }
}

#[tokio::test]
async fn the_fake_keeps_the_contract() -> anyhow::Result<()> {
    contract::links(&FakeBench::default()).await?;
    software::bonds(&FakeBench::default()).await?;
    software::vlans(&FakeBench::default()).await?;
    neighbours::neighbours(&FakeBench::default()).await
}

#[tokio::test]
async fn the_fake_gets_a_management_network() -> anyhow::Result<()> {
    contract::management(&FakeBench::default()).await
}

#[tokio::test]
async fn the_fake_goes_from_any_networks_to_any_others() -> anyhow::Result<()> {
    networks::changes(&FakeBench::default(), &networks::of_cards()).await?;
    networks::changes(&FakeBench::default(), &networks::of_all_kinds()).await
}

#[tokio::test]
async fn the_fake_weathers_a_storm() -> anyhow::Result<()> {
    storm::storm(
        &FakeBench::default(),
        &networks::of_cards()[2],
        &["br-ext", "br-mgmt"],
    )
    .await?;
    let all = NetworkSettings::default();
    storm::storm(&FakeBench::default(), &all, &["bond-mgmt", "br-mgmt"]).await
}

in_namespace!(the_real_adapter_keeps_the_contract, nothing_missing, |bench| {
    contract::links(bench).await
});
in_namespace!(the_real_adapter_keeps_the_contract_of_bonds, no_bonds, |bench| {
    software::bonds(bench).await
});
in_namespace!(the_real_adapter_keeps_the_contract_of_vlans, no_vlans, |bench| {
    software::vlans(bench).await
});
in_namespace!(the_real_adapter_finds_neighbours, nothing_missing, |bench| {
    neighbours::neighbours(bench).await
});
in_namespace!(the_real_adapter_gets_a_management_network, no_bonds, |bench| {
    contract::management(bench).await
});
in_namespace!(
    the_real_adapter_goes_from_any_cards_to_any_others,
    nothing_missing,
    |bench| networks::changes(bench, &networks::of_cards()).await
);
in_namespace!(
    the_real_adapter_goes_from_any_networks_to_any_others,
    no_bonds_or_vlans,
    |bench| networks::changes(bench, &networks::of_all_kinds()).await
);
in_namespace!(the_real_adapter_weathers_a_storm, nothing_missing, |bench| {
    storm::storm(bench, &networks::of_cards()[2], &["br-ext", "br-mgmt"]).await
});
in_namespace!(the_real_adapter_weathers_a_storm_in_a_bond, no_bonds, |bench| {
    storm::storm(bench, &NetworkSettings::default(), &["bond-mgmt", "br-mgmt"]).await
});
in_namespace!(
    one_network_is_not_disturbed_when_another_changes_cards,
    nothing_missing,
    |bench| traffic::undisturbed(bench, &[on(&["card1"]), on(&["card3"])]).await
);
in_namespace!(
    one_network_is_not_disturbed_when_another_changes_kind,
    no_bonds_or_vlans,
    |bench| {
        let both = on(&["card1", "card3"]);
        let management = [
            on(&[]),
            on(&["card1"]),
            vlan(5, both.clone()),
            both,
            vlan(6, on(&["card3"])),
        ];
        traffic::undisturbed(bench, &management).await
    }
);
in_namespace!(
    tagged_frames_pass_by_a_bridge_on_the_same_card,
    no_vlans,
    |bench| traffic::tagged_and_untagged(bench).await
);
