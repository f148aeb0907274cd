import {bytesOf, cellsOf, ofCanvas, pixelsOf, signed, squareOf} from './given.js';
import {element, kept, make, painted, run, showModels, start, trouble} from './loading.js';

// Frames that are drawn at a time, and how long each is shown.
const NEXT = 10;
const MILLISECONDS = 120;

// The model that is drawn with, and the one that is to be as soon as its pictures are there.
let current = null;
let wanted = null;
// The frames of the clip, bytes of size x size x channels; how many of them were given.
let frames = [];
let given = 0;
// What is drawn belongs to the clip that was last begun.
let clips = 0;
let isPaused = matchMedia('(prefers-reduced-motion: reduce)').matches;
let place = 0;

function say(words, isComplaint = false) {
  element('status').classList.toggle('trouble', isComplaint);
  element('status').textContent = words;
}

const onCanvas = (canvas, frame) => painted(canvas, signed(frame), current.size, current.channels);

// ---- the clip ----

// The last frames as the network takes them: each pixel's of one frame after those of another.
function history() {
  const {size, channels, clips: {frames: count}} = current;
  const last = frames.slice(-count);
  const values = new Float32Array(size * size * count * channels);
  last.forEach((frame, number) => {
    const numbers = signed(frame);
    for (let pixel = 0; pixel < size * size; pixel++) {
      values.set(numbers.subarray(pixel * channels, (pixel + 1) * channels), (pixel * count + number) * channels);
    }
  });
  return values;
}

async function goOn() {
  const mine = clips;
  const model = current;
  document.documentElement.dataset.state = 'drawing';
  element('more').disabled = true;
  try {
    await model.ready;
    const started = performance.now();
    for (let drawn = 0; drawn < NEXT; drawn++) {
      if (mine !== clips) return;
      const made = await run(model.network, {[model.clips.input]: [history(), [1, ...model.clips.shape]]});
      if (mine !== clips) return;
      // As a file holds it, so that the next one is the command's.
      frames.push(bytesOf(made));
      showStrip();
    }
    element('took').textContent = `${((performance.now() - started) / NEXT).toFixed(1)} ms a frame`;
    say(`${frames.length - given} frames drawn after ${given}.`);
    for (const name of ['more', 'pause', 'download']) element(name).disabled = false;
    document.documentElement.dataset.state = 'drawn';
  } catch (error) {
    trouble(`Cannot draw: ${error.message ?? error}`);
  }
}

function begin(from) {
  clips++;
  frames = [...from];
  given = frames.length;
  place = 0;
  element('strip').replaceChildren();
  showStrip();
  return goOn();
}

function showStrip() {
  const strip = element('strip');
  for (let number = strip.children.length; number < frames.length; number++) {
    const canvas = make('canvas', {role: 'img', ariaLabel: `Frame ${number + 1}, ${number < given ? 'given' : 'drawn'}`});
    canvas.classList.toggle('given', number < given);
    strip.append(onCanvas(canvas, frames[number]));
  }
}

function play() {
  if (isPaused || !frames.length) return;
  place %= frames.length;
  onCanvas(element('moving'), frames[place]);
  place++;
}

function showPause() {
  element('pause').textContent = isPaused ? 'Play' : 'Pause';
  if (isPaused && frames.length) onCanvas(element('moving'), frames[frames.length - 1]);
}

// All frames in a row, which the command too can go on from.
function row() {
  const {size} = current;
  const whole = make('canvas', {width: size * frames.length, height: size});
  const context = whole.getContext('2d');
  [...element('strip').children].forEach((canvas, number) => context.drawImage(canvas, number * size, 0));
  return whole;
}

// ---- where it begins ----

async function choose(model) {
  wanted = model;
  const cells = await cellsOf(model.sources, model.size);
  if (model !== wanted) return;
  current = model;
  const count = model.clips.frames;
  const clipsKept = Array.from({length: cells.length / count}, (_, number) => cells.slice(number * count, (number + 1) * count));
  const bytes = clipsKept.map((canvases) => canvases.map((canvas) => ofCanvas(canvas, model.channels)));
  element('kept').replaceChildren(...clipsKept.map((canvases, number) => {
    const button = make('button', {type: 'button', ariaLabel: `Begin from clip ${number + 1}`}, canvases[count - 1]);
    button.addEventListener('click', () => begin(bytes[number]));
    return button;
  }));
  element('needed').textContent = `${count} or more pictures, in the order of their names; the central square of each is taken.`;
  await begin(bytes[0]);
}

async function takeFiles(files) {
  const model = current;
  const count = model.clips.frames;
  if (files.length < count) {
    say(`${files.length} ${files.length === 1 ? 'picture is' : 'pictures are'} too few: choose ${count} or more at once.`, true);
    return;
  }
  const ordered = [...files].sort((one, other) => one.name.localeCompare(other.name, 'en', {numeric: true}));
  const chosen = [];
  for (const file of ordered) {
    try {
      chosen.push(squareOf(await pixelsOf(file), model.size, model.channels));
    } catch (error) {
      say(`${file.name} cannot be used: ${error.message ?? error}.`, true);
      return;
    }
  }
  if (model === current) await begin(chosen);
}

start('clips', async (models, first) => {
  element('models').hidden = models.length < 2;
  showModels(models, first, (model) => choose(model).catch((error) => trouble(`Cannot draw here: ${error.message ?? error}.`)));
  element('more').addEventListener('click', goOn);
  element('pause').addEventListener('click', () => {
    isPaused = !isPaused;
    showPause();
  });
  element('download').addEventListener('click', () => kept(row(), `${current.name}.png`));
  element('files').addEventListener('change', () => {
    takeFiles([...element('files').files]);
    // The same files can be chosen again.
    element('files').value = '';
  });
  setInterval(play, MILLISECONDS);
  await choose(first);
  showPause();
});
