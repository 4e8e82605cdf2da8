use std::os::unix::fs::symlink;

use pocketstack_host::boot::FakeDeviceMapper;

use super::*;
use crate::uki::make::uki;
use crate::verity::make::tree;

const OTHER: RootHash = RootHash([9; 32]);

/// A payload of this version, with a small root, in a folder of its own.
pub(crate) fn payload(version: &str) -> (tempfile::TempDir, Payload) {
    let dir = tempfile::tempdir().expect("a folder");
    let data: Vec<u8> = version.bytes().cycle().take(4096 * 130).collect();
    let (tree, hash) = tree(&data, b"salt");
    boot_parts(dir.path());
    let write = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, bytes).expect("written");
        let size = bytes.len() as u64;
        Piece { path, size }
    };
    let (data, tree) = (write("data", &data), write("tree", &tree));
    let uki = Uki::parse(uki(version, &hash)).expect("a boot file");
    let payload = Payload::with(&Root::at(dir.path()), uki, data, tree).expect("a payload");
    (dir, payload)
}

fn boot_parts(root: &Path) {
    let folder = root.join("usr/lib/pocketstack/boot");
    fs::create_dir_all(&folder).expect("made");
    for (name, bytes) in [
        (
            "grub.cfg",
            &b"linux /pocketstack/vmlinuz @CMDLINE@ pocketstack.esp=$esp\n"[..],
        ),
        ("loader.conf", b"timeout 0\n"),
        ("systemd-bootx64.efi", b"systemd-boot"),
        ("boot.img", &[0xeb; 512]),
        ("core.img", &[0x52; 3000]),
    ] {
        fs::write(folder.join(name), bytes).expect("written");
    }
}

/// A machine that came over the network and runs the root with this hash.
fn over_network(hash: &RootHash) -> (tempfile::TempDir, Root, FakeDeviceMapper) {
    let dir = tempfile::tempdir().expect("a folder");
    let path = |path: &str| dir.path().join(path);
    let write = |at: &str, text: &str| {
        fs::create_dir_all(path(at).parent().expect("in a folder")).expect("made");
        fs::write(path(at), text).expect("written");
    };
    boot_parts(dir.path());
    write(
        "proc/1/mountinfo",
        "22 1 254:0 / / ro - erofs /dev/mapper/root ro\n",
    );
    write(
        "sys/devices/virtual/block/loop0/loop/backing_file",
        "/pocketstack.img\n",
    );
    write("sys/devices/virtual/block/loop0/loop0p1/partition", "1\n");
    write("sys/devices/virtual/block/loop0/loop0p2/partition", "2\n");
    write("sys/devices/virtual/block/loop0/loop0p2/size", "2048\n");
    write("sys/devices/virtual/block/dm-0/slaves/loop0p1", "");
    fs::create_dir_all(path("sys/class/block")).expect("made");
    fs::create_dir_all(path("sys/dev/block")).expect("made");
    for (device, at) in [
        ("loop0", "loop0"),
        ("loop0/loop0p1", "loop0p1"),
        ("loop0/loop0p2", "loop0p2"),
        ("dm-0", "dm-0"),
    ] {
        let to = path(&format!("sys/devices/virtual/block/{device}"));
        symlink(to, path(&format!("sys/class/block/{at}"))).expect("linked");
    }
    for (device, number) in [("dm-0", "254:0"), ("loop0/loop0p2", "259:2")] {
        let to = path(&format!("sys/devices/virtual/block/{device}"));
        symlink(to, path(&format!("sys/dev/block/{number}"))).expect("linked");
    }
    let mapper = FakeDeviceMapper::default();
    let table =
        format!("0 2400 verity 1 259:1 259:2 4096 4096 300 1 sha256 {hash} aabb 1 panic_on_corruption");
    mapper.set("root", "0 2400 verity V", &table);
    let root = Root::at(dir.path());
    (dir, root, mapper)
}

#[test]
fn what_came_over_the_network_is_found() {
    let (dir, root, mapper) = over_network(&OTHER);
    let boot = dir.path().join("run/pocketstack/boot");
    fs::create_dir_all(&boot).expect("made");
    fs::write(boot.join("pocketstack.efi"), uki("1.0", &OTHER)).expect("written");
    let payload = Payload::find(&root, &mapper, dir.path()).expect("found");
    assert_eq!(payload.data.size, 2400 * 512);
    assert_eq!(payload.tree.size, 2048 * 512);
    assert!(payload.tree.path.ends_with("dev/loop0p2"), "{:?}", payload.tree);
    assert_eq!(payload.uki_path(), "EFI/Linux/pocketstack-1.0+3.efi");
    let menu = String::from_utf8_lossy(&payload.menu).into_owned();
    assert!(
        menu.contains(&format!("roothash={OTHER} quiet pocketstack.esp=$esp")),
        "{menu}"
    );
}

#[test]
fn a_boot_file_of_another_system_is_not_installed() {
    let (dir, root, mapper) = over_network(&OTHER);
    let error = Payload::find(&root, &mapper, dir.path())
        .expect_err("no file")
        .to_string();
    assert!(error.contains("pocketstack.efi cannot be read"), "{error}");
    let boot = dir.path().join("run/pocketstack/boot");
    fs::create_dir_all(&boot).expect("made");
    fs::write(boot.join("pocketstack.efi"), uki("1.0", &RootHash([1; 32]))).expect("written");
    let error = Payload::find(&root, &mapper, dir.path())
        .expect_err("another")
        .to_string();
    assert!(
        error.starts_with("none of the boot files on the medium belongs"),
        "{error}"
    );
    fs::write(boot.join("pocketstack.efi"), "nonsense").expect("written");
    let error = Payload::find(&root, &mapper, dir.path())
        .expect_err("damaged")
        .to_string();
    assert!(
        error.contains("is damaged: it is no unified kernel image"),
        "{error}"
    );
}

#[test]
fn of_several_boot_files_the_one_that_runs_is_taken() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join(UKIS);
    fs::create_dir_all(&folder).expect("made");
    fs::write(folder.join("a+2-1.efi"), "damaged").expect("written");
    fs::write(folder.join("b.EFI"), uki("2", &OTHER)).expect("written");
    fs::write(folder.join("c.efi"), uki("3", &RootHash([1; 32]))).expect("written");
    fs::write(folder.join("d.txt"), "").expect("written");
    let found = ukis(dir.path()).expect("read");
    assert_eq!(found.len(), 3);
    assert_eq!(pick(&found, &OTHER).expect("found").version, "2");
}

#[test]
fn a_machine_that_runs_from_elsewhere_has_nothing_to_install() {
    let dir = tempfile::tempdir().expect("a folder");
    let mapper = FakeDeviceMapper::default();
    let find = || {
        Payload::find(&Root::at(dir.path()), &mapper, dir.path())
            .expect_err("none")
            .to_string()
    };
    assert!(
        find().contains("does not run from a PocketStack medium (Device root not found)"),
        "{}",
        find()
    );
    mapper.set("root", "", "0 10 linear 8:1 0");
    assert!(find().contains("is not understood: 0 10 linear"), "{}", find());
}
