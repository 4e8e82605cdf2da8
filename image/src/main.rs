//! `pocketstack-image`: builds the PocketStack node image out of pinned Debian packages.
//!
//! ```text
//! packages.toml --lock--> packages.lock --fetch--> cache/objects --install--> roots: image, tools, testbed
//! image root + binaries (compiled in the tools root) + rootfs/ - prune rules --> erofs + verity --> raw, iso, pxe/
//! ```
//! Each stage writes its result whole or not at all and is skipped while its inputs are the same.

mod artifacts;
mod bench;
mod build;
mod cli;
mod compile;
mod compose;
mod disk;
mod efi;
mod fetch;
mod grub;
mod hash;
mod initrd;
mod interrupt;
mod lock;
mod manifest;
mod mirror;
mod namespace;
mod packages;
mod paths;
mod progress;
mod prune;
mod reference;
mod report;
mod repository;
mod root;
mod rootimage;
mod sbom;
mod stage;
mod verify;

fn main() -> std::process::ExitCode {
    cli::main()
}
