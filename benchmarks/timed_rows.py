"""Rows of a table, each a training of its own for the same processor time, all at once."""

import json
import os
import pathlib
import subprocess
import sys
import time

from benchmarks.clock import Clock
from gan_apps.operating_system import files, quiet

ROOT = pathlib.Path(__file__).resolve().parent.parent


def trained(system, config, data, minutes):
    """A game trained for so many minutes of processor time, and what that was.

    Args:
      system: gan_apps.systems.System.
      config: its settings, with `precision` resolved.
      data: gan_apps.data.columns.Data.
      minutes: float.

    Returns:
      (models.game.AbstractGame, {figure: number}).
    """
    from benchmarks.watch import Watch
    from gan_apps.data.minibatches import minibatches
    from gan_apps.training import building

    model = building.build(system, config, data)
    order = minibatches(
        data, model.players, config.batch_size, config.seed, config.horizontal_flips
    )
    clock, started = Clock(60.0 * minutes), time.perf_counter()
    while not clock.complete:
        model.fit(order, verbose=0, callbacks=[Watch(clock)])
    return model, {
        "precision": config.precision,
        "iterations": clock.iteration,
        "processor_minutes": clock.spent / 60.0,
        "wall_minutes": (time.perf_counter() - started) / 60.0,
    }


def one(folder, name, measured):
    """Writes FOLDER/<row>.png and FOLDER/<row>.json of a row, trained in here.

    Args:
      folder: path.
      name: str. The row.
      measured: function of the name -> (figures, picture uint8 [h, w, c]).
    """
    quiet.import_tensorflow()
    from gan_apps.drawing import pictures

    figures, picture = measured(name)
    pictures.write_png(pathlib.Path(folder) / f"{name}.png", picture)
    files.write_json(pathlib.Path(folder) / f"{name}.json", figures)


def every(folder, names, module):
    """Runs `python -m MODULE ... --row=NAME` of each row that FOLDER does not have, all at once.

    Returns:
      {row: figures}.
    """
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", module, *sys.argv[1:]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    left = [name for name in names if not (folder / f"{name}.json").is_file()]
    running = [subprocess.Popen([*command, f"--row={name}"], env=environment) for name in left]
    if any([process.wait() for process in running]):
        sys.exit(1)
    return {name: json.loads((folder / f"{name}.json").read_text()) for name in names}


def table(found, columns):
    """Figures {row: figures} as a table of Markdown.

    Args:
      found: what `every` returns.
      columns: {title: function of the figures -> str}, beside how long a row was trained.
    """
    titles = ("row", "iterations", "processor min", *columns)
    lines = [titles, ("---",) * len(titles)]
    for name, row in found.items():
        trained = (name, f"{row['iterations']:,}", f"{row['processor_minutes']:.1f}")
        lines.append((*trained, *(told(row) for told in columns.values())))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def main(module, folder, rows, row, measured, columns):
    """Trains one row, or all and prints their table: what a benchmark of rows does.

    Args:
      module: str. The benchmark, which runs itself once for each row.
      folder, measured, columns: as above.
      rows: names of all.
      row: str or None. The one that is trained in here.
    """
    if row is None:
        print(table(every(folder, rows, module), columns))
    else:
        one(folder, row, measured)
