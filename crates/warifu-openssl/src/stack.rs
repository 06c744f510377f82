//! Stacks of pointers (`STACK_OF(…)`), without types: the headers give them theirs.
//!
//! What a stack points to belongs to whoever put it there, until a function that says so frees it.

use core::ffi::{c_int, c_void};
use std::sync::Mutex;

use crate::fault::Fault;
use crate::handle;

/// A pointer of C. It is kept and given back, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pointer(pub(crate) *mut c_void);

// SAFETY: the address is only kept; what stands there, and which threads may use it, is C's affair.
unsafe impl Send for Pointer {}
// SAFETY: as above.
unsafe impl Sync for Pointer {}

/// Frees one element.
pub type FreeElement = unsafe extern "C" fn(*mut c_void);
/// Copies one element.
pub type CopyElement = unsafe extern "C" fn(*const c_void) -> *mut c_void;
/// Orders two elements; is given pointers to the pointers in the stack.
pub type CompareElements =
    unsafe extern "C" fn(*const *const c_void, *const *const c_void) -> c_int;

/// `OPENSSL_STACK`: pointers in an order.
#[derive(Debug, Default)]
pub struct Stack {
    elements: Mutex<Vec<Pointer>>,
    compare: Mutex<Option<CompareElements>>,
}

impl Stack {
    pub(crate) fn new(elements: Vec<*mut c_void>) -> Box<Self> {
        Box::new(Self {
            elements: Mutex::new(elements.into_iter().map(Pointer).collect()),
            compare: Mutex::new(None),
        })
    }

    pub(crate) fn with_compare(compare: Option<CompareElements>) -> Box<Self> {
        let stack = Self::new(Vec::new());
        *lock(&stack.compare) = compare;
        stack
    }

    /// A copy of all pointers, to work with while C code runs.
    pub(crate) fn elements(&self) -> Vec<*mut c_void> {
        lock(&self.elements)
            .iter()
            .map(|element| element.0)
            .collect()
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.elements).len()
    }

    pub(crate) fn get(&self, index: c_int) -> Option<*mut c_void> {
        let index = usize::try_from(index).ok()?;
        lock(&self.elements).get(index).map(|element| element.0)
    }

    /// Puts an element before the one at `index`; at the end if there is none. Returns the new length.
    pub(crate) fn insert(&self, index: c_int, element: *mut c_void) -> Result<c_int, Fault> {
        let mut elements = lock(&self.elements);
        let full = || Fault::argument("a stack with more elements than an int can count");
        let len = c_int::try_from(elements.len() + 1).map_err(|_| full())?;
        let index = usize::try_from(index)
            .ok()
            .filter(|index| *index < elements.len())
            .unwrap_or(elements.len());
        elements.insert(index, Pointer(element));
        Ok(len)
    }

    /// Replaces the element at `index`, and returns whether there is one.
    pub(crate) fn set(&self, index: c_int, element: *mut c_void) -> bool {
        let mut elements = lock(&self.elements);
        match usize::try_from(index)
            .ok()
            .and_then(|index| elements.get_mut(index))
        {
            Some(place) => {
                *place = Pointer(element);
                true
            }
            None => false,
        }
    }

    pub(crate) fn remove(&self, index: usize) -> Option<*mut c_void> {
        let mut elements = lock(&self.elements);
        (index < elements.len()).then(|| elements.remove(index).0)
    }

    pub(crate) fn pop(&self) -> Option<*mut c_void> {
        lock(&self.elements).pop().map(|element| element.0)
    }

    pub(crate) fn clear(&self) {
        lock(&self.elements).clear();
    }

    pub(crate) fn position(&self, element: *const c_void) -> Option<usize> {
        lock(&self.elements)
            .iter()
            .position(|kept| core::ptr::eq(kept.0, element))
    }

    pub(crate) fn compare(&self) -> Option<CompareElements> {
        *lock(&self.compare)
    }

    /// Sets how elements are ordered, and returns how they were.
    pub(crate) fn set_compare(&self, compare: Option<CompareElements>) -> Option<CompareElements> {
        core::mem::replace(&mut lock(&self.compare), compare)
    }

    pub(crate) fn replace_all(&self, elements: Vec<*mut c_void>) {
        *lock(&self.elements) = elements.into_iter().map(Pointer).collect();
    }

    /// The objects that a stack of `T` points to, one more reference to each.
    ///
    /// # Safety
    /// The stack is null, or it and its elements, which are `T` from [`handle::into_raw`], live during the call.
    pub(crate) unsafe fn shared<T>(stack: *const Self) -> Result<Vec<std::sync::Arc<T>>, Fault> {
        // SAFETY: the caller's promise.
        let Some(stack) = (unsafe { stack.as_ref() }) else {
            return Ok(Vec::new());
        };
        stack
            .elements()
            .into_iter()
            // SAFETY: the caller's promise.
            .map(|element| unsafe { handle::share(element.cast::<T>()) })
            .collect()
    }

    /// A stack that owns one reference to each of these objects, for C to free by `sk_…_pop_free`.
    pub(crate) fn of_objects<T>(objects: impl IntoIterator<Item = std::sync::Arc<T>>) -> Box<Self> {
        let raw = |object: std::sync::Arc<T>| handle::into_raw(object).cast::<c_void>();
        Self::new(objects.into_iter().map(raw).collect())
    }
}

/// A lock is never poisoned for long: no lock here is held while anything can panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointer(number: usize) -> *mut c_void {
        core::ptr::without_provenance_mut(number)
    }

    #[test]
    fn elements_go_where_they_are_put() {
        let stack = Stack::new(vec![pointer(1), pointer(2)]);
        assert_eq!(stack.insert(0, pointer(3)), Ok(3));
        assert_eq!(stack.insert(-1, pointer(4)), Ok(4));
        assert_eq!(stack.insert(99, pointer(5)), Ok(5));
        assert_eq!(stack.elements(), [3, 1, 2, 4, 5].map(pointer));
        assert_eq!(stack.position(pointer(4)), Some(3));
        assert_eq!(stack.remove(1), Some(pointer(1)));
        assert_eq!(stack.remove(9), None);
        assert!(
            stack.set(0, pointer(7)) && !stack.set(4, pointer(8)) && !stack.set(-1, pointer(8))
        );
        assert_eq!(stack.get(0), Some(pointer(7)));
        assert_eq!(stack.get(-1), None);
        assert_eq!(stack.pop(), Some(pointer(5)));
    }
}
