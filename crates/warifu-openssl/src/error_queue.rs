//! The error queue of a thread.

use core::cell::RefCell;
use core::ffi::{CStr, c_int, c_ulong};
use std::collections::VecDeque;
use std::ffi::CString;

use crate::fault::Fault;
use crate::reason;

/// Most errors that a thread's queue holds; the oldest go first. As many as OpenSSL's.
const CAPACITY: usize = 15;
/// How many errors stay after they were taken off the queue, for pointers into them that C has.
const RETAINED: usize = 4;

/// `ERR_TXT_MALLOCED`: data that the queue owns.
pub(crate) const TEXT_OWNED: c_int = 1;
/// `ERR_TXT_STRING`: data that is a string to print.
pub(crate) const TEXT_STRING: c_int = 2;

/// Where an error was raised that is not from a program.
const OUR_FILE: &CStr = c"warifu";

/// One failure. Its strings do not move while it is on the queue.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Raised {
    pub(crate) code: c_ulong,
    /// Our own sentence, or the program's.
    data: Option<CString>,
    data_flags: c_int,
    /// `None`: this library.
    place: Option<Place>,
    /// How often `ERR_set_mark` marked it.
    marks: u32,
}

/// Where a program raised an error.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Place {
    pub(crate) file: CString,
    pub(crate) line: c_int,
    pub(crate) function: CString,
}

impl Raised {
    pub(crate) fn file(&self) -> &CStr {
        self.place.as_ref().map_or(OUR_FILE, |place| &place.file)
    }

    pub(crate) fn line(&self) -> c_int {
        self.place.as_ref().map_or(0, |place| place.line)
    }

    pub(crate) fn function(&self) -> &CStr {
        self.place.as_ref().map_or(c"", |place| &place.function)
    }

    /// The sentence, or nothing.
    pub(crate) fn data(&self) -> &CStr {
        self.data.as_deref().unwrap_or(c"")
    }

    /// `ERR_TXT_…`; 0 without data.
    pub(crate) fn data_flags(&self) -> c_int {
        self.data_flags
    }

    pub(crate) fn set_data(&mut self, data: Option<CString>, flags: c_int) {
        self.data_flags = if data.is_some() { flags } else { 0 };
        self.data = data;
    }

    /// Puts more behind the sentence, and `separator` before it if there was one.
    pub(crate) fn append(&mut self, separator: &[u8], text: &[u8]) {
        let mut data = self
            .data
            .take()
            .map(CString::into_bytes)
            .unwrap_or_default();
        if !data.is_empty() {
            data.extend_from_slice(separator);
        }
        data.extend_from_slice(text);
        self.set_data(Some(c_string(data)), TEXT_OWNED | TEXT_STRING);
    }
}

/// Text for C: it ends at a NUL within.
pub(crate) fn c_string(text: impl Into<Vec<u8>>) -> CString {
    let mut text = text.into();
    text.retain(|byte| *byte != 0);
    CString::new(text).unwrap_or_default()
}

/// Which error of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// The oldest, which is taken off.
    Take,
    /// The oldest.
    First,
    /// The newest.
    Last,
}

#[derive(Default)]
struct Queue {
    raised: VecDeque<Raised>,
    /// Those that were taken last.
    taken: VecDeque<Raised>,
}

thread_local! {
    static QUEUE: RefCell<Queue> = const {
        RefCell::new(Queue { raised: VecDeque::new(), taken: VecDeque::new() })
    };
}

/// Puts a failure onto the queue, if it is one that goes there.
pub(crate) fn raise(fault: &Fault) {
    let Fault::Raised {
        library,
        reason,
        detail,
    } = fault
    else {
        return;
    };
    let mut raised = Raised {
        code: reason::pack(*library, *reason),
        ..Raised::default()
    };
    if let Some(detail) = detail {
        raised.set_data(Some(c_string(detail.as_str())), TEXT_OWNED | TEXT_STRING);
    }
    put(raised);
}

/// Puts an error onto the queue.
pub(crate) fn put(raised: Raised) {
    with(|queue| {
        while queue.raised.len() >= CAPACITY {
            queue.raised.pop_front();
        }
        queue.raised.push_back(raised);
    });
}

/// Puts an error onto the queue that its program has yet to say (`ERR_new`).
pub(crate) fn put_blank() {
    put(Raised {
        place: Some(Place::default()),
        ..Raised::default()
    });
}

/// Says where the newest error was raised.
pub(crate) fn set_place(place: Place) {
    change_last(|raised| raised.place = Some(place));
}

