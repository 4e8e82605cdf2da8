mod state;

use pocketstack_disk::bios::{CODE, PASS_ON};
use pocketstack_disk::parts::{self, number};
use pocketstack_disk::table::PAGE;
use pocketstack_model::bytes::ByteCount;
use pocketstack_model::install::{Candidate, Existing, InstallSettings};

use super::*;
use crate::candidates::{Part as Seen, what_is_on};
use crate::host::fake::{FakeHost, Survives};
use crate::payload::tests::payload;
use crate::plan::{PlanError, Runs, plan};
use crate::record::RECORD;
use crate::uki::Uki;
use crate::verity::Tree;

/// SHA-256 of the answers that ask for every installation here.
const ANSWERS: &str = "abc";

const SHAPE: Shape = Shape {
    size: 20 << 30,
    sector: 512,
};

fn settings(existing: Existing, data: &[&str], mirror: bool) -> InstallSettings {
    InstallSettings {
        mirror,
        ..crate::plan::tests::settings(existing, data)
    }
}

fn named(name: &str) -> Configuration {
    let mut configuration = Configuration::default();
    configuration.node.name = name.parse().expect("a host name");
    configuration
}

/// What `candidates` would say of the fake's disks.
fn candidates(host: &FakeHost) -> Vec<Candidate> {
    let names = ["sda", "sdb"];
    let disks = names.iter().filter_map(|name| Some((*name, host.disk(name)?)));
    let candidate = |(name, disk): (&str, &crate::host::fake::FakeDisk)| {
        let table = disk.table();
        let entries = table.iter().flat_map(|table| table.entries.iter().flatten());
        let parts: Vec<Seen> = entries.map(|entry| Seen::in_table(&entry.name)).collect();
        Candidate {
            name: name.to_owned(),
            path: None,
            model: None,
            serial: None,
            size: ByteCount(disk.shape.size),
            content: what_is_on(&parts, None),
            refused: None,
        }
    };
    disks.map(candidate).collect()
}

#[derive(Debug)]
enum Failed {
    Plan(PlanError),
    Install(InstallError),
}

fn install(
    host: &mut FakeHost,
    settings: &InstallSettings,
    payload: &Payload,
    name: Option<&str>,
) -> Result<Vec<Progress>, Failed> {
    let plan = plan(settings, &candidates(host), Runs::FromMedium).map_err(Failed::Plan)?;
    let mut told = Vec::new();
    let configuration = name.map(named);
    let given = Given {
        configuration: configuration.as_ref(),
        answers: Some(ANSWERS),
    };
    let payload = || match plan.goal {
        Goal::State => panic!("nothing is copied"),
        _ => Ok(payload.clone()),
    };
    run(&plan, payload, given, &mut |progress| told.push(progress), host).map_err(Failed::Install)?;
    Ok(told)
}

fn machine(disks: &[&str]) -> FakeHost {
    let mut host = FakeHost::default();
    for disk in disks {
        host.plug_in(disk, SHAPE);
    }
    host
}

/// What both firmwares make of `sda`.
#[derive(Debug, PartialEq, Eq)]
enum Starts {
    /// Neither starts anything.
    Nothing,
    /// Both start a system that is whole, of this version and with these configurations.
    Whole(String, Vec<String>),
}

