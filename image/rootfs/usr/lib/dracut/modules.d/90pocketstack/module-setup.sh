#!/bin/bash
# What PocketStack adds to the initrd: see docs/boot.md for the order of these units.

check() {
    return 0
}

depends() {
    echo systemd-veritysetup dm
}

installkernel() {
    instmods erofs ext4 iso9660 overlay loop dm-verity efivarfs
}

install() {
    local unit
    inst_multiple mount losetup mkdir mv cat e2fsck mke2fs mkfs.ext4 /etc/mke2fs.conf partx systemd-repart udevadm \
        /usr/lib/pocketstack/pocketstack-initrd
    inst_rules 61-pocketstack.rules
    inst_simple "$moddir/refuse.txt" /usr/lib/pocketstack/refuse.txt
    for unit in pocketstack-iso.service pocketstack-ram.service pocketstack-boot-files.service \
        pocketstack-prepare.service pocketstack-refuse.service; do
        inst_simple "$moddir/$unit" "$systemdsystemunitdir/$unit"
    done
    # What packages want loaded is for the system proper; the initrd does not have most of it.
    rm -f "$initdir"/usr/lib/modules-load.d/*.conf
    # The ISO shows up whenever its drive does.
    mkdir -p "$initdir$systemdsystemunitdir/dev-disk-by\\x2dlabel-POCKETSTACK_ISO.device.wants"
    ln_r "$systemdsystemunitdir/pocketstack-iso.service" \
        "$systemdsystemunitdir/dev-disk-by\\x2dlabel-POCKETSTACK_ISO.device.wants/pocketstack-iso.service"
    $SYSTEMCTL -q --root "$initdir" add-wants sysinit.target pocketstack-ram.service
    for unit in boot-files prepare; do
        $SYSTEMCTL -q --root "$initdir" add-wants initrd-root-fs.target "pocketstack-$unit.service"
    done
    mkdir -p "$initdir$systemdsystemunitdir/emergency.target.d"
    inst_simple "$moddir/emergency.target.conf" "$systemdsystemunitdir/emergency.target.d/pocketstack.conf"
}
