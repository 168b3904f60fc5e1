//! `-q -v`: one message after the other, each step told on standard output.

use super::load;
use super::mta::{Mta, Phase};
use super::runs::Occasion;
use crate::deliver::Connections;
use crate::envelope::MessageKey;
use crate::logging::say;
use crate::queue::Selection;
use crate::schema::Sysexit;
use std::sync::Arc;

impl Mta {
    /// One pass over the queue, group by group. Connections stay open from message to message. The exit status of the
    /// last one.
    pub async fn run_queue_aloud(self: Arc<Self>, selection: &Selection) -> Sysexit {
        let mut connections = Connections::new(&self.site.config);
        let (mut status, occasion) = (Sysexit::OK, Occasion::of(selection));
        if self.is_too_busy_for_any() {
            say(b"Skipping queue run -- load average too high");
            return status;
        }
        let threshold = load::threshold(&self.site.config.options);
        for group in self.queue.options().groups_of(selection) {
            let limit = self.queue.options().jobs(group);
            let selection = selection.clone().in_group(Some(group));
            match self.queue.due(&selection, limit, &mut self.queue.begin_run(threshold)).await {
                Ok(due) => {
                    status = self.run_in_turn(&due, occasion, &mut connections).await.unwrap_or(status)
                }
                Err(error) => self.complain(None, &error),
            }
        }
        connections.close().await;
        status
    }

    async fn run_in_turn(
        self: &Arc<Self>,
        due: &[MessageKey],
        occasion: Occasion,
        connections: &mut Connections,
    ) -> Option<Sysexit> {
        let mut status = None;
        for (number, key) in due.iter().enumerate() {
            if self.is(Phase::Draining) {
                break;
            }
            let place = self.queue.store().label(key.location);
            let (at, of) = (number + 1, due.len());
            say(format!("\nRunning {place}/{} (sequence {at} of {of})", key.id).as_bytes());
            status = Some(self.run_next(key, occasion, connections).await);
        }
        status
    }
}
