"""Reads folders of logs with TensorBoard's EventAccumulator and compares them with the JSON lines beside them.

Called by `cargo xtask logs-check` with a folder of runs. In each: scalars.jsonl, event files, and network.npz, the network as
it was after the last epoch. Prints a JSON object per run; anything wrong is an AssertionError.
"""

import io
import json
import math
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

EVERYTHING = {"scalars": 0, "histograms": 0, "compressedHistograms": 0, "images": 0, "tensors": 0}


def check_scalars(lines, events):
    """Every line is a scalar of TensorBoard's and the other way round: equal step, time and value, bit for bit."""
    expected = {}
    for line in lines:
        expected.setdefault(line["tag"], []).append((line["step"], line["wall_time"], line["value"]))
    assert set(events.Tags()["scalars"]) == set(expected), (events.Tags()["scalars"], sorted(expected))
    for tag, of_tag in expected.items():
        found = [
            (e.step, e.wall_time, e.value if math.isfinite(e.value) else None) for e in events.Scalars(tag)
        ]
        assert found == of_tag, (tag, found, of_tag)
    return len(lines)


def check_histograms(weights, steps, events):
    """One after every epoch; the last of every parameter holds the weights of the network."""
    n = 0
    for tag in events.Tags()["histograms"]:
        found = events.Histograms(tag)
        assert [e.step for e in found] == steps, (tag, found)
        for event in found:
            h = event.histogram_value
            assert sum(h.bucket) == h.num, tag
            assert len(h.bucket) == len(h.bucket_limit), tag
            assert h.bucket[0] > 0 and h.bucket[-1] > 0, tag
            assert list(h.bucket_limit) == sorted(h.bucket_limit), tag
            assert h.min <= h.bucket_limit[0] and h.max <= h.bucket_limit[-1] * (1 + 1e-12) + 1e-12, tag
            n += 1
        kind, name = tag.split("/")
        if kind != "weights":
            assert kind == "activations", tag
            continue
        w = weights[name].astype(np.float64).ravel()
        assert (h.min, h.max, h.num) == (w.min(), w.max(), w.size), (tag, h)
        assert np.isclose(h.sum, w.sum(), rtol=1e-9, atol=1e-12), tag
        assert np.isclose(h.sum_squares, (w * w).sum(), rtol=1e-9), tag
        # NumPy counts by itself, between the bounds that TensorBoard was given.
        bounds = np.concatenate([[-np.inf], h.bucket_limit])
        bounds[-1] = np.inf
        counts, _ = np.histogram(w, bounds)
        # A weight on a bound may fall to either side.
        assert np.abs(counts - np.array(h.bucket)).sum() <= 2, (tag, counts, h.bucket)
    names = {tag.split("/")[1] for tag in events.Tags()["histograms"] if tag.startswith("weights/")}
    assert names == set(weights), (names, set(weights))
    return n


def check_images(weights, steps, events):
    """The picture of the last epoch shows the first layer's weights, in a grid of tiles."""
    n = 0
    assert events.Tags()["images"] == ["first_layer/W1"], events.Tags()["images"]
    for event in (found := events.Images("first_layer/W1")):
        picture = Image.open(io.BytesIO(event.encoded_image_string))
        assert picture.size == (event.width, event.height) and picture.mode == "L", picture
        pixels = np.asarray(picture)
        n += 1
    assert [e.step for e in found] == steps
    w = weights["W1"]
    side = math.isqrt(w.shape[1])
    assert side * side == w.shape[1]
    across = math.ceil(math.sqrt(len(w)))
    expected = np.zeros_like(pixels, dtype=np.float64)
    for unit, row in enumerate(w):
        y, x = (unit // across) * (side + 1), (unit % across) * (side + 1)
        expected[y : y + side, x : x + side] = 128 + 127 * row.reshape(side, side) / np.abs(w).max()
    assert np.abs(pixels - expected).max() <= 0.5001, np.abs(pixels - expected).max()
    return n


def load_weights(path):
    """By chainrule's names: fc1.weight is W1, and so on."""
    arrays = [(name, array) for name, array in np.load(path).items()]
    letters = {"weight": "W", "bias": "b"}
    order = {}
    for name, _ in arrays:
        order.setdefault(name.rsplit(".", 1)[0], len(order) + 1)
    return {
        f"{letters[name.rsplit('.', 1)[1]]}{order[name.rsplit('.', 1)[0]]}": array for name, array in arrays
    }


def main():
    for run in sorted(Path(sys.argv[1]).iterdir()):
        # What follows the last end of a line was cut off.
        whole = (run / "scalars.jsonl").read_text(encoding="utf-8").rpartition("\n")[0]
        lines = [json.loads(line) for line in whole.splitlines()]
        assert lines, run
        keys = ["step", "epoch", "tag", "value", "wall_time"]
        assert all(list(line) == keys for line in lines), run
        steps = sorted({line["step"] for line in lines})
        assert [line["epoch"] for line in lines if line["tag"] == "loss/train"] == list(range(1, len(steps) + 1))
        events = EventAccumulator(str(run), size_guidance=EVERYTHING)
        events.Reload()
        weights = load_weights(run / "network.npz")
        said = {
            "event": "run",
            "run": run.name,
            "epochs": len(steps),
            "scalars": check_scalars(lines, events),
            "histograms": check_histograms(weights, steps, events),
            "images": check_images(weights, steps, events),
        }
        print(json.dumps(said), flush=True)


main()
