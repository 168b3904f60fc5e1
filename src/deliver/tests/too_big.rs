//! M=: what becomes of a message that is too big for its mailer.

use super::*;
use crate::logging::{Console, Steps};

/// All users of the mailer hear of it when it is the first one's turn, and nobody is said to be called.
#[tokio::test]
async fn users_of_one_mailer_are_told_of_together() {
    let local =
        "Mlocal, P=[MAILDIR], F=lsDFMAw5:/|@qPSn9, S=0, R=0, M=1, T=DNS/RFC822/X-Unix, A=MAILDIR @DIR@/$u\n";
    let scene = scene_with("tool: \"|true\"\n", local);
    let steps = Steps::default();
    let mut envelope = scene.envelope(&["ME@localhost", "tool@localhost", "nobody+box@localhost"]);
    envelope.attempt.console = Console::of_client(steps.clone());
    scene.deliverer.attempt(&mut envelope, None).await;
    let log = scene.log();
    let told = ["to=ME@localhost, ", "to=nobody+box@localhost, ", "to=\"|true\", "];
    let lines: Vec<_> = log.iter().filter(|line| line.contains("to=")).collect();
    assert_eq!(lines.len(), told.len(), "{log:?}");
    for (line, recipient) in lines.iter().zip(told) {
        assert!(line.contains(recipient) && !line.contains("relay="), "{log:?}");
    }
    let said: Vec<_> = steps.take().iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    assert!(said.contains(&"\"|true\"... Connecting to prog...".to_owned()), "{said:?}");
    assert!(!said.iter().any(|line| line.contains("Connecting to local")), "{said:?}");
}
