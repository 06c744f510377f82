//! Stacks: `OPENSSL_sk_…`. The headers make typed functions of them.

use core::ffi::{c_int, c_void};

use super::entry;
use crate::fault::Fault;
use crate::stack::{CompareElements, CopyElement, FreeElement, Stack};

/// Lends a stack; `None` for null, which is like an empty one.
///
/// # Safety
/// The pointer is null, or a stack of this library that its owner keeps for `'a`.
unsafe fn lend<'a>(stack: *const Stack) -> Option<&'a Stack> {
    // SAFETY: the caller's promise.
    unsafe { stack.as_ref() }
}

/// A new stack without an order. The caller frees it by `OPENSSL_sk_free`.
#[unsafe(no_mangle)]
pub extern "C" fn OPENSSL_sk_new_null() -> *mut Stack {
    OPENSSL_sk_new(None)
}

/// A new stack with an order.
#[unsafe(no_mangle)]
pub extern "C" fn OPENSSL_sk_new(compare: Option<CompareElements>) -> *mut Stack {
    entry(core::ptr::null_mut(), || {
        Ok(Box::into_raw(Stack::with_compare(compare)))
    })
}

/// A new stack with an order, for about so many elements.
#[unsafe(no_mangle)]
pub extern "C" fn OPENSSL_sk_new_reserve(
    compare: Option<CompareElements>,
    _count: c_int,
) -> *mut Stack {
    OPENSSL_sk_new(compare)
}

/// Prepares for so many elements more: room comes by itself.
///
/// # Safety
/// The pointer is null or what its type says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_sk_reserve(stack: *mut Stack, count: c_int) -> c_int {
    c_int::from(!stack.is_null() && count >= 0)
}

/// Frees a stack, and not what it points to.
///
/// # Safety
/// The pointer is null or a stack that is the caller's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_sk_free(stack: *mut Stack) {
    if !stack.is_null() {
        // SAFETY: from `Box::into_raw`, and the caller's to free.
        drop(unsafe { Box::from_raw(stack) });
    }
}

/// Frees a stack and, by `free`, each element that is not null.
///
/// # Safety
/// As for `OPENSSL_sk_free`; `free` takes the elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_sk_pop_free(stack: *mut Stack, free: Option<FreeElement>) {
    // SAFETY: the caller's contract.
    if let (Some(stack), Some(free)) = (unsafe { lend(stack) }, free) {
        for element in stack
            .elements()
            .into_iter()
            .filter(|element| !element.is_null())
        {
            // SAFETY: the caller's contract.
            unsafe { free(element) };
        }
    }
    // SAFETY: the caller's contract.
    unsafe { OPENSSL_sk_free(stack) };
}

/// How many elements; -1 for null.
///
/// # Safety
/// The pointer is null or what its type says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_sk_num(stack: *const Stack) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { lend(stack) }.map_or(-1, |stack| {
        c_int::try_from(stack.len()).unwrap_or(c_int::MAX)
    })
}

/// The element at an index; null if there is none.
///
/// # Safety
/// The pointer is null or what its type says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_sk_value(stack: *const Stack, index: c_int) -> *mut c_void {
    // SAFETY: the caller's contract.
    let element = unsafe { lend(stack) }.and_then(|stack| stack.get(index));
    element.unwrap_or(core::ptr::null_mut())
}

/// Replaces an element, and returns the new one; null if there is none at the index.
///
/// # Safety
/// The pointer is null or what its type says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_sk_set(
    stack: *mut Stack,
    index: c_int,
    element: *const c_void,
) -> *mut c_void {
    // SAFETY: the caller's contract.
    let is_set = unsafe { lend(stack) }.is_some_and(|stack| stack.set(index, element.cast_mut()));
    if is_set {
        element.cast_mut()
    } else {
        core::ptr::null_mut()
    }
}

/// Puts an element before the one at an index, or at the end. Returns the new number of elements, 0 on failure.
///
/// # Safety
/// The pointer is null or what its type says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_sk_insert(
    stack: *mut Stack,
    element: *const c_void,
    index: c_int,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let stack = unsafe { lend(stack) }.ok_or_else(Fault::null)?;
        stack.insert(index, element.cast_mut())
    })
}

/// Puts an element at the end.
///
/// # Safety
/// The pointer is null or what its type says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_sk_push(stack: *mut Stack, element: *const c_void) -> c_int {
    if stack.is_null() {
        return -1;
    }
    // SAFETY: the caller's contract.
    unsafe { OPENSSL_sk_insert(stack, element, -1) }
}

/// Puts an element at the front.
///
/// # Safety
/// The pointer is null or what its type says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_sk_unshift(stack: *mut Stack, element: *const c_void) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { OPENSSL_sk_insert(stack, element, 0) }
}

/// Takes the last element out; null if there is none.
///
/// # Safety
/// The pointer is null or what its type says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_sk_pop(stack: *mut Stack) -> *mut c_void {
    // SAFETY: the caller's contract.
    let element = unsafe { lend(stack) }.and_then(Stack::pop);
    element.unwrap_or(core::ptr::null_mut())
}

/// Takes the first element out; null if there is none.
///
/// # Safety
/// The pointer is null or what its type says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_sk_shift(stack: *mut Stack) -> *mut c_void {
    // SAFETY: the caller's contract.
    unsafe { OPENSSL_sk_delete(stack, 0) }
}

