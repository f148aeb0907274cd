// Strokes of a pen on a picture of few pixels. They are drawn at the network's own size, so that
// what is shown is what it is given: two-tone where its pictures are (a sketch has lines of one or
// two pixels and no shades), with soft edges where they have shades.

// A copy of a picture with a stroke on it.
//   picture: Uint8ClampedArray, size x size x the length of `ink`.
//   points: [[x, y], ...] in pixels from the upper left corner; the first pixel's centre is .5, .5.
//   width: of the line, in pixels. ink: [0 to 255 for each channel]. soft: whether edges are.
export function stroked(picture, size, points, width, ink, soft) {
  const made = picture.slice();
  const cover = (x, y, share) => {
    ink.forEach((value, channel) => {
      const place = (y * size + x) * ink.length + channel;
      made[place] = Math.round((1 - share) * picture[place] + share * value);
    });
  };
  (soft ? softLine : twoToneLine)(points, width, size, cover);
  return made;
}

// ---- two-tone ----

function twoToneLine(points, width, size, cover) {
  const reach = Math.ceil(width / 2);
  // An even width has its middle between pixels.
  const middle = width % 2 ? 0 : 0.5;
  for (const [column, row] of path(points)) {
    for (let y = Math.max(0, row - reach); y <= Math.min(size - 1, row + reach); y++) {
      for (let x = Math.max(0, column - reach); x <= Math.min(size - 1, column + reach); x++) {
        if (isNear(x - column + middle, y - row + middle, width)) cover(x, y, 1);
      }
    }
  }
}

// A pen of 1 is one pixel, of 2 four pixels, and from 3 on a disc.
function isNear(x, y, width) {
  return width < 3 ? Math.max(Math.abs(x), Math.abs(y)) < width / 2 : Math.hypot(x, y) < width / 2;
}

// The pixels that a line goes through, one after the other, none at a corner: a step aside and then
// ahead is one across.
function path(points) {
  const pixels = [];
  const add = (pixel) => {
    const [before, last] = pixels.slice(-2);
    if (last && last[0] === pixel[0] && last[1] === pixel[1]) return;
    const isCorner = last && pixels.length > 1 &&
      Math.abs(before[0] - pixel[0]) === 1 && Math.abs(before[1] - pixel[1]) === 1;
    if (isCorner) pixels.pop();
    pixels.push(pixel);
  };
  points.forEach((point, number) => {
    const end = point.map(Math.floor);
    const begin = number ? points[number - 1].map(Math.floor) : end;
    const steps = Math.max(Math.abs(end[0] - begin[0]), Math.abs(end[1] - begin[1]), 1);
    for (let step = 0; step <= steps; step++) {
      add(begin.map((value, axis) => Math.round(value + ((end[axis] - value) * step) / steps)));
    }
  });
  return pixels;
}

// ---- with soft edges ----

function softLine(points, width, size, cover) {
  const shares = new Float32Array(size * size);
  const reach = width / 2 + 1;
  points.forEach((end, number) => {
    const begin = points[Math.max(0, number - 1)];
    const [left, top] = begin.map((value, axis) => Math.max(0, Math.floor(Math.min(value, end[axis]) - reach)));
    const [right, bottom] = begin.map((value, axis) => Math.min(size - 1, Math.ceil(Math.max(value, end[axis]) + reach)));
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const share = width / 2 + 0.5 - distance([x + 0.5, y + 0.5], begin, end);
        shares[y * size + x] = Math.max(shares[y * size + x], Math.min(1, Math.max(0, share)));
      }
    }
  });
  shares.forEach((share, place) => {
    if (share) cover(place % size, Math.floor(place / size), share);
  });
}

// From a point to the line between two.
function distance([x, y], [x0, y0], [x1, y1]) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const along = dx || dy ? ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy) : 0;
  const share = Math.min(1, Math.max(0, along));
  return Math.hypot(x - x0 - share * dx, y - y0 - share * dy);
}