fn starts(host: &mut FakeHost, pool_of: &[&str]) -> Starts {
    let disk = host.disk("sda").expect("a disk").clone();
    let mut first = vec![0; PAGE];
    disk.load(0, &mut first);
    let table = disk.table();
    let bios = first[510..512] == [0x55, 0xaa] && first[..CODE] != PASS_ON;
    let entries = || table.iter().flat_map(|table| table.entries.iter().flatten());
    // A firmware may look for its file on every FAT partition, whatever its type.
    let mut uefi = entries().filter(|entry| host.file("sda", entry.start, "EFI/BOOT/BOOTX64.EFI").is_some());
    let esp = uefi.next().cloned();
    assert_eq!(
        bios,
        esp.is_some(),
        "one firmware starts the disk and the other does not"
    );
    let Some(esp) = esp else { return Starts::Nothing };
    let mut damaged = disk.clone();
    damaged.store(512, &[0; 512]);
    assert!(
        damaged.table().is_some(),
        "the second copy of the table is missing"
    );
    let table = table.clone().expect("a table");

    let paths = host.paths("sda", esp.start).expect("an EFI partition");
    let ukis: Vec<&&str> = paths
        .iter()
        .filter(|path| path.starts_with("EFI/Linux/"))
        .collect();
    assert_eq!(ukis.len(), 1, "{paths:?}");
    let uki = host.file("sda", esp.start, ukis[0]).expect("a boot file");
    let uki = Uki::parse(uki.to_vec()).expect("a whole boot file");
    for part in ["vmlinuz", "initrd", "grub.cfg"] {
        let path = format!("pocketstack/{part}");
        assert!(paths.contains(&path.as_str()), "{path} is missing");
    }
    assert_eq!(first[0x5c..0x64], 2048_u64.to_le_bytes());
    let mut core = vec![0; 512];
    disk.load(parts::BIOS_START, &mut core);
    assert_eq!(core[500..508], 2049_u64.to_le_bytes(), "GRUB's core is missing");

    let by_id = |id: Guid| {
        let found: Vec<_> = table
            .entries
            .iter()
            .flatten()
            .filter(|entry| entry.id == id)
            .collect();
        assert_eq!(found.len(), 1, "partitions with the id {id}");
        found[0].clone()
    };
    let (data, tree) = (by_id(uki.root.data_partition()), by_id(uki.root.tree_partition()));
    let mut bytes = vec![0; 64 << 10];
    disk.load(tree.start, &mut bytes);
    let tree = Tree::check(&bytes, &uki.root).expect("a whole hash tree");
    let mut content = vec![0; tree.data_size() as usize];
    disk.load(data.start, &mut content);
    tree.check_data(&mut content.as_slice(), &mut |_| {})
        .expect("a whole system");

    let (_, state) = table.named(parts::STATE).expect("a state partition");
    let paths = host.paths("sda", state.start).expect("a state file system");
    let names: Vec<String> = paths
        .iter()
        .filter_map(|path| path.strip_prefix("lib/pocketstack/config/"))
        .map(str::to_owned)
        .collect();
    has_pool(host, pool_of);
    let record = host.file("sda", state.start, RECORD);
    assert_eq!(record, Some(&b"abc\n"[..]), "it would be installed once more");
    Starts::Whole(uki.version, names)
}

fn has_pool(host: &mut FakeHost, of: &[&str]) {
    assert!(host.pool().expect("asked").is_some(), "the pool is missing");
    assert_eq!(host.group().expect("asked"), of);
}

fn whole(version: &str, generations: u32) -> Starts {
    let names = (1..=generations).map(|number| format!("{number:08}.toml"));
    Starts::Whole(version.to_owned(), names.collect())
}

#[test]
fn an_empty_disk_becomes_a_whole_system() {
    let (_dir, payload) = payload("1");
    let mut host = machine(&["sda"]);
    let told = install(
        &mut host,
        &settings(Existing::Refuse, &[], false),
        &payload,
        Some("first"),
    )
    .expect("installed");
    assert_eq!(starts(&mut host, &["sda"]), whole("1", 1));
    let percents: Vec<u8> = told.iter().map(|progress| progress.percent).collect();
    assert!(percents.is_sorted(), "{percents:?}");
    assert_eq!((percents.first(), percents.last()), (Some(&0), Some(&100)));
    assert!(told.iter().any(|progress| progress.step == "copying the system"));
    let table = host.disk("sda").and_then(|disk| disk.table()).expect("a table");
    let (_, state) = table.named(parts::STATE).expect("a partition");
    let text = host
        .file("sda", state.start, "lib/pocketstack/config/00000001.toml")
        .expect("a file");
    assert_eq!(text, to_toml(&named("first")).expect("text").as_bytes());
    // It is not installed on again by itself.
    let again = install(&mut host, &settings(Existing::Refuse, &[], false), &payload, None);
    assert!(
        matches!(again, Err(Failed::Plan(PlanError::Installed { .. }))),
        "{again:?}"
    );
}

#[test]
fn without_a_configuration_the_state_is_empty() {
    let (_dir, payload) = payload("1");
    let mut host = machine(&["sda"]);
    install(&mut host, &settings(Existing::Refuse, &[], false), &payload, None).expect("installed");
    assert_eq!(starts(&mut host, &["sda"]), whole("1", 0));
}

/// Cuts the power before every change there is, with three outcomes each, and hands each outcome to `check`.
fn cut_everywhere(
    before: &FakeHost,
    settings: &InstallSettings,
    payload: &Payload,
    name: Option<&str>,
    mut check: impl FnMut(FakeHost),
) {
    let changes = {
        let mut host = before.clone();
        host.changes = 0;
        install(&mut host, settings, payload, name).expect("installed");
        host.changes
    };
    assert!(changes > 15, "{changes}");
    for cut in 0..=changes {
        for survives in [Survives::Nothing, Survives::Everything, Survives::Last] {
            let mut host = before.clone();
            host.changes = 0;
            host.cut = Some(cut);
            let done = install(&mut host, settings, payload, name);
            assert_eq!(done.is_ok(), cut == changes, "{done:?}");
            let same = host.is_flushed();
            host.power_cut(survives);
            check(host);
            if same {
                break;
            }
        }
    }
}

