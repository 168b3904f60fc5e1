//! The `why` personality: why something is refused, and which single change would allow it.

use super::asking::{loading, named, side, threads};
use super::dns::{self, DnsWords};
use super::logs;
use super::output::Shape;
use super::process::{self, complain};
use super::progress::Progress;
use crate::analysis::{
    self, CorpusClient, Dns, Form, Question, STRANGER, Side, Why, WhyAsking, WhyCase, Wish,
};
use crate::queue::{Fact, Queue, QueueOptions, Selection};
use crate::schema::Sysexit;
use clap::Parser;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Say why something is refused, and which single change would allow it
///
/// It takes a line of a log, the identifier of a message (looked for in the logs that --log names, then in the queue), or
/// the text of a refusal. The same is asked again of the configuration; then single changes are tried in memory, entries
/// of tables, words of classes, FEATUREs, one after the other. Those that help are shown, with what else each would
/// change; those that change least come first. Nothing is written anywhere.
#[derive(Parser)]
#[command(
    name = "canonify why",
    bin_name = "canonify why",
    about,
    after_help = "A bounce, or a line of the log:\n  canonify why -C site.mc '550 5.7.1 <a@partner.example>... Relaying denied'\n  \
                  canonify why -C site.mc --log /var/log/mail.log 6B1700AB000003\n\nAn address that is not masqueraded:\n  \
                  canonify why -C site.mc --from www@mail.site.example --as www@site.example"
)]
pub(super) struct Arguments {
    /// A line of a log, an identifier, or the text of a refusal
    #[arg(value_name = "LOG-LINE | QUEUE-ID | REPLY", required_unless_present_any = ["to", "wanted"])]
    what: Option<OsString>,
    /// The configuration, a .mc or a .cf; changes are proposed for it
    #[arg(short = 'C', value_name = "FILE", default_value = "/etc/mail/sendmail.cf")]
    file: PathBuf,
    /// Logs that tell of the message
    #[arg(long, value_name = "MAILLOG")]
    log: Vec<PathBuf>,
    /// The client
    #[arg(long, value_name = "IP[=NAME]", value_parser = CorpusClient::parse)]
    client: Option<CorpusClient>,
    /// The sender
    #[arg(long, value_name = "ADDRESS")]
    from: Option<OsString>,
    /// The recipient
    #[arg(long, value_name = "ADDRESS")]
    to: Option<OsString>,
    /// The sender should be written so in From:
    #[arg(long = "as", value_name = "ADDRESS", requires = "from", conflicts_with = "what")]
    wanted: Option<String>,
    /// With --as: in the envelope, and not in From:
    #[arg(long, requires = "wanted")]
    envelope: bool,
    /// With --as: by this mailer
    #[arg(long, value_name = "MAILER", default_value = "esmtp")]
    through: String,
    #[command(flatten)]
    dns: DnsWords,
    #[command(flatten)]
    shape: Shape,
}

/// Entry of the personality.
pub fn main(args: Vec<OsString>) -> ExitCode {
    process::run(dns::joined(args), |arguments: Arguments| {
        let why = run(&arguments)?;
        Ok(if why.question.is_some() && why.proposals.is_empty() { process::FOUND } else { Sysexit::OK })
    })
}

fn run(arguments: &Arguments) -> Result<Why, Sysexit> {
    let configuration = named(&arguments.file)?;
    let dns = arguments.dns.choose(Dns::Live)?;
    let loading = loading(dns.dns.clone());
    let side = side(&loading, &configuration)?;
    let wish = match &arguments.wanted {
        Some(wanted) => written(arguments, wanted),
        None => wish(&case(arguments, &side)?)?,
    };
    let explanation = match question(&wish) {
        Some(question) => Some(analysis::explained(&side, &configuration.file, &question).map_err(broken)?),
        None => None,
    };
    let progress = Progress::new();
    let asking = WhyAsking {
        loading: &loading,
        threads: threads(0),
        begin: &|what, steps| progress.begin(what, steps),
        tell: &|steps| progress.add(steps),
    };
    let why = analysis::why(&configuration, &side, &wish, explanation.as_ref(), &asking).map_err(broken)?;
    drop(progress);
    dns.finish()?;
    arguments.shape.show(&why, analysis::why_text, analysis::why_page)?;
    Ok(why)
}

fn broken(error: std::io::Error) -> Sysexit {
    complain(&error.to_string());
    Sysexit::OSERR
}

fn bytes(text: &OsString) -> Vec<u8> {
    text.clone().into_vec()
}

