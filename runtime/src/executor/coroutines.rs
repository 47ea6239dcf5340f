//! Fixed room for many coroutines of one kind.

#![allow(unsafe_code, reason = "the standard library has no pinned access to the elements of an array")]

use core::future::Future;
use core::marker::PhantomPinned;
use core::pin::Pin;

use super::Task;

/// `COUNT` coroutines of type `F`. Pinned, it hands out its coroutines as tasks.
#[derive(Debug)]
pub struct Coroutines<F, const COUNT: usize> {
    coroutines: [F; COUNT],
    _pinned: PhantomPinned,
}

impl<F: Future<Output = ()>, const COUNT: usize> Coroutines<F, COUNT> {
    /// The coroutines that `make` makes of 0, 1, ….
    pub fn new(make: impl FnMut(usize) -> F) -> Self {
        Self { coroutines: core::array::from_fn(make), _pinned: PhantomPinned }
    }

    /// Each coroutine, to be spawned.
    pub fn tasks<'t>(self: Pin<&'t mut Self>) -> impl Iterator<Item = Task<'t>>
    where
        F: 't,
    {
        // SAFETY: nothing is moved out of the reference, and all that is made of it is pinned again below.
        let coroutines = unsafe { &mut self.get_unchecked_mut().coroutines };
        coroutines.iter_mut().map(|coroutine| {
            // SAFETY: the array is pinned, as `self` was, and is only ever reached through a pin: so are its elements. They
            // are dropped in place, with the array.
            let task: Task<'t> = unsafe { Pin::new_unchecked(coroutine) };
            task
        })
    }
}

/// Room for up to `COUNT` coroutines of type `F`, which are made where they stay: what is too large to be copied from the stack to the
/// stack goes here.
#[derive(Debug)]
pub struct Room<F, const COUNT: usize> {
    coroutines: [Option<F>; COUNT],
    _pinned: PhantomPinned,
}

impl<F: Future<Output = ()>, const COUNT: usize> Room<F, COUNT> {
    /// Room without coroutines.
    #[inline(always)]
    #[must_use]
    pub const fn new() -> Self {
        Self { coroutines: [const { None }; COUNT], _pinned: PhantomPinned }
    }

    /// The coroutines that `make` makes of 0, 1, … below `count`, each to be spawned; no more than there is room for.
    pub fn fill<'t>(
        self: Pin<&'t mut Self>,
        count: usize,
        mut make: impl FnMut(usize) -> F,
    ) -> impl Iterator<Item = Task<'t>>
    where
        F: 't,
    {
        // SAFETY: nothing is moved out of the reference, and all that is made of it is pinned again below.
        let coroutines = unsafe { &mut self.get_unchecked_mut().coroutines };
        coroutines.iter_mut().take(count).enumerate().map(move |(index, place)| {
            let coroutine = place.insert(make(index));
            // SAFETY: the array is pinned, as `self` was, and is only ever reached through a pin: so are its elements. They
            // are dropped in place, with the array or when another takes the place.
            let task: Task<'t> = unsafe { Pin::new_unchecked(coroutine) };
            task
        })
    }
}

impl<F: Future<Output = ()>, const COUNT: usize> Default for Room<F, COUNT> {
    fn default() -> Self {
        Self::new()
    }
}
