//! Who has an address on a network.

use pocketstack_host::links::{Error, NetworkLinks};
use pocketstack_model::config::network::NetworkSettings;
use pocketstack_plan::network::plan;

use super::networks::on;
use super::{act, mac, name};
use crate::bench::Bench;

/// Another machine is found for as long as it has the address, and never this one.
pub async fn neighbours(bench: &impl Bench) -> anyhow::Result<()> {
    let (card, bridge) = (name("card1"), name("br-mgmt"));
    let (wanted, other) = ([192, 0, 2, 10].into(), [192, 0, 2, 11].into());
    bench.plug_in(&card, mac(1)).await?;
    let settings = NetworkSettings {
        management: on(&["card1"]),
        ..NetworkSettings::default()
    };
    act(bench, plan(&settings, &bench.links().observe().await?)).await?;
    let links = bench.links();
    assert_eq!(links.who_has(&bridge, wanted, None).await?, None);

    bench.neighbour(&card, mac(7), Some(wanted)).await?;
    for from in [None, Some([192, 0, 2, 12].into())] {
        assert_eq!(
            links.who_has(&bridge, wanted, from).await?,
            Some(mac(7)),
            "{from:?}"
        );
        assert_eq!(links.who_has(&bridge, other, from).await?, None, "{from:?}");
    }
    bench.neighbour(&card, mac(7), None).await?;
    assert_eq!(links.who_has(&bridge, wanted, None).await?, None);

    let nowhere = links.who_has(&name("br-bmc"), wanted, None).await;
    assert!(matches!(nowhere, Err(Error::Ask { .. })), "{nowhere:?}");
    Ok(())
}
