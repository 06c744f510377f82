//! Data that a program hangs onto objects (`…_set_ex_data`), and the indices it gets for it.
//!
//! A class of objects (`CRYPTO_EX_INDEX_…`) has a register of indices, each with callbacks for the making, copying and freeing of an
//! object. The object itself has an [`ExData`], and calls [`ExData::created`] and [`ExData::freed`].

use core::ffi::{c_int, c_long, c_void};
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Number of classes (`CRYPTO_EX_INDEX__COUNT`).
const CLASSES: usize = 18;
/// Most indices of a class. Programs ask for a handful; without a bound, a wrong index would cost memory.
const MAX_INDEX: usize = 4096;

/// `CRYPTO_EX_new` and `CRYPTO_EX_free`: object, value, its `CRYPTO_EX_DATA`, index, and what was registered.
pub(crate) type Notice =
    unsafe extern "C" fn(*mut c_void, *mut c_void, *mut ExData, c_int, c_long, *mut c_void);
/// `CRYPTO_EX_dup`: to, from, the address of the value to take over, index, and what was registered. 0 fails the copy.
pub(crate) type Duplicate = unsafe extern "C" fn(
    *mut ExData,
    *const ExData,
    *mut *mut c_void,
    c_int,
    c_long,
    *mut c_void,
) -> c_int;

/// A class of objects; its number is OpenSSL's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code)] // Programs name the others by number.
pub(crate) enum Class {
    Ssl = 0,
    SslCtx = 1,
    SslSession = 2,
    X509 = 3,
    X509Store = 4,
    X509StoreCtx = 5,
    Rsa = 9,
    Bio = 12,
    App = 13,
}

/// What a program registered with an index.
#[derive(Clone, Copy)]
struct Registration {
    made: Option<Notice>,
    copied: Option<Duplicate>,
    freed: Option<Notice>,
    number: c_long,
    /// A pointer that is only handed back.
    argument: usize,
}

static REGISTER: Mutex<[Vec<Registration>; CLASSES]> = Mutex::new([const { Vec::new() }; CLASSES]);
/// Whether a class has a callback at all: spares the lock where, as mostly, it has none.
static CALLS_BACK: [AtomicBool; CLASSES] = [const { AtomicBool::new(false) }; CLASSES];

fn register() -> MutexGuard<'static, [Vec<Registration>; CLASSES]> {
    REGISTER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Registers an index of a class. Index 0 is never given: it is the one of `…_set_app_data`. `None` for an unknown class, or if
/// there are too many.
pub(crate) fn new_index(
    class: c_int,
    number: c_long,
    argument: *mut c_void,
    made: Option<Notice>,
    copied: Option<Duplicate>,
    freed: Option<Notice>,
) -> Option<c_int> {
    let class = usize::try_from(class).ok()?;
    let mut register = register();
    let indices = register.get_mut(class)?;
    if indices.is_empty() {
        indices.push(Registration {
            made: None,
            copied: None,
            freed: None,
            number: 0,
            argument: 0,
        });
    }
    if indices.len() >= MAX_INDEX {
        return None;
    }
    if (made.is_some() || copied.is_some() || freed.is_some())
        && let Some(calls_back) = CALLS_BACK.get(class)
    {
        calls_back.store(true, Ordering::Release);
    }
    indices.push(Registration {
        made,
        copied,
        freed,
        number,
        argument: argument as usize,
    });
    c_int::try_from(indices.len() - 1).ok()
}

/// Takes an index out of use: its callbacks are not called any more. False if there is none.
pub(crate) fn free_index(class: c_int, index: c_int) -> bool {
    let (Ok(class), Ok(index)) = (usize::try_from(class), usize::try_from(index)) else {
        return false;
    };
    let mut register = register();
    let Some(registration) = register.get_mut(class).and_then(|all| all.get_mut(index)) else {
        return false;
    };
    registration.made = None;
    registration.copied = None;
    registration.freed = None;
    true
}

/// The registrations of a class with callbacks, each with its index.
fn registrations(class: usize) -> Vec<(c_int, Registration)> {
    if !CALLS_BACK
        .get(class)
        .is_some_and(|calls_back| calls_back.load(Ordering::Acquire))
    {
        return Vec::new();
    }
    let register = register();
    let of_class = register.get(class).map_or(&[][..], Vec::as_slice);
    (0..).zip(of_class.iter().copied()).collect()
}

