//! Of disks and of installing to them.

use super::{Arg, Message, Words, messages};

messages! {
    disk_runs() = "this machine runs from it";
    disk_disc() = "it is a disc";
    disk_read_only() = "it is write-protected";
    disk_small(size, needed) = "it has {size}, and at least {needed} are needed";
    disk_unseen() = "it has not been looked at yet: try again in a moment";
    disk_mounted(name, point) = "it is in use: {name} is mounted at {point}";
    disk_swap(name) = "it is in use: {name} is swap";
    disk_part_of(name, above) = "it is in use: {name} is part of {above}";

    part_unknown() = "a partition without a known content";
    part_unknown_named(name) = "a partition \"{name}\" without a known content";
    lvm_of(group) = "LVM of the volume group {group}";
    raid() = "a part of a RAID";
    raid_firmware() = "a part of a RAID made by the firmware";
    luks() = "an encrypted volume (LUKS)";
    zfs() = "a part of a ZFS pool";
    labelled(kind, label) = "{kind} \"{label}\"";
    more(count) = "{count} more";
    volumes() = "volumes of a PocketStack";

    size(size) = "{size}";
    serial(serial) = "serial number {serial}";
    disk_shown(name, facts) = "{name} ({facts})";
    now_empty() = "empty";
    now_pocketstack() = "PocketStack";
    now_incomplete() = "an incomplete PocketStack";
    now_state() = "the state of a machine that is started from a medium";

    plan_no_disks() = "this machine has no disk: check that it is connected, and that its controller is switched on in the firmware";
    by_serial(serial) = "with the serial number {serial}";
    by_path(path) = "at {path}";
    plan_no_such_disk(choice, there) = "there is no disk {choice}; there are: {there}";
    plan_ambiguous(choice, matching) = "the disk {choice} means more than one disk: {matching}; choose one by its path";
    plan_refused(disk, why, there) = "{disk} cannot be used: {why}; there are: {there}";
    plan_twice(disk) = "{disk} is chosen twice: name each disk once";
    plan_has_state() = "this machine runs from a disk it was installed on, and keeps its state there: a state on a disk of its own is for a machine that is started from a stick, a disc or the network";
    plan_nothing_anew() = "only the state is to be put on the disk, so there is no system to write anew: leave out existing, or set existing = \"erase\" to wipe the disk";
    plan_other_state(disk) = "{disk} has the state of a machine that is started from a medium already, and only one such disk can be in a machine: name it in data_disks with existing = \"erase\" to wipe it, or take it out";
    plan_mirror_alone() = "a mirror needs a second disk: name one in data_disks, or set mirror = false";
    plan_mirror_of_many(disks) = "a mirror is over two disks, and there are {disks}: name one disk in data_disks, or set mirror = false";
    plan_installed(disk) = "{disk} has a PocketStack already: set existing = \"keep\" to write its system anew, or existing = \"erase\" to wipe it";
    plan_occupied(disk, what) = "{disk} is not empty ({what}): set existing = \"erase\" to wipe it, or choose another disk";
    plan_nothing_to_keep(disk, now, instead) = "{disk} has no PocketStack whose state could be kept (now: {now}): {instead}";
    instead_leave_out() = "leave out existing to install on the empty disk";
    instead_erase() = "set existing = \"erase\" to wipe the disk, or choose another one";
    plan_not_its_disk(disk, now) = "{disk} is no disk of the PocketStack that is kept (now: {now}): leave it out of data_disks while the system is written anew";

    step_look() = "looking at the disks";
    step_release() = "switching off volumes on the disks";
    step_clear() = "clearing the disks";
    step_close() = "taking away the old boot entries";
    step_copy() = "copying the system";
    step_prove() = "checking the copy";
    step_state() = "making the state partition";
    step_volumes() = "making the storage pool";
    step_boot() = "writing the boot files";
    step_configure() = "storing the configuration";
    step_activate() = "making the disk bootable";
    step_write() = "writing the partition tables";
    step_done() = "done";

    failed(step, trouble, left) = "{step} failed: {trouble}. {left}";
    left_untouched() = "Nothing was changed";
    left_empty() = "The disk is empty now; start the installation again";
    left_unsure() = "The disk may be complete or not; start the installation again";
    left_closed() = "State and volumes are as they were, but the disk cannot be started from until the installation is repeated";
    trouble_on(disk, error) = "{disk}: {error}";
    trouble_failing(disk, error) = "{disk}: {error}; the disk is failing and has to be replaced";
    source_unreadable(error) = "what this machine runs from cannot be read ({error}): write the medium again, or use another one";
    system_too_large(size, room) = "the system has {size} bytes, and there is room for {room}: this installer does not fit its system";
    read_back_differs(disk, what) = "{disk}: what is read back is not what was written ({what}); the disk is failing and has to be replaced";
    group_elsewhere(devices) = "the volume group pocketstack is on {devices}, which is no disk of this installation: name it in data_disks with existing = \"erase\", or take it out of the machine";
    layout_unkept(disk, why) = "the PocketStack on {disk} cannot be kept: {why}; set existing = \"erase\" to wipe it";
    state_unreadable(disk, error) = "the state on {disk} cannot be read ({error}); set existing = \"erase\" to wipe it";
    configuration_refused(error) = "the configuration {error}";

    cut_off(disk) = "pocketstackd was restarted while it installed to {disk}: that disk may be half written and is not used until an installation on it is complete; start the installation again";
    cut_off_with_answers(disk) = "pocketstackd was restarted while it installed to {disk}: that disk may be half written and is not used until an installation on it is complete; plug in the medium with the answers again, or start the installation anew";
}
