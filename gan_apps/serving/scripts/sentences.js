// The numbers of a sentence's words, as gan_apps/prompts/wording.py has them.

const UNKNOWN = 1;
const FIRST = 2;

export function wordsOf(sentence, between) {
  return sentence.toLowerCase().replace(new RegExp(between, 'gu'), ' ').split(' ').filter(Boolean);
}

// {numbers: of each word, in order; unknown: the words that are none of the run's}
export function numbered(sentence, {words, between}) {
  const found = wordsOf(sentence, between);
  const numbers = found.map((word) => {
    const place = words.indexOf(word);
    return place < 0 ? UNKNOWN : FIRST + place;
  });
  return {numbers, unknown: found.filter((_, place) => numbers[place] === UNKNOWN)};
}

// What is wrong with a sentence, in words; nothing if it can be drawn.
export function objection({numbers}, {words, longest}) {
  if (!numbers.some((number) => number >= FIRST)) {
    return `No word of it is known; known are ${words.slice(0, 12).join(', ')} and others.`;
  }
  if (numbers.length > longest) {
    return `It has ${numbers.length} words; the longest sentence that was learned has ${longest}.`;
  }
  return null;
}
