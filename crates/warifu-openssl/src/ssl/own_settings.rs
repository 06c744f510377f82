//! The settings of a connection.

use core::cell::{Cell, RefCell};
use std::sync::Arc;

use crate::options::Modes;
use crate::settings::Settings;

/// Settings, shared with the context until they are changed for this connection, and a copy of what each read and write asks of them:
/// behind a system call, which empties the processor's caches, they are far away.
#[repr(C)]
pub(super) struct OwnSettings {
    modes: Cell<Modes>,
    read_ahead: Cell<bool>,
    shared: RefCell<Arc<Settings>>,
}

impl OwnSettings {
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        Self {
            modes: Cell::new(settings.modes),
            read_ahead: Cell::new(settings.read_ahead),
            shared: RefCell::new(settings),
        }
    }

    pub(super) fn get(&self) -> Arc<Settings> {
        self.shared.borrow().clone()
    }

    /// Looks at them, by which no C code is run.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Settings) -> T) -> T {
        look(&self.shared.borrow())
    }

    /// Others in place of these, which it returns.
    pub(super) fn replace(&self, settings: Arc<Settings>) -> Arc<Settings> {
        let before = self.shared.replace(settings);
        self.note();
        before
    }

    /// Changes them for this connection alone.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Settings) -> T) -> T {
        let result = Settings::change(&mut self.shared.borrow_mut(), change);
        self.note();
        result
    }

    fn note(&self) {
        let settings = self.shared.borrow();
        self.modes.set(settings.modes);
        self.read_ahead.set(settings.read_ahead);
    }

    /// `SSL_get_mode`
    #[inline(always)]
    pub(super) fn modes(&self) -> Modes {
        self.modes.get()
    }

    /// `SSL_set_read_ahead`
    #[inline(always)]
    pub(super) fn read_ahead(&self) -> bool {
        self.read_ahead.get()
    }
}
