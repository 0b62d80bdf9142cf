//! Work on several threads: the only module that uses rayon.
//!
//! What is cut, and where, is the callers' business and never depends on the number of threads; this module only
//! decides who runs it. Without the feature `rayon` the calling thread does, in order.

use std::sync::Mutex;

use chainrule_tensor::Float;

use crate::Error;

/// Runs `f` for every item, one task each.
pub(crate) fn for_each_mut<T: Send>(items: &mut [T], f: impl Fn(&mut T) + Send + Sync) {
    #[cfg(feature = "rayon")]
    {
        use rayon::prelude::*;
        items.par_iter_mut().with_max_len(1).for_each(f);
    }
    #[cfg(not(feature = "rayon"))]
    items.iter_mut().for_each(f);
}

/// How many values of a long slice are one task.
const CHUNK: usize = 10_000;

/// Runs `f` for every chunk of `values` with that of `others` beside it.
pub(crate) fn for_each_chunk(
    values: &mut [f32],
    others: &[f32],
    f: impl Fn(&mut [f32], &[f32]) + Send + Sync,
) {
    if values.len() <= CHUNK {
        return f(values, others);
    }
    #[cfg(feature = "rayon")]
    {
        use rayon::prelude::*;
        values.par_chunks_mut(CHUNK).zip(others.par_chunks(CHUNK)).for_each(|(a, b)| f(a, b));
    }
    #[cfg(not(feature = "rayon"))]
    values.chunks_mut(CHUNK).zip(others.chunks(CHUNK)).for_each(|(a, b)| f(a, b));
}

/// Runs both, possibly at the same time.
pub(crate) fn join(a: impl FnOnce() + Send, b: impl FnOnce() + Send) {
    #[cfg(feature = "rayon")]
    rayon::join(a, b);
    #[cfg(not(feature = "rayon"))]
    {
        a();
        b();
    }
}

/// The results of `f` for 0…n−1, in that order; every task works with a state that `init` makes and that may be
/// used for many tasks.
pub(crate) fn map_with<S: Send, R: Send>(
    n: usize,
    init: impl Fn() -> S + Send + Sync,
    f: impl Fn(&mut S, usize) -> R + Send + Sync,
) -> Vec<R> {
    #[cfg(feature = "rayon")]
    {
        use rayon::prelude::*;
        (0..n).into_par_iter().map_init(init, f).collect()
    }
    #[cfg(not(feature = "rayon"))]
    {
        let mut state = init();
        (0..n).map(|i| f(&mut state, i)).collect()
    }
}

/// How many threads the functions above use here.
pub(crate) fn n_threads() -> usize {
    #[cfg(feature = "rayon")]
    return rayon::current_num_threads();
    #[cfg(not(feature = "rayon"))]
    1
}

/// Memory that threads use one after another, a piece for each that is at work: it stays in its cache.
pub(crate) struct Rooms<F>(Vec<Mutex<Vec<F>>>);

impl<F: Float> Rooms<F> {
    pub(crate) fn new() -> Self {
        Rooms((0..n_threads()).map(|_| Mutex::default()).collect())
    }

    /// Runs `f` with `n` values, whatever they are.
    pub(crate) fn with(&self, n: usize, f: impl FnOnce(&mut [F])) {
        #[cfg(feature = "rayon")]
        let first = rayon::current_thread_index().unwrap_or(0);
        #[cfg(not(feature = "rayon"))]
        let first = 0;
        // Where an optimizer hands work to other threads, its own may begin another piece before it is through with the first.
        let mut rooms = (0..self.0.len()).map(|i| &self.0[(first + i) % self.0.len()]);
        let (mut room, mut fresh) = (rooms.find_map(|room| room.try_lock().ok()), Vec::new());
        let room = room.as_deref_mut().unwrap_or(&mut fresh);
        if room.len() < n {
            room.resize(n, F::zero());
        }
        f(&mut room[..n]);
    }
}

/// The most threads that can be asked for.
pub const MAX_THREADS: usize = 1024;

/// Runs `f` where the functions above use `threads` threads; with `None`, rayon's own choice.
pub(crate) fn on_threads<R: Send>(threads: Option<usize>, f: impl FnOnce() -> R + Send) -> Result<R, Error> {
    let Some(threads) = threads else {
        // Inside of a pool, parts are handed to its workers without waking anybody.
        #[cfg(feature = "rayon")]
        return Ok(rayon::scope(|_| f()));
        #[cfg(not(feature = "rayon"))]
        return Ok(f());
    };
    // Thousands of threads on some processors do nothing but wait for each other.
    if !(1..=MAX_THREADS).contains(&threads) {
        return Err(Error::config("threads", threads, format_args!("1 to {MAX_THREADS}")));
    }
    #[cfg(feature = "rayon")]
    {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|cause| Error::Threads { threads, cause: cause.to_string() })?;
        Ok(pool.install(f))
    }
    #[cfg(not(feature = "rayon"))]
    match threads {
        1 => Ok(f()),
        _ => Err(Error::config("threads", threads, "1, since this build has no feature \"rayon\"")),
    }
}