/// Takes the element at an index out; null if there is none.
///
/// # Safety
/// The pointer is null or what its type says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_sk_delete(stack: *mut Stack, index: c_int) -> *mut c_void {
    // SAFETY: the caller's contract.
    let stack = unsafe { lend(stack) }.zip(usize::try_from(index).ok());
    let element = stack.and_then(|(stack, index)| stack.remove(index));
    element.unwrap_or(core::ptr::null_mut())
}

/// Takes this element out; null if it is not in.
///
/// # Safety
/// The stack is null or what its type says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_sk_delete_ptr(
    stack: *mut Stack,
    element: *const c_void,
) -> *mut c_void {
    // SAFETY: the caller's contract.
    let element = unsafe { lend(stack) }.and_then(|stack| stack.remove(stack.position(element)?));
    element.unwrap_or(core::ptr::null_mut())
}

/// Forgets all elements.
///
/// # Safety
/// The pointer is null or what its type says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_sk_zero(stack: *mut Stack) {
    // SAFETY: the caller's contract.
    if let Some(stack) = unsafe { lend(stack) } {
        stack.clear();
    }
}

/// A stack of the same elements.
///
/// # Safety
/// The pointer is null or what its type says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_sk_dup(stack: *const Stack) -> *mut Stack {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let stack = unsafe { lend(stack) };
        let copy = Stack::new(stack.map(Stack::elements).unwrap_or_default());
        copy.set_compare(stack.and_then(Stack::compare));
        Ok(Box::into_raw(copy))
    })
}

/// A stack of copies of all elements, made by `copy`. If one fails, those made are freed by `free`.
///
/// # Safety
/// The stack is null or what its type says; `copy` and `free` take its elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_sk_deep_copy(
    stack: *const Stack,
    copy: Option<CopyElement>,
    free: Option<FreeElement>,
) -> *mut Stack {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let stack = unsafe { lend(stack) };
        let copy = copy.ok_or_else(Fault::null)?;
        let copies = Stack::new(Vec::new());
        copies.set_compare(stack.and_then(Stack::compare));
        for element in stack.map(Stack::elements).unwrap_or_default() {
            let copied = if element.is_null() {
                element
            } else {
                // SAFETY: the caller's contract.
                unsafe { copy(element) }
            };
            if copied.is_null() && !element.is_null() {
                // SAFETY: the stack is this function's own, and `free` takes what `copy` made.
                unsafe { OPENSSL_sk_pop_free(Box::into_raw(copies), free) };
                return Err(Fault::argument("an element could not be copied"));
            }
            copies.insert(-1, copied)?;
        }
        Ok(Box::into_raw(copies))
    })
}

/// The index of the first element that is equal by the stack's order, or the same pointer if it has none; -1 if there is none.
///
/// # Safety
/// The pointers are null or what the stack holds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_sk_find(stack: *mut Stack, wanted: *const c_void) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let Some(stack) = (unsafe { lend(stack) }) else {
            return Err(Fault::Quiet);
        };
        let index = match stack.compare() {
            None => stack.position(wanted),
            Some(compare) => stack.elements().iter().position(|element| {
                let element: *const c_void = *element;
                // SAFETY: the order is one of such elements; it is given pointers to pointers.
                unsafe { compare(&raw const wanted, &raw const element) == 0 }
            }),
        };
        index
            .and_then(|index| c_int::try_from(index).ok())
            .ok_or(Fault::Quiet)
    })
}

/// Puts the elements into the stack's order, if it has one.
///
/// # Safety
/// The pointer is null or what its type says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_sk_sort(stack: *mut Stack) {
    entry((), || {
        // SAFETY: the caller's contract.
        let Some(stack) = (unsafe { lend(stack) }) else {
            return Ok(());
        };
        if let Some(compare) = stack.compare() {
            let mut elements = stack.elements();
            elements.sort_by(|a, b| {
                let (a, b): (*const c_void, *const c_void) = (*a, *b);
                // SAFETY: the order is one of such elements; it is given pointers to pointers.
                unsafe { compare(&raw const a, &raw const b) }.cmp(&0)
            });
            stack.replace_all(elements);
        }
        Ok(())
    });
}

/// Whether the elements are known to be in the stack's order: never, as it is not remembered.
///
/// # Safety
/// The pointer is null or what its type says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_sk_is_sorted(stack: *const Stack) -> c_int {
    // SAFETY: the caller's contract.
    c_int::from(unsafe { lend(stack) }.is_none_or(|stack| stack.len() < 2))
}

/// Sets the order, and returns the one before.
///
/// # Safety
/// The pointer is null or what its type says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OPENSSL_sk_set_cmp_func(
    stack: *mut Stack,
    compare: Option<CompareElements>,
) -> Option<CompareElements> {
    // SAFETY: the caller's contract.
    unsafe { lend(stack) }.and_then(|stack| stack.set_compare(compare))
}

/// One more reference to each certificate of a stack, in a new one; null on failure.
///
/// # Safety
/// The pointer is null or what its type says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn X509_chain_up_ref(chain: *mut Stack) -> *mut Stack {
    entry(core::ptr::null_mut(), || {
        if chain.is_null() {
            return Err(Fault::null());
        }
        // SAFETY: the caller's contract.
        let certificates = unsafe { Stack::shared::<crate::x509::X509>(chain) }?;
        Ok(Box::into_raw(Stack::of_objects(certificates)))
    })
}
