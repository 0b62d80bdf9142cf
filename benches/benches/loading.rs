//! Reading the four files of MNIST, which lie in the cache of the operating system. Throughput counts uncompressed
//! bytes.
//!
//! `gzip/load_verified` and `gzip/load` read the bundled files. Both take the SHA-256 of every byte as it passes, and
//! the first compares four digests more, so the two should differ by nothing but noise. `plain/load` reads the same
//! data uncompressed: what it saves is the cost of inflating, and what remains is mostly that of hashing.

mod settings;

use std::time::Duration;

use chainrule_benches::{MNIST_FOLDER, mnist};
use chainrule_mnist::Mnist;
use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

/// Two headers of 16 bytes and 70,000 images, two headers of 8 bytes and 70,000 labels.
const UNCOMPRESSED_BYTES: u64 = 2 * 16 + 70_000 * 784 + 2 * 8 + 70_000;

fn loading(c: &mut Criterion) {
    let plain = tempfile::tempdir().expect("a temporary folder");
    mnist().save(&plain).expect("room for 55 MB in the temporary folder");

    let mut group = c.benchmark_group("loading");
    group.sample_size(10).sampling_mode(SamplingMode::Flat).measurement_time(Duration::from_secs(4));
    group.throughput(Throughput::BytesDecimal(UNCOMPRESSED_BYTES));
    group.bench_function(BenchmarkId::new("gzip", "load_verified"), |b| {
        b.iter_with_large_drop(|| Mnist::load_verified(MNIST_FOLDER).expect("MNIST"));
    });
    group.bench_function(BenchmarkId::new("gzip", "load"), |b| {
        b.iter_with_large_drop(|| Mnist::load(MNIST_FOLDER).expect("a data set"));
    });
    group.bench_function(BenchmarkId::new("plain", "load"), |b| {
        b.iter_with_large_drop(|| Mnist::load(&plain).expect("a data set"));
    });
    group.finish();
}

criterion_group! { name = benches; config = settings::criterion(); targets = loading }
criterion_main!(benches);
