"""Writes trajectories.json into the tests of the trainer: one hundred training steps of three networks in PyTorch and float64.

    python make_trajectories.py        (needs torch; what is random has the seed below and at most three digits, so the file holds
                                        exact literals)

Steps count from 0. Step s trains on the samples (SHIFT s + STRIDE i) mod SAMPLES for i = 0, 1, ... below the batch size.
All parameters of a network lie end to end, layer after layer: W input by input (all that leaves input 0, then all that leaves
input 1), b, and of batch norms gamma and beta. Inputs are one sample after the other, and so are outputs, which are logits.
"""
import json, pathlib, torch
from torch import nn

SEED, SIZES, STEPS = 11, (20, 16, 12, 5), 100
SAMPLES, SHIFT, STRIDE = 256, 7, 5  # The stride is odd: no sample comes twice in a mini-batch.
SHOWN, HELD = (0, 1, 9, 99), 64  # Steps whose outputs are written, and samples that go through the trained network.

torch.set_default_dtype(torch.float64)
torch.manual_seed(SEED)
torch.set_num_threads(1)  # One order of summation, so that the file comes out the same again.
values = lambda tensor: tensor.detach().flatten().tolist()
literals = lambda *shape: torch.round(100 * torch.randn(*shape)) / 100

x = literals(SAMPLES, SIZES[0])
t = torch.argmax(torch.tanh(x @ literals(SIZES[0], 8)) @ literals(8, SIZES[-1]) + literals(SAMPLES, SIZES[-1]) / 2, 1)


def network(activation, batch_norm):
    """Affine layers with an activation between them, behind batch norms if so wished, and weights of three digits."""
    layers = []
    for n_inputs, n_outputs in zip(SIZES, SIZES[1:]):
        layers.append(nn.Linear(n_inputs, n_outputs))
        if n_outputs != SIZES[-1]:
            layers += [nn.BatchNorm1d(n_outputs), activation()] if batch_norm else [activation()]
    net = nn.Sequential(*layers)
    with torch.no_grad():
        for layer in net:
            if isinstance(layer, nn.Linear):
                layer.weight.copy_(torch.round(1000 * torch.randn(layer.weight.shape) / layer.in_features**0.5) / 1000)
                layer.bias.copy_(literals(layer.out_features) / 10)
            elif isinstance(layer, nn.BatchNorm1d):
                layer.weight.copy_(1 + literals(layer.num_features) / 10)
                layer.bias.copy_(literals(layer.num_features) / 10)
    return net


def parameters(net):
    return sum((values(p.T if p.dim() == 2 else p) for p in net.parameters()), [])


def forward(net, x):
    """The logits. Far from a kink only can another order of summation not end on the other side of it."""
    for layer in net:
        if isinstance(layer, nn.ReLU):
            assert x.abs().min() > 1e-8, "a value before a ReLU is too near to 0: try another seed"
        x = layer(x)
    return x


def train(net, batch_size, optimizer, schedule=None):
    result = dict(batch_size=batch_size, start=parameters(net), losses=[])
    norms = [layer for layer in net if isinstance(layer, nn.BatchNorm1d)]
    if norms:
        result.update(shown=SHOWN, outputs=[], running_statistics=[])
    for step in range(STEPS):
        indices = [(SHIFT * step + STRIDE * i) % SAMPLES for i in range(batch_size)]
        z = forward(net, x[indices])
        loss = nn.functional.cross_entropy(z, t[indices])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if schedule:
            schedule.step()
        result["losses"].append(loss.item())
        if norms and step in SHOWN:
            result["outputs"].append(values(z))
            result["running_statistics"].append(sum((values(n.running_mean) + values(n.running_var) for n in norms), []))
    result["end"] = parameters(net)
    if norms:
        net.eval()
        result["outputs_in_inference"] = values(forward(net, x[:HELD]))
    return result


optim = torch.optim
tanh = network(nn.Tanh, False)
adamw = optim.AdamW(tanh.parameters(), lr=0.02, weight_decay=0.1)
relu = network(nn.ReLU, False)
nesterov = optim.SGD(relu.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01)
# Adam would not do here: it divides the gradient of a bias before a batch norm, which is 0 but for rounding, by itself.
norm = network(nn.ReLU, True)
momentum = optim.SGD(norm.parameters(), lr=0.1, momentum=0.9)
runs = dict(
    tanh_adamw_cosine=train(tanh, 40, adamw, optim.lr_scheduler.CosineAnnealingLR(adamw, STEPS, 0.001)),
    relu_nesterov=train(relu, 40, nesterov),
    batch_norm_relu_momentum=train(norm, 128, momentum))
result = dict(made_by=f"torch {torch.__version__}, float64", about="make_trajectories.py says how values lie",
              sizes=SIZES, shift=SHIFT, stride=STRIDE, x=values(x), t=t.tolist(), runs=runs)
path = pathlib.Path(__file__).parents[2] / "crates/trainer/tests/golden/trajectories.json"
path.parent.mkdir(exist_ok=True)
path.write_text(json.dumps(result, separators=(",", ":")) + "\n")
