import {element, kept, make, painted, run, showModels, start, trouble} from './loading.js';
import {RandomState} from './random.js';
import {numbered, objection} from './sentences.js';

const MISSING = -1;
let current = null;
let drawn = [];
let working = Promise.resolve();

// ---- what is asked for ----

function showConditions() {
  const field = element('conditions');
  field.querySelectorAll('label, p').forEach((old) => old.remove());
  field.hidden = !current.labels && !current.vocabulary && !current.sentences;
  if (current.sentences) {
    const words = make('input', {
      type: 'text', id: 'sentence', value: current.sentences.examples[0], maxLength: 1000,
    });
    words.addEventListener('change', () => draw(1));
    field.append(make('label', {}, 'In words', words));
  }
  if (current.labels) {
    current.labels.forEach((name, number) => {
      const choice = make('input', {type: 'radio', name: 'condition', value: String(number)});
      choice.checked = number === current.labels.length - 1;
      choice.addEventListener('change', () => draw(1));
      field.append(make('label', {}, choice, name));
    });
  }
  for (const [noun, values] of current.vocabulary?.slots ?? []) {
    const choices = make('select', {className: 'slot', ariaLabel: noun});
    choices.append(make('option', {value: String(MISSING)}, 'any'));
    values.forEach((value, number) => {
      choices.append(make('option', {value: String(number)}, value.replaceAll('_', ' ')));
    });
    choices.addEventListener('change', () => draw(1));
    field.append(make('label', {}, noun, choices));
  }
}

// Codes stand behind the noise: n numbers of which one is 1, or a number from -1 to 1.
const sum = (kinds) => kinds.reduce((total, kind) => total + kind, 0);

function showCodes() {
  const field = element('codes');
  field.querySelectorAll('label').forEach((old) => old.remove());
  field.hidden = !current.codes.length;
  current.codes.forEach((kind, number) => {
    const words = `Code ${number + 1}`;
    if (kind > 1) {
      const choices = make('select', {className: 'code', ariaLabel: words});
      choices.append(make('option', {value: ''}, 'any'));
      for (let value = 0; value < kind; value++) {
        choices.append(make('option', {value: String(value)}, String(value)));
      }
      choices.addEventListener('change', () => draw(1));
      field.append(make('label', {}, words, choices));
    } else {
      const slider = make('input', {
        type: 'range', min: '-1', max: '1', step: '0.05', value: '0', className: 'code',
        ariaLabel: words,
      });
      slider.addEventListener('input', () => draw(1));
      field.append(make('label', {}, words, slider));
    }
  });
}

// What is chosen of each code, or what the seed has of it.
function chosenCodes(random) {
  const sliders = [...document.querySelectorAll('.code')];
  return current.codes.flatMap((kind, number) => {
    const share = random.uniform();
    const {value} = sliders[number];
    if (kind === 1) return [Number(value)];
    const chosen = value === '' ? Math.floor(share * kind) : Number(value);
    return Array.from({length: kind}, (_, place) => Number(place === chosen));
  });
}

function showDirections() {
  const field = element('directions');
  field.querySelectorAll('label').forEach((old) => old.remove());
  current.directions.forEach((_, number) => {
    const slider = make('input', {
      type: 'range', min: '-3', max: '3', step: '0.1', value: '0', className: 'direction',
    });
    slider.addEventListener('input', () => draw(1));
    field.append(make('label', {}, `Direction ${number + 1}`, slider));
  });
}

function choose(model) {
  current = model;
  showConditions();
  showCodes();
  showDirections();
  draw(1);
}

function whole(id) {
  const value = Number(element(id).value);
  return Number.isInteger(value) && value >= 0 && value < 2 ** 32 ? value : null;
}

// What is asked for: the key that its noise is drawn by, and words for it.
function asked() {
  if (current.labels) {
    const label = Number(document.querySelector('input[name=condition]:checked').value);
    return {label, key: [label], words: current.labels[label]};
  }
  if (current.vocabulary) {
    const chosen = [...document.querySelectorAll('.slot')].map((slot) => Number(slot.value));
    const named = current.vocabulary.slots
      .map(([noun, values], place) => [values[chosen[place]], noun])
      .filter(([value]) => value !== undefined);
    const words = named.map(([value, noun]) => `${value.replaceAll('_', ' ')} ${noun}`).join(' ');
    return {attributes: chosen, key: chosen.map((number) => number + 1), words: words || 'any'};
  }
  if (current.sentences) {
    const sentence = element('sentence').value;
    const found = numbered(sentence, current.sentences);
    return {...found, key: found.numbers, words: sentence, wrong: objection(found, current.sentences)};
  }
  return {key: [0], words: current.title};
}

function filled(request, seed, index) {
  const chosen = request.attributes;
  if (!chosen.includes(MISSING)) return chosen;
  const {combinations, counts} = current.vocabulary;
  const agrees = (one) => chosen.every((number, place) => number === MISSING || number === one[place]);
  let places = combinations.map((_, place) => place).filter((place) => agrees(combinations[place]));
  if (!places.length) places = combinations.map((_, place) => place);
  const random = new RandomState([seed, ...request.key, index, 2]);
  const found = combinations[places[random.choice(places.map((place) => counts[place]))]];
  return chosen.map((number, place) => (number === MISSING ? found[place] : number));
}

