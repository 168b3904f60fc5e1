//! A file system that loses at a power cut what was not synced: `forgetful MOUNTPOINT [SEED]`, as root.
//!
//! In: orders, a line each, on standard input. Out: a line for each when it is done. It ends with its input.
//!
//! | order | what follows |
//! |---|---|
//! | `cut harsh`, `cut random` | the power goes, now: nothing, or only a part, of what was not synced stays; nobody is answered |
//! | `release` | whoever waits for an answer gets EIO; to be said once they have been killed |
//! | `mount` | the power comes back: what has stayed is mounted in the old one's place |
//! | `settle` | all there is becomes durable |
//! | `failing N` | of 1,000 syncs N fail from now on, and what they were to write is lost |
//! | `count` | says how many syncs there were, and how many failed |

mod disk;
mod log;
mod machine;
mod mount;

use disk::Cut;
use fuser::{BackgroundSession, Config, MountOption, Session, SessionACL};
use machine::Shared;
use mount::Mount;
use std::io::{self, BufRead, Write};
use std::path::Path;

fn attach(shared: &Shared, point: &Path) -> io::Result<BackgroundSession> {
    let mut config = Config::default();
    config.mount_options =
        vec![MountOption::FSName("forgetful".into()), MountOption::DefaultPermissions, MountOption::NoAtime];
    config.acl = SessionACL::All;
    let life = shared.machine().life;
    Session::new(Mount { shared: shared.clone(), life }, point, &config)?.spawn()
}

fn obey(
    order: &str,
    shared: &Shared,
    mounted: &mut Option<BackgroundSession>,
    point: &Path,
) -> io::Result<String> {
    let (verb, rest) = order.split_once(' ').unwrap_or((order, ""));
    match (verb, rest) {
        ("cut", "harsh") => shared.cut(Cut::Harsh),
        ("cut", "random") => shared.cut(Cut::Random),
        ("release", "") => shared.release(),
        ("mount", "") => {
            if let Some(old) = mounted.take() {
                old.umount_and_join()?;
            }
            *mounted = Some(attach(shared, point)?);
        }
        ("settle", "") => shared.machine().disk.settle_all(),
        ("failing", share) => shared.machine().failing = share.parse().map_err(io::Error::other)?,
        ("count", "") => {
            let machine = shared.machine();
            return Ok(format!("{} syncs, {} failed", machine.syncs, machine.failed));
        }
        _ => return Err(io::Error::other(format!("unknown order {order}"))),
    }
    Ok("done".into())
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (point, seed) = match arguments.as_slice() {
        [point] => (Path::new(point), 1),
        [point, seed] => (Path::new(point), seed.parse().map_err(io::Error::other)?),
        _ => return Err(io::Error::other("usage: forgetful MOUNTPOINT [SEED]")),
    };
    let shared = Shared::new(seed);
    let mut mounted = None;
    for line in io::stdin().lock().lines() {
        let said = obey(&line?, &shared, &mut mounted, point)?;
        println!("{said}");
        io::stdout().flush()?;
    }
    mounted.map_or(Ok(()), BackgroundSession::umount_and_join)
}
