"""What an export costs to run: LiteRT's variants, and the session that TF-Serving is built on.

  python -m benchmarks.serving --run_dir=checkpoints/cgan_digits
  python -m benchmarks.serving --run_dir=checkpoints/cgan_digits --soak_seconds=60

Prints a table of the LiteRT variants (size, milliseconds a picture, largest difference, variety
beside Keras's, how often a classifier reads what was asked for), one of the C++ session beside
LiteRT and Keras, and with --soak_seconds what twenty callers at once do to the session: wrong
pictures, memory, speed.
"""

import concurrent.futures
import functools
import pathlib
import resource
import tempfile
import threading
import time

import numpy as np
from absl import app, flags

from gan_apps.operating_system import quiet
from gan_apps.runs import run_dir

CALLERS = 20

_RUN = flags.DEFINE_string("run_dir", "checkpoints/cgan_digits", "The run.")
_SOAK = flags.DEFINE_float("soak_seconds", 0.0, "How long twenty callers ask at once.", 0.0)


def seconds_of(work, repeats):
    """The seconds of each of `repeats` calls, after three that are not counted."""
    for _ in range(3):
        work()
    found = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return np.asarray(found)


def variants(draw, exported, reference):
    """One row for each LiteRT file; an export leaves out one without variety."""
    from ai_edge_litert.interpreter import Interpreter

    from gan_apps.drawing import runtimes
    from gan_apps.serving import litert

    one = {name: values[:1] for name, values in reference.inputs.items()}
    print(
        "| LiteRT | MB | ms, 1 thread | ms, 2 threads | 16, 1 thread | differs | variety "
        "| as asked |"
    )
    print("| --- " * 8 + "|")
    for variant in litert.VARIANTS:
        path = exported / "litert" / f"{variant}.tflite"
        if not path.exists():
            print(f"| {variant} | left out |")
            continue
        images = runtimes.litert_generator(path, draw)(reference.inputs)
        times = []
        for threads in (1, 2):
            with quiet.stderr():
                interpreter = Interpreter(str(path), num_threads=threads)
            runner = interpreter.get_signature_runner(draw.signature)
            work = functools.partial(runner, **one)
            times.append(np.median(seconds_of(work, 200)) * 1e3)
        share = reference.read_as_asked(images)
        # A fixed batch of 1: sixteen pictures are sixteen calls.
        print(
            f"| {variant} | {path.stat().st_size / 1e6:.2f} | {times[0]:.2f} | {times[1]:.2f} "
            f"| {16 * times[0]:.1f} | {reference.difference(images):.2f} of 255 "
            f"| {reference.variety(images):.3f} "
            f"| {'' if share is None else f'{share:.2%}'} |",
            flush=True,
        )


def sessions(recipe, run, draw, session, generator, inputs):
    """Pictures per second at several batches, of the session, of LiteRT and of Keras."""
    from gan_apps.drawing import runtimes

    local = runtimes.open_generator(run, recipe, "litert")
    print("\n| batch | session p50 ms | p99 ms | pictures/s | LiteRT | Keras predict |")
    print("| --- " * 6 + "|")
    for batch in sorted({min(size, len(next(iter(inputs.values())))) for size in (1, 8, 64)}):
        part = {name: values[:batch] for name, values in inputs.items()}
        repeats = max(400 // batch, 40)
        served = seconds_of(lambda part=part: session.run(draw.signature, part), repeats)
        drawn = seconds_of(lambda part=part: local(part), max(repeats // 4, 10))
        keras = seconds_of(lambda part=part: generator.predict(part, verbose=0), 20)
        print(
            f"| {batch} | {np.median(served) * 1e3:.2f} | {np.percentile(served, 99) * 1e3:.2f} "
            f"| {batch / np.median(served):.0f} | {batch / np.median(drawn):.0f} "
            f"| {batch / np.median(keras):.0f} |",
            flush=True,
        )


def soak(draw, inputs, session, seconds):
    """Twenty callers at once; every reply is compared with the same request's first."""
    from gan_apps.drawing import pictures
    from gan_apps.runs.draws import FILE, IMAGES

    condition, prompts, files = draw.condition, [], []
    if condition.kind == "labels":
        prompts = [name.encode() for name in condition.names]
    elif condition.kind == "attributes":
        prompts = [attribute.encode() for attribute in condition.vocabulary.slots[0].attributes]
    if draw.pictures is not None:
        given = pictures.to_bytes(inputs[draw.pictures.column])
        files = [pictures.png(image) for image in given]

    def asked(seed):
        one = {}
        if draw.latents is not None:
            one["seed"] = np.array([seed], np.int64)
        if prompts:
            one["prompt"] = [prompts[seed % len(prompts)]]
        if files:
            one[FILE] = [files[seed % len(files)]]
        return one

    expected = [session.run(IMAGES, asked(seed))[IMAGES] for seed in range(100)]
    wrong, counts, lock = [], [], threading.Lock()
    before = _resident()
    stop = time.perf_counter() + seconds

    def caller(number):
        random, count = np.random.RandomState(number), 0
        while time.perf_counter() < stop:
            seed = int(random.randint(100))
            image = session.run(IMAGES, asked(seed))[IMAGES]
            if np.abs(image - expected[seed]).max() > 1 / 255:
                with lock:
                    wrong.append(seed)
            count += 1
        return count

    with concurrent.futures.ThreadPoolExecutor(CALLERS) as pool:
        counts = list(pool.map(caller, range(CALLERS)))
    print(
        f"\n{CALLERS} callers for {seconds:g} s: {sum(counts):,} pictures, "
        f"{sum(counts) / seconds:.0f} a second, {len(wrong)} wrong; memory {before:.0f} MB before, "
        f"{_resident():.0f} MB after"
    )


def _resident():
    try:
        status = pathlib.Path("/proc/self/status").read_text(encoding="utf-8")
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(argv):
    del argv
    quiet.import_tensorflow()
    from gan_apps.drawing import runtimes
    from gan_apps.evaluation import forms
    from gan_apps.serving import exports
    from tests.c_session import Session

    run = pathlib.Path(_RUN.value)
    recipe = run_dir.read_recipe(run)
    name, draw = runtimes.named_draw(run, recipe)
    generator = runtimes.keras_network(runtimes.weights(run, name), name, draw)
    reference = forms.Reference(run, recipe, name, runtimes.in_batches(generator))
    with tempfile.TemporaryDirectory() as folder:
        exported = pathlib.Path(folder) / run.resolve().name
        exports.export(run, recipe, exported, "all")
        session = Session(exported / "saved_model" / "1")
        print(f"{run}, {len(reference.images):,} pictures\n")
        variants(draw, exported, reference)
        sessions(recipe, run, draw, session, generator, reference.inputs)
        if _SOAK.value:
            soak(draw, reference.inputs, session, _SOAK.value)


if __name__ == "__main__":
    app.run(main)
