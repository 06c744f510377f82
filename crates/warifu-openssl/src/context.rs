//! The context: what a series of connections shares.

use std::sync::{Arc, Mutex, PoisonError};

use crate::ex_data::{Class, ExData};
use crate::fault::Fault;
use crate::method::Method;
use crate::settings::Settings;
use crate::x509::param::VerifyParam;

/// `SSL_CTX`. Threads share it: its settings may be changed and connections made at the same time.
pub struct Context {
    settings: Mutex<Arc<Settings>>,
    /// For verifications; a connection begins with a copy.
    pub(crate) param: Arc<VerifyParam>,
    pub(crate) ex_data: ExData,
}

impl Context {
    pub(crate) fn new(method: &'static Method) -> Self {
        Self {
            settings: Mutex::new(Arc::new(Settings::new(method))),
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
        drop(settings);
        drop(before);
        Ok(result)
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
