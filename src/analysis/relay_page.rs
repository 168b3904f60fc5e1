//! What a search for a way for strangers has found, as a page.

use super::html::{document, escaped, explanation_body};
use super::relay::{Hole, Search};

/// A page that stands for itself. `name` is the configuration's.
pub fn relay_page(name: &str, found: &Search) -> String {
    let mut html = format!("<h1>{}</h1>\n", escaped(name));
    match &found.hole {
        Some(hole) => put_hole(hole, &mut html),
        None => html.push_str(
            "<p class=\"good\"><strong>no way by which a stranger's mail reaches outside</strong></p>\n",
        ),
    }
    html.push_str(&format!("<p class=\"faint\">{} asked</p>\n", found.asked));
    document("Is there a way for strangers?", &html)
}

fn put_hole(hole: &Hole, html: &mut String) {
    html.push_str("<p class=\"bad\"><strong>a stranger's mail reaches outside</strong> [L801]</p>\n<dl>");
    for (name, value) in [("client", &hole.client), ("sender", &hole.sender), ("recipient", &hole.recipient)]
    {
        html.push_str(&format!("<dt>{name}</dt><dd><code>{}</code></dd>", escaped(value)));
    }
    html.push_str("</dl>\n");
    explanation_body(&hole.explanation, html);
}
