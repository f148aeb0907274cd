// What all pages need: the site's networks, whole and ready to draw with, and a place for words.

export const element = (id) => document.getElementById(id);
export const make = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

export function trouble(words) {
  element('status').textContent = words;
  element('status').classList.add('trouble');
  document.documentElement.dataset.state = 'trouble';
}

// A file of the site, if it is the one that was written.
async function checked({file, sha256}) {
  const reply = await fetch(file);
  if (!reply.ok) throw new Error(`${file} is missing (HTTP ${reply.status})`);
  const content = new Uint8Array(await reply.arrayBuffer());
  // Browsers hash only for pages from this computer or over https.
  if (crypto.subtle) {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', content));
    const hexadecimal = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    if (hexadecimal !== sha256) {
      throw new Error(`${file} is damaged or was altered: it is not the file of this site`);
    }
  }
  return content;
}

// The network in a file {file, sha256} of the site.
export async function network(file) {
  return window.litert.loadAndCompile(await checked(file), {accelerator: 'wasm'});
}

// What a network makes of {input: [values, shape]}: the values of its output `name`.
export async function run(compiled, inputs, name = 'images') {
  const tensors = {};
  for (const [input, [values, shape]] of Object.entries(inputs)) {
    tensors[input] = new window.litert.Tensor(values, shape);
  }
  const outputs = await compiled.run(tensors);
  const values = await outputs[name].data();
  for (const tensor of [...Object.values(tensors), ...Object.values(outputs)]) tensor.delete();
  return values;
}

// Values in [-1, 1], row by row, on a canvas of their own size.
export function painted(canvas, values, size, channels) {
  Object.assign(canvas, {width: size, height: size});
  const pixels = new ImageData(size, size);
  for (let place = 0; place < size * size; place++) {
    for (let channel = 0; channel < 3; channel++) {
      const value = values[place * channels + (channels === 1 ? 0 : channel)];
      pixels.data[4 * place + channel] = Math.round((value + 1) * 127.5);
    }
    pixels.data[4 * place + 3] = 255;
  }
  canvas.getContext('2d').putImageData(pixels, 0, 0);
  return canvas;
}

// A canvas as a file for who looks at the page.
export function kept(canvas, name) {
  canvas.toBlob((blob) => {
    const link = make('a', {href: URL.createObjectURL(blob), download: name});
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  });
}

// The runtime reports its progress as errors; errors stay errors.
function quietRuntime() {
  const error = console.error.bind(console);
  console.error = (...words) => {
    const report = /^(INFO|WARNING): /.test(String(words[0]));
    (report ? console.debug : error)(...words);
  };
}

// Radio buttons of the models, where there are several.
export function showModels(models, current, choose) {
  for (const model of models) {
    const choice = make('input', {type: 'radio', name: 'model', value: model.name});
    choice.checked = model === current;
    choice.addEventListener('change', () => choose(model));
    element('models').append(make('label', {}, choice, model.title));
  }
}

// Begins a page with the models of the site that it can ask: begin(models, the one that is shown).
export function start(takes, begin) {
  started(takes, begin).catch((error) => trouble(`Cannot draw here: ${error.message ?? error}.`));
}

async function started(takes, begin) {
  quietRuntime();
  if (typeof WebAssembly !== 'object' || !window.ImageData) {
    throw new Error('this browser has no WebAssembly; a current Chrome, Edge, Firefox or Safari has');
  }
  const site = await (await fetch('site.json')).json();
  const models = site.models.filter((model) => takes in model);
  window.litert = await import('./litert/core/index.js');
  await window.litert.loadLiteRt('litert/wasm/');
  const asked = new URLSearchParams(location.search).get('model');
  const current = models.find((model) => model.name === asked) ?? models[0];
  for (const model of models) {
    const load = async () => {
      model.network = await network(model);
      if (model.sketch) model.sketch.network = await network(model.sketch);
    };
    // The one that is shown first; the others once it is there.
    model.ready = model === current ? load() : current.ready?.then(load) ?? load();
    model.ready.catch(() => {});
  }
  await begin(models, current);
}
