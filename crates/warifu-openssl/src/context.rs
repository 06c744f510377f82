//! The context: what a series of connections shares.

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::ex_data::{Class, ExData};
use crate::fault::Fault;
use crate::method::Method;
use crate::notes::InfoCallback;
use crate::settings::Settings;
use crate::x509::param::VerifyParam;

/// `SSL_CTX`. Threads share it: its settings may be changed and connections made at the same time.
pub struct Context {
    settings: Mutex<Arc<Settings>>,
    /// Whether they have an info callback, which connections look for at each step of a handshake.
    has_info: AtomicBool,
    /// For verifications; a connection begins with a copy.
    pub(crate) param: Arc<VerifyParam>,
    pub(crate) ex_data: ExData,
}

impl Context {
    pub(crate) fn new(method: &'static Method) -> Self {
        Self {
            settings: Mutex::new(Arc::new(Settings::new(method))),
            has_info: AtomicBool::new(false),
            param: Arc::new(VerifyParam::new()),
            ex_data: ExData::new(),
        }
    }

    /// The settings as they are now.
    pub(crate) fn settings(&self) -> Arc<Settings> {
        self.lock().clone()
    }

    /// Changes the settings of connections made from now on.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Settings) -> T) -> T {
        let mut settings = self.lock();
        let before = settings.clone();
        let result = Settings::change(&mut settings, change);
        self.note_info(&settings);
        // What is replaced may run code of the program's when it goes.
        drop(settings);
        drop(before);
        result
    }

    /// As [`change`](Self::change), for a change that may fail and then changes nothing.
    ///
    /// # Errors
    /// Those of `change`.
    pub(crate) fn try_change<T>(
        &self,
        change: impl FnOnce(&mut Settings) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut settings = self.lock();
        let mut changed = settings.clone();
        let result = Settings::change(&mut changed, change)?;
        let before = core::mem::replace(&mut *settings, changed);
        self.note_info(&settings);
        drop(settings);
        drop(before);
        Ok(result)
    }

    fn note_info(&self, settings: &Settings) {
        let has_info = settings.listeners.info.is_some();
        self.has_info.store(has_info, Ordering::Release);
    }

    /// Who is told of the steps of handshakes.
    pub(crate) fn info_callback(&self) -> Option<InfoCallback> {
        if !self.has_info.load(Ordering::Acquire) {
            return None;
        }
        self.lock().listeners.info
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Arc<Settings>> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        let handle = core::ptr::from_ref(self).cast_mut();
        self.settings().sessions.shared.flush(self, 0);
        // SAFETY: the pointer by which C knows it. Nothing of it is borrowed, and all of it is still there.
        unsafe { self.ex_data.freed(Class::SslCtx, handle.cast()) };
    }
}
