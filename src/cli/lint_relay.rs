//! `lint --relay`: is there a way by which a stranger's mail from outside reaches outside?

use super::asking::load;
use super::process::complain;
use super::{output, show, start};
use crate::analysis::relay::{Search, search, strangers_site};
use crate::analysis::{relay_page, text};
use crate::schema::Sysexit;
use std::path::Path;
use std::sync::Arc;

/// Searches, and shows one way with the explanation of it, or that there is none.
pub(super) fn run(file: &Path, json: bool, html: Option<&Path>) -> Result<Sysexit, Sysexit> {
    let (config, sources) = load(file.as_os_str())?;
    // before anything starts a thread
    let keeper = start::keeper(&config)?;
    let runtime = start::runtime_of_one()?;
    let found = runtime.block_on(async {
        let site = Arc::new(strangers_site(config));
        search(&site, &keeper, &sources, &show::bar("looking for a way")).await
    });
    let found = found.map_err(|error| {
        complain(&error.to_string());
        Sysexit::SOFTWARE
    })?;
    match html {
        Some(page) => output::write(page, &relay_page(&file.to_string_lossy(), &found))?,
        None => show::print(&if json { as_json(&found) } else { as_text(&found) }),
    }
    Ok(if found.hole.is_some() { Sysexit::DATAERR } else { Sysexit::OK })
}

fn as_text(found: &Search) -> String {
    let Search { asked, hole } = found;
    let Some(hole) = hole else {
        return format!("{asked} asked: no way by which a stranger's mail reaches outside\n");
    };
    format!(
        "error: a stranger's mail reaches outside [L801]\n  client     {}\n  sender     <{}>\n  recipient  <{}>\n\n{}\n\
         {asked} asked\n",
        hole.client,
        hole.sender,
        hole.recipient,
        text(&hole.explanation, show::style(false)),
    )
}

fn as_json(found: &Search) -> String {
    let accepted: Vec<_> = found.hole.iter().collect();
    let accepted: Vec<_> = accepted
        .into_iter()
        .map(|hole| {
            serde_json::json!({
                "client": hole.client,
                "sender": hole.sender,
                "recipient": hole.recipient,
                "explanation": hole.explanation,
            })
        })
        .collect();
    format!("{:#}\n", serde_json::json!({ "asked": found.asked, "accepted": accepted }))
}
