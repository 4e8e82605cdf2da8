//! The second step: on which disk PocketStack is installed, if on any.

use std::collections::BTreeMap;

use pocketstack_model::install::{Candidate, Content, DiskChoice, Existing, InstallSettings, Then, What};

use super::{Row, Turn, step};
use crate::console::keys::Key;
use crate::console::screen::form::Shown;
use crate::console::screen::text::edit;

/// A place on this step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    /// A disk, by its row.
    Disk(usize),
    /// No disk.
    Medium,
    /// What becomes of a PocketStack.
    Existing,
    /// Name of the disk that is wiped.
    Erase,
    Next,
}

/// What was chosen.
#[derive(Debug)]
pub struct Disks {
    all: Vec<Candidate>,
    /// What is known of each that is offered: its place among all, and words for it.
    offered: Vec<(usize, String)>,
    /// Why there are none.
    trouble: Option<String>,
    /// The disk by kernel name, or nothing to install on.
    chosen: Option<String>,
    keep: bool,
    erase: String,
    focus: Field,
    errors: BTreeMap<Field, String>,
}

impl Disks {
    /// The disks of a machine. If exactly one is offered it is chosen already.
    pub fn new(disks: Result<Vec<Candidate>, String>) -> Self {
        let (all, trouble) = match disks {
            Ok(all) => (all, None),
            Err(why) => (Vec::new(), Some(why)),
        };
        let offered: Vec<(usize, String)> = all
            .iter()
            .enumerate()
            .filter(|(_, disk)| disk.refused.is_none())
            .map(|(at, disk)| (at, detail(disk)))
            .collect();
        let chosen = match offered.as_slice() {
            [(at, _)] => all.get(*at).map(|disk| disk.name.clone()),
            _ => None,
        };
        let mut disks = Self {
            all,
            offered,
            trouble,
            chosen,
            keep: false,
            erase: String::new(),
            focus: Field::Medium,
            errors: BTreeMap::new(),
        };
        disks.focus = disks.fields()[0];
        disks
    }

    /// The same choice among the disks that there are now.
    pub fn again(&mut self, disks: Result<Vec<Candidate>, String>) {
        let before = std::mem::replace(self, Self::new(disks));
        if before.chosen.is_none()
            || self
                .offered()
                .any(|disk| Some(&disk.name) == before.chosen.as_ref())
        {
            self.chosen = before.chosen;
            self.keep = before.keep;
        }
    }