/// Changes the newest error.
pub(crate) fn change_last(change: impl FnOnce(&mut Raised)) {
    with(|queue| {
        if let Some(raised) = queue.raised.back_mut() {
            change(raised);
        }
    });
}

/// Shows an error. What `look` takes pointers of stays until the thread takes the next but few, or empties the queue.
pub(crate) fn look<T: Default>(which: Which, look: impl FnOnce(&Raised) -> T) -> T {
    with(|queue| match which {
        Which::First => queue.raised.front().map_or_else(T::default, look),
        Which::Last => queue.raised.back().map_or_else(T::default, look),
        Which::Take => {
            let Some(raised) = queue.raised.pop_front() else {
                return T::default();
            };
            while queue.taken.len() >= RETAINED {
                queue.taken.pop_front();
            }
            queue.taken.push_back(raised);
            queue.taken.back().map_or_else(T::default, look)
        }
    })
}

/// Takes the oldest error off the queue.
pub(crate) fn take() -> Option<Raised> {
    with(|queue| queue.raised.pop_front())
}

/// Empties the queue.
pub(crate) fn clear() {
    with(|queue| queue.raised.clear());
}

/// Whether nothing failed since the queue was emptied.
#[cfg(test)]
pub(crate) fn is_empty() -> bool {
    with(|queue| (!queue.raised.is_empty()).then_some(())).is_none()
}

/// The code of an error without taking it; 0 if there is none.
#[cfg(test)]
fn code(which: Which) -> c_ulong {
    look(which, |raised| raised.code)
}

/// Marks the newest error. False if there is none.
pub(crate) fn set_mark() -> bool {
    with(|queue| {
        queue.raised.back_mut().is_some_and(|raised| {
            raised.marks = raised.marks.saturating_add(1);
            true
        })
    })
}

/// Takes off what is newer than the last mark, and the mark. False if there is none: then all are taken off.
pub(crate) fn pop_to_mark() -> bool {
    with(|queue| {
        while let Some(raised) = queue.raised.back_mut() {
            if raised.marks > 0 {
                raised.marks -= 1;
                return true;
            }
            queue.raised.pop_back();
        }
        false
    })
}

/// Takes the last mark off, and no error. False if there is none.
pub(crate) fn clear_last_mark() -> bool {
    with(|queue| {
        let marked = queue
            .raised
            .iter_mut()
            .rev()
            .find(|raised| raised.marks > 0);
        marked.is_some_and(|raised| {
            raised.marks -= 1;
            true
        })
    })
}

/// Runs `body` with the queue. During the end of a thread there is none.
fn with<T: Default>(body: impl FnOnce(&mut Queue) -> T) -> T {
    QUEUE
        .try_with(|queue| queue.try_borrow_mut().map(|mut queue| body(&mut queue)))
        .map_or_else(|_| T::default(), |done| done.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers() -> Vec<c_ulong> {
        core::iter::from_fn(take)
            .map(|raised| raised.code)
            .collect()
    }

    fn put_number(code: c_ulong) {
        put(Raised {
            code,
            ..Raised::default()
        });
    }

    #[test]
    fn holds_the_newest() {
        clear();
        (1..=20).for_each(put_number);
        assert_eq!(code(Which::First), 6);
        assert_eq!(code(Which::Last), 20);
        assert_eq!(numbers(), (6..=20).collect::<Vec<_>>());
        assert!(is_empty());
        assert_eq!(code(Which::Take), 0);
    }

    #[test]
    fn pops_to_the_last_of_several_marks() {
        clear();
        assert!(!set_mark());
        put_number(1);
        assert!(set_mark());
        put_number(2);
        assert!(set_mark() && set_mark());
        put_number(3);
        assert!(pop_to_mark());
        assert_eq!(code(Which::Last), 2);
        put_number(4);
        assert!(clear_last_mark());
        assert!(pop_to_mark());
        assert_eq!(code(Which::Last), 1);
        assert!(!pop_to_mark());
        assert!(is_empty());
        assert!(!clear_last_mark());
    }

    #[test]
    fn data_is_text_without_nul() {
        clear();
        raise(&Fault::misuse("a\0b"));
        change_last(|raised| raised.append(b", ", b"more"));
        look(Which::Last, |raised| {
            assert_eq!(raised.data(), c"ab, more");
            assert_eq!(raised.data_flags(), 3);
            assert_eq!(raised.file(), c"warifu");
        });
        clear();
    }
}
