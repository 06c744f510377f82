//! The form in which failures are told, for [`crate::exit`].

/// A failure in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) what: String,
    pub(crate) cause: String,
    pub(crate) next: String,
}

pub(crate) fn text(
    what: impl Into<String>,
    cause: impl Into<String>,
    next: impl Into<String>,
) -> Text {
    Text {
        what: what.into(),
        cause: cause.into(),
        next: next.into(),
    }
}
