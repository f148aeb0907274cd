"""The demo: a static site that draws in the browser with LiteRT.js, from files of its own alone."""

import base64
import dataclasses
import hashlib
import io
import os
import pathlib
import shutil
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable

import numpy as np

import gan_apps
from gan_apps import pages
from gan_apps.drawing import pictures, runtimes
from gan_apps.operating_system import files
from gan_apps.runs import run_dir
from gan_apps.runs.draws import IMAGES, REACH
from gan_apps.settings import Failed, Refused

# What the pages run; the pages themselves are templates.
SCRIPTS = pathlib.Path(__file__).resolve().parent / "scripts"
INDEX = "index.html"
DESCRIPTION = "site.json"
PROJECT = "gan_apps"
MODELS = "models"
# What a page says of making a picture to draw from of a finished one, by how that is made.
MAKING = {"edges": "Turn it into a sketch first", "gray": "Take its colours away first"}
# Sliders of the page.
DIRECTIONS = 4
SECONDS = 120


@dataclasses.dataclass(frozen=True, kw_only=True)
class Page:
    """A page of the site.

    Args:
      template: str.
      title: str.
      file: str. Where it is if the site has a page before it; the first one is INDEX.
      asks: function of a runs.draws.Draw: whether the page can ask for all that it takes.
      described: function of (run, name, draw, place of its files in the site without endings) ->
        what the page must know of it, and {file of the site: path of what it is}.
    """

    template: str
    title: str
    file: str
    asks: Callable
    described: Callable


@dataclasses.dataclass(frozen=True)
class Package:
    """A package of npm, at one version, and where its files go in the site."""

    url: str
    sha512: str
    files: dict


# Both Apache-2.0 (github.com/google-ai-edge/LiteRT). Of the four builds of the runtime, the one for
# browsers with relaxed SIMD and the one for those without.
_RUNTIMES = [
    f"litert_wasm{kind}_internal.{suffix}" for kind in ("", "_compat") for suffix in ("js", "wasm")
]
PACKAGES = (
    Package(
        url="https://registry.npmjs.org/@litertjs/core/-/core-2.5.3.tgz",
        sha512="PlGmbMOq9WitX7FO0jhbdJw9GthatsyuCQXjTt/wJZo0FLaw48q4tz8IwqgqCIkviYGr9OFDL1kCnN4nzWoyJQ==",
        files={
            "package/dist/index.js": "litert/core/index.js",
            **{f"package/wasm/{name}": f"litert/wasm/{name}" for name in _RUNTIMES},
        },
    ),
    Package(
        url="https://registry.npmjs.org/@litertjs/wasm-utils/-/wasm-utils-2.5.3.tgz",
        sha512="4fJiw6tBQnIs+0jH/OQ16nYOiSl8/+zZnn5h2ul8aTKHi05sVqZW580Tmk78pC2kT39A9OYBVdFawteZ/sI1kQ==",
        files={"package/dist/index.js": "litert/wasm-utils/index.js"},
    ),
)


def build(runs, output):
    """Writes the site that draws from `runs`; a site that was there before is replaced as a whole.

    Args:
      runs: paths of run directories.
      output: pathlib.Path. A new or empty folder, or an earlier site.

    Returns:
      int. The site's size in bytes.

    Raises:
      Refused: a run cannot be drawn from, or the folder holds something else.
      Failed: the runtime's files cannot be fetched, or are not those that are expected.
    """
    output = pathlib.Path(os.path.abspath(output))
    _check_output(output)
    paths = [pathlib.Path(run) for run in runs]
    systems = [run_dir.read_recipe(path).system for path in paths]
    titled = titles([path.resolve().name for path in paths], systems)
    described = [
        one for path, title in zip(paths, titled, strict=True) for one in _described(path, title)
    ]
    names = [values["name"] for _, values, _ in described]
    if twice := {name for name in names if names.count(name) > 1}:
        raise Refused(f"--run_dirs: {twice.pop()} is there twice.")
    archives = [_fetched(package) for package in PACKAGES]
    output.parent.mkdir(parents=True, exist_ok=True)
    new = output.with_name(f"{files.UNFINISHED}{os.getpid()}-{output.name}")
    try:
        shutil.copytree(SCRIPTS, new)
        _write_pages(new, sorted({page for page, _, _ in described}, key=PAGES.index))
        for package, content in zip(PACKAGES, archives, strict=True):
            _unpack(package, content, new)
        (new / MODELS).mkdir()
        for _, _, copied in described:
            for place, path in copied.items():
                shutil.copyfile(path, new / place)
        models = [values for _, values, _ in described]
        values = {"project": PROJECT, "version": gan_apps.__version__, "models": models}
        files.write_json(new / DESCRIPTION, values)
        if output.exists():
            shutil.rmtree(output)
        new.rename(output)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return sum(path.stat().st_size for path in output.rglob("*") if path.is_file())


