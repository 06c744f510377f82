//! Settings by name and value (`SSL_CONF_cmd`).
//!
//! Commands have two names: one for configuration files, in which letter case means nothing, and one for command lines.

mod command;
mod option;

use core::cell::{Cell, RefCell};
use core::ffi::c_int;
use std::ffi::{CStr, CString};
use std::sync::Arc;

use crate::context::Context;
use crate::fault::Fault;
use crate::reason;
use crate::settings::Settings;
use crate::ssl::Ssl;

use command::{COMMANDS, Command, Kind};

const FLAG_CMDLINE: u32 = 1;
const FLAG_FILE: u32 = 2;
const FLAG_CLIENT: u32 = 4;
const FLAG_SERVER: u32 = 8;
const FLAG_SHOW_ERRORS: u32 = 0x10;
const FLAG_CERTIFICATE: u32 = 0x20;
const FLAG_REQUIRE_PRIVATE: u32 = 0x40;

/// `SSL_CONF_TYPE_UNKNOWN`
const TYPE_UNKNOWN: c_int = 0;

/// Whose settings are changed.
#[derive(Clone, Default)]
pub(crate) enum Target {
    /// Nobody's: commands are checked as far as they can be without.
    #[default]
    None,
    Context(Arc<Context>),
    Connection(Arc<Ssl>),
}

impl Target {
    /// Changes settings, if there are any.
    fn change(&self, change: impl FnOnce(&mut Settings) -> Result<(), Fault>) -> Result<(), Fault> {
        match self {
            Self::None => Ok(()),
            Self::Context(context) => context.try_change(change),
            Self::Connection(ssl) => ssl.try_change(change),
        }
    }
}

/// `SSL_CONF_CTX`: where commands go, and which there are.
#[derive(Default)]
pub struct ConfCtx {
    flags: Cell<u32>,
    prefix: RefCell<Vec<u8>>,
    target: RefCell<Target>,
    /// The file of the last certificate, and whether its key came after it.
    certificate: RefCell<Option<CString>>,
    has_key: Cell<bool>,
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    /// The value was used.
    WithValue,
    /// It takes none.
    WithoutValue,
}

/// Why a command was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// -2
    Unknown(Fault),
    /// -3
    NeedsValue,
    /// 0
    Failed(Fault),
}

impl ConfCtx {
    pub(crate) fn set_flags(&self, flags: u32) -> u32 {
        self.flags.set(self.flags.get() | flags);
        self.flags.get()
    }

    pub(crate) fn clear_flags(&self, flags: u32) -> u32 {
        self.flags.set(self.flags.get() & !flags);
        self.flags.get()
    }

    pub(crate) fn set_prefix(&self, prefix: &[u8]) {
        self.prefix.replace(prefix.to_vec());
    }

    pub(crate) fn set_target(&self, target: Target) {
        let before = self.target.replace(target);
        drop(before);
    }

    fn has(&self, flag: u32) -> bool {
        self.flags.get() & flag != 0
    }

    /// The command of a name, with its prefix.
    fn find(&self, name: &[u8]) -> Option<&'static Command> {
        let prefix = self.prefix.borrow();
        let name = if prefix.is_empty() {
            match self.has(FLAG_CMDLINE) {
                true => name.strip_prefix(b"-").filter(|name| !name.is_empty())?,
                false => name,
            }
        } else {
            let (front, name) = name.split_at_checked(prefix.len())?;
            let fits = match self.has(FLAG_CMDLINE) {
                true => front == prefix.as_slice(),
                false => front.eq_ignore_ascii_case(&prefix),
            };
            fits.then_some(name)?
        };
        COMMANDS.iter().find(|command| {
            let on_line = self.has(FLAG_CMDLINE) && command.on_line.as_bytes() == name;
            let in_file = self.has(FLAG_FILE)
                && !command.in_file.is_empty()
                && command.in_file.as_bytes().eq_ignore_ascii_case(name);
            let is_allowed = |needed: bool, flag: u32| !needed || self.has(flag);
            ((on_line && !command.on_line.is_empty()) || in_file)
                && is_allowed(command.of_servers, FLAG_SERVER)
                && is_allowed(command.of_clients, FLAG_CLIENT)
                && is_allowed(command.of_certificates, FLAG_CERTIFICATE)
        })
    }

    /// `SSL_CONF_cmd_value_type`
    pub(crate) fn value_type(&self, name: &[u8]) -> c_int {
        self.find(name)
            .map_or(TYPE_UNKNOWN, |command| command.kind.number())
    }

    /// `SSL_CONF_cmd`
    ///
    /// # Errors
    /// See [`Refusal`].
    pub(crate) fn run(&self, name: &[u8], value: Option<&CStr>) -> Result<Done, Refusal> {
        let shown = |fault: Fault| match self.has(FLAG_SHOW_ERRORS) {
            true => fault,
            false => Fault::Quiet,
        };
        let named = String::from_utf8_lossy(name);
        let Some(command) = self.find(name) else {
            return Err(Refusal::Unknown(shown(Fault::ssl(
                reason::SSL_R_UNKNOWN_CMD_NAME,
                format!("{named:?} is no command here"),
            ))));
        };
        let target = self.target.borrow().clone();
        if let Kind::Switch(switch) = command.kind {
            return match switch.apply(&target) {
                Ok(()) => Ok(Done::WithoutValue),
                Err(fault) => Err(Refusal::Failed(shown(fault))),
            };
        }
        let Some(value) = value else {
            return Err(Refusal::NeedsValue);
        };
        let text = value
            .to_str()
            .map_err(|_| Fault::argument("text that is not UTF-8"));
        let done = text.and_then(|text| command.kind.apply(self, &target, value, text));
        done.map(|()| Done::WithValue).map_err(|fault| {
            let detail = match &fault {
                Fault::Raised {
                    detail: Some(detail),
                    ..
                } => format!("{named} {:?}: {detail}", value.to_string_lossy()),
                _ => format!("{named} {:?}", value.to_string_lossy()),
            };
            Refusal::Failed(shown(Fault::ssl(reason::SSL_R_BAD_VALUE, detail)))
        })
    }

    /// The file of a certificate was used.
    fn note_certificate(&self, file: &CStr) {
        self.certificate.replace(Some(file.to_owned()));
        self.has_key.set(false);
    }

    fn note_key(&self) {
        self.has_key.set(true);
    }

    /// `SSL_CONF_CTX_finish`: takes the key out of the certificate's file, if one is required and none was named.
    ///
    /// # Errors
    /// Those of reading it.
    pub(crate) fn finish(&self) -> Result<(), Fault> {
        let target = self.target.borrow().clone();
        let file = self.certificate.take();
        if let Some(file) = file.filter(|_| self.has(FLAG_REQUIRE_PRIVATE) && !self.has_key.get()) {
            command::use_key(&target, &file)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
