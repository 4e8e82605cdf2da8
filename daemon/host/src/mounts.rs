//! What is mounted where (proc_pid_mountinfo(5)), as process 1 sees it: the daemon itself lives in a sandbox in which
//! most of the machine is mounted read-only.

use std::path::{Path, PathBuf};

use crate::root::Root;

/// One mounted file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Device number, `major:minor`. Its major is 0 for file systems without a device.
    pub device: String,
    /// Where it is mounted.
    pub point: PathBuf,
    /// Kind of file system ("erofs").
    pub kind: String,
    /// What it was mounted from ("/dev/vda3", "tmpfs").
    pub source: String,
    /// Whether it cannot be written here.
    pub read_only: bool,
}

/// All mounts, in the order they were made, so that of two at one place the later one is in use.
pub fn mounts(root: &Root) -> Vec<Mount> {
    root.text("/proc/1/mountinfo")
        .map(|text| text.lines().filter_map(mount).collect())
        .unwrap_or_default()
}

/// The mount a path lies on.
pub fn under<'a>(mounts: &'a [Mount], path: &Path) -> Option<&'a Mount> {
    // max_by_key gives the last of equals: the mount on top.
    mounts
        .iter()
        .filter(|mount| path.starts_with(&mount.point))
        .max_by_key(|mount| mount.point.components().count())
}

fn mount(line: &str) -> Option<Mount> {
    let (before, after) = line.split_once(" - ")?;
    let before: Vec<&str> = before.split(' ').collect();
    let after: Vec<&str> = after.split(' ').collect();
    let read_only = |options: &str| options.split(',').any(|option| option == "ro");
    Some(Mount {
        device: (*before.get(2)?).to_owned(),
        point: PathBuf::from(unescape(before.get(4)?)),
        kind: (*after.first()?).to_owned(),
        source: unescape(after.get(1)?),
        read_only: read_only(before.get(5)?) || after.get(2).is_some_and(|options| read_only(options)),
    })
}

/// Blanks, tabs, line ends and backslashes are written as `\` and three octal digits.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        match tail {
            [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..] if *first == b'\\' => {
                bytes.push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'));
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upper_of_two_mounts_is_in_use_and_names_are_unescaped() {
        let text = "22 1 254:0 / / ro,relatime shared:1 - erofs /dev/mapper/root ro\n\
                    30 22 8:5 / /var rw,noatime shared:7 - ext4 /dev/sda5 rw\n\
                    31 22 0:40 / /var rw - tmpfs tmpfs rw,size=1g\n\
                    32 30 8:17 / /var/my\\040stick rw - vfat /dev/sdb1 ro,fmask=0022";
        let all: Vec<Mount> = text.lines().filter_map(mount).collect();
        assert_eq!(all.len(), 4);
        assert!(all[0].read_only && !all[1].read_only && all[3].read_only);
        assert_eq!(all[3].point, Path::new("/var/my stick"));
        assert_eq!(
            under(&all, Path::new("/var/lib")).map(|mount| mount.kind.as_str()),
            Some("tmpfs")
        );
        assert_eq!(
            under(&all, Path::new("/variety")).map(|mount| mount.kind.as_str()),
            Some("erofs")
        );
    }
}
