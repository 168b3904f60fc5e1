//! From addresses to mailboxes: aliases, `:include:`, `.forward`, files and programs.
