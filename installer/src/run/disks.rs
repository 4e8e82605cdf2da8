//! Steps on whole disks: clearing them, their tables, and the volumes over them.

use pocketstack_disk::Guid;
use pocketstack_disk::bios::{CODE, PASS_ON};
use pocketstack_disk::parts::{self, MIB, number};
use pocketstack_disk::table::{PAGE, Shape, Table};

use super::{Goal, Host, Part, Run, Trouble, layout, on, part_of};
use crate::host::PoolSeen;
use crate::pool::Pool;

impl<H: Host> Run<'_, H> {
    pub(super) fn shape_of(&mut self, disk: &str, size: u64) -> Result<Shape, Trouble> {
        let sector = self.host.sector(disk).map_err(on(disk))?;
        Ok(Shape { size, sector })
    }

    pub(super) fn table_on_disk(&mut self) -> Result<Option<Table>, Trouble> {
        let disk = self.plan.disk.name.as_str();
        let mut failed = None;
        let host = &mut *self.host;
        let read = Table::read(self.shape, &mut |at, into| {
            host.read(disk, at, into).map_err(|error| {
                failed = Some(error);
                std::io::Error::other("the disk cannot be read")
            })
        });
        match (read, failed) {
            (_, Some(error)) => Err(on(disk)(error)),
            (read, None) => Ok(read.ok().flatten()),
        }
    }

    /// A second volume group of the same name would make both useless.
    pub(super) fn no_other_group(&mut self) -> Result<(), Trouble> {
        let on_disks = self.host.group().map_err(self.trouble())?;
        let mut others: Vec<String> = on_disks
            .into_iter()
            .filter(|name| self.plan.disks().all(|disk| disk.name != *name))
            .collect();
        others.dedup();
        if others.is_empty() {
            Ok(())
        } else {
            Err(Trouble::Group(others))
        }
    }

    /// Tells the kernel of all partitions the disk is going to have.
    pub(super) fn show_all(&mut self) -> Result<(), Trouble> {
        let parts: Vec<Part> = (1..=self.table.entries.len())
            .filter(|number| self.table.number(*number).is_some())
            .map(|number| self.part(number))
            .collect();
        let disk = self.plan.disk.name.as_str();
        self.host.show(disk, &parts).map_err(on(disk))
    }

    /// Makes the disks empty, the one that is started from first: once its first page is gone nothing on any of them is
    /// in use. Then goes what would look like something at the places of the new partitions, and the second table.
    pub(super) fn clear(&mut self) -> Result<(), Trouble> {
        for disk in self.plan.disks() {
            let shape = self.shape_of(&disk.name, disk.size.0)?;
            let table = self.final_table(&disk.name, shape);
            let trouble = on(&disk.name);
            self.host.show(&disk.name, &[]).map_err(&trouble)?;
            let zeros = vec![0_u8; MIB as usize];
            self.host
                .write(&disk.name, 0, &zeros[..PAGE])
                .and_then(|()| self.host.flush(&disk.name))
                .map_err(&trouble)?;
            let mut places = vec![0, (shape.size - MIB) / shape.sector * shape.sector];
            for entry in table.entries.iter().flatten() {
                places.extend([entry.start, entry.end() - MIB]);
            }
            for at in places {
                let length = (shape.size - at).min(MIB) as usize;
                self.host
                    .write(&disk.name, at, &zeros[..length])
                    .map_err(&trouble)?;
            }
            self.host.flush(&disk.name).map_err(&trouble)?;
            let parts: Vec<Part> = (1..=table.entries.len())
                .map(|number| part_of(&disk.name, &table, number))
                .collect();
            self.host.show(&disk.name, &parts).map_err(&trouble)?;
        }
        Ok(())
    }

    /// The table a disk is going to have.
    fn final_table(&self, disk: &str, shape: Shape) -> Table {
        if disk == self.plan.disk.name {
            self.table.clone()
        } else {
            layout::data(shape, parts::LVM, Guid::default(), Guid::default())
        }
    }

    /// The same table without the EFI partition, and a boot sector that passes on: no firmware starts from it.
    pub(super) fn close(&mut self) -> Result<(), Trouble> {
        let Some(mut table) = self.old.clone() else {
            return Ok(());
        };
        table.set(number::ESP, None);
        let (disk, shape) = (self.plan.disk.name.clone(), self.shape);
        self.write_table(&disk, shape, &table, &PASS_ON)
    }

    pub(super) fn volumes(&mut self) -> Result<(), Trouble> {
        let mut volumes = vec![self.part_named(parts::LVM)];
        for disk in &self.plan.data {
            let shape = self.shape_of(&disk.name, disk.size.0)?;
            volumes.push(part_of(&disk.name, &self.final_table(&disk.name, shape), 1));
        }
        let sizes: Vec<u64> = volumes.iter().map(|part| part.size).collect();
        let pool = Pool::fitting(&sizes, self.plan.mirror);
        self.host.make_pool(&volumes, &pool).map_err(self.trouble())?;
        let wanted = PoolSeen {
            data: pool.data,
            mirror: pool.mirror,
        };
        match self.host.pool().map_err(self.trouble())? {
            Some(seen) if seen == wanted => Ok(()),
            Some(seen) => Err(self.read_back(format!("a pool of {} instead of {}", seen.data, wanted.data))),
            None => Err(self.read_back("there is no pool")),
        }
    }

    /// Further disks first, under a name that counts for nothing until the disk that is started from is complete.
    pub(super) fn activate(&mut self) -> Result<(), Trouble> {
        let mut data = Vec::new();
        for disk in &self.plan.data {
            let shape = self.shape_of(&disk.name, disk.size.0)?;
            let trouble = on(&disk.name);
            let ids = (
                self.host.id().map_err(&trouble)?,
                self.host.id().map_err(&trouble)?,
            );
            data.push((disk.name.clone(), shape, ids));
        }
        // Those of a kept system are left alone.
        if self.plan.goal == Goal::SystemAnew {
            data.clear();
        }
        for (disk, shape, ids) in &data {
            let table = layout::data(*shape, parts::LVM_NEW, ids.0, ids.1);
            self.write_table(disk, *shape, &table, &PASS_ON)?;
        }
        let (disk, shape, table) = (self.plan.disk.name.clone(), self.shape, self.table.clone());
        let code = self.system.as_ref().map_or(PASS_ON, |system| system.boot.code);
        self.write_table(&disk, shape, &table, &code)?;
        for (disk, shape, ids) in &data {
            let table = layout::data(*shape, parts::LVM, ids.0, ids.1);
            self.write_table(disk, *shape, &table, &PASS_ON)?;
        }
        let disks: Vec<String> = self.plan.disks().map(|disk| disk.name.clone()).collect();
        self.host.finish(&disks).map_err(self.trouble())
    }

    /// Writes a table so that a power cut leaves the old or the new one, and reads it back. The first page goes last.
    fn write_table(
        &mut self,
        disk: &str,
        shape: Shape,
        table: &Table,
        code: &[u8; CODE],
    ) -> Result<(), Trouble> {
        let bytes = table.bytes(shape, code);
        let pieces = [
            (bytes.tail_at, &bytes.tail[..]),
            (PAGE as u64, &bytes.head[PAGE..]),
            (0, &bytes.head[..PAGE]),
        ];
        let trouble = on(disk);
        for (at, piece) in pieces {
            self.host
                .write(disk, at, piece)
                .and_then(|()| self.host.flush(disk))
                .map_err(&trouble)?;
        }
        for (at, piece) in pieces {
            let mut back = vec![0; piece.len()];
            self.host.read(disk, at, &mut back).map_err(&trouble)?;
            if back != piece {
                return Err(Trouble::ReadBack {
                    disk: disk.to_owned(),
                    what: "the partition table".to_owned(),
                });
            }
        }
        Ok(())
    }
}
