"""What a run directory records of a run: its settings, its metrics, its pictures."""

import dataclasses
import json
import pathlib
import re

from gan_apps import systems
from gan_apps.runs import run_dir
from gan_apps.settings import Refused
from gan_apps.training import diagnosis

# Pictures of the way that are shown, the first and the last among them.
PICTURES = 8


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunRecord:
    """A run as its folder records it, with what a page derives from that.

    Args:
      name: str. What it is called on the page.
      path: pathlib.Path. The run directory.
      recipe: run_dir.Recipe.
      rows: list of dicts. Those of metrics.jsonl, without the ones that tell of going back.
      times_back: list of dicts. The latter.
      measured: dict or None. The content of metrics.json.
      trained: int. Iterations that are known of.
    """

    name: str
    path: pathlib.Path
    recipe: run_dir.Recipe
    rows: list
    times_back: list
    measured: dict | None
    trained: int

    @property
    def watched(self):
        """Whether the rows hold what training is diagnosed by."""
        return any("diversity" in row for row in self.rows)

    @property
    def spans(self):
        """When failures were seen: {name: [(first iteration, last iteration), ...]}."""
        spans = {}
        for failure in diagnosis.FAILURES:
            open_at = None
            for row in self.rows:
                seen = failure.name in row.get("diagnosis", ())
                if seen and open_at is None:
                    open_at = row["step"]
                    spans.setdefault(failure.name, []).append((open_at, row["step"]))
                elif seen:
                    spans[failure.name][-1] = (open_at, row["step"])
                else:
                    open_at = None
        return spans

    @property
    def changed(self):
        """The settings that are not the command's defaults: {name: value}."""
        name = self.recipe.system
        config = systems.find(name).config if name in systems.names() else None
        fields = (
            {field.name: field.default for field in dataclasses.fields(config)} if config else {}
        )
        return {
            name: value
            for name, value in self.recipe.settings.items()
            if name not in fields or _plain(fields[name]) != value
        }

    @property
    def command(self):
        """The command that makes the run again."""
        flags = [f"--{name}={_as_flag(value)}" for name, value in self.changed.items()]
        name = self.recipe.system
        system = systems.find(name) if name in systems.names() else None
        is_judge = not self.recipe.draws and not (system and system.is_drawn_from)
        flags += ["--output=FOLDER"] if is_judge else []
        return " ".join([f"python -m gan_apps.{self.recipe.system} --mode=train", *flags])

    @property
    def pictures(self):
        """Pictures of one set of latents on the way: [(caption, path)]."""
        folder = self.path / run_dir.SAMPLES_WHILE_TRAINING
        drawn = sorted(path for path in folder.glob("step_*.png") if re.search(r"\d+$", path.stem))
        last = len(drawn) - 1
        chosen = (
            {round(place * last / (PICTURES - 1)) for place in range(PICTURES)} if drawn else ()
        )
        return [(f"iteration {int(drawn[at].stem[5:]):,}", drawn[at]) for at in sorted(chosen)]


def read(path):
    """The run in the folder `path`.

    Raises:
      Refused: there is none, or one of its files cannot be read.
    """
    path = pathlib.Path(path)
    recipe = run_dir.read_recipe(path)
    try:
        rows = run_dir.read_metrics(path)
        measured = None
        if (path / run_dir.EVALUATION).is_file():
            measured = json.loads((path / run_dir.EVALUATION).read_text(encoding="utf-8"))
        iterations = run_dir.iterations(path)
        known = [row for row in rows if "rollback" not in row]
        last = known[-1]["step"] if known else 0
    except (ValueError, KeyError, TypeError):
        raise Refused(
            f"--run_dir={path}: {run_dir.METRICS} or {run_dir.EVALUATION} cannot be read."
        ) from None
    return RunRecord(
        name=path.resolve().name,
        path=path,
        recipe=recipe,
        rows=known,
        times_back=[row for row in rows if "rollback" in row],
        measured=measured,
        trained=max(iterations or 0, last),
    )


def _plain(value):
    return list(value) if isinstance(value, tuple) else value


def _as_flag(value):
    if isinstance(value, list):
        return ",".join(map(str, value))
    text = str(value)
    return text if re.fullmatch(r"[\w.,:/+-]*", text) else f"'{text}'"