#[test]
fn a_power_cut_at_any_change_leaves_an_empty_disk_or_a_whole_system() {
    let (_dir, payload) = payload("1");
    let disks: [(&[&str], bool); 3] = [(&[], false), (&["sdb"], false), (&["sdb"], true)];
    for (data, mirror) in disks {
        let all: Vec<&str> = std::iter::once("sda").chain(data.iter().copied()).collect();
        let settings = settings(Existing::Refuse, data, mirror);
        let (mut nothing, mut complete) = (0, 0);
        cut_everywhere(&machine(&all), &settings, &payload, Some("first"), |mut host| {
            if starts(&mut host, &all) == Starts::Nothing {
                nothing += 1;
                // Nobody has to say that anything may be wiped: there is nothing on it.
                install(&mut host, &settings, &payload, Some("first")).expect("installed at the second try");
            } else {
                complete += 1;
            }
            assert_eq!(starts(&mut host, &all), whole("1", 1));
        });
        assert!(nothing > 50 && complete > 0, "{nothing} {complete}");
    }
}

#[test]
fn a_disk_that_is_wiped_is_the_old_one_until_it_is_empty() {
    let (_one, first) = payload("1");
    let (_two, second) = payload("2");
    let mut old = machine(&["sda", "sdb"]);
    install(
        &mut old,
        &settings(Existing::Refuse, &["sdb"], false),
        &first,
        Some("old"),
    )
    .expect("installed");
    old.power_cut(Survives::Nothing);
    let erase = settings(Existing::Erase, &["sdb"], false);
    let mut seen = [0; 3];
    cut_everywhere(&old, &erase, &second, Some("new"), |mut host| {
        let state = starts(&mut host, &["sda", "sdb"]);
        let kind = match &state {
            Starts::Whole(version, _) if version == "1" => 0,
            Starts::Nothing => 1,
            Starts::Whole(..) => 2,
        };
        seen[kind] += 1;
        install(&mut host, &erase, &second, Some("new")).expect("installed at the second try");
        assert_eq!(starts(&mut host, &["sda", "sdb"]), whole("2", 1));
    });
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
}

#[test]
fn a_kept_state_survives_a_power_cut_at_any_change() {
    let (_one, first) = payload("1");
    let (_two, second) = payload("2");
    let mut old = machine(&["sda"]);
    install(
        &mut old,
        &settings(Existing::Refuse, &[], false),
        &first,
        Some("old"),
    )
    .expect("installed");
    old.power_cut(Survives::Nothing);
    let table = old.disk("sda").and_then(|disk| disk.table()).expect("a table");
    let state = part_of("sda", &table, number::STATE);
    let precious = [NewFile {
        path: "lib/precious",
        bytes: b"data",
    }];
    old.put(&state, FileSystem::Ext4, &precious).expect("written");

    let keep = settings(Existing::Keep, &[], false);
    for (name, generations) in [(None, 1), (Some("old"), 1), (Some("new"), 2)] {
        let mut seen = [0; 3];
        cut_everywhere(&old, &keep, &second, name, |mut host| {
            let kind = match starts(&mut host, &["sda"]) {
                Starts::Nothing => 1,
                found if found == whole("1", 1) => 0,
                found => {
                    assert_eq!(found, whole("2", generations));
                    2
                }
            };
            seen[kind] += 1;
            install(&mut host, &keep, &second, name).expect("installed at the second try");
            assert_eq!(starts(&mut host, &["sda"]), whole("2", generations));
            assert_eq!(host.file("sda", state.start, "lib/precious"), Some(&b"data"[..]));
        });
        assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
    }
}

#[test]
fn a_medium_that_cannot_be_read_is_told_before_anything_is_changed() {
    let mut host = machine(&["sda"]);
    let settings = settings(Existing::Refuse, &[], false);
    let plan = plan(&settings, &candidates(&host), Runs::FromMedium).expect("a plan");
    let foreign = || Err(PayloadError::Foreign);
    let error = run(&plan, foreign, Given::default(), &mut |_| {}, &mut host).expect_err("none");
    assert_eq!(
        error.to_string(),
        "looking at the disks failed: none of the boot files on the medium belongs to the system that runs: write the \
         medium again. Nothing was changed"
    );
    assert_eq!(host.changes, 0);
}

