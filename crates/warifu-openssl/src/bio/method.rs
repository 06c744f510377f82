//! Methods (`BIO_METHOD`): the kinds of BIOs, those of the library and those that programs make.

use core::ffi::{CStr, c_char, c_int, c_long, c_void};
use std::ffi::CString;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Bio, Transfer};

/// `BIO_info_cb`: BIO, state, result.
pub(crate) type InfoCallback = unsafe extern "C" fn(*mut Bio, c_int, c_int) -> c_int;

/// What reads and writes behind a [`Bio`].
///
/// Its functions take `&self`, as C code may call back: what changes is in cells, and no cell stays borrowed while another BIO of
/// the chain, or a callback, runs.
pub(crate) trait Medium {
    /// Gets a new BIO ready; false fails its making.
    fn create(&self, bio: &Bio) -> bool {
        let _ = bio;
        true
    }

    /// Reads at most `out.len()` bytes.
    fn read(&self, bio: &Bio, out: &mut [u8]) -> Transfer;

    /// Writes as many of the bytes as go.
    fn write(&self, bio: &Bio, data: &[u8]) -> Transfer;

    /// Reads a line with its end, of less than `out.len()` bytes: the caller puts a NUL behind. `None`: has no lines.
    fn gets(&self, bio: &Bio, out: &mut [u8]) -> Option<Transfer> {
        let _ = (bio, out);
        None
    }

    /// Writes a string.
    fn puts(&self, bio: &Bio, text: &CStr) -> Option<Transfer> {
        Some(self.write(bio, text.to_bytes()))
    }

    /// Carries a command of `BIO_ctrl` out.
    ///
    /// # Safety
    /// `pointer` is null or what the command takes.
    unsafe fn control(
        &self,
        bio: &Bio,
        command: c_int,
        number: c_long,
        pointer: *mut c_void,
    ) -> c_long;

    /// Carries a command of `BIO_callback_ctrl` out. Filters hand it on.
    fn callback_control(
        &self,
        bio: &Bio,
        command: c_int,
        callback: Option<InfoCallback>,
    ) -> c_long {
        bio.next()
            .filter(|_| bio.kind() & super::command::TYPE_FILTER != 0)
            .map_or(0, |next| next.callback_control(command, callback))
    }

    /// Lets go of what the BIO has.
    fn destroy(&self, bio: &Bio) {
        let _ = bio;
    }

    /// Whether it calls functions of the program's.
    fn runs_foreign_code(&self) -> bool {
        false
    }

    /// Whether it is a [`Socket`](super::socket::Socket), which [`Bio`] reads and writes without asking it.
    fn is_socket(&self) -> bool {
        false
    }

    /// The half of a pair, if it is one.
    fn as_pair(&self) -> Option<&super::pair::Half> {
        None
    }
}

pub(crate) type WriteFn = unsafe extern "C" fn(*mut Bio, *const c_char, c_int) -> c_int;
pub(crate) type WriteExFn =
    unsafe extern "C" fn(*mut Bio, *const c_char, usize, *mut usize) -> c_int;
pub(crate) type ReadFn = unsafe extern "C" fn(*mut Bio, *mut c_char, c_int) -> c_int;
pub(crate) type ReadExFn = unsafe extern "C" fn(*mut Bio, *mut c_char, usize, *mut usize) -> c_int;
pub(crate) type PutsFn = unsafe extern "C" fn(*mut Bio, *const c_char) -> c_int;
pub(crate) type GetsFn = unsafe extern "C" fn(*mut Bio, *mut c_char, c_int) -> c_int;
pub(crate) type ControlFn = unsafe extern "C" fn(*mut Bio, c_int, c_long, *mut c_void) -> c_long;
pub(crate) type LifeFn = unsafe extern "C" fn(*mut Bio) -> c_int;
pub(crate) type CallbackControlFn =
    unsafe extern "C" fn(*mut Bio, c_int, Option<InfoCallback>) -> c_long;

/// The functions that a program gave its method.
#[derive(Clone, Copy, Default)]
pub(crate) struct Functions {
    pub(crate) write: Option<WriteFn>,
    pub(crate) write_ex: Option<WriteExFn>,
    pub(crate) read: Option<ReadFn>,
    pub(crate) read_ex: Option<ReadExFn>,
    pub(crate) puts: Option<PutsFn>,
    pub(crate) gets: Option<GetsFn>,
    pub(crate) control: Option<ControlFn>,
    pub(crate) create: Option<LifeFn>,
    pub(crate) destroy: Option<LifeFn>,
    pub(crate) callback_control: Option<CallbackControlFn>,
}

/// What makes the medium of a method's BIOs.
pub(crate) type Maker = fn(&Arc<Method>) -> Box<dyn Medium>;

/// A kind of BIO (`BIO_METHOD`).
pub struct Method {
    kind: c_int,
    name: CString,
    maker: Maker,
    /// Whether it is the library's, which lives for ever.
    builtin: bool,
    /// Whether its functions need neither say that a BIO is ready nor flush it.
    undemanding: bool,
    functions: Mutex<Functions>,
}

impl Method {
    /// A method of the library.
    pub(crate) fn builtin(kind: c_int, name: &CStr, maker: Maker) -> Arc<Self> {
        Self::builtin_with(kind, name, maker, Functions::default())
    }

    /// A method of the library whose functions a program may take into one of its own.
    pub(crate) fn builtin_with(
        kind: c_int,
        name: &CStr,
        maker: Maker,
        functions: Functions,
    ) -> Arc<Self> {
        Arc::new(Self {
            kind,
            name: name.to_owned(),
            maker,
            builtin: true,
            undemanding: false,
            functions: Mutex::new(functions),
        })
    }

    /// A method of the program.
    pub(crate) fn custom(kind: c_int, name: &CStr, undemanding: bool) -> Arc<Self> {
        Arc::new(Self {
            kind,
            name: name.to_owned(),
            maker: super::custom::make,
            builtin: false,
            undemanding,
            functions: Mutex::new(Functions::default()),
        })
    }

    /// `BIO_TYPE_…`, or the program's.
    pub(crate) fn kind(&self) -> c_int {
        self.kind
    }

    pub(crate) fn name(&self) -> &CStr {
        &self.name
    }

    pub(crate) fn is_builtin(&self) -> bool {
        self.builtin
    }

    pub(crate) fn undemanding(&self) -> bool {
        self.undemanding
    }

    pub(crate) fn functions(&self) -> Functions {
        *self
            .functions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the functions of a program's method. False for one of the library.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Functions)) -> bool {
        if self.builtin {
            return false;
        }
        change(
            &mut self
                .functions
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        true
    }

    pub(super) fn make(self: &Arc<Self>) -> Box<dyn Medium> {
        (self.maker)(self)
    }
}

/// Declares the function that gives a method of the library: `name: TYPE, "words", maker;`.
macro_rules! builtin {
    ($($name:ident: $kind:expr, $words:literal, $maker:expr;)*) => {$(
        #[doc = concat!("The method of a ", stringify!($name), " BIO.")]
        pub(crate) fn $name() -> &'static std::sync::Arc<$crate::bio::method::Method> {
            static METHOD: std::sync::LazyLock<std::sync::Arc<$crate::bio::method::Method>> =
                std::sync::LazyLock::new(|| $crate::bio::method::Method::builtin($kind, $words, $maker));
            &METHOD
        }
    )*};
}
pub(crate) use builtin;
