//! user: a column of the account database, through the system's name services.

use super::class::{FoundFuture, LookupContext, MapClass, OpenFuture, OpenMap, Opening, Query, opened};
use super::flags::Declaring;
use super::map::{Found, Map, later, missing};
use crate::engine::{MapEvent, Observer};
use crate::schema::Sysexit;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

struct User;

pub(super) fn read(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> Option<Arc<dyn MapClass>> {
    map.read_common(args, declaring);
    Some(Arc::new(User))
}

impl MapClass for User {
    fn open<'a>(self: Arc<Self>, map: &'a Map, opening: &'a mut Opening<'_>) -> OpenFuture<'a> {
        opened(column(map, opening).map(UserColumn))
    }
}

/// An open map: the number of its column.
struct UserColumn(usize);

impl OpenMap for UserColumn {
    fn lookup<'a>(&'a self, query: Query<'a>, context: &'a mut LookupContext<'_>) -> FoundFuture<'a> {
        Box::pin(lookup(query.map, self.0, query.key, query.args, context.observer))
    }
}

type Account = nix::unistd::User;

/// A column's name, and how to find it.
type Column = (&'static str, fn(&Account) -> Vec<u8>);

/// Columns by name.
const COLUMNS: &[Column] = &[
    ("name", |user| user.name.clone().into_bytes()),
    ("passwd", |user| user.passwd.as_bytes().to_vec()),
    ("uid", |user| user.uid.to_string().into_bytes()),
    ("gid", |user| user.gid.to_string().into_bytes()),
    ("gecos", |user| user.gecos.as_bytes().to_vec()),
    ("dir", |user| user.dir.as_os_str().as_bytes().to_vec()),
    ("shell", |user| user.shell.as_os_str().as_bytes().to_vec()),
];

/// Which column -v names; an unknown one is said and makes the map fail for ever.
fn column(map: &Map, opening: &mut Opening<'_>) -> Option<usize> {
    opening.show(MapEvent::Opening { class: "user", map: &map.name, file: None });
    let Some(wanted) = &map.value_column else { return Some(0) };
    let column = COLUMNS.iter().position(|(name, _)| name.as_bytes().eq_ignore_ascii_case(wanted));
    if column.is_none() {
        opening.say(&[b"User map ", &map.name, b": unknown column name ", wanted]);
    }
    column
}

async fn lookup(
    map: &Map,
    column: usize,
    key: &[u8],
    args: &[Vec<u8>],
    observer: &mut dyn Observer,
) -> Found {
    map.show_search("user_map_lookup", key, observer);
    // whatever -f says, account names are small
    let key = key.to_ascii_lowercase();
    let Ok(name) = String::from_utf8(key.clone()) else { return missing(Sysexit::NOUSER) };
    // name services may ask a server
    match tokio::task::spawn_blocking(move || Account::from_name(&name)).await {
        Ok(Ok(Some(user))) => map.found(&key, &(COLUMNS[column].1)(&user), args, observer),
        Ok(Ok(None)) => missing(Sysexit::NOUSER),
        Ok(Err(_)) | Err(_) => later(),
    }
}
