"""PyTorch: eager with its modules and the fused optimizer, or the whole step as one compiled graph."""

import torch
from torch import nn

from common import initial

F = nn.functional


class Peer:
    def __init__(self, data, threads, name):
        torch.set_num_threads(threads)
        self.data, self.compiled = data, name == "torch-compile"
        self.name = "torch.compile" if self.compiled else "PyTorch"

    def info(self):
        form = "whole step compiled" if self.compiled else "fused SGD"
        settings = f"set_num_threads({torch.get_num_threads()}), {torch.backends.cpu.get_cpu_capability()}, {form}"
        return {"name": self.name, "version": torch.__version__, "settings": settings}

    def training(self, recipe):
        return (Compiled if self.compiled else Eager)(self.data, recipe)

    def training_of_inference(self, recipe):
        return Eager(self.data, recipe)

    def predictor(self, training):
        model = training.model.eval()
        if self.compiled:
            # What PyTorch offers for inference of a fixed model from Python with the least overhead.
            model = torch.jit.freeze(torch.jit.trace(model, torch.zeros(1, 784)))

        def predict(x):
            with torch.inference_mode():
                return model(x)

        return predict, torch.from_numpy

    def product(self, m, k, n, transposed):
        a = torch.rand(k, m).t() if transposed else torch.rand(m, k)
        b, c = torch.rand(k, n), torch.empty(m, n)
        return lambda: torch.mm(a, b, out=c)


class Training:
    def __init__(self, data, recipe):
        self.recipe = recipe
        self.x, self.t = torch.from_numpy(data.of(recipe)[0]), torch.from_numpy(data.t)
        self.random = torch.Generator().manual_seed(2)

    def batches(self):
        n = self.recipe.batch * self.recipe.steps
        return torch.randperm(len(self.x), generator=self.random)[:n].split(self.recipe.batch)


class Eager(Training):
    def __init__(self, data, recipe):
        super().__init__(data, recipe)
        activation = nn.ReLU() if recipe.relu else nn.Sigmoid()
        self.model = nn.Sequential(nn.Linear(784, recipe.n_hidden), activation, nn.Linear(recipe.n_hidden, 10))
        with torch.no_grad():
            for parameter, value in zip(self.model.parameters(), initial(recipe)):
                parameter.copy_(torch.from_numpy(value.T.copy()))
        self.optimizer = torch.optim.SGD(
            self.model.parameters(), lr=recipe.rate, momentum=recipe.momentum, fused=True
        )
        self.loss = nn.CrossEntropyLoss()

    def epoch(self):
        for samples in self.batches():
            self.optimizer.zero_grad()
            self.loss(self.model(self.x[samples]), self.t[samples]).backward()
            self.optimizer.step()

    def logits(self, x):
        with torch.no_grad():
            return self.model(torch.from_numpy(x)).numpy()


class Compiled(Training):
    """One graph: gathering, forward, backward by torch.func, and the update in place."""

    def __init__(self, data, recipe):
        super().__init__(data, recipe)
        self.parameters = tuple(torch.from_numpy(value.T.copy()) for value in initial(recipe))
        self.velocity = tuple(torch.zeros_like(p) for p in self.parameters)

        def loss(parameters, x, t):
            return F.cross_entropy(self.forward(parameters, x), t)

        def step(parameters, velocity, samples):
            gradients = torch.func.grad(loss)(parameters, self.x[samples], self.t[samples])
            for p, v, g in zip(parameters, velocity, gradients):
                if recipe.momentum:
                    g = v.mul_(recipe.momentum).add_(g)
                p.sub_(g, alpha=recipe.rate)

        self.step = torch.compile(step, fullgraph=True)

    def forward(self, parameters, x):
        w1, b1, w2, b2 = parameters
        z = F.linear(x, w1, b1)
        return F.linear(torch.relu(z) if self.recipe.relu else torch.sigmoid(z), w2, b2)

    def epoch(self):
        with torch.no_grad():
            for samples in self.batches():
                self.step(self.parameters, self.velocity, samples)

    def logits(self, x):
        with torch.no_grad():
            return self.forward(self.parameters, torch.from_numpy(x)).numpy()
