"""Writes random.json beside this file: what chainrule's generator, shuffle and initialisers must give. And into the tests
of layers and trainer, dropout.json and split.json: what dropout leaves out, and what is held out for validation.

    python3 random.py        (standard library only; written from the papers, shares nothing with the Rust code)

ChaCha8: D. J. Bernstein, "ChaCha, a variant of Salsa20" (2008), 8 rounds, 64-bit counter, 64-bit stream 0.
"""
import json, math, pathlib, platform, struct
from fractions import Fraction

MASK = 0xFFFFFFFF


def block(key, counter):
    state = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *key, counter & MASK, counter >> 32, 0, 0]
    x = state[:]

    def quarter(a, b, c, d):
        for left, right, onto, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            x[left] = (x[left] + x[right]) & MASK
            v = x[onto] ^ x[left]
            x[onto] = ((v << bits) | (v >> (32 - bits))) & MASK

    for _ in range(4):  # a column round and a diagonal round each
        quarter(0, 4, 8, 12), quarter(1, 5, 9, 13), quarter(2, 6, 10, 14), quarter(3, 7, 11, 15)
        quarter(0, 5, 10, 15), quarter(1, 6, 11, 12), quarter(2, 7, 8, 13), quarter(3, 4, 9, 14)
    return [(a + b) & MASK for a, b in zip(x, state)]


def words(seed, purpose, major, minor):
    key = struct.unpack("<8I", struct.pack("<4Q", seed, purpose, major, minor))
    counter = 0
    while True:
        w = block(key, counter)
        for low, high in zip(w[0::2], w[1::2]):
            yield low | high << 32
        counter += 1


def uniform(g):
    return (next(g) >> 11) / 2**53


def index(g, n):
    while True:
        product = next(g) * n
        if product % 2**64 >= 2**64 % n:
            return product >> 64


def shuffled(g, n):
    items = list(range(n))
    for last in range(n - 1, 0, -1):
        j = index(g, last + 1)
        items[last], items[j] = items[j], items[last]
    return items


def normals(g, n):
    out = []
    while len(out) < n:
        r = math.sqrt(-2 * math.log(1 - uniform(g)))
        phi = 2 * math.pi * uniform(g)
        out += [r * math.cos(phi), r * math.sin(phi)]
    return out[:n]


def halves(g):
    """The words of a generator in halves of 32 bits."""
    for word in g:
        yield word & MASK
        yield word >> 32


INITIALISE, SHUFFLE, DRAW, DROPOUT, SPLIT = 1, 2, 3, 4, 5
SEED, LAYER, OUT, IN = 42, 3, 3, 5
here = pathlib.Path(__file__).resolve().parent
crates = here.parents[2]


def init(kind):
    g = words(SEED, INITIALISE, LAYER, 0)
    n = OUT * IN
    if kind.startswith("normal:"):
        return [float(kind[7:]) * z for z in normals(g, n)]
    fan = IN if kind.startswith("he") else IN + OUT
    if kind.endswith("normal"):
        return [math.sqrt(2 / fan) * z for z in normals(g, n)]
    return [math.sqrt(6 / fan) * (2 * uniform(g) - 1) for _ in range(n)]


def left_out(seed, step, layer, sample, p, n):
    """The units, of n, that dropout leaves out of one sample."""
    draws = halves(words(seed, DROPOUT, step, layer << 32 | sample))
    return [unit for unit, draw in zip(range(n), draws) if draw < int(p * 2**32)]


def held_out(classes, fraction, seed):
    """The samples held out: of each class its share, rounded down, and one more of those with the largest remainders, of equal
    ones as the seed has it, until the fraction of all is held out. One sample of each class is left. -1 is no class."""
    share = Fraction(str(fraction))
    kinds = list(dict.fromkeys(classes))  # in the order in which the data have them
    members = [[i for i, of_this in enumerate(classes) if of_this == kind] for kind in kinds]
    counts = [math.floor(share * len(m)) for m in members]
    left = math.floor(share * len(classes) + Fraction(1, 2)) - sum(counts)
    order = shuffled(words(seed, SPLIT, 0, 1), len(kinds))
    order.sort(key=lambda j: counts[j] - share * len(members[j]))
    order = [j for j in order if counts[j] < share * len(members[j]) and counts[j] < len(members[j]) - 1]
    for j in order[:left]:
        counts[j] += 1
    out = []
    for j, (kind, m) in enumerate(zip(kinds, members)):
        chosen = shuffled(words(seed, SPLIT, 0 if kind == -1 else j + 1, 0), len(m))
        out += [m[i] for i in chosen[: counts[j]]]
    return sorted(out)


assert block([0] * 8, 0)[:2] == [0x2FEF003E, 0xD6405F89], "the zero-key vector of ChaCha8 (Strombergson's TC1)"


def write(path, result, indent=None):
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=indent) + "\n")


def main():
    g = words(7, DRAW, 11, 13)
    made_by = f"random.py with Python {platform.python_version()}"
    result = dict(
        made_by=made_by,
        words_of_7_draw_11_13=[next(g) for _ in range(40)],
        shuffle_of_10_seed_1_epoch_2=shuffled(words(1, SHUFFLE, 2, 0), 10),
        shuffle_of_60000_seed_1_epoch_0_first_20=shuffled(words(1, SHUFFLE, 0, 0), 60000)[:20],
        draw_of_20_below_60000_seed_1_step_5=[index(g, 60000) for g in [words(1, DRAW, 5, 0)] for _ in range(20)],
        seed=SEED, layer=LAYER, n_outputs=OUT, n_inputs=IN,
        init={k: init(k) for k in ("normal:0.01", "xavier-uniform", "xavier-normal", "he-uniform", "he-normal")},
    )
    write(here / "random.json", result, indent=1)

    # Numbers above 32 bits, so that none is cut.
    place = dict(seed=2**40 + 9, step=2**33 + 5, layer=3)
    masks = [dict(**place, sample=sample, p=p, n_units=40, left_out=left_out(*place.values(), sample, p, 40))
             for p in (0.2, 0.5, 0.9) for sample in (0, 1, 127, 70000)]
    write(crates / "layers/tests/reference/dropout.json", dict(made_by=made_by, masks=masks))

    # Classes of different sizes, and none at all, which counts as one class with the number -1.
    classes = [(i * i + i // 3) % 7 % 4 for i in range(45)]
    splits = [dict(fraction=fraction, seed=seed, held_out=held_out(classes, fraction, seed),
                   held_out_without_classes=held_out([-1] * len(classes), fraction, seed))
              for fraction in (0.1, 0.25, 0.5) for seed in (1, 2**40 + 9)]
    write(crates / "trainer/tests/reference/split.json", dict(made_by=made_by, classes=classes, splits=splits))


if __name__ == "__main__":
    main()
