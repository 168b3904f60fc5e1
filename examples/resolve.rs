//! Resolves addresses with the rules of a cf, maps answered by this program.
//!
//! ```console
//! $ cargo run --example resolve -- sendmail.cf user@virt.example mailertable:virt.example=smtp:[10.1.2.3]
//! ```
//!
//! Arguments: a cf, an address, then `MAP:KEY=VALUE` for every key that a map shall know.

use canonify::addr::Table;
use canonify::config::{LoadOptions, RulesetId, SystemEnv, load};
use canonify::engine::{Answer, Context, LookupRequest, Machine, Program, ScanMode, Scope, Step};
use canonify::logging::Quiet;
use canonify::schema::Sysexit;
use std::collections::HashMap;

/// A map and a key in it.
type MapKey = (Vec<u8>, Vec<u8>);
/// Maps by name, keys in lower case.
type Maps = HashMap<MapKey, Vec<u8>>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let (Some(cf), Some(address)) = (words.next(), words.next()) else {
        return Err("usage: resolve CF ADDRESS [MAP:KEY=VALUE…]".into());
    };
    let maps: Maps = words.filter_map(|word| known_key(&word)).collect();

    // The configuration: what does not please is told, and the rest is there.
    let text = std::fs::read(&cf)?;
    let loaded = load(cf.as_bytes(), &text, &mut SystemEnv::default(), &LoadOptions::default());
    let config = loaded.config;

    // Compiled once; both can be shared by any number of machines and threads.
    let program = Program::compile(&config, config.operators.clone(), config.options.blank_sub);

    // A machine holds one workspace. It is cheap to use again for the next address.
    let (mut machine, mut scope) = (Machine::new(), Scope::default());
    machine.scan(&program, address.as_bytes(), ScanMode::outside(Table::External), &mut Quiet);
    for ruleset in [RulesetId(3), RulesetId(0)] {
        machine.call(ruleset);
        loop {
            let (config, program, scope) = (&config, &program, &mut scope);
            let mut context = Context {
                config,
                program,
                scope,
                deferred: false,
                maps: None,
                silent: false,
                observer: &mut Quiet,
            };
            match machine.step(&mut context) {
                Step::Lookup => {
                    // the machine does no I/O: it asks, waits as long as it takes, and goes on
                    let answer = look_up(&maps, &machine.request(program));
                    machine.resume(answer);
                }
                Step::Done(status) if status.is_ok() => break,
                Step::Done(status) => return Err(format!("status {}", status.0).into()),
            }
        }
    }
    let mut result = Vec::new();
    machine.put_workspace(&config, &program, &mut result);
    println!("{}", String::from_utf8_lossy(&result));
    Ok(())
}

/// `MAP:KEY=VALUE`
fn known_key(word: &str) -> Option<(MapKey, Vec<u8>)> {
    let (map, rest) = word.split_once(':')?;
    let (key, value) = rest.split_once('=')?;
    Some(((map.into(), key.to_ascii_lowercase().into()), value.into()))
}

fn look_up(maps: &Maps, request: &LookupRequest<'_>) -> Answer {
    let mut key = Vec::new();
    request.put_key(b' ', &mut key);
    key.make_ascii_lowercase();
    let value = maps.get(&(request.map().to_vec(), key)).cloned();
    Answer { value, status: Sysexit::OK }
}
