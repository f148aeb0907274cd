import {bytesOf, cellsOf, inChannels, ofCanvas, pixelsOf, signed, squareOf, takeFiles} from './given.js';
import {element, kept, make, painted, run, showModels, start, trouble} from './loading.js';
import {stroked} from './strokes.js';

// Of the pictures that were, this many can be gone back to.
const REMEMBERED = 200;
const LEAP = 5;

// The model that is drawn with, and the one that is to be as soon as its pictures are there.
let current = null;
let wanted = null;
// The picture that is drawn from, bytes of size x size x channels; those that were; and the stroke
// that is being drawn: where it is, on what picture, and the pointer that draws it.
let picture = null;
let past = [];
let stroke = null;
// Where a keyboard holds the pen, and whether on the paper.
let pen = {x: 0, y: 0, isDown: false};
// Of each tool.
const widths = {pen: 1, eraser: 5};
const drawn = element('drawn');

// ---- the picture that is given ----

const sourceSize = () => current.pictures.shape[0];
const sourceChannels = () => current.pictures.shape[2];

function show() {
  painted(element('canvas'), signed(picture), sourceSize(), sourceChannels());
  element('undo').disabled = !past.length;
  redraw();
}

function remember() {
  past = [...past, picture].slice(-REMEMBERED);
}

function change(next) {
  lift();
  remember();
  picture = next;
  show();
}

function undo() {
  lift();
  if (!past.length) return;
  picture = past.pop();
  show();
  say('The last change is undone.');
}

const blank = () =>
  Uint8ClampedArray.from({length: sourceSize() ** 2 * sourceChannels()}, (_, place) => current.paper[place % sourceChannels()]);

function tool() {
  return document.querySelector('input[name=tool]:checked').value;
}

function ink() {
  if (tool() === 'eraser') return current.paper;
  if (current.two_tone) return current.ink;
  const hexadecimal = element('colour').value;
  const colours = [1, 3, 5].map((place) => parseInt(hexadecimal.slice(place, place + 2), 16));
  return inChannels(colours, sourceChannels());
}

// ---- strokes ----

function begin(point, pointer, isEraser = false) {
  const [color, width] = isEraser ? [current.paper, widths.eraser] : [ink(), widths[tool()]];
  stroke = {before: picture, points: [point], pointer, color, width};
  remember();
  follow([]);
}

function follow(points) {
  stroke.points.push(...points);
  const {before, color, width} = stroke;
  picture = stroked(before, sourceSize(), stroke.points, width, color, !current.two_tone);
  show();
}

// Where on the canvas a pointer is, in pixels of the network.
function place(event) {
  const box = element('canvas').getBoundingClientRect();
  const size = sourceSize();
  return [((event.clientX - box.left) / box.width) * size, ((event.clientY - box.top) / box.height) * size];
}

function takeStrokes(canvas) {
  canvas.addEventListener('pointerdown', (event) => {
    if (stroke || !event.isPrimary || ![0, 5].includes(event.button)) return;
    event.preventDefault();
    canvas.focus({focusVisible: false});
    canvas.setPointerCapture(event.pointerId);
    // 5 is the other end of a pen.
    begin(place(event), event.pointerId, event.button === 5);
    say('Drawn from what is on the paper.');
  });
  canvas.addEventListener('pointermove', (event) => {
    if (stroke?.pointer !== event.pointerId) return;
    const all = event.getCoalescedEvents?.() ?? [];
    follow((all.length ? all : [event]).map(place));
  });
  for (const end of ['pointerup', 'pointercancel']) {
    canvas.addEventListener(end, (event) => {
      if (stroke?.pointer === event.pointerId) stroke = null;
    });
  }
  canvas.addEventListener('keydown', (event) => {
    const size = sourceSize();
    const [dx, dy] = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key] ?? [0, 0];
    if (dx || dy) {
      const leap = event.shiftKey ? LEAP : 1;
      const inside = (value) => Math.min(size - 1, Math.max(0, value));
      pen = {...pen, x: inside(pen.x + dx * leap), y: inside(pen.y + dy * leap)};
      if (pen.isDown) follow([[pen.x + 0.5, pen.y + 0.5]]);
    } else if (event.key === ' ' || event.key === 'Enter') {
      const isDown = !pen.isDown;
      lift();
      if (isDown) {
        pen.isDown = true;
        begin([pen.x + 0.5, pen.y + 0.5], null);
      }
    } else if (event.key === 'Escape') lift();
    else return;
    event.preventDefault();
    showPen();
    say(`${pen.isDown ? 'Drawing' : 'The pen is up'}, column ${pen.x + 1}, row ${pen.y + 1}.`);
  });
  canvas.addEventListener('blur', lift);
}

// Ends the stroke that is being drawn, whatever draws it.
function lift() {
  stroke = null;
  pen.isDown = false;
  showPen();
}

