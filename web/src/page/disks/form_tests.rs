use super::*;
use crate::node::disks;

fn told(fields: &[(&str, &str)]) -> Result<Option<InstallSettings>, Troubles> {
    read(&Fields::of(fields.iter().copied()), &disks())
}

#[track_caller]
fn wrong(fields: &[(&str, &str)], at: &str, key: Key) {
    assert_eq!(told(fields).expect_err("it is wrong").at(at), Some(key));
}

#[test]
fn an_empty_disk_needs_nothing_more_and_is_never_wiped_by_mistake() {
    let install = told(&[("disk", "nvme0n1")]).expect("right").expect("installed");
    assert_eq!(install.disk, DiskChoice::Serial("S5GXNX0T".to_owned()));
    assert_eq!(install.existing, Existing::Refuse);
    assert_eq!(told(&[("disk", "medium")]), Ok(None));
}

#[test]
fn what_is_wiped_is_typed_by_name() {
    wrong(&[("disk", "sdb")], "erase", Key("setup-erase-wrong"));
    wrong(
        &[("disk", "sdb"), ("erase", "sdc")],
        "erase",
        Key("setup-erase-wrong"),
    );
    let install = told(&[("disk", "sdb"), ("erase", " /dev/sdb ")])
        .expect("right")
        .expect("installed");
    assert_eq!(install.existing, Existing::Erase);
    assert_eq!(
        install.disk,
        DiskChoice::Path("pci-0000:00:1f.2-sdb".to_owned()),
        "it has no serial number"
    );
    // Each of several.
    let both = [("disk", "nvme0n1"), ("data", "sdb"), ("data", "sdc")];
    let mut half = both.to_vec();
    half.push(("erase", "sdb"));
    wrong(&half, "erase", Key("setup-erase-wrong"));
    let mut whole = both.to_vec();
    whole.push(("erase", "sdc, sdb"));
    let install = told(&whole).expect("right").expect("installed");
    assert_eq!((install.existing, install.data_disks.len()), (Existing::Erase, 2));
}

#[test]
fn only_the_state_of_a_pocketstack_is_kept() {
    let install = told(&[("disk", "sdc"), ("existing", "keep")])
        .expect("right")
        .expect("installed");
    assert_eq!(install.existing, Existing::Keep);
    wrong(
        &[("disk", "sdb"), ("existing", "keep")],
        "existing",
        Key("setup-keep-nothing"),
    );
    for more in [("data", "nvme0n1"), ("data", "sdb"), ("mirror", "yes")] {
        let fields = [("disk", "sdc"), more, ("existing", "keep")];
        wrong(&fields, "data", Key("setup-keep-data"));
    }
}

#[test]
fn a_mirror_needs_a_second_disk_and_the_medium_is_not_offered() {
    wrong(
        &[("disk", "nvme0n1"), ("mirror", "yes")],
        "mirror",
        Key("setup-mirror-alone"),
    );
    let three = [
        ("disk", "nvme0n1"),
        ("data", "sdb"),
        ("data", "sdc"),
        ("mirror", "yes"),
        ("erase", "sdb sdc"),
    ];
    wrong(&three, "mirror", Key("setup-mirror-many"));
    let same = [("disk", "nvme0n1"), ("data", "nvme0n1"), ("mirror", "yes")];
    wrong(&same, "mirror", Key("setup-mirror-alone"));
    wrong(
        &[("disk", "sda"), ("erase", "sda")],
        "disk",
        Key("setup-disk-gone"),
    );
    wrong(
        &[("disk", "nvme0n1"), ("data", "sda")],
        "data",
        Key("setup-disk-gone"),
    );
    wrong(&[], "disk", Key("setup-disk-none"));
}

#[test]
fn disks_that_look_alike_are_told_apart_by_their_place() {
    let mut twins = disks();
    twins[2].serial = twins[0].serial.clone();
    let fields = Fields::of([("disk", "nvme0n1")]);
    let install = read(&fields, &twins).expect("right").expect("installed");
    assert_eq!(
        install.disk,
        DiskChoice::Path("pci-0000:00:1f.2-nvme0n1".to_owned())
    );
    twins[0].path = None;
    let install = read(&fields, &twins).expect("right").expect("installed");
    assert_eq!(install.disk, DiskChoice::Name("nvme0n1".to_owned()));
}

#[test]
fn the_only_disk_is_chosen_already() {
    assert_eq!(suggested(&disks()), Fields::default());
    assert_eq!(suggested(&disks()[..2]).get("disk"), "nvme0n1");
    assert_eq!(suggested(&disks()[1..2]).get("disk"), MEDIUM);
}

#[test]
fn the_state_alone_is_put_on_a_disk_that_is_empty_or_wiped() {
    let install = told(&[("disk", "nvme0n1"), ("what", "state")])
        .expect("right")
        .expect("installed");
    assert_eq!((install.what, install.existing), (What::State, Existing::Refuse));
    wrong(
        &[("disk", "sdc"), ("what", "state")],
        "erase",
        Key("setup-erase-wrong"),
    );
    wrong(
        &[("disk", "sdc"), ("what", "state"), ("existing", "keep")],
        "existing",
        Key("setup-keep-state"),
    );
    let whole = told(&[("disk", "nvme0n1")]).expect("right").expect("installed");
    assert_eq!(whole.what, What::System);
}
