//! What has become of a recipient, in the five words of RFC 3464, 2.3.3.

/// The Action of a delivery status.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Disposition {
    /// In a mailbox, a file or a program's hands.
    Delivered,
    /// In the hands of another host.
    Relayed,
    /// Replaced by others, by an alias or a list.
    Expanded,
    /// To be tried again.
    Delayed,
    /// Given up.
    Failed,
}

impl Disposition {
    /// The word of the Action field.
    pub fn action(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Relayed => "relayed",
            Self::Expanded => "expanded",
            Self::Delayed => "delayed",
            Self::Failed => "failed",
        }
    }

    /// Nothing is left to do.
    pub fn is_success(self) -> bool {
        matches!(self, Self::Delivered | Self::Relayed | Self::Expanded)
    }
}
