//! How much memory reading takes, counted by the allocator.
#![allow(unsafe_code, reason = "a global allocator is unsafe to implement; this one counts")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

/// The system's allocator; whoever links this crate has it.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    /// Bytes that this thread has allocated and not freed: less than none, where others gave it theirs to free.
    static NOW: Cell<isize> = const { Cell::new(0) };
    /// The most there were.
    static MOST: Cell<isize> = const { Cell::new(0) };
}

fn count(change: isize) {
    NOW.with(|now| {
        now.set(now.get() + change);
        MOST.with(|most| most.set(most.get().max(now.get())));
    });
}

// SAFETY: every call goes to the system allocator unchanged. `realloc` and `alloc_zeroed` keep their default
// implementations, which call these two; so a growing vector counts old and new memory, as it should.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller keeps the rules of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller keeps the rules of `dealloc`.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// What `read` gives, and how many bytes this thread had at most meanwhile, besides those that it had before.
pub fn peak_of<R>(read: impl FnOnce() -> R) -> (R, usize) {
    let before = NOW.get();
    MOST.set(before);
    let result = read();
    (result, (MOST.get() - before) as usize)
}

/// What `read` gives.
///
/// # Panics
/// If this thread had more than `most` bytes at any moment, besides those that it had before.
#[track_caller]
pub fn within<R>(most: usize, read: impl FnOnce() -> R) -> R {
    let (result, taken) = peak_of(read);
    assert!(taken <= most, "reading took {taken} bytes, at most {most} are promised");
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_freed_again_counts_too() {
        within(1000, || drop(vec![1_u8; 1000]));
        // 600 that become 900 are both there while they are copied.
        let grown = || {
            let mut bytes: Vec<u8> = Vec::with_capacity(600);
            bytes.push(1);
            bytes.reserve_exact(899);
        };
        within(1500, grown);
        assert!(std::panic::catch_unwind(|| within(1499, grown)).is_err());
    }
}