function showPen() {
  const share = 100 / sourceSize();
  Object.assign(element('pen').style, {
    left: `${pen.x * share}%`, top: `${pen.y * share}%`, width: `${share}%`, height: `${share}%`,
  });
  element('pen').classList.toggle('down', pen.isDown);
}

// ---- a picture of one's own ----

async function takeFile(file) {
  const image = await pixelsOf(file);
  const model = current;
  await model.ready;
  const next = await sourceOf(image, model);
  // Another model draws from others.
  if (model !== current) return;
  change(next);
  say(`Drawn from ${file.name || 'the picture'}.`);
}

// The picture to draw from with a model that a picture of one's own gives.
async function sourceOf(image, {pictures, sketch}) {
  const [size, , channels] = pictures.shape;
  if (!sketch || !element('sketch_first').checked) {
    return squareOf(image, size, channels);
  }
  const {network, input, output, shape} = sketch;
  const whole = squareOf(image, shape[0], shape[2]);
  const sketched = await run(network, {[input]: [signed(whole), [1, ...shape]]}, output);
  return bytesOf(sketched);
}

// ---- drawing ----

// One picture at a time, and after it the newest: while one is drawn, others are only remembered.
let isAsked = false;
let isDrawing = false;

async function redraw() {
  isAsked = true;
  document.documentElement.dataset.state = 'drawing';
  if (isDrawing) return;
  isDrawing = true;
  try {
    while (isAsked) {
      isAsked = false;
      await drawNow();
    }
    document.documentElement.dataset.state = 'drawn';
  } catch (error) {
    trouble(`Cannot draw: ${error.message ?? error}`);
  } finally {
    isDrawing = false;
  }
}

async function drawNow() {
  const model = current;
  await model.ready;
  // Another one was chosen meanwhile, which is asked for by itself.
  if (model !== current) return;
  const {network, pictures, size, channels} = model;
  const started = performance.now();
  const made = await run(network, {[pictures.input]: [signed(picture), [1, ...pictures.shape]]});
  const milliseconds = performance.now() - started;
  painted(drawn, made, size, channels);
  element('download').disabled = false;
  element('took').textContent = `${milliseconds.toFixed(1)} ms`;
  // Between two pictures the browser has time for the pointer.
  await new Promise(requestAnimationFrame);
}

// ---- the page ----

function say(words, isComplaint = false) {
  element('status').classList.toggle('trouble', isComplaint);
  element('status').textContent = words;
}

const complain = (words) => say(words, true);

function showKept(canvases) {
  element('kept').replaceChildren(...canvases.map((canvas, number) => {
    const button = make('button', {type: 'button', ariaLabel: `Begin from picture ${number + 1}`}, canvas);
    button.addEventListener('click', () => {
      change(ofCanvas(canvas, sourceChannels()));
      say(`Drawn from picture ${number + 1}.`);
    });
    return button;
  }));
}

// Draws with a model from the first of its pictures, once those are there.
async function choose(model) {
  wanted = model;
  const canvases = await cellsOf(model.sources, model.pictures.shape[0]);
  if (model !== wanted) return;
  current = model;
  past = [];
  picture = ofCanvas(canvases[0], sourceChannels());
  widths.pen = model.two_tone ? 1 : Math.max(1, Math.round(sourceSize() / 14));
  widths.eraser = Math.max(3, Math.round(sourceSize() / 12));
  element('ink').hidden = model.two_tone;
  element('colour').value = `#${[0, 1, 2].map((channel) => model.ink[channel % model.ink.length].toString(16).padStart(2, '0')).join('')}`;
  element('first').hidden = !model.sketch;
  element('making').textContent = model.sketch?.words ?? '';
  pen = {x: Math.floor(sourceSize() / 2), y: Math.floor(sourceSize() / 2)};
  lift();
  showWidth();
  showKept(canvases);
  show();
  // If it cannot be had, that is said where it is drawn with.
  model.ready.then(() => say('Draw, or begin from another picture.'), () => {});
}

function showWidth() {
  element('width').value = String(widths[tool()]);
  element('pixels').textContent = `${widths[tool()]} px`;
}

start('pictures', async (models, first) => {
  await choose(first);
  element('models').hidden = models.length < 2;
  showModels(models, first, (model) => choose(model).catch((error) => trouble(`Cannot draw here: ${error.message ?? error}.`)));
  takeStrokes(element('canvas'));
  takeFiles(takeFile, complain);
  element('undo').addEventListener('click', undo);
  element('clear').addEventListener('click', () => {
    change(blank());
    say('The paper is empty.');
  });
  document.addEventListener('keydown', (event) => {
    if (event.key.toLowerCase() === 'z' && (event.ctrlKey || event.metaKey) && !event.shiftKey) {
      event.preventDefault();
      undo();
    }
  });
  document.querySelectorAll('input[name=tool]').forEach((choice) => choice.addEventListener('change', showWidth));
  element('width').addEventListener('input', () => {
    widths[tool()] = Number(element('width').value);
    showWidth();
  });
  element('download').addEventListener('click', () => kept(drawn, `${current.name}.png`));
});
