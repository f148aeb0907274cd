// Pictures to draw from: those that a run keeps, and one's own.
import {element, make} from './loading.js';

// The pixels of a picture file on white, {data, width, height}, upright, of at most so many pixels.
export async function opened(file, most) {
  let bitmap;
  try {
    // Colours as they are in the file, as the commands have them.
    bitmap = await createImageBitmap(file, {colorSpaceConversion: 'none'});
  } catch {
    throw new Error('it is no picture that this browser can open');
  }
  try {
    if (bitmap.width * bitmap.height > most) {
      throw new Error(`more than ${most.toLocaleString('en')} pixels`);
    }
    return onWhite(bitmap);
  } finally {
    bitmap.close();
  }
}

function onWhite(bitmap) {
  const {width, height} = bitmap;
  const context = make('canvas', {width, height}).getContext('2d', {willReadFrequently: true});
  context.fillStyle = 'white';
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, width, height);
}

// Gives each file that is chosen, dropped or pasted to takeFile(file), a promise; what it cannot use,
// to complain(words).
export function takeFiles(takeFile, complain) {
  const take = (file) => takeFile(file).catch((error) => complain(`${file.name || 'That'} cannot be used: ${error.message ?? error}.`));
  const taken = (event) => {
    const [file] = event.dataTransfer?.files ?? event.clipboardData?.files ?? [];
    if (!file) return;
    event.preventDefault();
    take(file);
  };
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', taken);
  document.addEventListener('paste', taken);
  element('file').addEventListener('change', () => {
    const [file] = element('file').files;
    if (file) take(file);
    // The same file can be chosen again.
    element('file').value = '';
  });
}

// The pictures that the run keeps, cut out of the sheet that they are on: canvases.
export async function keptBy(model) {
  const sheet = new Image();
  sheet.src = model.sources;
  await sheet.decode();
  const size = (model.pictures ?? model.photos).shape[0];
  const columns = sheet.naturalWidth / size;
  const cells = columns * (sheet.naturalHeight / size);
  return Array.from({length: cells}, (_, number) => {
    const canvas = make('canvas', {width: size, height: size});
    const [left, top] = [(number % columns) * size, Math.floor(number / columns) * size];
    canvas.getContext('2d', {willReadFrequently: true}).drawImage(sheet, -left, -top);
    return canvas;
  });
}
