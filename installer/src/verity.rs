//! dm-verity's hash tree, read as the kernel reads it (`admin-guide/device-mapper/verity.rst`, and the superblock of
//! cryptsetup's `lib/verity/verity.c`): proof that a copy of the root is the one that the root hash names.

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use sha2::{Digest, Sha256};

use pocketstack_disk::Guid;

/// Bytes of a hash.
pub const HASH: usize = 32;
/// The only block size PocketStack's images have; it is what veritysetup(8) takes.
pub const BLOCK: usize = 4096;

/// Hash of the top of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RootHash(pub [u8; HASH]);

impl RootHash {
    /// Id of the partition with the data: the first half (systemd-veritysetup-generator(8)).
    pub fn data_partition(&self) -> Guid {
        half(&self.0[..16])
    }

    /// Id of the partition with the tree: the second half.
    pub fn tree_partition(&self) -> Guid {
        half(&self.0[16..])
    }
}

fn half(bytes: &[u8]) -> Guid {
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    // 16 bytes are always 32 digits.
    text.parse().unwrap_or_default()
}

impl fmt::Display for RootHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for RootHash {
    type Err = NoHash;

    fn from_str(text: &str) -> Result<Self, NoHash> {
        let wrong = || NoHash(text.to_owned());
        if text.len() != HASH * 2 || !text.is_ascii() {
            return Err(wrong());
        }
        let mut hash = [0; HASH];
        for (index, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).map_err(|_| wrong())?;
        }
        Ok(Self(hash))
    }
}

/// A text that is no root hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no root hash of 64 hexadecimal digits")]
pub struct NoHash(String);

/// Why a copy is not the root that was meant.
#[derive(Debug, thiserror::Error)]
pub enum VerityError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// The tree is none, or of another kind.
    #[error("its hash tree is {0}")]
    Tree(&'static str),
    /// A block of the tree is not what was hashed.
    #[error("block {0} of its hash tree is damaged")]
    TreeBlock(u64),
    /// A block of the data is not what was hashed.
    #[error("its block {0} is damaged")]
    DataBlock(u64),
}

/// A hash tree that has been proved by its root hash.
#[derive(Debug)]
pub struct Tree<'a> {
    salt: &'a [u8],
    blocks: u64,
    /// Hashes of the data blocks, one behind the other, whole tree blocks.
    leaves: &'a [u8],
}

impl<'a> Tree<'a> {
    /// Checks the whole of a tree, from its superblock on. What lies behind it is ignored.
    ///
    /// # Errors
    /// [`VerityError::Tree`] and [`VerityError::TreeBlock`].
    pub fn check(bytes: &'a [u8], root: &RootHash) -> Result<Self, VerityError> {
        let header = bytes.get(..512).ok_or(VerityError::Tree("cut off"))?;
        let number =
            |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let usual = header[..8] == *b"verity\0\0"
            && (number(8), number(12)) == (1, 1)
            && header[32..64].starts_with(b"sha256\0")
            && (number(64) as usize, number(68) as usize) == (BLOCK, BLOCK);
        if !usual {
            return Err(VerityError::Tree(
                "missing, or of a kind PocketStack does not make",
            ));
        }
        let blocks = u64::from(number(72)) | u64::from(number(76)) << 32;
        let salt_size = usize::from(u16::from_le_bytes([header[80], header[81]]));
        let salt = header
            .get(88..88 + salt_size)
            .ok_or(VerityError::Tree("damaged"))?;

        // From the hashes of the data up to the level that fits one block; on the disk the upper levels come first.
        let mut sizes = Vec::new();
        let mut count = blocks;
        while count > 1 || sizes.is_empty() {
            count = count.div_ceil((BLOCK / HASH) as u64);
            sizes.push(count);
        }
        let mut above: Option<&[u8]> = None;
        let mut at = 1_u64;
        for size in sizes.into_iter().rev() {
            let place = |block: u64| usize::try_from(block).ok()?.checked_mul(BLOCK);
            let range = place(at).zip(at.checked_add(size).and_then(place));
            let level = range
                .and_then(|(from, to)| bytes.get(from..to))
                .ok_or(VerityError::Tree("cut off"))?;
            for (index, block) in level.chunks_exact(BLOCK).enumerate() {
                let expected = above.map_or(Some(root.0.as_slice()), |above| {
                    above.chunks_exact(HASH).nth(index)
                });
                if expected != Some(hash(salt, block).as_slice()) {
                    return Err(VerityError::TreeBlock(at + index as u64));
                }
            }
            above = Some(level);
            at += size;
        }
        Ok(Self {
            salt,
            blocks,
            leaves: above.unwrap_or_default(),
        })
    }

    /// Size of the data in bytes.
    pub fn data_size(&self) -> u64 {
        self.blocks * BLOCK as u64
    }

