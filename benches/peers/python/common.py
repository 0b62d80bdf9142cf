"""What the Python peers share: the data, the recipes, the works that are alike for all, and the protocol.

`../README.md` has the protocol in words. A peer is a class with some of: `info()`, `training(recipe)`, which returns an
object with `epoch()` (one request's steps, shuffling and gathering included; it may return its own seconds) and
`logits(x)` (NumPy to NumPy); `predictor(training)`, which returns the fastest call from images to their results and what
makes images of an array; and `product(m, k, n, transposed)`, which returns a call without arguments.
"""

import gzip
import json
import os
import statistics
import sys
import time
from dataclasses import dataclass, replace

import numpy as np

N_PIXELS, N_CLASSES = 784, 10


@dataclass(frozen=True)
class Recipe:
    """A network of one hidden layer, and how it is trained; the same numbers are in `../rust/contest/src/recipe.rs`."""

    n_hidden: int = 50
    relu: bool = False
    std: float = 0.01
    rate: float = 0.1
    momentum: float = 0.0
    batch: int = 100
    steps: int = 600
    standardised: bool = False


W1 = Recipe()
W2 = Recipe(n_hidden=800, relu=True, rate=0.05, momentum=0.9, batch=128, steps=200)
RECIPES = {
    "W1": W1,
    "W2": W2,
    "D1": replace(W1, standardised=True),
    "D2": replace(W2, standardised=True, rate=0.005),
    "whole": replace(W1, rate=2.0, std=0.05),
}


def initial(recipe, seed=1):
    """W1, b1, W2, b2 with samples as rows: inputs × outputs."""
    random = np.random.default_rng(seed)

    def weights(n_inputs, n_outputs):
        std = (2 / n_inputs) ** 0.5 if recipe.relu else recipe.std
        return (std * random.standard_normal((n_inputs, n_outputs))).astype("f4")

    w1, w2 = weights(N_PIXELS, recipe.n_hidden), weights(recipe.n_hidden, N_CLASSES)
    return w1, np.zeros(recipe.n_hidden, "f4"), w2, np.zeros(N_CLASSES, "f4")


class Data:
    """MNIST as rows of 32-bit floats in memory, 0…1 or standardised, and 64-bit classes."""

    def __init__(self, folder):
        def read(name, header):
            with gzip.open(os.path.join(folder, name)) as file:
                return np.frombuffer(file.read(), np.uint8, offset=header)

        def images(name):
            return read(name, 16).reshape(-1, N_PIXELS) / np.float32(255)

        self.x, self.test_x = images("train-images-idx3-ubyte.gz"), images("t10k-images-idx3-ubyte.gz")
        self.t = read("train-labels-idx1-ubyte.gz", 8).astype("i8")
        self.test_t = read("t10k-labels-idx1-ubyte.gz", 8).astype("i8")
        self._standardised = None

    def of(self, recipe):
        """Training and test images as the recipe wants them."""
        if not recipe.standardised:
            return self.x, self.test_x
        if self._standardised is None:
            # MNIST's usual mean and deviation: no pixel is zero then.
            mean, deviation = np.float32(0.1307), np.float32(0.3081)
            self._standardised = [(x - mean) / deviation for x in (self.x, self.test_x)]
        return self._standardised

    def loss_and_accuracy(self, recipe, logits):
        """The mean cross-entropy and the accuracy over the test images."""
        z = np.asarray(logits(self.of(recipe)[1]), "f8")
        z = z - z.max(1, keepdims=True)
        losses = np.log(np.exp(z).sum(1)) - z[np.arange(len(z)), self.test_t]
        return float(losses.mean()), float((z.argmax(1) == self.test_t).mean())