def titles(names, systems):
    """What the pages call runs of some names and systems: a list of str.

    "Digits" for next_frame_digits, "Photos" for srresnet_photos; of several of one title,
    "Digits, infogan".
    """
    found = []
    for name, system in zip(names, systems, strict=True):
        of_what = name.removeprefix(f"{system}_")
        if of_what == name:
            of_what = name.partition("_")[2]
        found.append(of_what.replace("_", " ").capitalize() or name)
    return [
        f"{title}, {system}" if found.count(title) > 1 else title
        for title, system in zip(found, systems, strict=True)
    ]


def _check_output(output):
    if output.exists() and not output.is_dir():
        raise Refused(f"--output_dir={output}: is a file; name a folder.")
    if not output.is_dir() or not any(output.iterdir()):
        return
    description = output / DESCRIPTION
    if not description.is_file() or PROJECT not in description.read_text("utf-8", "replace"):
        raise Refused(
            f"--output_dir={output}: holds something else than a site of ours; name a new folder."
        )


def _write_pages(folder, needed):
    """Writes the pages that runs need, the first one as INDEX, each with links to the others."""
    places = {page: page.file if number else INDEX for number, page in enumerate(needed)}
    for page, place in places.items():
        others = [(places[other], other.title) for other in needed if other is not page]
        text = pages.rendered(page.template, title=page.title, others=others)
        files.write_text(folder / place, text)


def _described(run, title):
    """[(the Page that draws from a run, what it must know of it, {file of the site: path})]

    That of its first network; of two sets those of either way.
    """
    recipe = run_dir.read_recipe(run)
    first, _ = runtimes.named_draw(run, recipe)
    name = run.resolve().name
    if recipe.draws[first].side is None:
        return [_described_draw(run, name, title, first, recipe.draws[first])]
    return [
        _described_draw(run, f"{name}_to_{draw.side}", f"{title}, to {draw.side}", one, draw)
        for one, draw in recipe.draws.items()
    ]


def _described_draw(run, name, title, draw_name, draw):
    page = next((page for page in PAGES if page.asks(draw)), None)
    if page is None:
        raise Refused(f"--run_dirs: {run} takes more than a page can ask for.")
    path = run_dir.checked(run, draw_name + run_dir.LITERT)
    place = f"{MODELS}/{name}{run_dir.LITERT}"
    height, _, channels = draw.shape
    values = {
        "name": name,
        "title": title,
        "file": place,
        "sha256": files.digest(path),
        "size": height,
        "channels": channels,
    }
    own, copied = page.described(run, draw_name, draw, f"{MODELS}/{name}")
    return page, {**values, **own}, {place: path, **copied}


def _of_latents(run, name, draw, place):
    del place
    values = {
        "latent_dim": draw.latents.size,
        "distribution": draw.latents.distribution,
        "codes": list(draw.latents.codes),
        # What the page asks by: it looks for one of them.
        "labels": None,
        "vocabulary": None,
        "sentences": None,
        **draw.condition.metadata(),
        "directions": directions(
            run_dir.checked(run, name + run_dir.KERAS_WEIGHTS),
            draw.latents.noise,
            draw.network["config"],
        ),
    }
    return values, {}


def _kept(run, name, draw):
    """(the given pictures that a run keeps; the sheet that they are on)"""
    sheet = run / (name + run_dir.SOURCES)
    try:
        return pictures.read_given(sheet, draw.pictures), sheet
    except (OSError, ValueError):
        raise Refused(
            f"--run_dirs: {run} has no {sheet.name} of its pictures, by which the page begins."
        ) from None


def _of_clips(run, name, draw, place):
    _, sheet = _kept(run, name, draw)
    taken = draw.pictures
    values = {"input": taken.column, "shape": list(taken.shape), "frames": taken.frames}
    place += run_dir.SOURCES
    return {"clips": values, "sources": place}, {place: sheet}


def _of_pictures(run, name, draw, place):
    kept, sheet = _kept(run, name, draw)
    taken = draw.pictures
    copied = {place + run_dir.SOURCES: sheet}
    values = {
        "pictures": {"input": taken.column, "shape": list(taken.shape)},
        "sources": place + run_dir.SOURCES,
        "sketch": None,
        **paper_and_ink(kept),
    }
    if draw.is_from_made:
        path = run_dir.checked(run, name + run_dir.SKETCH)
        values["sketch"] = {
            "file": place + run_dir.SKETCH,
            "sha256": files.digest(path),
            "input": IMAGES,
            "output": runtimes.SKETCHED,
            "shape": list(draw.shape),
            "words": MAKING[taken.made_by],
        }
        copied[place + run_dir.SKETCH] = path
    return values, copied


