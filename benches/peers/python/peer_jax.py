"""JAX: a whole epoch as one compiled program, which scans over the mini-batches."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from common import initial


class Peer:
    def __init__(self, data, threads, name):
        self.data = data

    def info(self):
        # JAX has no setting of its own that is obeyed: its threads are the processors it is given.
        settings = f"{jax.default_backend()}, one thread per processor it may use"
        return {"name": "JAX", "version": jax.__version__, "settings": settings}

    def training(self, recipe):
        return Training(self.data, recipe)

    def predictor(self, training):
        forward = jax.jit(partial(logits, training.recipe, training.state[0]))
        return lambda x: forward(x).block_until_ready(), lambda x: x

    def product(self, m, k, n, transposed):
        a = jnp.asarray(np.random.rand(*(k, m) if transposed else (m, k)), jnp.float32)
        b = jnp.asarray(np.random.rand(k, n), jnp.float32)
        run = jax.jit(lambda a, b: (a.T if transposed else a) @ b)
        return lambda: run(a, b).block_until_ready()


def logits(recipe, parameters, x):
    w1, b1, w2, b2 = parameters
    z = x @ w1 + b1
    return (jax.nn.relu(z) if recipe.relu else jax.nn.sigmoid(z)) @ w2 + b2


def loss(recipe, parameters, x, t):
    log_y = jax.nn.log_softmax(logits(recipe, parameters, x))
    return -jnp.mean(jnp.take_along_axis(log_y, t[:, None], 1))


def step(recipe, all_x, all_t, state, samples):
    parameters, velocity = state
    # The samples exist: clipping spares a check of every index.
    x = jnp.take(all_x, samples, axis=0, mode="clip")
    t = jnp.take(all_t, samples, axis=0, mode="clip")
    gradients = jax.grad(partial(loss, recipe))(parameters, x, t)
    if recipe.momentum:
        velocity = gradients = [recipe.momentum * v + g for v, g in zip(velocity, gradients)]
    return ([p - recipe.rate * g for p, g in zip(parameters, gradients)], velocity), None


class Training:
    def __init__(self, data, recipe):
        self.recipe = recipe
        self.x, self.t = jnp.asarray(data.of(recipe)[0]), jnp.asarray(data.t.astype("i4"))
        parameters = [jnp.asarray(p) for p in initial(recipe)]
        velocity = [jnp.zeros_like(p) for p in parameters] if recipe.momentum else []
        self.state, self.key = (parameters, velocity), jax.random.PRNGKey(2)

        @partial(jax.jit, donate_argnums=2)
        def epoch(x, t, state, key):
            order = jax.random.permutation(key, len(x))[: recipe.batch * recipe.steps]
            batches = order.reshape(recipe.steps, recipe.batch)
            return jax.lax.scan(partial(step, recipe, x, t), state, batches)[0]

        self.compiled = epoch

    def epoch(self):
        self.key, key = jax.random.split(self.key)
        self.state = jax.block_until_ready(self.compiled(self.x, self.t, self.state, key))

    def logits(self, x):
        return np.asarray(logits(self.recipe, self.state[0], x))
