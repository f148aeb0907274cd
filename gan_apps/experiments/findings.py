"""What an experiment is asked and what it finds."""

import dataclasses
import math


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """How an experiment is run.

    Args:
      seed: int, at least 0. Seed of everything random.
      num_seeds: int, at least 1. Repetitions where chance decides; the experiment takes their mean.
      quick: bool. Seconds instead of minutes: every part runs, the numbers are rough.
      full: bool. Everything, however long it takes.
    """

    seed: int = 0
    num_seeds: int = 3
    quick: bool = False
    full: bool = False

    def sized(self, quick, default, full=None):
        """The one of three sizes that these options ask for; `full` is `default` if not given."""
        if self.quick:
            return quick
        return full if self.full and full is not None else default


@dataclasses.dataclass(frozen=True, kw_only=True)
class Table:
    """Numbers for a reader.

    Args:
      caption: str. What they are, with their units.
      columns: tuple of str.
      rows: tuple of rows, each a tuple of str or numbers as long as `columns`.
    """

    caption: str
    columns: tuple
    rows: tuple

    def __post_init__(self):
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"A row of {self.caption!r} has {len(row)} cells: {row}.")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Figure:
    """A picture that `run` has written into its folder.

    Args:
      file: str. Its name, .png or .gif.
      caption: str. What to see in it, in a sentence or two.
    """

    file: str
    caption: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Findings:
    """What an experiment leaves behind.

    Args:
      title: str.
      claim: str. What the lectures say, and in which of them.
      answer: str. What was found, in a few sentences made of the numbers.
      results: dict. The numbers as results.json has them: names, numbers, lists, dicts.
      tables: tuple of Table.
      figures: tuple of Figure.
    """

    title: str
    claim: str
    answer: str
    results: dict
    tables: tuple
    figures: tuple


def cell(value):
    """A table's cell as text: numbers with four significant digits, infinity as itself."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if not isinstance(value, float):
        return str(value)
    if not math.isfinite(value):
        return {math.inf: "inf", -math.inf: "-inf"}.get(value, "nan")
    if value and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.3g}"
    return f"{value:.4g}"


def as_json(value):
    """Results with NumPy's numbers as Python's, and numbers that JSON lacks as "inf" or "nan"."""
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if hasattr(value, "tolist"):
        return as_json(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return cell(value)
    return value