/// The values of one object (`CRYPTO_EX_DATA`), by index. All zero, as C may make it, is one without values.
///
/// The layout is the one of `struct crypto_ex_data_st`, because programs have such fields in objects of their own.
#[repr(C)]
pub struct ExData {
    reserved: AtomicPtr<c_void>,
    /// Null, or from a `Box`. The values are pointers that are only handed back.
    values: AtomicPtr<Mutex<Vec<usize>>>,
}

impl Default for ExData {
    fn default() -> Self {
        Self::new()
    }
}

impl ExData {
    /// No values.
    pub(crate) const fn new() -> Self {
        Self {
            reserved: AtomicPtr::new(ptr::null_mut()),
            values: AtomicPtr::new(ptr::null_mut()),
        }
    }

    fn values(&self) -> Option<&Mutex<Vec<usize>>> {
        // SAFETY: null, or from `Box::into_raw` in `set` and alive until `clear`, which nobody calls while others use the object.
        unsafe { self.values.load(Ordering::Acquire).as_ref() }
    }

    /// The value of an index; null if it was never set.
    pub(crate) fn get(&self, index: c_int) -> *mut c_void {
        let value = usize::try_from(index).ok().and_then(|index| {
            let values = self
                .values()?
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            values.get(index).copied()
        });
        ptr::with_exposed_provenance_mut(value.unwrap_or(0))
    }

    /// Sets the value of an index. False for an index that no class has.
    pub(crate) fn set(&self, index: c_int, value: *mut c_void) -> bool {
        let Ok(index) = usize::try_from(index) else {
            return false;
        };
        if index >= MAX_INDEX {
            return false;
        }
        if self.values().is_none() {
            let fresh = Box::into_raw(Box::new(Mutex::new(Vec::new())));
            if self
                .values
                .compare_exchange(ptr::null_mut(), fresh, Ordering::AcqRel, Ordering::Acquire)
                .is_err()
            {
                // SAFETY: from `Box::into_raw` just above; another thread's was taken.
                drop(unsafe { Box::from_raw(fresh) });
            }
        }
        let Some(values) = self.values() else {
            return false;
        };
        let mut values = values.lock().unwrap_or_else(PoisonError::into_inner);
        if values.len() <= index {
            values.resize(index + 1, 0);
        }
        if let Some(slot) = values.get_mut(index) {
            *slot = value.expose_provenance();
        }
        true
    }

    /// Calls the callbacks for a new object. No borrow of the object may be held.
    ///
    /// # Safety
    /// `object` is the pointer by which C knows the object that has this `ExData`.
    pub(crate) unsafe fn created(&self, class: Class, object: *mut c_void) {
        // SAFETY: the caller's promise.
        unsafe { self.created_in(class as usize, object) };
    }

    /// As [`created`](Self::created), for the number of a class.
    ///
    /// # Safety
    /// As there.
    pub(crate) unsafe fn created_in(&self, class: usize, object: *mut c_void) {
        for (index, registration) in registrations(class) {
            if let Some(made) = registration.made {
                let argument = ptr::with_exposed_provenance_mut(registration.argument);
                // SAFETY: the program's callback, with what it was registered for; nothing is borrowed or locked.
                unsafe {
                    made(
                        object,
                        self.get(index),
                        ptr::from_ref(self).cast_mut(),
                        index,
                        registration.number,
                        argument,
                    );
                }
            }
        }
    }

    /// Calls the callbacks for an object that ends, and forgets the values. No borrow of the object may be held.
    ///
    /// # Safety
    /// As for [`created`](Self::created).
    pub(crate) unsafe fn freed(&self, class: Class, object: *mut c_void) {
        // SAFETY: the caller's promise.
        unsafe { self.freed_in(class as usize, object) };
    }

