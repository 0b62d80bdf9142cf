// From a drawing to the picture that the network sees, by the steps in which MNIST's digits were made:
//
// 1. what is drawn is scaled to fit a box of 20×20 pixels and keeps its proportions; greys come from anti-aliasing;
// 2. the box goes into a field of 28×28 pixels so that the centre of mass of its ink is in the middle.
//
// Source: LeCun, Cortes and Burges, *The MNIST database*, yann.lecun.com/exdb/mnist. That page doesn't say that
// boxes are moved by whole pixels and that pixel 14, counted from 0, is the middle, but the training images do: the
// centre of mass of every one of them lies between 13.5 and 14.5 in both directions.

// `ink` has width × height values from 0 to 255, row after row; the result side × side. Nothing drawn gives zeros.
function pictureOf(ink, width, height, side) {
  const picture = new Uint8Array(side * side);
  const bounds = boundsOf(ink, width, height);
  if (!bounds) return picture;
  const box = Math.round((side * 20) / 28);
  const scale = box / Math.max(bounds.right - bounds.left, bounds.bottom - bounds.top);
  const scaled = scaleInto(box, scale, ink, width, bounds);
  const mass = centreOfMass(scaled, box);
  const place = (centre, length) => {
    // The rounding of sums does not decide between two pixels that are equally near.
    const first = Math.round(side / 2 - centre + 1e-9);
    // A lopsided drawing is not pushed over the edge.
    return Math.min(Math.max(first, 0), side - Math.ceil(length * scale - 1e-9));
  };
  const left = place(mass.x, bounds.right - bounds.left);
  const top = place(mass.y, bounds.bottom - bounds.top);
  scaled.map(Math.round).forEach((value, i) => {
    const [x, y] = [i % box, Math.floor(i / box)];
    if (value > 0) picture[(top + y) * side + left + x] = value;
  });
  return picture;
}

// The smallest rectangle that has all ink, without its right and bottom edge.
function boundsOf(ink, width, height) {
  let [left, right, top, bottom] = [width, 0, height, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (ink[y * width + x] === 0) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y + 1);
    }
  }
  return right > left ? { left, right, top, bottom } : null;
}

// Every pixel of the drawing, made smaller or larger, gives its ink to the pixels of the box that it covers, to each
// as much as it covers of it.
function scaleInto(box, scale, ink, width, { left, right, top, bottom }) {
  const scaled = new Float64Array(box * box);
  const covered = (pixel, from) => Math.min(pixel + 1, from + scale) - Math.max(pixel, from);
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const value = ink[y * width + x];
      if (value === 0) continue;
      const [toX, toY] = [(x - left) * scale, (y - top) * scale];
      for (let j = Math.floor(toY); j < Math.min(toY + scale, box); j++) {
        for (let i = Math.floor(toX); i < Math.min(toX + scale, box); i++) {
          scaled[j * box + i] += value * covered(i, toX) * covered(j, toY);
        }
      }
    }
  }
  return scaled;
}

// In pixels, counted from 0.
function centreOfMass(values, width) {
  let [sum, x, y] = [0, 0, 0];
  values.forEach((value, i) => {
    sum += value;
    x += value * (i % width);
    y += value * Math.floor(i / width);
  });
  return { x: x / sum, y: y / sum };
}
