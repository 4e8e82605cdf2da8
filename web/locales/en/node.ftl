# What the node controller says (daemon/model/src/words).
node-also = { $first }; { $second }
node-list = { $first }, { $rest }
node-both = { $first } and { $second }
node-unknown = unknown

node-role-management = management
node-role-external = external
node-role-bmc = BMC
node-network = network { $role }
node-network-on = { $bridge } on { $cards }
node-cards-all-other = all other cards
node-cards-of-management = the cards of the management network
node-with-lacp = { $network } (LACP)
node-vlan = VLAN { $number }
node-mtu = MTU { $bytes }
node-ipv4-by-dhcp = IPv4 by DHCP
node-ipv6-by-router = IPv6 by router advertisements
node-bridge-missing = no { $bridge }
node-bridge-with = { $bridge } with { $addresses }
node-no-address = no address
node-no-link = no link
node-waiting-for-address = waiting for an address
node-link-removed = removing { $link }
node-link-detached = taking { $link } out of what it is a port of
node-link-set-down = switching { $link } off
node-link-set-up = switching { $link } on
node-bond-added = making the bond { $link }
node-bridge-added = making the bridge { $link }
node-vlan-added = making { $link } for VLAN { $vlan } of { $lower }
node-stp-stopped = switching the spanning tree protocol of { $link } off
node-mac-set = giving { $link } the address { $mac }
node-mtu-set = giving { $link } an MTU of { $mtu }
node-link-attached = making { $link } a port of { $master }
node-networkd-late = systemd-networkd did not take the new addresses within { $seconds } s
node-addresses-not-written = addresses: { $error }
node-resolver-not-written = name servers: { $error }

node-no-card = no wired network card is left for the { $role } network: put one in, or name one that other networks do not use
node-card-missing = the card { $card } of the { $role } network is not in this machine: put it in, or name another one
node-not-wired = { $link }, which the { $role } network is to use, is no wired network card: name a card
node-no-link-some = no link on { $cards } of the { $role } network, which works over its other cards: check the cable
node-no-link-all = no link on { $cards }, so the { $role } network reaches nobody: check the cable
node-small-mtu = { $card } of the { $role } network carries packets of at most { $largest } bytes, not { $wanted }: set a smaller MTU, or name another card
node-card-shared = { $card } of the { $role } network is used by the { $with } network together with other cards: give both the same cards, or cards of their own
node-same-vlan = the { $role } and { $with } networks both want VLAN { $vlan } of the same cards: give one of them another VLAN, or cards of its own
node-same-without-vlan = the { $role } and { $with } networks both want the same cards without a VLAN: give one of them a VLAN, or cards of its own

node-bridge-of-card = { $bridge } (card { $card })
node-bridge-of-cards = { $bridge } (cards { $cards })
node-no-dhcp = no DHCP server answers on { $bridge }: check the cable and the server, or press N on the console to set an address by hand
node-dhcp-lost = the address { $address } that DHCP gave { $bridge } is lost, and no DHCP server answers any more: check the cable and the server, or press N on the console to set an address by hand
node-ipv6-meanwhile = IPv6 works meanwhile
node-address-taken = { $address } is in use by another machine on { $bridge }, the one with the MAC address { $by }: give one of the two another address (N on the console); this node takes it as soon as it is free
node-address-unused-free = { $address } is not in use on { $bridge }, although no other machine answers to it: it is tried again every minute; the log (L on the console) says more
node-address-unused = { $address } is not in use on { $bridge }: another machine may have this address already; take it from there, or set another one here (N on the console)
node-silent-router = the router { $gateway } does not answer on { $bridge }, so { $address } reaches only its own network: check that the router is on, and that address, prefix length and gateway are right (N on the console)

node-name = name
node-time-zone = time zone
node-time-servers = time servers
node-time-servers-given = those of the network or of Debian
node-timesyncd-untold = telling systemd-timesyncd: { $why }

