// The network's forward pass: what `Mlp::predict` of chainrule-trainer does for one picture, in plain JavaScript.
//
//     x₀ = pixels / 255,   xₗ = layerₗ(xₗ₋₁),   y = softmax(the last x), or as the loss reads outputs
//
// A network is `{side, layers, output}`; a layer is its name, its settings and its numbers. Sums are 64-bit here and 32-bit in Rust,
// the weights are the same: probabilities agree to 1e-5, which `cargo xtask browser-test` checks on real digits.

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

// The complementary error function, erfc(z) = 2/√π ∫ exp(−t²) dt from z to ∞, which JavaScript does not have.
// Source: Abramowitz and Stegun, 7.1.6 (a series, near 0) and 7.1.14 (a continued fraction, far out).
function erfc(z) {
  if (z < 0) return 2 - erfc(-z);
  if (z < 3) {
    let [term, sum] = [z, z];
    for (let n = 1; n < 80; n++) {
      term *= (2 * z * z) / (2 * n + 1);
      sum += term;
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * sum;
  }
  let fraction = z;
  for (let n = 60; n > 0; n--) fraction = z + n / 2 / fraction;
  return Math.exp(-z * z) / (Math.sqrt(Math.PI) * fraction);
}

// The functions that are applied to every value by itself, by the names of their layers; some have settings.
const activations = {
  "sigmoid": sigmoid,
  "relu": (x) => Math.max(x, 0),
  "tanh": Math.tanh,
  "leaky-relu": (x, { slope }) => (x > 0 ? x : slope * x),
  "elu": (x, { alpha }) => (x > 0 ? x : alpha * Math.expm1(x)),
  "silu": (x) => x * sigmoid(x),
  "softplus": (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  "gelu": (x) => (x / 2) * erfc(-x / Math.SQRT2),
  "gelu-tanh": (x) => x * sigmoid(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)),
  "identity": (x) => x,
  "step": (x) => (x > 0 ? 1 : 0),
  // In use, nothing is dropped.
  "dropout": (x) => x,
};

// y = W·x + b. W lies column after column: column p is what input p sends to every output.
function affine({ W, b }, x) {
  const y = Float64Array.from(b);
  x.forEach((value, p) => {
    // Most pixels are 0, and send nothing.
    if (value === 0) return;
    for (let i = 0; i < y.length; i++) y[i] += W[p * y.length + i] * value;
  });
  return y;
}

// y = γ·(x − μ)/√(σ² + ε) + β, with the running mean and variance that training left.
function batchNorm({ gamma, beta, running_mean, running_var, eps }, x) {
  return x.map((value, i) => (gamma[i] * (value - running_mean[i])) / Math.sqrt(running_var[i] + eps) + beta[i]);
}

// Raw columns as inputs: standardised, as one of several values, or as they are.
function encode({ columns }, x) {
  const inputs = columns.map((column, i) => {
    if (column.standardize) return [(x[i] - column.standardize.mean) / column.standardize.std];
    if (column.one_hot) return column.one_hot.values.map((value) => Number(Math.fround(value) === x[i]));
    return [x[i]];
  });
  return Float64Array.from(inputs.flat());
}

function applyLayer(layer, x) {
  const name = layer.layer;
  if (name === "affine") return affine(layer, x);
  if (name === "batch-norm") return batchNorm(layer, x);
  if (name === "encoding") return encode(layer, x);
  if (name === "softmax") return softmax(x);
  return x.map((value) => activations[name](value, layer));
}

// yᵢ = exp(zᵢ) / Σⱼ exp(zⱼ). Taking the largest z off all of them changes nothing, and exp cannot overflow.
function softmax(z) {
  const largest = Math.max(...z);
  const e = z.map((value) => Math.exp(value - largest));
  const sum = e.reduce((sum, value) => sum + value, 0);
  return e.map((value) => value / sum);
}

// A picture of side × side bytes through the whole network: `values[l]` goes into layer l, the last are the logits.
function forward(network, pixels) {
  // Rust's pixels are 32-bit floats.
  const values = [Float64Array.from(pixels, (pixel) => Math.fround(pixel / 255))];
  for (const layer of network.layers) values.push(applyLayer(layer, values.at(-1)));
  const z = values.at(-1);
  const y = { softmax, sigmoid: (z) => z.map(sigmoid), identity: (z) => z }[network.output](z);
  return { values, y };
}

// The network as the page holds it: every array of numbers is text, the base64 of little-endian 32-bit floats.
function readNetwork(text) {
  const isNumbers = (key) => ["W", "b", "gamma", "beta", "running_mean", "running_var"].includes(key);
  return JSON.parse(text, (key, value) => (isNumbers(key) ? floats(value) : value));
}

function floats(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}