    /// As [`freed`](Self::freed), for the number of a class.
    ///
    /// # Safety
    /// As there.
    pub(crate) unsafe fn freed_in(&self, class: usize, object: *mut c_void) {
        for (index, registration) in registrations(class) {
            if let Some(freed) = registration.freed {
                let argument = ptr::with_exposed_provenance_mut(registration.argument);
                // SAFETY: the program's callback, with what it was registered for; nothing is borrowed or locked.
                unsafe {
                    freed(
                        object,
                        self.get(index),
                        ptr::from_ref(self).cast_mut(),
                        index,
                        registration.number,
                        argument,
                    );
                }
            }
        }
        self.clear();
    }

    /// Takes the values of `from` over, as the callbacks of their indices want it. False if one of them refused.
    ///
    /// # Safety
    /// Both belong to objects of the class that the program may have.
    pub(crate) unsafe fn copy_from(&self, class: usize, from: &ExData) -> bool {
        let count = from.values().map_or(0, |values| {
            values.lock().unwrap_or_else(PoisonError::into_inner).len()
        });
        let registrations = registrations(class);
        for index in 0..c_int::try_from(count).unwrap_or(0) {
            let mut value = from.get(index);
            let registration = registrations.iter().find(|row| row.0 == index);
            if let Some((_, registration)) = registration
                && let Some(copied) = registration.copied
            {
                let argument = ptr::with_exposed_provenance_mut(registration.argument);
                // SAFETY: the program's callback, with what it was registered for; nothing is borrowed or locked.
                let copies = unsafe {
                    copied(
                        ptr::from_ref(self).cast_mut(),
                        from,
                        &raw mut value,
                        index,
                        registration.number,
                        argument,
                    )
                };
                if copies == 0 {
                    return false;
                }
            }
            if !value.is_null() {
                self.set(index, value);
            }
        }
        true
    }

    /// Forgets the values.
    fn clear(&self) {
        let values = self.values.swap(ptr::null_mut(), Ordering::AcqRel);
        if !values.is_null() {
            // SAFETY: from `Box::into_raw` in `set`; the swap made it this function's alone.
            drop(unsafe { Box::from_raw(values) });
        }
    }
}

impl Drop for ExData {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_by_index_and_index_zero_is_for_app_data() {
        let first = new_index(13, 0, ptr::null_mut(), None, None, None).unwrap();
        assert!(first >= 1);
        assert_eq!(new_index(18, 0, ptr::null_mut(), None, None, None), None);
        assert_eq!(new_index(-1, 0, ptr::null_mut(), None, None, None), None);
        let data = ExData::new();
        assert!(data.get(first).is_null());
        let mut value = 5_u8;
        assert!(data.set(first, (&raw mut value).cast()));
        assert_eq!(data.get(first), (&raw mut value).cast());
        assert!(data.get(0).is_null());
        assert!(!data.set(-1, ptr::null_mut()));
        assert!(!data.set(c_int::MAX, ptr::null_mut()));
    }

    #[test]
    fn callbacks_see_object_and_value() {
        unsafe extern "C" fn made(
            object: *mut c_void,
            value: *mut c_void,
            data: *mut ExData,
            index: c_int,
            number: c_long,
            _argument: *mut c_void,
        ) {
            assert!(value.is_null());
            assert_eq!(number, 7);
            // SAFETY: the test's object, whose data it is.
            assert!(unsafe { &*data }.set(index, object));
        }
        unsafe extern "C" fn freed(
            object: *mut c_void,
            value: *mut c_void,
            _data: *mut ExData,
            _index: c_int,
            _number: c_long,
            _argument: *mut c_void,
        ) {
            assert_eq!(object, value);
            // SAFETY: the test's counter.
            unsafe { *object.cast::<u32>() += 1 };
        }
        let index = new_index(9, 7, ptr::null_mut(), Some(made), None, Some(freed)).unwrap();
        let mut counter = 0_u32;
        let object: *mut c_void = (&raw mut counter).cast();
        let data = ExData::new();
        // SAFETY: the callbacks above take this object.
        unsafe { data.created(Class::Rsa, object) };
        assert_eq!(data.get(index), object);
        let copy = ExData::new();
        // SAFETY: as above.
        assert!(unsafe { copy.copy_from(Class::Rsa as usize, &data) });
        assert_eq!(copy.get(index), object);
        // SAFETY: as above.
        unsafe { data.freed(Class::Rsa, object) };
        assert!(data.get(index).is_null());
        assert_eq!(counter, 1);
    }
}