node-time = time
node-time-wanted = as time servers say
node-clock-before-image = the clock says { $now }, which is before this image was built ({ $built }): set the clock in the machine's firmware setup, or let it reach a time server
node-clock-long-after-image = the clock says { $now }, which is more than ten years after this image was built ({ $built }): set the clock in the machine's firmware setup, or let it reach a time server
node-clock-hardware = the clock that goes on while the machine is switched off says { $says }: set it in the machine's firmware setup, and if it forgets that, change the battery on the mainboard
node-clock-silent = no time server has set the clock for { $minutes } minutes: check the names of the time servers, and that they are reached (UDP port 123)
node-clock-silent-off = no time server has set the clock for { $minutes } minutes, and it is { $off }: check the names of the time servers, and that they are reached (UDP port 123)
node-clock-behind = { $span } behind
node-clock-ahead = { $span } ahead
node-days = { $days } days
node-clock-set-by = set by { $server }
node-clock-set = set by a time server since the start
node-clock-off = not set by a time server yet; { $server } says it is { $off }
node-clock-asking = not set by a time server; { $server } is being asked
node-clock-no-answer = not set by a time server, as none answers

node-packet-filter = packet filter
node-open-on = { $service } on { $roles }
node-roles = { $first }, { $rest }
node-everything-open = everything comes in
node-filter-differs = the kernel has other rules than it was given; `nft list ruleset` shows them
node-ssh = SSH
node-ssh-wanted-off = off, as no key is given
node-ssh-wanted-for-one = on, for 1 key
node-ssh-wanted-for = on, for { $keys } keys
node-ssh-off = off
node-ssh-on = on, host key { $key }
node-sshd-unseen = looking at sshd: { $error }

node-configuration = configuration
node-configuration-newest = the newest one stored
node-generation = generation { $number }
node-change-cut-off = the node (or its daemon) restarted before it was confirmed
node-change-unconfirmed = nobody confirmed it within { $seconds } seconds

node-answers = answers
node-answers-wanted = this node set up by them
node-answers-unreadable = none that can be read
node-answers-none = none yet
node-answers-awaited = trying again every few seconds: { $why }
node-answers-wrong = { $from }: { $error }; nothing was changed
node-answers-unused = { $from }; not used, as this node is configured already
node-answers-used = { $from }, used
node-answers-installing = installing
node-answers-installed = this machine was already installed from these answers, on { $disk }: take the medium out and restart it

node-state-partition = state partition
node-state-room = room for settings and logs
node-state-used = { $percent } % used
node-state-full = { $percent } % of its { $size } are used, so changes of the settings may not be stored any more: remove what is not needed under /var (images, old logs), or install to a larger disk and keep the settings
node-state = state
node-state-apart = kept on a disk beside the medium
node-state-in-use = in use
node-state-not-in-use = on { $disks }, not in use
node-state-left = the state on { $disk } is not in use: when this machine started, { $disk } was not there yet or could not be read; what is set now is not kept there. Restart the machine, and see the log if that does not help
node-states-none-next = { $disks } each have the state of a machine that is started from a medium, and none would be used at the next start: take out all of these disks but one, and restart the machine
node-states-none-used = { $disks } each have the state of a machine that is started from a medium, and none is in use: take out all of these disks but one, and restart the machine

node-disk-runs = this machine runs from it
node-disk-disc = it is a disc
node-disk-read-only = it is write-protected
node-disk-small = it has { $size }, and at least { $needed } are needed
node-disk-unseen = it has not been looked at yet: try again in a moment
node-disk-mounted = it is in use: { $name } is mounted at { $point }
node-disk-swap = it is in use: { $name } is swap
node-disk-part-of = it is in use: { $name } is part of { $above }

node-part-unknown = a partition without a known content
node-part-unknown-named = a partition "{ $name }" without a known content
node-lvm-of = LVM of the volume group { $group }
node-raid = a part of a RAID
node-raid-firmware = a part of a RAID made by the firmware
node-luks = an encrypted volume (LUKS)
node-zfs = a part of a ZFS pool
node-labelled = { $kind } "{ $label }"
node-more = { $count } more
node-volumes = volumes of a PocketStack