def _of_photos(run, name, draw, place):
    _, sheet = _kept(run, name, draw)
    taken = draw.pictures
    values = {
        "photos": {
            "input": taken.column,
            "tile": taken.tile,
            "reach": REACH,
            "scale": draw.scale,
            "channels": taken.shape[2],
            # Of those that are kept, by which the page begins.
            "shape": list(taken.shape),
        },
        "sources": place + run_dir.SOURCES,
    }
    return values, {place + run_dir.SOURCES: sheet}


def paper_and_ink(kept):
    """How a page is to be drawn on so that it looks like pictures uint8 [n, h, w, c].

    Returns:
      {"paper", "ink": ints [c], black and white, the paper as most of the pictures is; "two_tone":
      bool, whether they have no shades}.
    """
    channels = kept.shape[-1]
    paper = 255 if np.median(kept) >= 128 else 0
    return {
        "paper": [paper] * channels,
        "ink": [255 - paper] * channels,
        "two_tone": set(np.unique(kept)) <= {0, 255},
    }


PAGES = (
    Page(
        template="demo.html",
        title="Pictures that nobody drew",
        file=INDEX,
        asks=lambda draw: draw.pictures is None,
        described=_of_latents,
    ),
    Page(
        template="enlarge.html",
        title="Photos made larger",
        file="enlarge.html",
        asks=lambda draw: draw.is_any_size,
        described=_of_photos,
    ),
    Page(
        template="canvas.html",
        title="Pictures from what you draw",
        file="canvas.html",
        asks=lambda draw: draw.takes_files and not draw.goes_on,
        described=_of_pictures,
    ),
    Page(
        template="clip.html",
        title="Clips that go on",
        file="clip.html",
        asks=lambda draw: draw.takes_files and draw.goes_on,
        described=_of_clips,
    ),
)


def directions(path, size, network=()):
    """The unit vectors along which latents change the generator's first layer most.

    They are eigenvectors of A A^T, A the rows of the first dense layer that the latents meet, by
    falling eigenvalue (Shen & Zhou 2021, arXiv 2007.06600, equation 4).

    Args:
      path: path of the generator's weights for Keras.
      size: int. Of the latents.
      network: dict. The arguments of what draws, which may be made of several networks: the first
        generator of a pyramid meets the first of the latents alone. Default: it is one network.
    """
    import h5py

    place, met = "layers/dense/vars/0", size
    if "coarsest" in network or "encoder" in network:
        place = f"layers/generator/{place}"
    if "coarsest" in network:
        met = network["coarsest"]["latent_dim"]
    with h5py.File(path) as weights:
        kernel = np.asarray(weights[place])[:met]
    kernel = np.pad(kernel, ((0, size - len(kernel)), (0, 0)))
    _, vectors = np.linalg.eigh(kernel @ kernel.T)
    count = min(DIRECTIONS, size)
    # An eigenvector's sign is nobody's: its largest number is made positive.
    chosen = vectors.T[::-1][:count]
    signs = np.sign(chosen[np.arange(count), np.abs(chosen).argmax(axis=1)])
    return np.round(chosen * signs[:, None], 6).tolist()


def _fetched(package):
    """A package's archive: from the cache, or from npm; bytes that are known to be right."""
    name = package.url.rpartition("/")[2]
    root = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    cached = pathlib.Path(root) / "gan_apps" / name
    if cached.is_file() and _digest(cached.read_bytes()) == package.sha512:
        return cached.read_bytes()
    try:
        with urllib.request.urlopen(package.url, timeout=SECONDS) as reply:
            content = reply.read()
    except (OSError, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise Failed(
            f"{package.url} cannot be fetched ({reason}); with a network once, it is kept in "
            f"{cached.parent}."
        ) from None
    if _digest(content) != package.sha512:
        raise Failed(f"{package.url} is not the file that is expected: its checksum is another.")
    cached.parent.mkdir(parents=True, exist_ok=True)
    with files.replacing(cached) as beside:
        beside.write_bytes(content)
    return content


def _digest(content):
    return base64.b64encode(hashlib.sha512(content).digest()).decode()


def _unpack(package, content, folder):
    """Writes the files of an archive that are wanted, and no other."""
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        for member, place in package.files.items():
            path = folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(archive.extractfile(member).read())