fn written(arguments: &Arguments, wanted: &str) -> Wish {
    let from = arguments.from.as_ref().map(bytes).unwrap_or_default();
    Wish::Written {
        mailer: Arc::from(arguments.through.as_bytes()),
        form: if arguments.envelope { Form::EnvelopeSender } else { Form::HeaderSender },
        address: Arc::from(from),
        wanted: wanted.to_owned(),
    }
}

/// Everything that is known of it: from the command line, from what is asked about, from logs and queue.
fn case(arguments: &Arguments, side: &Side) -> Result<WhyCase, Sysexit> {
    let given = WhyCase {
        client: arguments.client.clone(),
        sender: arguments.from.as_ref().map(bytes),
        recipient: arguments.to.as_ref().map(bytes),
        reply: None,
    };
    let Some(what) = arguments.what.as_ref().map(bytes) else { return Ok(given) };
    let what = what.trim_ascii();
    let (id, told) = match WhyCase::of_line(what).filter(|_| !analysis::is_reply(what)) {
        Some((id, case)) => (id, case),
        None if analysis::is_reply(what) || what.contains(&b' ') => (Vec::new(), WhyCase::of_reply(what)),
        None => (what.to_vec(), WhyCase::default()),
    };
    let mut known = given.or(told);
    logs::lines(&arguments.log, &|_| {}, &mut |line| {
        if let Some((other, case)) = WhyCase::of_line(line) {
            let same = |one: &Option<Vec<u8>>, other: &Option<Vec<u8>>| one.is_some() && one == other;
            let about = same(&known.recipient, &case.recipient) || same(&known.sender, &case.sender);
            if (!id.is_empty() && other == id) || (id.is_empty() && about) {
                known = std::mem::take(&mut known).or(case);
            }
        }
        Ok(())
    })?;
    if known.recipient.is_none() && known.sender.is_none() && !id.is_empty() {
        known = known.or(queued(side, &id));
    }
    Ok(known)
}

/// What the queue knows of a message: the sender, the first recipient that is left, why it is still there.
fn queued(side: &Side, id: &[u8]) -> WhyCase {
    let config = side.site.config.clone();
    let options = QueueOptions::from_config(&config);
    let mut case = WhyCase::default();
    let Ok(queue) = Queue::open(config, options) else { return case };
    let mut selection = Selection::default();
    selection.add(&[b"I", id].concat());
    for location in queue.store().locations() {
        let visited = queue.store().visit(location, &selection, &mut |entry| {
            for fact in &entry.facts {
                match fact {
                    Fact::Sender(sender) => drop(case.sender.get_or_insert_with(|| sender.clone())),
                    Fact::Recipient(text, Some(at)) if case.recipient.is_none() => {
                        case.recipient = text.get(*at..).map(<[u8]>::to_vec);
                    }
                    Fact::Message(text) => drop(case.reply.get_or_insert_with(|| text.clone())),
                    _ => {}
                }
            }
        });
        // a queue that cannot be read tells nothing
        drop(visited);
    }
    case
}

/// Words of a refusal that is not of the rules: the domain's mail leads back to this host.
const LEADS_BACK: &[&str] = &["config error", "configuration error", "loops back"];

fn wish(case: &WhyCase) -> Result<Wish, Sysexit> {
    if case.is_empty() {
        complain("nothing is known of it: neither its sender nor its recipient (--from, --to, --log)");
        return Err(Sysexit::USAGE);
    }
    let bare = |address: &Vec<u8>| Arc::<[u8]>::from(analysis::bare(address));
    let reply = String::from_utf8_lossy(case.reply.as_deref().unwrap_or_default()).to_lowercase();
    if let Some(recipient) =
        case.recipient.as_ref().filter(|_| LEADS_BACK.iter().any(|words| reply.contains(words)))
    {
        return Ok(Wish::Local(bare(recipient)));
    }
    let client = match &case.client {
        Some(client) => client.clone(),
        None => CorpusClient::parse(STRANGER).map_err(|_| Sysexit::SOFTWARE)?,
    };
    // the null sender: what is asked is about the recipient then (RFC 5321, 4.5.5)
    let nobody = || Arc::from(&b""[..]);
    Ok(Wish::Taken {
        client: Arc::new(client),
        sender: case.sender.as_ref().map_or_else(nobody, bare),
        recipient: case.recipient.as_ref().map(bare),
    })
}

/// The session that is explained.
fn question(wish: &Wish) -> Option<Question> {
    let Wish::Taken { client, sender, recipient } = wish else { return None };
    let name = client.name.clone().unwrap_or_else(|| format!("[{}]", client.address));
    Some(Question {
        client: client.client(),
        helo: name.into_bytes(),
        from: sender.to_vec(),
        recipients: recipient.iter().map(|recipient| recipient.to_vec()).collect(),
        ..Question::default()
    })
}
