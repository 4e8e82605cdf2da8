//! `[install]`.

use crate::config::form::{Form, Section};
use crate::config::names::{ValueError, error};
use crate::config::problem::Problem;
use crate::install::{DiskChoice, Existing, InstallSettings, Then, What};

impl InstallSettings {
    /// All that does not fit together or names nothing. The keys start with "install.".
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let disks = [("install.disk", &self.disk)]
            .into_iter()
            .chain(self.data_disks.iter().map(|disk| ("install.data_disks", disk)));
        let mut seen: Vec<&DiskChoice> = Vec::new();
        for (key, disk) in disks {
            if let Err(error) = name(disk) {
                found.push(Problem::value(key, &error));
            } else if seen.contains(&disk) {
                found.push(Problem::new(
                    key,
                    format!("{disk} is named twice"),
                    "name each disk once",
                ));
            }
            seen.push(disk);
        }
        if self.mirror && self.data_disks.is_empty() {
            found.push(Problem::new(
                "install.mirror",
                "volumes are to be kept on two disks, and only one is named",
                "name a further disk in data_disks, or leave mirror out",
            ));
        }
        if self.what == What::State && self.existing == Existing::Keep {
            found.push(Problem::new(
                "install.existing",
                "without a system on the disk there is none that could be written anew",
                "leave existing out for an empty disk, or set it to \"erase\"",
            ));
        }
        found
    }
}

/// Kernel and by-path names are names of files below /dev, so nothing that leads elsewhere is one.
fn name(disk: &DiskChoice) -> Result<(), ValueError> {
    let clean = |text: &str| {
        (1..=255).contains(&text.len()) && !text.chars().any(char::is_control) && text.trim() == text
    };
    let file = |text: &str| clean(text) && !text.contains('/') && text != "." && text != "..";
    match disk {
        DiskChoice::Serial(serial) if !clean(serial) => Err(error(
            serial,
            "serial number",
            "it is needed as the disk tells it, without spaces around it",
        )),
        DiskChoice::Name(name) if !file(name) || name.contains(char::is_whitespace) => Err(error(
            name,
            "name of a disk",
            "it is needed without /dev/, such as sda or nvme0n1",
        )),
        DiskChoice::Path(path) if !file(path) => Err(error(
            path,
            "path of a disk",
            "it is needed without /dev/disk/by-path/, such as pci-0000:00:1f.2-ata-1",
        )),
        _ => Ok(()),
    }
}

/// A disk as it is written.
const EXAMPLE: &str = "{ serial = \"S4EWNX0R\" }";

/// Reads the section, if it is there.
pub(super) fn read(form: &mut Form<'_>, root: &mut Section<'_>) -> Option<InstallSettings> {
    let before = form.count();
    let mut here = root.section(form, "install")?;
    let what = here.word(form, "what", &[("system", What::System), ("state", What::State)]);
    let disk = match here.table(form, "disk", EXAMPLE) {
        Some(section) => choice(form, section),
        None => {
            if form.count() == before {
                here.wrong(
                    form,
                    "disk is missing",
                    &format!("name it, such as disk = {EXAMPLE}"),
                );
            }
            None
        }
    };
    let data_disks = here.tables(form, "data_disks", EXAMPLE);
    let data_disks = data_disks
        .into_iter()
        .filter_map(|section| choice(form, section))
        .collect();
    let mirror = here.flag(form, "mirror").unwrap_or_default();
    let existing = here.word(
        form,
        "existing",
        &[
            ("refuse", Existing::Refuse),
            ("keep", Existing::Keep),
            ("erase", Existing::Erase),
        ],
    );
    let then = here.word(
        form,
        "then",
        &[("restart", Then::Restart), ("power_off", Then::PowerOff)],
    );
    form.close(&here);
    let settings = InstallSettings {
        what: what.unwrap_or_default(),
        disk: disk?,
        data_disks,
        mirror,
        existing: existing.unwrap_or_default(),
        then: then.unwrap_or_default(),
    };
    if form.count() == before {
        for problem in settings.problems() {
            form.note_at_key(problem);
        }
    }
    Some(settings)
}

fn choice(form: &mut Form<'_>, mut here: Section<'_>) -> Option<DiskChoice> {
    let before = form.count();
    let text = |text: &str| Ok(text.to_owned());
    let serial = here.text(form, "serial", text).map(DiskChoice::Serial);
    let name = here.text(form, "name", text).map(DiskChoice::Name);
    let path = here.text(form, "path", text).map(DiskChoice::Path);
    form.close(&here);
    if form.count() > before {
        return None;
    }
    let mut named = [serial, name, path].into_iter().flatten();
    match (named.next(), named.next()) {
        (Some(disk), None) => Some(disk),
        _ => {
            here.wrong(
                form,
                "a disk is named in one way",
                "give exactly one of serial, name and path",
            );
            None
        }
    }
}
