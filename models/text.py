"""Prompts to conditions, inside the graph, so that a SavedModel takes strings.

What the words mean is data: rules (pattern, replacement) that rewrite a prompt, and for each value
of each slot the pattern of a rewritten prompt that asks for it, both in RE2's syntax.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("gan_apps")
class Labels(keras.layers.Layer):
    """Strings [n] to labels int32 [n]: a label's name in any case, or its number; -1 for neither.

    Where labels are called by numbers of their own, those alone are meant.

    Args:
      names: list of str. What the labels 0, 1, ... are called.
    """

    def __init__(self, names: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.names = list(names)

    def understood(self, prompts: tf.Tensor) -> tf.Tensor:
        """Whether each prompt names a label."""
        return self(prompts) >= 0

    def call(self, prompts: tf.Tensor, draws: tf.Tensor | None = None) -> tf.Tensor:
        del draws
        words = tf.strings.lower(tf.strings.strip(prompts), encoding="utf-8")
        named = tf.equal(words[:, None], [name.lower() for name in self.names])
        counted = [str(number) for number in range(len(self.names))]
        known = named
        pairs = zip(self.names, counted, strict=True)
        if all(name == number or not name.isdigit() for name, number in pairs):
            numbered = tf.equal(words[:, None], counted)
            known = tf.where(tf.reduce_any(named, axis=1, keepdims=True), named, numbered)
        labels = tf.argmax(known, axis=1, output_type=tf.int32)
        return tf.where(tf.reduce_any(known, axis=1), labels, -1)

    def compute_output_shape(self, prompts_shape: tuple, draws_shape: tuple | None = None) -> tuple:
        return prompts_shape

    def get_config(self) -> dict:
        return {**super().get_config(), "names": self.names}


@keras.saving.register_keras_serializable("gan_apps")
class Sentences(keras.layers.Layer):
    """Strings [n] to the numbers of their words, int32 [n, longest].

    0 after the last word, 1 for a word that is none of `words`, 2 for the first of those.

    Args:
      words: list of str.
      longest: int. Words at most that are taken of a sentence.
      between: str. A pattern of what stands between words, in RE2's syntax.
    """

    def __init__(self, words: Sequence[str], longest: int, between: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.words, self.longest, self.between = list(words), longest, between

    def understood(self, prompts: tf.Tensor) -> tf.Tensor:
        """Whether each prompt is no longer than sentences are, with a known word in it."""
        is_short = self._words(prompts).row_lengths() <= self.longest
        return tf.reduce_any(self(prompts) >= 2, axis=1) & is_short

    def call(self, prompts: tf.Tensor, draws: tf.Tensor | None = None) -> tf.Tensor:
        del draws
        words = self._words(prompts).to_tensor("", shape=(None, self.longest))
        # Compared with each of them: what is looked up in a table must be tracked by a SavedModel.
        is_word = tf.equal(words[..., None], self.words)
        known = tf.reduce_any(is_word, axis=-1)
        number = 2 + tf.argmax(is_word, axis=-1, output_type=tf.int32)
        return tf.where(known, number, tf.cast(tf.not_equal(words, ""), tf.int32))

    def _words(self, prompts: tf.Tensor) -> tf.RaggedTensor:
        text = tf.strings.lower(prompts, encoding="utf-8")
        return tf.strings.split(tf.strings.regex_replace(text, self.between, " "))

    def compute_output_shape(self, prompts_shape: tuple, draws_shape: tuple | None = None) -> tuple:
        return (*prompts_shape, self.longest)

    def get_config(self) -> dict:
        own = {"words": self.words, "longest": self.longest, "between": self.between}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("gan_apps")
class Prompts(keras.layers.Layer):
    """Strings [n] to attributes float32 [n, values of all slots], one-hot in each slot.

    A slot that a prompt leaves open is drawn as the data have it with what the prompt asks for.

    Args:
      rules: list of (pattern, replacement), applied one after the other to the lower-case prompt.
      patterns: list of lists of str. For each slot, for each value, what a rewritten prompt that
        asks for it matches as a whole.
      objections: list of (pattern, replacement), applied after the others; they leave a "!" in a
        prompt that asks for what would not be drawn.
      combinations: list of lists of ints. The number of the value in each slot, -1 for none.
      counts: list of ints. How often the data have each combination.
    """

    def __init__(
        self,
        *,
        rules: Sequence,
        patterns: Sequence,
        objections: Sequence,
        combinations: Sequence,
        counts: Sequence[int],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rules = [list(rule) for rule in rules]
        self.objections = [list(rule) for rule in objections]
        self.patterns = patterns
        self.combinations = combinations
        self.counts = counts

    def call(self, prompts: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
        """Prompts string [n] and uniform draws float32 [n] in [0, 1) to attributes."""
        asked = self.asked(prompts)
        every = self._combinations()
        # A combination agrees that has each value that is asked for.
        agrees = tf.equal(asked @ tf.transpose(every), tf.reduce_sum(asked, axis=1, keepdims=True))
        agrees |= ~tf.reduce_any(agrees, axis=1, keepdims=True)
        weights = tf.where(agrees, tf.constant(self.counts, tf.float32), 0.0)
        bounds = tf.cumsum(weights, axis=1)
        below = tf.cast(bounds <= draws[:, None] * bounds[:, -1:], tf.int32)
        chosen = tf.minimum(tf.reduce_sum(below, axis=1), len(self.combinations) - 1)
        drawn = tf.gather(every, chosen)
        return tf.concat(
            [
                tf.where(tf.reduce_any(own > 0.0, axis=1, keepdims=True), own, other)
                for own, other in zip(self._slots(asked), self._slots(drawn), strict=True)
            ],
            axis=1,
        )

    def asked(self, prompts: tf.Tensor) -> tf.Tensor:
        """What prompts ask for, float32 [n, values of all slots], zero in an open slot."""
        text = self._rewritten(prompts)
        found = [
            tf.strings.regex_full_match(text, pattern) for slot in self.patterns for pattern in slot
        ]
        return tf.cast(tf.stack(found, axis=1), tf.float32)

    def understood(self, prompts: tf.Tensor) -> tf.Tensor:
        """Whether each prompt asks for something, only for what is known, and for no two of it."""
        asked = self.asked(prompts)
        at_once = [tf.reduce_sum(slot, axis=1) for slot in self._slots(asked)]
        single = tf.reduce_all(tf.stack(at_once, axis=1) <= 1.0, axis=1)
        text = self._rewritten(prompts)
        for pattern, replacement in self.objections:
            text = tf.strings.regex_replace(text, pattern, replacement)
        objected = tf.strings.regex_full_match(text, "(?s).*!.*")
        return tf.reduce_any(asked > 0.0, axis=1) & single & ~objected

    def _rewritten(self, prompts: tf.Tensor) -> tf.Tensor:
        text = tf.strings.lower(prompts, encoding="utf-8")
        for pattern, replacement in self.rules:
            text = tf.strings.regex_replace(text, pattern, replacement)
        return text

    def _combinations(self) -> tf.Tensor:
        columns = zip(*self.combinations, strict=True)
        return tf.concat(
            [
                tf.one_hot(column, len(slot))
                for column, slot in zip(columns, self.patterns, strict=True)
            ],
            axis=1,
        )

    def _slots(self, attributes: tf.Tensor) -> list[tf.Tensor]:
        return tf.split(attributes, [len(slot) for slot in self.patterns], axis=1)

    def compute_output_shape(self, prompts_shape: tuple, draws_shape: tuple | None = None) -> tuple:
        return (prompts_shape[0], sum(len(slot) for slot in self.patterns))

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "rules": self.rules,
            "patterns": self.patterns,
            "objections": self.objections,
            "combinations": self.combinations,
            "counts": self.counts,
        }
