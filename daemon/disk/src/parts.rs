//! The partitions of PocketStack's disks: names, kinds, numbers and sizes. The first four are in the same places on the raw
//! image and on an installed disk.

/// One mebibyte: everything is aligned to it.
pub const MIB: u64 = 1 << 20;

/// Name in the table of the partition with GRUB's core.
pub const BIOS: &str = "pocketstack-bios";
/// Name of the EFI system partition.
pub const ESP: &str = "pocketstack-esp";
/// Name of the root in slot A.
pub const ROOT_A: &str = "pocketstack-root-a";
/// Name of its hash tree.
pub const VERITY_A: &str = "pocketstack-verity-a";
/// Name of an empty slot, for systemd-sysupdate(8) as well.
pub const EMPTY: &str = "_empty";
/// Name of the state partition beside a system (`usr/lib/repart.d/40-state.conf`).
pub const STATE: &str = "pocketstack-state";
/// Name of the state partition of a machine that is started from a medium: a disk without a system.
pub const STATE_OF_MEDIUM: &str = "pocketstack-state-of-medium";
/// A file in the state that says, at a start, that all of it is to be removed.
pub const RESET_MARK: &str = "lib/pocketstack/factory-reset";
/// Name of the physical volume, on any disk. A system beside it was installed, and is no medium.
pub const LVM: &str = "pocketstack-lvm";
/// Name of the physical volume on a further disk until the installation is complete.
pub const LVM_NEW: &str = "pocketstack-lvm-new";

/// Where GRUB's core begins.
pub const BIOS_START: u64 = MIB;
/// Room for GRUB's core.
pub const BIOS_SIZE: u64 = MIB;
/// Size of the EFI partition: room for both slots' kernels and for years of growth.
pub const ESP_SIZE: u64 = 1024 * MIB;
/// Size of a slot's root; slot B of the same size is added on first boot (`usr/lib/repart.d`).
pub const ROOT_SIZE: u64 = 512 * MIB;
/// Size of a slot's hash tree. That of a full slot takes 4.1 MiB.
pub const VERITY_SIZE: u64 = 16 * MIB;
/// Size of the state partition that the installer makes.
pub const STATE_SIZE: u64 = 2048 * MIB;

/// Partition types: UEFI specification 5.3.3, GRUB, and the Discoverable Partitions Specification (UAPI group).
pub mod kind {
    /// Holds GRUB's core for legacy BIOS.
    pub const BIOS: &str = "21686148-6449-6e6f-744e-656564454649";
    /// EFI system partition.
    pub const ESP: &str = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
    /// Root file system, x86-64.
    pub const ROOT: &str = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709";
    /// dm-verity tree of a root file system, x86-64.
    pub const VERITY: &str = "2c7357ed-ebd2-46d9-aec1-23d437ec2bf5";
    /// A file system of Linux.
    pub const LINUX: &str = "0fc63daf-8483-4772-8e79-3d69d8477de4";
    /// Physical volume of LVM.
    pub const LVM: &str = "e6d6d379-f507-44c2-a23c-238f2a3df928";
}

/// Labels of the file systems; that of ext4 has 16 characters at most.
pub mod label {
    /// The EFI system partition's.
    pub const ESP: &str = "POCKETBOOT";
    /// The state partition's.
    pub const STATE: &str = "pocketstack-stat";
}

/// Numbers of the partitions of a disk with a system.
pub mod number {
    /// GRUB's core.
    pub const BIOS: usize = 1;
    /// EFI system partition.
    pub const ESP: usize = 2;
    /// Root in slot A.
    pub const ROOT_A: usize = 3;
    /// Its hash tree.
    pub const VERITY_A: usize = 4;
    /// Root in slot B.
    pub const ROOT_B: usize = 5;
    /// Its hash tree.
    pub const VERITY_B: usize = 6;
    /// State.
    pub const STATE: usize = 7;
    /// Physical volume.
    pub const LVM: usize = 8;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Guid;

    #[test]
    fn every_kind_is_an_id() {
        use kind::*;
        for text in [BIOS, ESP, ROOT, VERITY, LINUX, LVM] {
            let guid: Guid = text.parse().expect("an id");
            assert_eq!(guid.to_string(), text);
        }
    }

    #[test]
    fn names_and_labels_fit() {
        for name in [
            BIOS,
            ESP,
            ROOT_A,
            VERITY_A,
            EMPTY,
            STATE,
            STATE_OF_MEDIUM,
            LVM,
            LVM_NEW,
        ] {
            assert!(name.len() <= 36, "{name}");
        }
        assert!(label::ESP.len() <= 11 && label::STATE.len() <= 16);
    }
}