fn error(host: &mut FakeHost, settings: &InstallSettings, payload: &Payload) -> String {
    match install(host, settings, payload, Some("first")) {
        Err(Failed::Install(error)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_disk_that_fails_anywhere_is_named_and_is_never_bootable() {
    let (_dir, payload) = payload("1");
    let refuse = settings(Existing::Refuse, &[], false);
    let table = layout::system(SHAPE, &payload.uki.root, &mut Guid::default);
    for entry in table.entries.iter().flatten() {
        if entry.name == parts::EMPTY {
            continue;
        }
        let mut host = machine(&["sda"]);
        host.broken = Some(("sda".to_owned(), entry.start + 8192..entry.start + 8193));
        if entry.name == parts::BIOS {
            host.broken = Some(("sda".to_owned(), entry.start..entry.start + 1));
        }
        let said = error(&mut host, &refuse, &payload);
        assert!(said.contains(" failed: sda: Input/output error"), "{said}");
        assert!(
            said.contains("the disk is failing and has to be replaced"),
            "{said}"
        );
        host.broken = None;
        host.power_cut(Survives::Everything);
        assert_eq!(starts(&mut host, &["sda"]), Starts::Nothing, "{}", entry.name);
    }
}

#[test]
fn a_disk_that_lies_is_found_out() {
    let (_dir, payload) = payload("1");
    let refuse = settings(Existing::Refuse, &[], false);
    let table = layout::system(SHAPE, &payload.uki.root, &mut Guid::default);
    let start = |number| part_of("sda", &table, number).start;
    for (at, words) in [
        (start(number::ROOT_A) + 9000, "its block 2 is damaged"),
        (
            start(number::VERITY_A) + 5000,
            "block 1 of its hash tree is damaged",
        ),
        (start(number::BIOS) + 700, "GRUB's core"),
        (600, "the partition table"),
    ] {
        let mut host = machine(&["sda"]);
        host.flips = Some(("sda".to_owned(), at));
        let said = error(&mut host, &refuse, &payload);
        assert!(
            said.contains("sda: what is read back is not what was written (") && said.contains(words),
            "{said}"
        );
    }
}

#[test]
fn what_does_not_fit_is_told_before_anything_is_changed() {
    let (_dir, good) = payload("1");
    let refuse = settings(Existing::Refuse, &[], false);
    let mut large = good.clone();
    large.data.size = parts::ROOT_SIZE + 1;
    let mut gone = good.clone();
    gone.boot_sector.pop();
    for (payload, words) in [
        (large, "there is room for 536870912"),
        (gone, "GRUB's boot sector has 511 bytes"),
    ] {
        let mut host = machine(&["sda"]);
        let said = error(&mut host, &refuse, &payload);
        assert!(
            said.contains(words) && said.ends_with("Nothing was changed"),
            "{said}"
        );
        assert_eq!(host.changes, 0);
    }

    // A volume group of the same name on a disk that is not chosen.
    let mut host = machine(&["sda", "sdb"]);
    install(
        &mut host,
        &settings(Existing::Refuse, &["sdb"], false),
        &good,
        None,
    )
    .expect("installed");
    host.power_cut(Survives::Nothing);
    let before = host.changes;
    let said = error(&mut host, &settings(Existing::Erase, &[], false), &good);
    assert!(said.contains("the volume group pocketstack is on sdb"), "{said}");
    assert_eq!(host.changes, before);
}

#[test]
fn a_state_that_cannot_be_read_is_not_kept() {
    let (_dir, payload) = payload("1");
    let mut host = machine(&["sda"]);
    install(&mut host, &settings(Existing::Refuse, &[], false), &payload, None).expect("installed");
    host.power_cut(Survives::Nothing);
    let table = host.disk("sda").and_then(|disk| disk.table()).expect("a table");
    let start = part_of("sda", &table, number::STATE).start;
    host.write("sda", start, &[0; 4096])
        .and_then(|()| host.flush("sda"))
        .expect("damaged");
    let before = host.changes;
    let said = error(&mut host, &settings(Existing::Keep, &[], false), &payload);
    assert!(
        said.contains("the state on sda cannot be read (sda7 cannot be mounted)"),
        "{said}"
    );
    assert_eq!(host.changes, before);
}

#[test]
fn a_source_that_ends_early_is_not_blamed_on_the_disk() {
    let (_dir, mut payload) = payload("1");
    payload.data.size += 4096;
    let mut host = machine(&["sda"]);
    let said = error(&mut host, &settings(Existing::Refuse, &[], false), &payload);
    assert!(
        said.starts_with("copying the system failed: what this machine runs from cannot be read"),
        "{said}"
    );
    assert!(
        said.ends_with("The disk is empty now; start the installation again"),
        "{said}"
    );
}
