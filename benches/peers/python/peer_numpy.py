"""NumPy, in the form of the book "Deep Learning from Scratch": an affine layer, a sigmoid or ReLU, an affine layer,
softmax with the loss, all in 32-bit floats; mini-batches drawn by index."""

import numpy as np
from threadpoolctl import threadpool_info

from common import initial


class Peer:
    def __init__(self, data, threads, name):
        self.data = data

    def info(self):
        blas = [f"{i['internal_api']} {i['version']} with {i['num_threads']}" for i in threadpool_info()]
        return {"name": "NumPy", "version": np.__version__, "settings": ", ".join(blas)}

    def training(self, recipe):
        return Training(self.data, recipe)

    def predictor(self, training):
        return training.logits, lambda x: x

    def product(self, m, k, n, transposed):
        a = np.random.rand(*(k, m) if transposed else (m, k)).astype("f4")
        a = a.T if transposed else a
        b, c = np.random.rand(k, n).astype("f4"), np.empty((m, n), "f4")
        return lambda: np.dot(a, b, out=c)


class Training:
    def __init__(self, data, recipe):
        self.recipe, self.x, self.t = recipe, data.of(recipe)[0], data.t
        self.parameters = initial(recipe)
        self.velocity = [np.zeros_like(p) for p in self.parameters]
        self.random = np.random.default_rng(2)

    def hidden(self, x):
        z = x @ self.parameters[0] + self.parameters[1]
        return np.maximum(z, 0) if self.recipe.relu else 1 / (1 + np.exp(-z))

    def logits(self, x):
        return self.hidden(x) @ self.parameters[2] + self.parameters[3]

    def epoch(self):
        recipe, (w1, b1, w2, b2) = self.recipe, self.parameters
        order = self.random.permutation(len(self.x))
        rows, rate = np.arange(recipe.batch), np.float32(recipe.rate)
        for step in range(recipe.steps):
            samples = order[step * recipe.batch : (step + 1) * recipe.batch]
            x, t = self.x[samples], self.t[samples]
            h = self.hidden(x)
            y = h @ w2 + b2
            y = np.exp(y - y.max(1, keepdims=True))
            y /= y.sum(1, keepdims=True)
            y[rows, t] -= 1
            y /= np.float32(recipe.batch)
            dh = y @ w2.T
            dz = dh * (h > 0) if recipe.relu else dh * (1 - h) * h
            gradients = x.T @ dz, dz.sum(0), h.T @ y, y.sum(0)
            for p, v, g in zip(self.parameters, self.velocity, gradients):
                if recipe.momentum:
                    v *= np.float32(recipe.momentum)
                    v += g
                    g = v
                p -= rate * g
