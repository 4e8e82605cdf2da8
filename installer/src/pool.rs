//! Sizes of the thin pool.

use pocketstack_model::bytes::ByteCount;

/// LVM's unit of allocation, the default of vgcreate(8).
const EXTENT: u64 = 4 << 20;
const KIB: u64 = 1 << 10;

/// How the volume group `pocketstack` is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// Size of the data.
    pub data: ByteCount,
    /// Size of the metadata; a spare of the same size is kept for repairs (lvmthin(7)).
    pub metadata: ByteCount,
    /// Unit of allocation in the pool.
    pub chunk: ByteCount,
    /// Whether data and metadata are kept twice.
    pub mirror: bool,
}

impl Pool {
    /// Fits a pool to physical volumes of these sizes: all of them together, or the smaller of the two if mirrored.
    pub fn fitting(volumes: &[u64], mirror: bool) -> Self {
        let usable = |size: u64| (size.saturating_sub(2 << 20)) / EXTENT * EXTENT;
        let room = if mirror {
            volumes.iter().copied().map(usable).min().unwrap_or(0)
        } else {
            volumes.iter().copied().map(usable).sum()
        };
        // Enough for chunks of 64 KiB, each used by one volume and one snapshot, up to 2 TiB; larger pools get larger chunks.
        let metadata = extents((room / 512).clamp(16 << 20, 4 << 30));
        // RAID keeps an extent of its own beside each volume; and a spare of the metadata.
        let rest = room.saturating_sub(2 * metadata + 4 * EXTENT);
        let data = rest / 100 * 95 / EXTENT * EXTENT;
        let mut chunk = 64 * KIB;
        while data / chunk * 128 > metadata {
            chunk *= 2;
        }
        Self {
            data: ByteCount(data),
            metadata: ByteCount(metadata),
            chunk: ByteCount(chunk),
            mirror,
        }
    }
}

fn extents(size: u64) -> u64 {
    size.div_ceil(EXTENT) * EXTENT
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    #[test]
    fn almost_all_is_used_and_the_rest_is_enough_for_what_lvm_needs() {
        for size in [4 * GIB, 100 * GIB, 2048 * GIB, 100 * 1024 * GIB] {
            let pool = Pool::fitting(&[size, 3 * size], false);
            let all = 4 * size;
            assert!(pool.data.0 > all / 100 * 92, "{pool:?}");
            assert!(
                pool.data.0 + 2 * pool.metadata.0 + all / 100 * 4 < all,
                "{pool:?}"
            );
            assert_eq!(pool.data.0 % EXTENT, 0);
        }
    }

    #[test]
    fn a_mirror_has_the_size_of_the_smaller_disk() {
        let mirror = Pool::fitting(&[10 * GIB, 100 * GIB], true);
        assert_eq!(mirror.data, Pool::fitting(&[10 * GIB], false).data);
        assert!(mirror.mirror);
    }

    #[test]
    fn chunks_grow_with_the_pool_and_stay_what_lvm_takes() {
        let chunk = |size| Pool::fitting(&[size], false).chunk.0;
        assert_eq!(chunk(4 * GIB), 64 * KIB);
        assert_eq!(chunk(1024 * GIB), 64 * KIB);
        let large = chunk(60 * 1024 * GIB);
        assert!(
            large > 64 * KIB && large <= GIB && large.is_power_of_two(),
            "{large}"
        );
    }
}
