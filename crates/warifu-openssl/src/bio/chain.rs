//! The chain: how BIOs follow each other, and who owns them.

use core::ffi::c_int;
use core::ptr;
use std::sync::{Arc, Weak};

use super::{Bio, command};
use crate::ex_data::Class;
use crate::fault::Fault;

/// The chain.
impl Bio {
    /// What follows in the chain.
    pub(crate) fn next(&self) -> Option<Arc<Bio>> {
        self.next.try_borrow().ok()?.clone()
    }

    /// The pointer of what follows in the chain, or null.
    pub(crate) fn next_handle(&self) -> *mut Bio {
        self.next().map_or(ptr::null_mut(), |next| next.handle())
    }

    /// Links `next` behind this one, in place of what was there, which is given back with its reference. The reference of `next`
    /// moves into the chain.
    pub(crate) fn link(&self, next: Option<Arc<Bio>>) -> Option<Arc<Bio>> {
        if let Some(next) = &next {
            next.previous.replace(Weak::clone(&self.me));
        }
        let before = self.next.replace(next);
        if let Some(before) = &before {
            before.previous.replace(Weak::new());
        }
        before
    }

    /// `BIO_push`: puts `append`, and what is behind it, at the end of this one's chain. Its reference moves into the chain.
    pub(crate) fn push(&self, append: Arc<Bio>) {
        let mut last = None;
        let mut following = self.next();
        while let Some(bio) = following {
            following = bio.next();
            last = Some(bio);
        }
        let last = last.as_deref().unwrap_or(self);
        if append.reaches(last) {
            // It would be a circle, which never ends. The reference stays whose it was.
            core::mem::forget(append);
            return;
        }
        drop(last.link(Some(append)));
        // SAFETY: the command takes the BIO before what was pushed.
        unsafe { self.control(command::CTRL_PUSH, 0, last.handle().cast()) };
    }

    /// Whether `bio` is this one, or follows it.
    fn reaches(&self, bio: &Bio) -> bool {
        let mut following = self.next();
        let mut found = ptr::eq(self, bio);
        while let Some(next) = following.filter(|_| !found) {
            found = ptr::eq(&raw const *next, bio);
            following = next.next();
        }
        found
    }

    /// `BIO_pop`: takes this one out of its chain. What followed is returned; the reference of this one is the program's again.
    pub(crate) fn pop(&self) -> *mut Bio {
        // SAFETY: the command takes the BIO that is taken out.
        unsafe { self.control(command::CTRL_POP, 0, self.handle().cast()) };
        let next = self.link(None);
        let handle = next.as_ref().map_or(ptr::null_mut(), |next| next.handle());
        let previous = self.previous.replace(Weak::new()).upgrade();
        match previous {
            Some(previous) => {
                // The reference to this one that the chain had becomes the program's.
                core::mem::forget(previous.link(next));
            }
            // The reference to what followed becomes the program's.
            None => core::mem::forget(next),
        }
        handle
    }

    /// The first BIO of a kind, or of a class of kinds, from here on: its pointer, or null.
    pub(crate) fn find_handle(&self, kind: c_int) -> *mut Bio {
        if self.is_kind(kind) {
            return self.handle();
        }
        self.next()
            .and_then(|next| next.find(kind))
            .map_or(ptr::null_mut(), |found| found.handle())
    }

    pub(super) fn find(self: Arc<Self>, kind: c_int) -> Option<Arc<Bio>> {
        let mut current = Some(self);
        while let Some(bio) = current {
            if bio.is_kind(kind) {
                return Some(bio);
            }
            current = bio.next();
        }
        None
    }

    fn is_kind(&self, kind: c_int) -> bool {
        if kind & command::TYPE_MASK == 0 {
            self.kind() & kind != 0
        } else {
            self.kind() == kind
        }
    }

    /// `BIO_free`: gives back one reference. Was it the last, the rest of the chain is the program's.
    pub(crate) fn release(bio: Arc<Bio>) {
        if Arc::strong_count(&bio) == 1 {
            bio.leaves_next.set(true);
        }
        drop(bio);
    }

    /// `BIO_dup_chain`: copies of this one and all behind it, each as its kind copies.
    ///
    /// # Errors
    /// One of them cannot be copied.
    pub(crate) fn duplicate_chain(&self) -> Result<Arc<Bio>, Fault> {
        let first = self.duplicate()?;
        let mut following = self.next();
        while let Some(bio) = following {
            first.push(bio.duplicate()?);
            following = bio.next();
        }
        Ok(first)
    }

    fn duplicate(&self) -> Result<Arc<Bio>, Fault> {
        let copy = Bio::new(self.method())?;
        copy.set_observer(self.observer());
        copy.set_callback_argument(self.callback_argument());
        copy.set_init(self.init());
        copy.set_shutdown(self.shutdown());
        copy.set_flags(self.flags());
        // SAFETY: the command takes the copy. Both are of the same class.
        let done = unsafe {
            self.control(command::CTRL_DUP, 0, copy.handle().cast()) > 0
                && copy
                    .ex_data()
                    .copy_from(Class::Bio as usize, self.ex_data())
        };
        if done {
            Ok(copy)
        } else {
            // What the copy shares with the original is not its to close.
            copy.set_shutdown(command::NOCLOSE);
            Err(super::fault(
                crate::reason::BIO_R_UNSUPPORTED_METHOD,
                "a BIO of this kind cannot be copied",
            ))
        }
    }
}
