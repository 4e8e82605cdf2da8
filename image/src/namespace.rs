//! Working inside another root: own mount namespace, bind mounts, programs started without a network.
//!
//! Everything mounted here lives in a mount namespace of the builder's own and is gone when the builder is, however
//! it ends. Mount points are folders apart from the trees they show, so removing a tree can never reach what is
//! mounted "in" it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use pocketstack_exec::{Cmd, Stdio, run};

use crate::paths::Paths;

/// Set for the copy of the builder that already runs inside a user namespace.
const INSIDE: &str = "POCKETSTACK_IN_NAMESPACE";

/// Moves this process into a mount namespace of its own. Without root, the builder is started once more inside a user
/// namespace, and this call only returns there.
///
/// Must be called before any thread is started (unshare(2)).
///
/// # Errors
/// If the kernel does not allow it; says what to change.
pub fn enter() -> Result<()> {
    if nix::unistd::geteuid().is_root() {
        unshare(CloneFlags::CLONE_NEWNS).context(
            "the kernel refuses a mount namespace (in a container? it needs CAP_SYS_ADMIN): run the build on a machine or in a virtual machine",
        )?;
        return mount(
            None::<&str>,
            "/",
            None::<&str>,
            MsFlags::MS_REC | MsFlags::MS_PRIVATE,
            None::<&str>,
        )
        .context("cannot make the mounts of this process private");
    }
    if std::env::var_os(INSIDE).is_some() {
        bail!(
            "the user namespace did not make this process root: check /etc/subuid and /etc/subgid, or run with sudo"
        );
    }
    let own = std::env::current_exe().context("cannot tell the builder's own path")?;
    let result = run(Cmd::new("unshare")
        .args([
            "--user",
            "--map-root-user",
            "--map-auto",
            "--mount",
            "--kill-child",
            "--",
        ])
        .arg(own)
        .args(std::env::args_os().skip(1))
        .env(INSIDE, "1")
        .stdout(Stdio::Inherit)
        .stderr(Stdio::Inherit)
        .unlimited());
    match result {
        Ok(_) => std::process::exit(0),
        Err(error) => match error.code() {
            // unshare(1) itself ends with 1 and has said why; the builder's own codes are passed on.
            Some(code) => {
                eprintln!("{}", hint(code));
                std::process::exit(code)
            }
            None => Err(error).context("cannot work in a user namespace: run with sudo"),
        },
    }
}

fn hint(code: i32) -> &'static str {
    if code == 1 {
        "If the lines above are about namespaces or id maps: install uidmap, allow user namespaces (sysctl kernel.unprivileged_userns_clone=1), or run with sudo."
    } else {
        ""
    }
}

/// A root with things of the host mounted into it.
pub struct Chroot {
    at: PathBuf,
    mounts: Vec<PathBuf>,
    another_day: bool,
}

/// One folder or file of the host as it appears inside.
pub struct Bind<'a> {
    /// On the host.
    pub from: &'a Path,
    /// Inside, absolute.
    pub to: &'a Path,
    /// Whether programs inside may write there.
    pub writable: bool,
}

impl Chroot {
    /// Mounts `tree` with `/dev`, `/proc`, `/sys`, an empty `/tmp` and `/run`, and the given binds.
    /// Missing mount points are made in the tree.
    ///
    /// # Errors
    /// Names the mount that failed.
    pub fn new(paths: &Paths, tree: &Path, binds: &[Bind<'_>]) -> Result<Self> {
        // The same folders every time: what is mounted there is seen by this process and its children only.
        let at = paths.cache.join(format!("mounts/{}", next()));
        fs::create_dir_all(&at).with_context(|| format!("cannot make {}", at.display()))?;
        let mut chroot = Self {
            at: at.clone(),
            mounts: Vec::new(),
            another_day: false,
        };
        chroot.bind(tree, Path::new("/"), true)?;
        for system in ["/dev", "/proc", "/sys"] {
            chroot.bind(Path::new(system), Path::new(system), true)?;
        }
        for scratch in ["/tmp", "/run"] {
            chroot.tmpfs(scratch)?;
        }
        for bind in binds {
            chroot.bind(bind.from, bind.to, bind.writable)?;
        }
        Ok(chroot)
    }

    /// Programs inside see another date: what takes a time stamp from the clock shows in a comparison then.
    /// The root must have the package libfaketime.
    #[must_use]
    pub fn on_another_day(mut self) -> Self {
        self.another_day = true;
        self
    }

    fn target(&self, inside: &Path) -> PathBuf {
        self.at.join(inside.strip_prefix("/").unwrap_or(inside))
    }

    fn bind(&mut self, from: &Path, to: &Path, writable: bool) -> Result<()> {
        let target = self.target(to);
        let what = || format!("cannot mount {} at {}", from.display(), target.display());
        if from.is_dir() {
            fs::create_dir_all(&target).with_context(what)?;
        } else if !target.exists() {
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent).with_context(what)?;
            }
            fs::write(&target, "").with_context(what)?;
        }
        let none = None::<&str>;
        mount(
            Some(from),
            &target,
            none,
            MsFlags::MS_BIND | MsFlags::MS_REC,
            none,
        )
        .with_context(what)?;
        self.mounts.push(target.clone());
        if !writable {
            let flags = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
            mount(none, &target, none, flags, none).with_context(what)?;
        }
        Ok(())
    }

    fn tmpfs(&mut self, inside: &str) -> Result<()> {
        let target = self.target(Path::new(inside));
        fs::create_dir_all(&target)?;
        mount(
            Some("tmpfs"),
            &target,
            Some("tmpfs"),
            MsFlags::MS_NOSUID,
            Some("mode=1777"),
        )
        .with_context(|| format!("cannot mount a tmpfs at {}", target.display()))?;
        self.mounts.push(target);
        Ok(())
    }

    /// A program inside, with a clean environment and no network, ended with everything it started.
    pub fn cmd(&self, program: &str) -> Cmd {
        self.unshared(&["--net"], program)
    }

    /// A program inside, with the namespaces unshare(1) is told by `flags`.
    pub fn unshared(&self, flags: &[&str], program: &str) -> Cmd {
        let mut cmd = Cmd::new("unshare")
            .args(flags)
            .args(["--pid", "--fork", "--kill-child", "--root"])
            .arg(&self.at)
            .args(["--wd", "/", "--"]);
        if self.another_day {
            // Inside only: unshare(1) itself is the host's. Dates of files stay what they are, as cargo compares them.
            cmd = cmd.args([
                "/usr/bin/env",
                "LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
                "FAKETIME=+400d",
                "NO_FAKE_STAT=1",
            ]);
        }
        cmd.arg(program)
            .clear_env()
            .env(
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            )
            .env("HOME", "/tmp")
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .unlimited()
    }
}

impl Drop for Chroot {
    fn drop(&mut self) {
        for target in self.mounts.iter().rev() {
            // A mount that is still busy goes with the namespace; nothing is ever removed below it.
            let _busy = umount2(target, MntFlags::MNT_DETACH);
        }
    }
}

/// A number no other mount point of this process has.
fn next() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}
