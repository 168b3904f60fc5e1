//! Two jobs before the library compiles: turn `grammar/*.lalrpop` into parsers,
//! and list every file of `m4-compat/` so that the binary carries its own cf library.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=grammar");
    println!("cargo:rerun-if-changed=m4-compat");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    if Path::new("grammar").is_dir() {
        lalrpop::Configuration::new()
            .set_in_dir("grammar")
            .set_out_dir(&out)
            .process()
            .expect("grammar/ holds well-formed grammars");
    }
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("m4-compat");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let mut table = String::from("&[\n");
    for file in &files {
        let name = file.strip_prefix(&root).expect("below the root").display().to_string();
        let below = format!("/m4-compat/{name}");
        // by the place of the sources as it is when the list is compiled: a build directory may serve several clones
        let path = format!("concat!(env!(\"CARGO_MANIFEST_DIR\"), {below:?})");
        table.push_str(&format!("    ({name:?}, include_bytes!({path})),\n"));
    }
    table.push_str("]\n");
    fs::write(out.join("m4_compat.rs"), table).expect("OUT_DIR is writable");
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|end| end == "m4") {
            files.push(path);
        }
    }
}
