import {cellsOf, pixelsOf, takeFiles} from './given.js';
import {element, kept, make, run, showModels, start, trouble} from './loading.js';

// Larger photos are for the command: here they would take minutes, and canvases end somewhere.
const MAX_PIXELS = 2000000;

let current = null;
// What is given: {data, width, height, name}, four bytes for each pixel. Of what is asked for only
// the newest is drawn to its end.
let given = null;
let asked = 0;

// ---- drawing, square by square as the command does ----

// A place on a side beyond whose ends there is its mirror.
function mirrored(place, side) {
  const inside = ((place % (2 * side)) + 2 * side) % (2 * side);
  return inside < side ? inside : 2 * side - 1 - inside;
}

// The square from (top, left) on as numbers in [-1, 1], rounded where the commands round.
function square({data, width, height}, top, left, size, channels) {
  const values = new Float32Array(size * size * channels);
  for (let y = 0; y < size; y++) {
    const row = mirrored(top + y, height) * width;
    for (let x = 0; x < size; x++) {
      const place = 4 * (row + mirrored(left + x, width));
      const at = channels * (y * size + x);
      const bytes = [0, 1, 2].map((channel) => data[place + channel]);
      const all = channels === 3 ? bytes : [Math.round((bytes[0] + bytes[1] + bytes[2]) / 3)];
      all.forEach((byte, channel) => { values[at + channel] = Math.fround(byte / 127.5) - 1; });
    }
  }
  return values;
}

// Puts rows x columns pixels of a drawn square, from (begin, begin) on, on the canvas at (y, x).
function put(context, values, side, begin, rows, columns, y, x, channels) {
  const pixels = new ImageData(columns, rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = channels * ((begin + row) * side + begin + column);
      const to = 4 * (row * columns + column);
      for (let channel = 0; channel < 3; channel++) {
        pixels.data[to + channel] = Math.round((values[at + (channels === 3 ? channel : 0)] + 1) * 127.5);
      }
      pixels.data[to + 3] = 255;
    }
  }
  context.putImageData(pixels, x, y);
}

async function draw() {
  const mine = ++asked;
  const model = current;
  const photo = given;
  document.documentElement.dataset.state = 'drawing';
  element('download').disabled = true;
  showPlain(photo, model.photos.scale);
  const context = element('drawn').getContext('2d');
  try {
    await model.ready;
    const {input, tile, reach, scale, channels} = model.photos;
    const step = tile - 2 * reach;
    const [across, down] = [photo.width, photo.height].map((length) => Math.ceil(length / step));
    const started = performance.now();
    for (let number = 0; number < across * down; number++) {
      if (mine !== asked) return;
      say(`Square ${number + 1} of ${across * down} ...`);
      const [top, left] = [Math.floor(number / across) * step, (number % across) * step];
      const values = square(photo, top - reach, left - reach, tile, channels);
      const made = await run(model.network, {[input]: [values, [1, tile, tile, channels]]});
      if (mine !== asked) return;
      const [rows, columns] = [photo.height - top, photo.width - left].map((left) => scale * Math.min(step, left));
      put(context, made, scale * tile, scale * reach, rows, columns, scale * top, scale * left, channels);
      // Between two squares the browser has time for who looks at it.
      await new Promise(requestAnimationFrame);
    }
    const seconds = (performance.now() - started) / 1000;
    element('took').textContent = `${seconds.toFixed(1)} s`;
    element('download').disabled = false;
    say(`${photo.name}: ${photo.width} x ${photo.height} became ${scale * photo.width} x ${scale * photo.height}.`);
    document.documentElement.dataset.state = 'drawn';
  } catch (error) {
    trouble(`Cannot draw: ${error.message ?? error}`);
  }
}

// The photo plainly enlarged, beneath what is drawn and in its place until that is there.
function showPlain(photo, scale) {
  const small = make('canvas', {width: photo.width, height: photo.height});
  small.getContext('2d').putImageData(new ImageData(photo.data, photo.width, photo.height), 0, 0);
  for (const name of ['plain', 'drawn']) {
    const canvas = element(name);
    Object.assign(canvas, {width: scale * photo.width, height: scale * photo.height});
    const context = canvas.getContext('2d');
    context.imageSmoothingQuality = 'high';
    context.drawImage(small, 0, 0, canvas.width, canvas.height);
  }
  element('both').style.aspectRatio = `${photo.width} / ${photo.height}`;
  element('took').textContent = '\u00a0';
}

// ---- the page ----

function say(words, isComplaint = false) {
  element('status').classList.toggle('trouble', isComplaint);
  element('status').textContent = words;
}

const complain = (words) => say(words, true);

// To the left of the slider the plain enlargement is seen, to the right what the network draws.
function slide() {
  const share = Number(element('slider').value);
  element('drawn').style.clipPath = `inset(0 0 0 ${share}%)`;
  element('line').style.left = `${share}%`;
}

async function takeFile(file) {
  const {data, width, height} = await pixelsOf(file, MAX_PIXELS);
  given = {data, width, height, name: file.name || 'The picture'};
  await draw();
}

async function choose(model) {
  current = model;
  const canvases = await cellsOf(model.sources, model.photos.shape[0]);
  if (model !== current) return;
  element('kept').replaceChildren(...canvases.map((canvas, number) => {
    const button = make('button', {type: 'button', ariaLabel: `Enlarge picture ${number + 1}`}, canvas);
    button.addEventListener('click', () => {
      given = ofCanvas(canvas, number);
      draw();
    });
    return button;
  }));
  given ??= ofCanvas(canvases[0], 0);
  await draw();
}

function ofCanvas(canvas, number) {
  const {width, height} = canvas;
  const {data} = canvas.getContext('2d').getImageData(0, 0, width, height);
  return {data, width, height, name: `Picture ${number + 1}`};
}

start('photos', async (models, first) => {
  element('models').hidden = models.length < 2;
  showModels(models, first, (model) => choose(model).catch((error) => trouble(`Cannot draw here: ${error.message ?? error}.`)));
  takeFiles(takeFile, complain);
  element('slider').addEventListener('input', slide);
  slide();
  element('download').addEventListener('click', () => kept(element('drawn'), `${current.name}.png`));
  await choose(first);
});
