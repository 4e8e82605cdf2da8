//! `pocketstack-initrd`: the one program of PocketStack's own in the initrd. `prepare` runs once, after the verified
//! root is mounted at `/sysroot` and before the system in it starts (docs/boot.md); `link PARTITION` is what udev
//! asks, there and later, to tell the root apart from another one with the same ids (`link.rs`).
//!
//! ```text
//!   which disk is the root on? ─► its state partition, or the one made for it elsewhere (`state.rs`) ─► fsck, mount at /var,
//!                              │                                                   emptied if that is wanted (`reset.rs`)
//!                              └► none (disc, network): memory at /var
//!   /var  ◄── what packages expect to find there, where it is missing
//!   /etc  ◄── a volatile layer over the read-only one, with the machine's id from /var
//! ```
//!
//! Nothing that goes wrong with the state partition keeps a node from starting: it then keeps its state in memory,
//! and says so on its page and here.

mod cmdline;
mod device;
mod layers;
mod link;
mod reset;
mod state;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

/// Where the system's root is mounted.
const SYSROOT: &str = "/sysroot";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args.as_slice() {
        ["prepare"] => prepare(),
        ["link", part] => match link::name(Path::new("/"), part) {
            Ok(Some(name)) => {
                println!("{name}");
                Ok(())
            }
            // udev makes no link then.
            Ok(None) => return ExitCode::FAILURE,
            Err(error) => Err(error),
        },
        _ => Err(anyhow::anyhow!(
            "usage: pocketstack-initrd prepare | link PARTITION"
        )),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn prepare() -> Result<()> {
    let sysroot = Path::new(SYSROOT);
    let line = std::fs::read_to_string("/proc/cmdline").unwrap_or_default();
    if let Err(error) = state::mount(Path::new("/sys"), Path::new("/dev"), sysroot, &line) {
        eprintln!("state is kept in memory: {error:#}");
        layers::memory(&sysroot.join("var"))?;
    }
    layers::fill(&sysroot.join("usr/share/factory/var"), &sysroot.join("var"))?;
    layers::etc(sysroot, Path::new("/run/pocketstack/etc"))?;
    layers::machine_id(sysroot);
    Ok(())
}
