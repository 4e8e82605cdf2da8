# The overview of a machine, and what needs attention there.
overview-stale = Not current: the machine cannot be reached. Trying again.
overview-findings = Needs attention
summary-healthy = Healthy
summary-starting = Starting
summary-problems =
    { $count ->
        [one] 1 problem
       *[other] { $count } problems
    }
summary-warnings =
    { $count ->
        [one] 1 warning
       *[other] { $count } warnings
    }
level-note = Note
level-pending = Starting
level-warning = Warning
level-problem = Problem
finding-component-failed = { $name } does not work:
finding-component-checking = { $name } has not been checked yet.
finding-units-unknown = Whether a system service has failed is not known:
finding-unit-failed = The system service { $unit } has failed.
finding-stuck = { $subject } is not as configured:
finding-installation-failed = The installation to disk has failed:
finding-root-writable = The root file system is verified, but not mounted read-only.
finding-root-damaged = The root file system is damaged: a block read from the boot medium is not what was built. Replace the medium, or write the image to it anew.
finding-root-unverified = The root file system is not verified:
finding-state-full = The state partition is nearly full; nothing can be stored once it is.
finding-state-volatile = State is kept in memory only, because the boot medium cannot be written: this machine forgets its settings and its certificate when it restarts.
finding-no-nic = No wired network card was found. Add one, or one that the kernel knows.
finding-no-link = No network card has a link. Check the cable, and that the switch is on.
finding-no-address = { $bridge } has no address. Check that there is a DHCP server on this network.
finding-network-failed = The management network could not be set up:
finding-memory-full = Memory is nearly used up.

installation = Installation
installation-running = Installing to disk
installation-failed = The installation to disk has failed
installation-done = Installed to disk
installation-done-detail = The installation on { $disk } is complete and was read back from it. The machine restarts or is switched off by itself.

state = State
bridge = Bridge
addresses = Addresses
no-address = None
processor = Processor
model = Model
cores = Cores
cores-threads = { $cores } ({ $threads } threads)
busy = Busy
processor-busy = Processor busy
not-measured = Not measured yet
load = Load
load-averages = { $one } (1 min), { $five } (5 min), { $fifteen } (15 min)
memory = Memory
memory-installed = Installed
memory-used = Used
memory-used-label = Memory used
boot = Boot and state
firmware = Firmware
firmware-bios = BIOS (legacy)
firmware-uefi = UEFI
medium = Medium
medium-disk = Disk or USB stick
medium-iso = ISO image
medium-network = Network (in memory)
medium-other = Other: not a PocketStack medium
root = Root
root-verified = Verified, read-only
root-writable = Verified, but writable
root-damaged = Damaged
root-unverified = Not verified
stored-state = State
state-persistent = { $used } of { $size } used on { $device }
state-volatile = In memory only, lost on restart
state-used-label = State partition used
kernel = Kernel
uptime = Running for

components = Components
component = Component
component-version = Version
component-kvm = hardware virtualisation
component-libvirt = virtual machines
component-drbd = replicated disks
component-heartbeat = cluster membership
health = Health
health-checking = Not checked yet
health-working = Working
health-ready = Ready, not needed yet
health-failed = Failed

configuration = Configuration
kept-what = What
kept-want = What I want
kept-see = What I see
kept-doing = What I am doing about it
kept-since = since { $since }
kept-unknown = Nothing is known yet.
doing-nothing = Nothing, it is as wanted
doing-changing = Changing it
doing-stuck = Stuck

disks = Disks
size = Size
serial = Serial number
kind = Kind
boot-medium = Boot medium
disk-removable = Removable
disk-hard = Hard disk
disk-solid = Solid state
no-disks = This machine has no disks.
link = Link
link-up = Up
link-down = Down
speed = Speed
mac = MAC address
driver = Driver
part-of = Part of
no-nics = This machine has no wired network cards.
failed-units = Failed system services
units-unknown = Not known:
no-failed-units = None.
read-at = Read from the machine at
as-json = This page as JSON
