// A picture at another size as the commands have it, which is as Pillow does: Lanczos's kernel of
// three lobes, along rows and then along columns, with bytes in between.

const LOBES = 3;

// pixels: bytes of `side` x `side` x `channels`; returns those of `size` x `size`.
export function resized(pixels, side, size, channels) {
  if (side === size) return Uint8ClampedArray.from(pixels);
  const weights = kernels(side, size);
  const rows = new Uint8ClampedArray(side * size * channels);
  for (let y = 0; y < side; y++) {
    weights.forEach(([first, kernel], x) => {
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        kernel.forEach((weight, k) => {
          sum += weight * pixels[(y * side + first + k) * channels + channel];
        });
        rows[(y * size + x) * channels + channel] = Math.round(sum);
      }
    });
  }
  const made = new Uint8ClampedArray(size * size * channels);
  weights.forEach(([first, kernel], y) => {
    for (let place = 0; place < size * channels; place++) {
      let sum = 0;
      kernel.forEach((weight, k) => {
        sum += weight * rows[(first + k) * size * channels + place];
      });
      made[y * size * channels + place] = Math.round(sum);
    }
  });
  return made;
}

// For each place of the new row: the first place of the old one that counts, and weights from there.
function kernels(side, size) {
  const scale = side / size;
  const spread = Math.max(scale, 1);
  return Array.from({length: size}, (_, place) => {
    const centre = (place + 0.5) * scale;
    const first = Math.max(0, Math.ceil(centre - LOBES * spread - 0.5));
    const last = Math.min(side - 1, Math.floor(centre + LOBES * spread - 0.5));
    const kernel = Array.from({length: last - first + 1}, (_, k) => lanczos((first + k + 0.5 - centre) / spread));
    const sum = kernel.reduce((total, weight) => total + weight, 0);
    return [first, Float64Array.from(kernel, (weight) => weight / sum)];
  });
}

function lanczos(x) {
  if (x === 0) return 1;
  if (Math.abs(x) >= LOBES) return 0;
  const angle = Math.PI * x;
  return (LOBES * Math.sin(angle) * Math.sin(angle / LOBES)) / (angle * angle);
}
