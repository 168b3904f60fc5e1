//! MeToo: does the sender of a message get what he sends to a list?

use super::*;

/// What becomes of recipients of a message that ME sends, with MeToo=False.
async fn states_of(aliases: &str, recipients: &[&str]) -> (Vec<String>, usize) {
    let scene = scene_with(aliases, "O MeToo=False\n");
    let (own, _) = scene.attempt(&["ME"]).await;
    let mut envelope = scene.envelope(recipients);
    envelope.sender =
        Sender { text: scene.me.clone().into_bytes(), address: own.recipients[0].address.clone() };
    scene.deliverer.attempt(&mut envelope, None).await;
    (scene.states(&envelope), envelope.counted_recipients())
}

#[tokio::test]
async fn the_sender_of_several_is_left_out_and_counted() {
    let (states, counted) = states_of("list: ME, @DIR@/box/\n", &["list"]).await;
    let box_state = states.iter().find(|one| one.contains("/box/")).expect("the other member");
    assert!(box_state.ends_with(" Sent"), "{states:?}");
    assert!(states.contains(&"ME Removed".to_owned()), "{states:?}");
    assert_eq!(counted, 2);
}

/// All that came of an alias: a list of one, or the only one of a list who is known.
#[tokio::test]
async fn the_sender_alone_gets_his_mail() {
    for aliases in ["list: ME\n", "list: nobody-here, ME\n", "list: ME, ME\n"] {
        let (states, _) = states_of(aliases, &["list"]).await;
        assert!(states.contains(&"ME Sent".to_owned()), "{aliases}: {states:?}");
    }
}

#[tokio::test]
async fn whom_the_message_names_gets_it() {
    let (states, _) = states_of("list: ME, @DIR@/box/\n", &["list", "ME"]).await;
    assert!(states.contains(&"ME Sent".to_owned()), "{states:?}");
}
