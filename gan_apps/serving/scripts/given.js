// Pictures that are given: as bytes, as numbers that a network takes, and out of files.

import {element, make} from './loading.js';
import {centralSquare} from './resizing.js';

// More pixels than this are not opened, as by the commands.
const MAX_PIXELS = 50000000;

// Bytes as numbers in [-1, 1], rounded where the commands round.
export const signed = (bytes) => Float32Array.from(bytes, (value) => Math.fround(value / 127.5) - 1);

// The inverse.
export const bytesOf = (values) => Uint8ClampedArray.from(values, (value) => Math.round((value + 1) * 127.5));

// A colour, or pixels one after the other, in as many channels.
export function inChannels(colours, channels) {
  if (channels === 3) return colours;
  return Array.from({length: colours.length / 3}, (_, place) =>
    Math.round((colours[3 * place] + colours[3 * place + 1] + colours[3 * place + 2]) / 3));
}

// The pixels of a picture file on white, upright; an error whose message says why it cannot be used.
export async function pixelsOf(file, most = MAX_PIXELS) {
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

// The central square of such pixels, bytes in as many channels as a network takes.
export const squareOf = (image, size, channels) =>
  Uint8ClampedArray.from(inChannels(centralSquare(image, size), channels));

// The pictures that a run keeps, cut out of the sheet at `address` that they are on: canvases.
export async function cellsOf(address, size) {
  const sheet = new Image();
  sheet.src = address;
  await sheet.decode();
  const columns = sheet.naturalWidth / size;
  const cells = columns * (sheet.naturalHeight / size);
  return Array.from({length: cells}, (_, number) => {
    const canvas = make('canvas', {width: size, height: size});
    const [left, top] = [(number % columns) * size, Math.floor(number / columns) * size];
    canvas.getContext('2d', {willReadFrequently: true}).drawImage(sheet, -left, -top);
    return canvas;
  });
}

// The bytes on a canvas, in as many channels.
export function ofCanvas(canvas, channels) {
  const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((_, place) => place % 4 < channels);
}
