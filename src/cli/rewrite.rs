//! The `rewrite` personality: addresses in, one to a line, rewritten addresses out.

use super::invocation::Invocation;
use super::modes::Mode;
use super::process;
use super::site::load_site;
use crate::addr::Table;
use crate::config::{Config, RulesetId};
use crate::engine::{Counts, Machine, Printer, ScanMode, Scope};
use crate::logging::Tracer;
use crate::net::Resolver;
use crate::rewrite::{AddressKind, Parsed, Rewriter, Site};
use crate::schema::{Reply, Sysexit};
use clap::Parser;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Rewrite addresses from standard input, one to a line
#[derive(Parser)]
#[command(name = "canonify rewrite", bin_name = "canonify rewrite")]
pub(super) struct Arguments {
    /// The configuration, a .cf or a .mc
    #[arg(short = 'C', value_name = "FILE", default_value = "/etc/mail/sendmail.cf")]
    file: OsString,
    /// Rulesets by number or name, each on the result of the one before
    #[arg(short, value_name = "SETS", default_value = "3,0")]
    rulesets: String,
    /// Print the resolved mailer, host and user of each address, one JSON object to a line
    #[arg(long)]
    json: bool,
    /// How many threads work; 0 for as many as there are processors
    #[arg(short = 'j', long, value_name = "N", default_value_t = 0)]
    threads: usize,
    /// Say on standard error what an address has cost: rules, rulesets, look-ups
    #[arg(long)]
    stats: bool,
}

/// Entry of the personality.
pub fn main(args: Vec<OsString>) -> ExitCode {
    process::run(args, |arguments: Arguments| Ok(serve(&arguments)))
}

fn serve(arguments: &Arguments) -> Sysexit {
    let invocation =
        Invocation { mode: Mode::Test, cf: Some(arguments.file.clone().into_vec()), ..Invocation::default() };
    let loaded = match load_site(&invocation) {
        Ok(loaded) => loaded,
        Err(status) => return status,
    };
    let resolver = Arc::new(Resolver::for_config(&loaded.config));
    let site = Site::new(Arc::new(loaded.config), resolver);
    let sets = match rulesets(&site.config, &arguments.rulesets) {
        Ok(sets) => sets,
        Err(name) => {
            eprintln!("Undefined ruleset {name}");
            return Sysexit::USAGE;
        }
    };
    let job = Job { site: &site, sets: &sets, json: arguments.json };
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = if arguments.threads == 0 { processors() } else { arguments.threads };
    match job.run(threads) {
        Ok(done) => {
            if arguments.stats {
                done.say();
            }
            loaded.exit
        }
        Err(_) => Sysexit::IOERR,
    }
}

fn rulesets(config: &Config, list: &str) -> Result<Vec<RulesetId>, String> {
    let find = |name: &str| config.rulesets.find(name.as_bytes()).ok_or_else(|| name.to_owned());
    list.split(',').map(find).collect()
}

/// Input is read, and output written, in blocks of about this many bytes.
const BLOCK: usize = 1 << 17;

/// What is to be done with every line.
#[derive(Clone, Copy)]
struct Job<'a> {
    site: &'a Site,
    sets: &'a [RulesetId],
    json: bool,
}

/// What has been done.
#[derive(Default)]
struct Done {
    lines: u64,
    counts: Counts,
}

impl Done {
    fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        self.counts += other.counts;
    }

    fn say(&self) {
        let each = |count: u64| count as f64 / self.lines.max(1) as f64;
        let Counts { rulesets, tried, skipped, matched, lookups } = self.counts;
        eprintln!(
            "{} addresses; each: {:.1} rulesets, {:.1} rules tried, {:.1} passed over, {:.1} matched, {:.2} look-ups",
            self.lines,
            each(rulesets),
            each(tried),
            each(skipped),
            each(matched),
            each(lookups),
        );
    }
}

/// Some lines on their way to a worker, and where their answer goes.
type Order = (Vec<u8>, SyncSender<Vec<u8>>);

impl Job<'_> {
    /// All lines of standard input, in order.
    fn run(self, threads: usize) -> std::io::Result<Done> {
        let mut lines = Lines { input: std::io::stdin().lock(), rest: Vec::new(), over: false };
        let mut output = std::io::stdout().lock();
        if threads <= 1 {
            let mut worker = Worker::new(self)?;
            let mut out = Vec::with_capacity(BLOCK * 2);
            while let Some(block) = lines.next_block()? {
                worker.block(&block, &mut out);
                output.write_all(&out)?;
                out.clear();
            }
            return Ok(worker.done);
        }
        std::thread::scope(|scope| {
            let (orders, waiting) = sync_channel::<Order>(threads * 2);
            let waiting = Arc::new(Mutex::new(waiting));
            let start = |waiting: Arc<_>| scope.spawn(move || self.work(&waiting));
            let workers: Vec<_> = (0..threads).map(|_| start(waiting.clone())).collect();
            drop(waiting);
            let (promises, answers) = sync_channel::<Receiver<Vec<u8>>>(threads * 2);
            let writer = scope.spawn(move || {
                for answer in answers {
                    output_block(&answer)?;
                }
                Ok::<(), std::io::Error>(())
            });
            drop(output);
            while let Some(block) = lines.next_block()? {
                let (give, take) = sync_channel(1);
                // the writer is gone when nobody reads what it writes
                if orders.send((block, give)).is_err() || promises.send(take).is_err() {
                    break;
                }
            }
            drop((orders, promises));
            let mut done = Done::default();
            for worker in workers {
                done.add(&worker.join().map_err(|_| std::io::Error::other("a worker died"))??);
            }
            writer.join().map_err(|_| std::io::Error::other("the writer died"))??;
            Ok(done)
        })
    }

    /// One worker: takes blocks until there are no more.
    fn work(self, waiting: &Mutex<Receiver<Order>>) -> std::io::Result<Done> {
        let mut worker = Worker::new(self)?;
        loop {
            let order = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok((block, answer)) = order else { return Ok(worker.done) };
            let mut out = Vec::with_capacity(block.len() * 2);
            worker.block(&block, &mut out);
            // nobody waits for it when the writer has failed
            let _ = answer.send(out);
        }
    }
}