// The noise of a picture, behind it the codes.
function noise(request, seed, index) {
  const random = new RandomState([seed, ...request.key, index]);
  const values = ofDistribution(random, current.latent_dim - sum(current.codes));
  return [values, chosenCodes(random)];
}

function ofDistribution(random, length) {
  if (current.distribution === 'uniform') {
    return Float64Array.from({length}, () => 2 * random.uniform() - 1);
  }
  const values = Float64Array.from({length}, () => random.normal());
  if (current.distribution !== 'spherical') return values;
  const norm = Math.hypot(...values);
  return values.map((value) => (value * Math.sqrt(length)) / norm);
}

// On the arc between two; on the line for uniform noise.
function between(first, last, share) {
  const dot = first.reduce((sum, value, place) => sum + value * last[place], 0);
  const cosine = dot / (Math.hypot(...first) * Math.hypot(...last));
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  if (current.distribution === 'uniform' || Math.sin(angle) < 1e-6) {
    return first.map((value, place) => (1 - share) * value + share * last[place]);
  }
  const a = Math.sin((1 - share) * angle) / Math.sin(angle);
  const b = Math.sin(share * angle) / Math.sin(angle);
  return first.map((value, place) => a * value + b * last[place]);
}

function latents(request, seed, index) {
  let [values, codes] = noise(request, seed, index);
  const share = Number(element('share').value);
  const to = whole('to');
  if (share > 0 && to !== null) {
    const [others, last] = noise(request, to, index);
    values = between(values, others, share);
    codes = codes.map((code, place) => (1 - share) * code + share * last[place]);
  }
  [...document.querySelectorAll('.direction')].forEach((slider, number) => {
    const step = Number(slider.value);
    values = values.map((value, place) => value + step * current.directions[number][place]);
  });
  return Float32Array.from([...values, ...codes]);
}

// ---- drawing ----

async function picture(request, seed, index) {
  const inputs = {latents: [latents(request, seed, index), [1, current.latent_dim]]};
  if (current.labels) inputs.labels = [Int32Array.of(request.label), [1]];
  if (current.vocabulary) {
    const sizes = current.vocabulary.slots.map(([, values]) => values.length);
    const vector = new Float32Array(sum(sizes));
    let first = 0;
    filled(request, seed, index).forEach((number, place) => {
      if (number !== MISSING) vector[first + number] = 1;
      first += sizes[place];
    });
    inputs.attributes = [vector, [1, vector.length]];
  }
  if (current.sentences) {
    const row = new Int32Array(current.sentences.longest);
    row.set(request.numbers);
    inputs.sentences = [row, [1, row.length]];
  }
  return run(current.network, inputs);
}

function shown(values, words) {
  const canvas = make('canvas', {role: 'img', ariaLabel: words});
  return painted(canvas, values, current.size, current.channels);
}

function draw(count) {
  working = working.then(() => drawNow(count)).catch((error) => trouble(`Cannot draw: ${error.message ?? error}`));
  return working;
}

async function drawNow(count) {
  const seed = whole('seed');
  if (seed === null) {
    element('status').textContent = 'A seed is a whole number from 0 to 4294967295.';
    return;
  }
  await current.ready;
  const request = asked();
  if (request.wrong) {
    element('status').textContent = request.wrong;
    return;
  }
  const values = [];
  const started = performance.now();
  for (let index = 0; index < count; index++) {
    values.push(await picture(request, seed, index));
  }
  const milliseconds = (performance.now() - started) / count;
  drawn = values.map((one, index) => shown(one, `${request.words}, seed ${seed}, picture ${index + 1}`));
  const columns = Math.ceil(Math.sqrt(count));
  const place = element('pictures');
  place.style.gridTemplateColumns = `repeat(${columns}, 1fr)`;
  place.classList.toggle('single', count === 1);
  place.replaceChildren(...drawn);
  element('download').disabled = false;
  element('status').textContent =
    `${count === 1 ? 'One picture' : `${count} pictures`} of ${request.words}, ` +
    `${milliseconds.toFixed(1)} ms each.` +
    (request.unknown?.length ? ` Unknown: ${request.unknown.join(', ')}.` : '');
  document.documentElement.dataset.state = 'drawn';
}

function download() {
  const columns = Math.ceil(Math.sqrt(drawn.length));
  const {size} = current;
  const canvas = make('canvas', {
    width: columns * size, height: Math.ceil(drawn.length / columns) * size,
  });
  drawn.forEach((one, number) => {
    canvas.getContext('2d').drawImage(one, (number % columns) * size, Math.floor(number / columns) * size);
  });
  kept(canvas, `${asked().words.replaceAll(' ', '_')}_${element('seed').value}.png`);
}

// ---- loading ----

start('latent_dim', async (models, first) => {
  current = first;
  showModels(models, current, choose);
  choose(current);
  element('request').addEventListener('submit', (event) => {
    event.preventDefault();
    draw(1);
  });
  element('sixteen').addEventListener('click', () => draw(16));
  element('another').addEventListener('click', () => {
    element('seed').value = String(crypto.getRandomValues(new Uint32Array(1))[0]);
    draw(1);
  });
  element('seed').addEventListener('change', () => draw(1));
  element('share').addEventListener('input', () => draw(1));
  element('to').addEventListener('change', () => draw(1));
  element('download').addEventListener('click', download);
  await working;
});
