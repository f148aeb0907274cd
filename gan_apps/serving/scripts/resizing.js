// The central square of a picture at another size as the commands have it, which is as Pillow does:
// Lanczos's kernel of three lobes, along rows and then along columns, with bytes in between, and at
// the edges of the square what lies beyond.

const LOBES = 3;

// image: {data, width, height}, four bytes for each pixel, of which the last counts for nothing.
// Returns the three bytes of each pixel of size x size.
export function centralSquare({data, width, height}, size) {
  const side = Math.min(width, height);
  const [columns, rows] = [width, height].map((length) => kernels(length, side, size));
  const between = new Uint8ClampedArray(height * size * 3);
  const [top, bottom] = [rows[0].first, rows[size - 1].first + rows[size - 1].weights.length];
  for (let y = top; y < bottom; y++) {
    columns.forEach(({first, weights}, x) => {
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) {
          sum += weights[k] * data[(y * width + first + k) * 4 + channel];
        }
        between[(y * size + x) * 3 + channel] = Math.round(sum);
      }
    });
  }
  const made = new Uint8ClampedArray(size * size * 3);
  rows.forEach(({first, weights}, y) => {
    for (let place = 0; place < size * 3; place++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k] * between[(first + k) * size * 3 + place];
      made[y * size * 3 + place] = Math.round(sum);
    }
  });
  return made;
}

// For each place of the new row: the first place of the old one that counts, and weights from there.
function kernels(length, side, size) {
  const scale = side / size;
  const spread = Math.max(scale, 1);
  const begin = Math.floor((length - side) / 2);
  return Array.from({length: size}, (_, place) => {
    const centre = begin + (place + 0.5) * scale;
    const first = Math.max(0, Math.ceil(centre - LOBES * spread - 0.5));
    const last = Math.min(length - 1, Math.floor(centre + LOBES * spread - 0.5));
    const weights = Array.from({length: last - first + 1}, (_, k) => lanczos((first + k + 0.5 - centre) / spread));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return {first, weights: Float64Array.from(weights, (weight) => weight / sum)};
  });
}

function lanczos(x) {
  if (x === 0) return 1;
  if (Math.abs(x) >= LOBES) return 0;
  const angle = Math.PI * x;
  return (LOBES * Math.sin(angle) * Math.sin(angle / LOBES)) / (angle * angle);
}
