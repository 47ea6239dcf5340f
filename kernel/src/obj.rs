//! [`Obj`]: a handle to a live kernel object, and [`Tagged`]: a handle with two flag bits.
//!
//! Kernel objects live in memory that user space donated through untyped capabilities. They are reached through these
//! `Copy` handles, which dereference to a shared reference; every mutable field of an object is a [`core::cell::Cell`], so
//! portable code mutates objects without any `unsafe`.
//!
//! # Invariants
//!
//! 1. *Liveness*: a handle is created only from a capability, from a kernel-owned static or from another handle, and every
//!    stored handle to an object is cleared before the last capability to it is deleted (`cap::delete`). So the memory
//!    behind a reachable handle is an initialised object of the right type.
//! 2. *Exclusion*: kernel code runs under one lock (or on one hart), so two harts never touch a `Cell` at the same time.
//! 3. *No overlap*: retype gives out every byte of an untyped once, and never one that backs another object or a frame.
#![allow(unsafe_code, reason = "the one place where an address becomes a kernel object")]

use core::fmt;
use core::ops::Deref;
use core::ptr::NonNull;

/// A handle to a live kernel object of type `T`; see the module's invariants.
pub struct Obj<T>(NonNull<T>);

impl<T> Obj<T> {
    /// Makes a handle from the address of an object in the kernel's address space.
    ///
    /// # Safety
    ///
    /// `address` is non-null, aligned for `T`, and an initialised `T` lives there for as long as the handle is reachable.
    #[inline(always)]
    pub unsafe fn from_address(address: usize) -> Self {
        debug_assert!(address != 0 && address.is_multiple_of(align_of::<T>()));
        // SAFETY: non-null by the caller's promise.
        Self(unsafe { NonNull::new_unchecked(core::ptr::with_exposed_provenance_mut(address)) })
    }

    /// A handle to an object that is never freed.
    pub fn from_static(object: &'static T) -> Self {
        let pointer = NonNull::from(object);
        let _ = pointer.as_ptr().expose_provenance();
        Self(pointer)
    }

    /// The object's address in the kernel's address space.
    #[inline(always)]
    pub fn address(self) -> usize {
        self.0.as_ptr().expose_provenance()
    }

    /// A handle to a part of the object: the part lives as long as the whole.
    #[inline(always)]
    pub fn project<U>(self, part: impl for<'a> FnOnce(&'a T) -> &'a U) -> Obj<U> {
        // SAFETY: the object is live (invariant 1).
        let part = NonNull::from(part(unsafe { self.0.as_ref() }));
        let _ = part.as_ptr().expose_provenance();
        Obj(part)
    }

    /// The object `index` places behind this one in an array of objects.
    ///
    /// # Safety
    ///
    /// The array that this object belongs to has an element there.
    #[inline(always)]
    pub unsafe fn offset(self, index: usize) -> Self {
        // SAFETY: in bounds by the caller's promise, hence also non-null.
        Self(unsafe { self.0.add(index) })
    }
}

impl<T> Deref for Obj<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: invariants 1 and 3: an initialised `T` lives there; all its mutable parts are cells.
        unsafe { self.0.as_ref() }
    }
}

impl<T> Clone for Obj<T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Obj<T> {}

impl<T> PartialEq for Obj<T> {
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Obj<T> {}

impl<T> fmt::Debug for Obj<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:p}", self.0)
    }
}

/// An optional handle with two flag bits in the address bits that alignment leaves free: one machine word.
pub struct Tagged<T>(*mut T);

impl<T> Tagged<T> {
    const FLAGS: usize = 0b11;

    /// No handle, no flags: the all-zero word.
    pub const NONE: Self = Self(core::ptr::null_mut());

    /// Combines a handle with flag bits 0 and 1.
    #[inline(always)]
    pub fn new(object: Option<Obj<T>>, flags: usize) -> Self {
        const { assert!(align_of::<T>() > Self::FLAGS) };
        debug_assert!(flags <= Self::FLAGS);
        let pointer = object.map_or(core::ptr::null_mut(), |object| object.0.as_ptr());
        Self(pointer.map_addr(|address| address | flags))
    }

    /// The handle without its flags.
    #[inline(always)]
    pub fn object(self) -> Option<Obj<T>> {
        NonNull::new(self.0.map_addr(|address| address & !Self::FLAGS)).map(Obj)
    }

    /// The flag bits.
    #[inline(always)]
    pub fn flags(self) -> usize {
        self.0.addr() & Self::FLAGS
    }

    /// The same flags with another handle.
    #[inline(always)]
    #[must_use]
    pub fn with_object(self, object: Option<Obj<T>>) -> Self {
        Self::new(object, self.flags())
    }

    /// The same handle with other flags.
    #[inline(always)]
    #[must_use]
    pub fn with_flags(self, flags: usize) -> Self {
        Self::new(self.object(), flags)
    }
}

impl<T> Clone for Tagged<T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Tagged<T> {}
