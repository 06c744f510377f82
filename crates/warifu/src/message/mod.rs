//! Wire format of messages.