    /// Why no disk is offered, if they could not be looked at.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    fn offered(&self) -> impl Iterator<Item = &Candidate> {
        self.offered.iter().filter_map(|(at, _)| self.all.get(*at))
    }

    fn disk(&self) -> Option<&Candidate> {
        let chosen = self.chosen.as_ref()?;
        self.offered().find(|disk| disk.name == *chosen)
    }

    /// The disk that is installed on, as it was offered.
    pub fn chosen(&self) -> Option<String> {
        let (at, detail) = self
            .offered
            .iter()
            .find(|(at, _)| self.all.get(*at).map(|disk| &disk.name) == self.chosen.as_ref())?;
        Some(format!("{}: {detail}", self.all.get(*at)?.name))
    }

    fn keepable(&self) -> bool {
        self.disk()
            .is_some_and(|disk| disk.content == Content::PocketStack { complete: true })
    }

    fn existing(&self) -> Existing {
        match self.disk() {
            // Should something be there after all, nothing is wiped.
            Some(disk) if disk.content == Content::Empty => Existing::Refuse,
            Some(_) if self.keep && self.keepable() => Existing::Keep,
            _ => Existing::Erase,
        }
    }

    fn fields(&self) -> Vec<Field> {
        let mut fields: Vec<Field> = (0..self.offered.len()).map(Field::Disk).collect();
        fields.push(Field::Medium);
        if self.keepable() {
            fields.push(Field::Existing);
        }
        if self.disk().is_some() && self.existing() == Existing::Erase {
            fields.push(Field::Erase);
        }
        fields.push(Field::Next);
        fields
    }

    /// A key was pressed. The step ends with what is installed, if anything is.
    pub fn key(&mut self, key: Key) -> Turn<Option<InstallSettings>> {
        let fields = self.fields();
        match key {
            Key::Escape => return Turn::Back,
            Key::Enter if self.focus == Field::Next => return self.go_on(),
            Key::Down | Key::Tab | Key::Enter => self.focus = step(&fields, self.focus, 1),
            Key::Up | Key::BackTab => self.focus = step(&fields, self.focus, -1),
            key => self.edit(key),
        }
        Turn::Stay
    }

    fn edit(&mut self, key: Key) {
        let chooses = key == Key::Char(' ');
        match self.focus {
            Field::Disk(row) if chooses => {
                let name = self.offered().nth(row).map(|disk| disk.name.clone());
                self.chosen = name;
                // A name that was typed for another disk wipes none.
                self.erase.clear();
                self.errors.clear();
            }
            Field::Medium if chooses => {
                self.chosen = None;
                self.erase.clear();
                self.errors.clear();
            }
            Field::Existing if chooses || matches!(key, Key::Left | Key::Right) => self.keep = !self.keep,
            Field::Erase => edit(&mut self.erase, key),
            Field::Disk(_) | Field::Medium | Field::Existing | Field::Next => {}
        }
    }

    fn go_on(&mut self) -> Turn<Option<InstallSettings>> {
        self.errors.clear();
        let Some(disk) = self.disk() else {
            return Turn::On(None);
        };
        let typed = self.erase.trim();
        let typed = typed.strip_prefix("/dev/").unwrap_or(typed);
        let existing = self.existing();
        if existing == Existing::Erase && typed != disk.name {
            let why = format!(
                "to wipe all that is on it, type the name of the disk: {}",
                disk.name
            );
            self.errors.insert(Field::Erase, why);
            self.focus = Field::Erase;
            return Turn::Stay;
        }
        Turn::On(Some(InstallSettings {
            what: What::System,
            disk: DiskChoice::of(disk, &self.all),
            data_disks: Vec::new(),
            mirror: false,
            existing,
            then: Then::Restart,
        }))
    }

    /// As it is shown.
    pub fn rows(&self) -> Vec<Row<'_>> {
        let row = |field| {
            let (label, shown) = self.row(field);
            Row {
                label,
                shown,
                focused: self.focus == field,
                error: self.errors.get(&field).map(String::as_str),
            }
        };
        self.fields().into_iter().map(row).collect()
    }

    fn row(&self, field: Field) -> (&'static str, Shown<'_>) {
        match field {
            Field::Disk(row) => {
                let known = self.offered.get(row);
                let disk = known.and_then(|(at, words)| Some((self.all.get(*at)?, words)));
                let shown = disk.map_or(Shown::Text(""), |(disk, detail)| Shown::One {
                    chosen: self.chosen.as_ref() == Some(&disk.name),
                    name: &disk.name,
                    detail,
                });
                ("", shown)
            }
            Field::Medium => {
                let shown = Shown::One {
                    chosen: self.chosen.is_none(),
                    name: "none",
                    detail: "install nothing and go on from this medium",
                };
                ("", shown)
            }
            Field::Existing => (
                "PocketStack",
                Shown::Choice(match self.keep {
                    true => "keep its settings and volumes, write the system anew",
                    false => "wipe everything",
                }),
            ),
            Field::Erase => ("Wipe the disk", Shown::Text(&self.erase)),
            Field::Next => ("", Shown::Button("Next")),
        }
    }
}

fn detail(disk: &Candidate) -> String {
    let content = match &disk.content {
        Content::Empty => "empty".to_owned(),
        Content::PocketStack { complete: true } => "PocketStack".to_owned(),
        Content::PocketStack { complete: false } => "a PocketStack that is not complete".to_owned(),
        Content::StateOfMedium => "state of a machine that starts from another medium".to_owned(),
        Content::Foreign { what } => what.to_string(),
    };
    let model = disk.model.as_deref().unwrap_or("disk");
    format!("{}, {model}: {content}", disk.size)
}