node-size = { $size }
node-serial = serial number { $serial }
node-disk-shown = { $name } ({ $facts })
node-now-empty = empty
node-now-pocketstack = PocketStack
node-now-incomplete = an incomplete PocketStack
node-now-state = the state of a machine that is started from a medium

node-plan-no-disks = this machine has no disk: check that it is connected, and that its controller is switched on in the firmware
node-by-serial = with the serial number { $serial }
node-by-path = at { $path }
node-plan-no-such-disk = there is no disk { $choice }; there are: { $there }
node-plan-ambiguous = the disk { $choice } means more than one disk: { $matching }; choose one by its path
node-plan-refused = { $disk } cannot be used: { $why }; there are: { $there }
node-plan-twice = { $disk } is chosen twice: name each disk once
node-plan-has-state = this machine runs from a disk it was installed on, and keeps its state there: a state on a disk of its own is for a machine that is started from a stick, a disc or the network
node-plan-nothing-anew = only the state is to be put on the disk, so there is no system to write anew: leave out existing, or set existing = "erase" to wipe the disk
node-plan-other-state = { $disk } has the state of a machine that is started from a medium already, and only one such disk can be in a machine: name it in data_disks with existing = "erase" to wipe it, or take it out
node-plan-mirror-alone = a mirror needs a second disk: name one in data_disks, or set mirror = false
node-plan-mirror-of-many = a mirror is over two disks, and there are { $disks }: name one disk in data_disks, or set mirror = false
node-plan-installed = { $disk } has a PocketStack already: set existing = "keep" to write its system anew, or existing = "erase" to wipe it
node-plan-occupied = { $disk } is not empty ({ $what }): set existing = "erase" to wipe it, or choose another disk
node-plan-nothing-to-keep = { $disk } has no PocketStack whose state could be kept (now: { $now }): { $instead }
node-instead-leave-out = leave out existing to install on the empty disk
node-instead-erase = set existing = "erase" to wipe the disk, or choose another one
node-plan-not-its-disk = { $disk } is no disk of the PocketStack that is kept (now: { $now }): leave it out of data_disks while the system is written anew

node-step-look = looking at the disks
node-step-release = switching off volumes on the disks
node-step-clear = clearing the disks
node-step-close = taking away the old boot entries
node-step-copy = copying the system
node-step-prove = checking the copy
node-step-state = making the state partition
node-step-volumes = making the storage pool
node-step-boot = writing the boot files
node-step-configure = storing the configuration
node-step-activate = making the disk bootable
node-step-write = writing the partition tables
node-step-done = done

node-failed = { $step } failed: { $trouble }. { $left }
node-left-untouched = Nothing was changed
node-left-empty = The disk is empty now; start the installation again
node-left-unsure = The disk may be complete or not; start the installation again
node-left-closed = State and volumes are as they were, but the disk cannot be started from until the installation is repeated
node-trouble-on = { $disk }: { $error }
node-trouble-failing = { $disk }: { $error }; the disk is failing and has to be replaced
node-source-unreadable = what this machine runs from cannot be read ({ $error }): write the medium again, or use another one
node-system-too-large = the system has { $size } bytes, and there is room for { $room }: this installer does not fit its system
node-read-back-differs = { $disk }: what is read back is not what was written ({ $what }); the disk is failing and has to be replaced
node-group-elsewhere = the volume group pocketstack is on { $devices }, which is no disk of this installation: name it in data_disks with existing = "erase", or take it out of the machine
node-layout-unkept = the PocketStack on { $disk } cannot be kept: { $why }; set existing = "erase" to wipe it
node-state-unreadable = the state on { $disk } cannot be read ({ $error }); set existing = "erase" to wipe it
node-configuration-refused = the configuration { $error }

node-cut-off = pocketstackd was restarted while it installed to { $disk }: that disk may be half written and is not used until an installation on it is complete; start the installation again
node-cut-off-with-answers = pocketstackd was restarted while it installed to { $disk }: that disk may be half written and is not used until an installation on it is complete; plug in the medium with the answers again, or start the installation anew