    /// Reads all of the data and compares every block. `tell` is told the bytes read so far.
    ///
    /// # Errors
    /// [`VerityError::Read`] and [`VerityError::DataBlock`].
    pub fn check_data(&self, data: &mut dyn Read, tell: &mut dyn FnMut(u64)) -> Result<(), VerityError> {
        let mut block = [0_u8; BLOCK];
        for (number, expected) in (0..self.blocks).zip(self.leaves.chunks_exact(HASH)) {
            data.read_exact(&mut block)?;
            if hash(self.salt, &block).as_slice() != expected {
                return Err(VerityError::DataBlock(number));
            }
            if number % 1024 == 1023 {
                tell((number + 1) * BLOCK as u64);
            }
        }
        Ok(())
    }
}

fn hash(salt: &[u8], block: &[u8]) -> [u8; HASH] {
    let mut hasher = Sha256::new();
    hasher.update(salt);
    hasher.update(block);
    hasher.finalize().into()
}

/// Makes trees for tests, independently of the code above: bottom up, level by level.
#[cfg(test)]
pub(crate) mod make {
    use super::*;

    /// The tree for `data` (whole blocks), and its root hash.
    pub(crate) fn tree(data: &[u8], salt: &[u8]) -> (Vec<u8>, RootHash) {
        let mut levels: Vec<Vec<u8>> = Vec::new();
        let mut below = data.to_vec();
        loop {
            let mut level: Vec<u8> = below.chunks(BLOCK).flat_map(|block| hash(salt, block)).collect();
            level.resize(level.len().div_ceil(BLOCK) * BLOCK, 0);
            levels.push(level.clone());
            if level.len() == BLOCK {
                break;
            }
            below = level;
        }
        let root = RootHash(hash(salt, &levels[levels.len() - 1]));
        let mut bytes = vec![0_u8; BLOCK];
        bytes[..8].copy_from_slice(b"verity\0\0");
        bytes[8] = 1;
        bytes[12] = 1;
        bytes[32..38].copy_from_slice(b"sha256");
        bytes[64..68].copy_from_slice(&4096_u32.to_le_bytes());
        bytes[68..72].copy_from_slice(&4096_u32.to_le_bytes());
        bytes[72..80].copy_from_slice(&((data.len() / BLOCK) as u64).to_le_bytes());
        bytes[80] = u8::try_from(salt.len()).expect("short");
        bytes[88..88 + salt.len()].copy_from_slice(salt);
        for level in levels.iter().rev() {
            bytes.extend(level);
        }
        (bytes, root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(blocks: usize) -> Vec<u8> {
        (0..blocks * BLOCK).map(|at| (at / 7 % 251) as u8).collect()
    }

    fn check(bytes: &[u8], root: &RootHash, data: &[u8]) -> Result<(), VerityError> {
        let tree = Tree::check(bytes, root)?;
        assert_eq!(tree.data_size(), data.len() as u64);
        tree.check_data(&mut &data[..], &mut |_| {})
    }

    #[test]
    fn trees_of_one_two_and_three_levels_are_proved() {
        for blocks in [2, 128, 129, 128 * 128 + 1] {
            let data = data(blocks);
            let (tree, root) = make::tree(&data, b"salt");
            check(&tree, &root, &data).unwrap_or_else(|error| panic!("{blocks} blocks: {error}"));
        }
    }

    #[test]
    fn any_changed_byte_is_found() {
        let data = data(300);
        let (tree, root) = make::tree(&data, b"salt");
        for at in [0, BLOCK * 150 + 1, data.len() - 1] {
            let mut bad = data.clone();
            bad[at] ^= 1;
            let error = check(&tree, &root, &bad).expect_err("damaged");
            assert!(
                matches!(error, VerityError::DataBlock(block) if block == (at / BLOCK) as u64),
                "{error}"
            );
        }
        for at in (BLOCK..tree.len()).step_by(1000) {
            let mut bad = tree.clone();
            bad[at] ^= 1;
            assert!(
                matches!(Tree::check(&bad, &root), Err(VerityError::TreeBlock(_))),
                "at {at}"
            );
        }
        let other = RootHash([7; HASH]);
        assert!(matches!(
            Tree::check(&tree, &other),
            Err(VerityError::TreeBlock(1))
        ));
    }

    #[test]
    fn what_is_no_tree_is_an_error() {
        let (tree, root) = make::tree(&data(300), b"");
        for bad in [&tree[..100], &tree[..BLOCK * 2], &[0; 8192][..]] {
            assert!(matches!(Tree::check(bad, &root), Err(VerityError::Tree(_))));
        }
        let mut huge = tree.clone();
        huge[72..80].fill(0xff);
        assert!(Tree::check(&huge, &root).is_err());
        let mut salt = tree;
        salt[81] = 0xff;
        assert!(matches!(
            Tree::check(&salt, &root),
            Err(VerityError::Tree("damaged"))
        ));
    }

    #[test]
    fn the_halves_of_the_hash_name_the_partitions() {
        let text = "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";
        let root: RootHash = text.parse().expect("a hash");
        assert_eq!(root.to_string(), text);
        assert_eq!(
            root.data_partition().to_string(),
            "00112233-4455-6677-8899-aabbccddeeff"
        );
        assert_eq!(
            root.tree_partition().to_string(),
            "01234567-89ab-cdef-0123-456789abcdef"
        );
        assert!("0011".parse::<RootHash>().is_err());
    }
}
