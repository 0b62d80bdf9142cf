"""Writes version_N.json beside every checkpoint version_N.ckpt in this folder: what it says, by the page FORMAT.md alone.

    python3 read.py        (standard library only; shares nothing with the Rust code)

Lists of f32 become their count and the CRC-32 of their bytes, so that the files stay small.
"""
import json, pathlib, struct, zlib


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        assert self.at + n <= len(self.data), "the payload ends too early"
        self.at += n
        return self.data[self.at - n : self.at]

    def number(self, code):
        return struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]

    def u32(self):
        return self.number("I")

    def u64(self):
        return self.number("Q")

    def f64(self):
        value = self.number("d")
        return value if abs(value) < float("inf") else str(value)

    def bool(self):
        return {0: False, 1: True}[self.take(1)[0]]

    def text(self):
        return self.take(self.u64()).decode()

    def list(self, element):
        return [element() for _ in range(self.u64())]

    def option(self, value):
        return value() if self.bool() else None

    def choice(self, *alternatives):
        name, *fields = alternatives[self.u32()]
        return [name, *(field() for field in fields)]

    def floats(self):
        n = self.u64()
        return [n, f"{zlib.crc32(self.take(4 * n)):08x}"]

    def fields(self, **fields):
        return {name: field() for name, field in fields.items()}


def network(r):
    return r.choice(["mlp", lambda: r.fields(
        sizes=lambda: r.list(r.u64),
        activations=lambda: r.list(r.text),
        init=lambda: r.option(r.text),
        batch_norm=r.bool,
        dropout=r.f64,
        loss=lambda: r.choice(["softmax-cross-entropy", r.f64, lambda: r.list(r.f64)], ["binary-cross-entropy"],
                              ["mean-squared-error"], ["half-squared-error"], ["huber", r.f64]),
        encoding=lambda: r.option(lambda: r.list(lambda: r.choice(["keep"], ["standardize", r.f64, r.f64],
                                                                  ["one-hot", r.floats]))),
        seed=r.u64,
    )])


def parameter(r):
    found = r.fields(name=r.text, rows=r.u64, columns=r.u64)
    start = r.at + 8
    found["values"] = r.floats()
    r.values.append(r.data[start : r.at])
    return found


def settings(r):
    adam = [r.f64, r.f64, r.f64, r.f64, r.f64, r.bool]
    return r.fields(
        optimizer=lambda: r.choice(
            ["sgd", r.f64, r.f64, r.bool], ["momentum", r.f64, r.f64, r.f64, r.bool],
            ["nesterov", r.f64, r.f64, r.f64, r.bool], ["adagrad", r.f64, r.f64, r.f64, r.bool],
            ["rmsprop", r.f64, r.f64, r.f64, r.f64, r.bool], ["adam", *adam], ["adamw", *adam]),
        schedule=r.text,
        clip=lambda: r.option(lambda: r.choice(["value", r.f64], ["norm", r.f64])),
        length=lambda: r.choice(["epochs", r.u64], ["steps", r.u64]),
        batch_size=r.u64,
        sampling=lambda: r.choice(["shuffled"], ["with-replacement"]),
        seed=r.u64,
        gradient=lambda: r.choice(["backprop"], ["numerical"]),
        validation=r.f64,
        early_stopping=lambda: r.option(lambda: [r.u64(), r.f64()]),
        average=lambda: r.option(r.f64),
        threads=lambda: r.option(r.u64),
    )


def report(r):
    maybe = lambda: r.option(r.f64)
    return r.fields(epoch=r.u64, step=r.u64, train_loss=r.f64, train_accuracy=maybe, test_loss=maybe,
                    test_accuracy=maybe, validation_loss=maybe, validation_accuracy=maybe, learning_rate=r.f64,
                    seconds=r.f64, samples_per_second=r.f64)


def state(r):
    return r.fields(
        step=r.u64,
        n_steps=r.u64,
        schedule=r.text,
        data=lambda: [r.u64(), r.u64(), f"{r.u32():08x}", f"{r.u32():08x}"],
        latest=lambda: r.option(r.floats),
        optimizer=lambda: r.fields(rule=r.text, step=r.u64, parameters=lambda: r.list(
            lambda: [r.text(), r.u64(), r.list(r.floats)])),
        average=lambda: r.option(lambda: [r.u64(), r.floats()]),
        best=lambda: r.option(lambda: [r.f64(), r.u64(), r.option(r.floats)]),
        stopped_early=r.bool,
        epoch=lambda: [r.u64(), r.u64(), r.f64(), r.u64(), r.option(r.u64), r.u64(), r.u32()],
        n_samples=r.u64,
        nanoseconds=r.u64,
    )


def state_3(r):
    return r.fields(
        step=r.u64,
        n_steps=r.u64,
        schedule=r.text,
        data=lambda: [r.u64(), r.u64(), f"{r.u32():08x}", f"{r.u32():08x}"],
        latest=lambda: r.option(r.floats),
        optimizer=lambda: r.fields(rule=r.text, step=r.u64, slots=lambda: r.list(r.floats)),
        average=lambda: r.option(lambda: [r.u64(), r.floats()]),
        best=lambda: r.option(lambda: [r.f64(), r.u64(), r.option(r.floats)]),
        stopped_early=r.bool,
        epoch=lambda: [r.u64(), r.u64(), r.f64(), r.u64(), r.option(r.u64), r.u64(), r.u32()],
        n_samples=r.u64,
        nanoseconds=r.u64,
    )


def version_3(r):
    settings = json.loads(r.text())
    found = {name: settings[name] for name in ("program", "arithmetic", "network")}
    found["parameters"] = r.list(lambda: parameter(r))
    found["settings"] = settings["training"]
    found["history"] = r.list(lambda: report(r))
    found["extra"] = r.list(lambda: [r.text(), r.take(r.u64()).decode()])
    return found


def read(data):
    assert data[:8] == b"chainrul"
    version = struct.unpack_from("<I", data, 8)[0]
    kind, header = (1, 20) if version == 1 else (struct.unpack_from("<I", data, 12)[0], 24)
    length = struct.unpack_from("<Q", data, header - 8)[0]
    assert len(data) == header + length + 4
    assert struct.unpack("<I", data[-4:])[0] == zlib.crc32(data[:-4])
    r = Reader(data[header:-4])
    r.values = []
    parts = dict(program=r.text, network=lambda: network(r), parameters=lambda: r.list(lambda: parameter(r)),
                 settings=lambda: settings(r), history=lambda: r.list(lambda: report(r)))
    order = ["network", "parameters", "program", "settings", "history"] if version == 1 else list(parts)
    payload = version_3(r) if version == 3 else {name: parts[name]() for name in order}
    found = {"version": version, "kind": kind, **payload}
    if kind == 2:
        found["state"] = state_3(r) if version == 3 else state(r)
    assert r.at == length, "something follows the last value"
    # What the library calls parameters_crc32.
    found["parameters_crc32"] = zlib.crc32(b"".join(r.values))
    return found


for path in sorted(pathlib.Path(__file__).parent.glob("version_*.ckpt")):
    text = json.dumps(read(path.read_bytes()), indent=1)
    path.with_suffix(".json").write_text(text + "\n")
    print(path.name)