class Contestant:
    def __init__(self, peer, data, threads):
        self.peer, self.data, self.threads = peer, data, threads
        self.trainings = {}
        self.trained = None
        self.predict = None
        self.chunk = None

    def answer(self, work):
        if work == "info":
            return {"threads": self.threads} | self.peer.info()
        needs = {"W3a": "predictor", "W3b": "predictor", "sgemm": "product", "products": "product"}
        if not hasattr(self.peer, needs.get(work, "training")) or work not in {*RECIPES, *needs} - {"whole"}:
            return {"missing": "not something this peer does"}
        if work in RECIPES:
            return self.train(work)
        return {"W3a": self.many_images, "W3b": self.one_image, "sgemm": self.sgemm, "products": self.products}[work]()

    def train(self, work):
        """Goes on with a training run, and says how fast it was and how well the network does now."""
        recipe = RECIPES[work]
        if work not in self.trainings:
            self.trainings[work] = self.peer.training(recipe)
        training = self.trainings[work]
        begun = time.perf_counter()
        own = training.epoch()
        seconds = own or time.perf_counter() - begun
        loss, accuracy = self.data.loss_and_accuracy(recipe, training.logits)
        return {"value": recipe.batch * recipe.steps / seconds, "loss": loss, "accuracy": accuracy}

    def prepare_inference(self):
        """The network of W1 after three epochs."""
        if self.predict is None:
            # A peer may train this net in a way of its own.
            make = getattr(self.peer, "training_of_inference", None) or self.peer.training
            self.trained = make(W1)
            for _ in range(3):
                self.trained.epoch()
            self.predict, self.convert = self.peer.predictor(self.trained)

    def many_images(self):
        self.prepare_inference()
        x, predict = self.convert(self.data.test_x), self.predict

        def parts(chunk):
            return [x[i : i + chunk] for i in range(0, len(x), chunk)]

        def run(pieces):
            for piece in pieces:
                predict(piece)

        if self.chunk is None:
            # Every size is called before it is timed: some peers compile a program for each.
            sizes = (10000, 2500, 1000, 500, 250, 100)
            best = {size: min(timed(run, parts(size)) for _ in range(4)) for size in sizes}
            self.chunk = min(best, key=best.get)
        pieces = parts(self.chunk)
        passes = max(1, round(0.1 / timed(run, pieces)))
        seconds = timed(lambda: [run(pieces) for _ in range(passes)]) / passes
        z = np.concatenate([np.asarray(predict(piece)) for piece in pieces])
        accuracy = float((z.argmax(1) == self.data.test_t).mean())
        return {"value": len(x) / seconds, "accuracy": accuracy, "note": f"{self.chunk} images a call"}

    def one_image(self):
        self.prepare_inference()
        images = [self.convert(self.data.test_x[i : i + 1].copy()) for i in range(2200)]
        clock, predict, times = time.perf_counter_ns, self.predict, []
        for image in images:
            begun = clock()
            predict(image)
            times.append(clock() - begun)
        return {"value": statistics.median(times[200:]) / 1e3}

    def sgemm(self):
        return {"value": max(gigaflops(self.peer.product, 2048, 2048, 2048) for _ in range(3))}

    def products(self):
        """What the first layer of W2 needs, samples as rows: x·W, and xᵀ·dy for the gradient."""
        shapes = [(128, 784, 800, False), (784, 128, 800, True)]
        rates = [gigaflops(self.peer.product, *shape, repeat=60) for shape in shapes]
        return {"value": statistics.harmonic_mean(rates)}

    def whole(self):
        """Trains a net of 50 hidden units until 97 % of the test images are recognised."""
        recipe = RECIPES["whole"]
        training = self.peer.training(recipe)
        for epoch in range(1, 41):
            training.epoch()
            _, accuracy = self.data.loss_and_accuracy(recipe, training.logits)
            if accuracy >= 0.97:
                return {"accuracy": accuracy, "epochs": epoch}
        return {"error": "97 % was not reached in 40 epochs"}


def gigaflops(product, m, k, n, transposed=False, repeat=1):
    """GFLOP/s of an m×k by k×n product; the first factor may lie transposed in memory."""
    run = product(m, k, n, transposed)
    for _ in range(max(2, repeat // 4)):
        run()
    seconds = timed(lambda: [run() for _ in range(repeat)])
    return 2e-9 * m * k * n * repeat / seconds


def timed(f, *arguments):
    begun = time.perf_counter()
    f(*arguments)
    return time.perf_counter() - begun


def serve(contestant):
    """Obeys the requests on standard input until there are no more."""
    answers = os.fdopen(os.dup(1), "w")
    # What libraries print must not look like an answer.
    os.dup2(2, 1)
    for line in sys.stdin:
        work = line.strip()
        try:
            answer = contestant.answer(work)
        except Exception as error:  # whatever a peer raises is its answer
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:300]}
        print(json.dumps({"work": work} | answer), file=answers, flush=True)