fn output_block(answer: &Receiver<Vec<u8>>) -> std::io::Result<()> {
    match answer.recv() {
        Ok(block) => std::io::stdout().write_all(&block),
        Err(_) => Err(std::io::Error::other("a worker died")),
    }
}

/// Input in blocks of whole lines.
struct Lines<R> {
    input: R,
    rest: Vec<u8>,
    over: bool,
}

impl<R: Read> Lines<R> {
    /// The next lines: as many as are there, so that a program at the other end is answered before it asks again.
    fn next_block(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = memchr::memrchr(b'\n', &self.rest) {
                let rest = self.rest.split_off(end + 1);
                return Ok(Some(std::mem::replace(&mut self.rest, rest)));
            }
            if self.over {
                let last = std::mem::take(&mut self.rest);
                return Ok(Some(last).filter(|last| !last.is_empty()));
            }
            let length = self.rest.len();
            self.rest.resize(length + BLOCK, 0);
            let count = self.input.read(&mut self.rest[length..])?;
            self.rest.truncate(length + count);
            self.over = count == 0;
        }
    }
}

/// What one thread keeps between addresses.
struct Worker<'a> {
    job: Job<'a>,
    machine: Machine,
    scope: Scope,
    runtime: tokio::runtime::Runtime,
    done: Done,
}

impl<'a> Worker<'a> {
    fn new(job: Job<'a>) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { job, machine: Machine::new(), scope: Scope::default(), runtime, done: Done::default() })
    }

    fn block(&mut self, block: &[u8], out: &mut Vec<u8>) {
        let Self { job, machine, scope, runtime, done } = self;
        let block = block.strip_suffix(b"\n").unwrap_or(block);
        runtime.block_on(async {
            for line in block.split(|byte| *byte == b'\n') {
                let address = line.trim_ascii();
                match job.json {
                    true => resolved(job.site, address, out).await,
                    false => {
                        scope.clear();
                        rewritten(job, scope, machine, address, out).await;
                    }
                }
                out.push(b'\n');
                done.lines += 1;
            }
        });
        done.counts = machine.counts;
    }
}

/// The workspace that the last ruleset leaves, tokens parted by blanks as `-bt` prints them.
async fn rewritten(
    job: &Job<'_>,
    scope: &mut Scope,
    machine: &mut Machine,
    address: &[u8],
    out: &mut Vec<u8>,
) {
    let (config, program) = (&job.site.config, &job.site.program);
    let table = if config.level >= 9 { Table::NoComment } else { Table::Internal };
    machine.scan(program, address, ScanMode::outside(table), &mut Printer::new(config, &mut Errors));
    if machine.is_empty() {
        return;
    }
    for set in job.sets {
        Rewriter::new(job.site, scope, &mut Errors).call(*set, machine).await;
    }
    machine.put_workspace(config, program, out);
}

/// `{"address":…,"mailer":…,"host":…,"user":…}`; refused ones have `"error"`.
async fn resolved(site: &Site, address: &[u8], out: &mut Vec<u8>) {
    let mut scope = Scope::default();
    let parsed = Rewriter::quiet(site, &mut scope).parse(address, AddressKind::RECIPIENT).await;
    put_json(address, &parsed, out);
}

fn put_json(address: &[u8], parsed: &Parsed, out: &mut Vec<u8>) {
    let start = out.len();
    let mut field = |name: &str, value: &[u8]| {
        out.extend_from_slice(if out.len() == start { b"{\"" } else { b",\"" });
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        put_string(value, out);
    };
    field("address", address);
    if let Some(triple) = &parsed.triple {
        field("mailer", &triple.mailer);
        if let Some(host) = &triple.host {
            field("host", host);
        }
        field("user", &triple.user);
    }
    if let Some(reply) = parsed.problems.first() {
        field("error", &reply.to_line());
    }
    out.push(b'}');
}

fn put_string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for c in String::from_utf8_lossy(text).chars() {
        match c {
            '"' | '\\' => out.extend([b'\\', c as u8]),
            c if c < ' ' => out.extend_from_slice(format!("\\u{:04x}", c as u32).as_bytes()),
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

/// Messages go to standard error.
struct Errors;

impl Tracer for Errors {
    fn level(&self, _category: u8) -> u8 {
        0
    }
    fn line(&mut self, text: &[u8]) {
        eprintln!("{}", String::from_utf8_lossy(text));
    }
    fn reply(&mut self, reply: &Reply) {
        self.line(&reply.text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_escaped() {
        let mut out = Vec::new();
        put_json(b"a\"\\\x01@b", &Parsed::default(), &mut out);
        assert_eq!(out, br#"{"address":"a\"\\\u0001@b"}"#);
    }
}
