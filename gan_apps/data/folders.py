"""A folder of images, of any size and kind, as squares of one size.

What is read: every picture of SUFFIXES in the folder and below it. Links to folders are followed,
but no folder is read twice. Left out are hidden and system folders, runs of this project, what
lies in them, and files of other kinds; that is counted and said.

What sub-folders mean, once folders that hold everything else are looked through:

    train/... test/...     two splits. Without test/, val/, valid/ or validation/ is the test split;
                           with it, that is left out, like all that is in neither.
    CLASS/... CLASS/...    labels, named for the folders, if every picture is in one of at least
                           two. What is further down belongs to the topmost.
    else                   nothing: a set of pictures without labels, and without a test split.

In each of the splits sub-folders are labels too. The labels are those of train/: pictures of others
in test/ are left out, and if all are, there is no test split. A folder of which no picture can be
read is no label.
"""

import collections
import dataclasses
import heapq
import os
import sys
import unicodedata

import numpy as np
from PIL import Image

from gan_apps.pictures.reading import SUFFIXES, Unreadable, colour, read
from gan_apps.runs import run_dir
from gan_apps.settings import Refused

# What systems and their file servers keep beside pictures, besides what begins with a dot.
SYSTEM_FOLDERS = (
    *("@eadir", "@recycle", "#recycle", "#snapshot", "__macosx", "$recycle.bin"),
    *("system volume information", "lost+found"),
)
OTHER_KINDS = "file of another kind"
TRAIN, TEST, ALL = "train", "test", "all"
TESTS = (TEST, "val", "valid", "validation")
# How many skipped files are named; the others are counted.
NAMED = 10
# Pictures of which none is brighter than this, of 255, were most likely stored in another scale.
NEARLY_BLACK = 32


@dataclasses.dataclass(frozen=True)
class Arrangement:
    """What the sub-folders of a folder say of its pictures.

    Args:
      splits: dict. "train", and maybe "test", to a list of pathlib.Paths.
      names: tuple of str. The labels, sorted; empty without any.
      label_of: dict. Path to the name of its label; empty without labels.
      left_out: dict. As `listed` gives it.
    """

    splits: dict
    names: tuple
    label_of: dict
    left_out: dict


def load(folder, size, split=TRAIN):
    """The images of a split of `folder`, and their labels if it has any.

    Each is cropped to its central square and resized. They are gray if all to train on are; alpha
    lies on white; the camera's orientation is heeded. Files that cannot be used are skipped,
    counted and named, in one line on stderr with what was left out.

    Args:
      folder: pathlib.Path.
      size: int. The side in pixels.
      split: "train", which is everything if there is no test split; "test"; or "all", which is
        everything, without labels: what it was to runs that began before there were splits.

    Returns:
      (images, labels, names): uint8 [n, size, size, 1 or 3]; int32 [n], or None; tuple of str.

    Raises:
      Refused: the folder is missing, has no such split, or holds no image that can be used.
    """
    if not folder.is_dir():
        raise Refused(f"--dataset={folder}: there is no such folder.")
    paths, left_out = listed(folder)
    if not paths:
        but = f", but {told(left_out)}" if left_out else ""
        raise Refused(f"--dataset={folder}: holds no image ({', '.join(SUFFIXES)}){but}.")
    found = arranged(folder, paths)
    if split == ALL:
        found = Arrangement({ALL: paths}, (), {}, {})
    if split not in found.splits:
        raise Refused(f"--dataset={folder}: has no split {split!r}.")
    paths, numbers = found.splits[split], {name: number for number, name in enumerate(found.names)}
    # Filled as the files are read: a list of squares would be the whole data again.
    images, labels = np.empty((len(paths), size, size, 3), np.uint8), []
    skipped = []
    # What is tested on must look like what is trained on, however it was stored.
    may_be_gray = split != TEST or _all_gray(found.splits[TRAIN])
    all_gray = may_be_gray
    for path in paths:
        try:
            image = read(path, size)
        except Unreadable as error:
            skipped.append(f"{path.relative_to(folder)} ({error})")
            continue
        if split == TEST and may_be_gray and image.ndim == 3:
            image = np.asarray(Image.fromarray(image).convert("L"))
        images[len(labels)] = colour(image)
        labels.append(numbers.get(found.label_of.get(path), -1))
        all_gray = all_gray and image.ndim == 2
    images = images[: len(labels), ..., : 1 if all_gray else 3]
    sentences = []
    if skipped:
        sentences.append(f"{len(skipped)} of {len(paths)} files skipped: {named(skipped)}.")
    if left_out := {**left_out, **found.left_out}:
        sentences.append(f"Left out: {told(left_out)}.")
    if 0 < images.max(initial=0) < NEARLY_BLACK:
        sentences.append(
            f"All images are nearly black: their brightest value is {images.max()} of 255."
        )
    say(folder, *sentences)
    if not labels:
        raise Refused(f"--dataset={folder}: none of its {len(paths)} images can be read.")
    if all_gray:
        images = images.copy()
    return images, np.asarray(labels, np.int32) if found.names else None, found.names


def has_test(folder):
    """Whether a folder has a test split of its own."""
    paths, _ = listed(folder)
    return bool(paths) and TEST in arranged(folder, paths).splits


def listed(folder):
    """The pictures in a folder and below it, as the module says, and what was left out.

    Returns:
      (paths, left_out): sorted pathlib.Paths; {what: collections.Counter of names}.
    """
    paths, left_out = [], collections.defaultdict(collections.Counter)
    # A link to what holds the folder itself would go round, with all that lies beside the folder.
    seen = set(folder.resolve().parents)
    # Links wait until there is nothing else: what can be reached without one is listed so.
    folders, links = [folder], []
    while folders or links:
        here = folders.pop() if folders else heapq.heappop(links)
        try:
            place, inside = here.resolve(), sorted(here.iterdir())
        except OSError:
            left_out["folder that cannot be read"][here.name] += 1
            continue
        if place in seen:
            continue
        seen.add(place)
        for path in inside:
            hidden = is_hidden(path.name)
            if os.path.isdir(path):
                if hidden:
                    left_out["picture in hidden or system folders"][path.name] += _count(path)
                elif _is_run(path):
                    left_out["run of gan_apps"][path.name] += 1
                elif path.is_symlink():
                    heapq.heappush(links, path)
                else:
                    folders.append(path)
            elif path.suffix.lower() in SUFFIXES:
                if hidden:
                    left_out["picture with a hidden name"][path.name] += 1
                else:
                    paths.append(path)
            elif not os.path.exists(path):
                left_out["link to nowhere"][path.name] += 1
            elif not hidden:
                left_out[OTHER_KINDS][path.suffix.lower() or "without ending"] += 1
    # Hidden folders without a picture are nobody's concern.
    return sorted(paths), {what: +names for what, names in left_out.items() if +names}


def is_hidden(name):
    """Whether a file or folder of a name is hidden, or what a system leaves, such as __MACOSX."""
    return name.startswith(".") or name.casefold() in SYSTEM_FOLDERS


def _is_run(folder):
    """Whether a folder is a run of this project, whose pictures nobody means to learn."""
    try:
        run_dir.read_recipe(folder)
    except (Refused, OSError):
        return False
    return True


def _count(folder):
    """How many pictures lie in a folder that is left out."""
    names = (name for _, _, files in os.walk(folder) for name in files)
    return sum(os.path.splitext(name)[1].lower() in SUFFIXES for name in names)


def named(names):
    """The first NAMED of some names, and how many more there are."""
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + rest


def told(left_out):
    """What was left out, as a part of a sentence."""
    parts = []
    for what, names in sorted(left_out.items()):
        listed = [
            f"{count} {name}" if what == OTHER_KINDS else name
            for name, count in sorted(names.items())
        ]
        noun, kind = what.split(" ", 1)
        plural = "" if names.total() == 1 else "s"
        parts.append(f"{names.total():,} {noun}{plural} {kind} ({named(listed)})")
    return ", ".join(parts)


def say(dataset, *sentences):
    """Prints what is new of some sentences on a data set, in one line on stderr.

    A command may read its data more than once, to learn them and to measure by them.
    """
    if new := [sentence for sentence in sentences if _is_new(dataset, sentence)]:
        print(*new, file=sys.stderr)


_SAID = set()


def _is_new(*key):
    is_new = key not in _SAID
    _SAID.add(key)
    return is_new


def arranged(folder, paths):
    """The Arrangement of the pictures `paths` of a folder, as the module says."""
    parts = {path: path.relative_to(folder).parts for path in paths}
    splits, left_out, depth, test = parted(parts)
    label_of = {
        path: label_name(parts[path][depth])
        for split in splits.values()
        for path in split
        if len(parts[path]) > depth + 1
    }
    names = ()
    if all(path in label_of for path in splits[TRAIN]):
        names = _readable(splits[TRAIN], label_of)
    if len(names) < 2:
        return Arrangement(splits, (), {}, left_out)
    if TEST in splits:
        known = [path for path in splits[TEST] if label_of.get(path) in names]
        for path in set(splits[TEST]) - set(known):
            where = label_of.get(path, path.parent.name)
            left_out[f"picture in {test} of no label in {TRAIN}"][where] += 1
        splits = {TRAIN: splits[TRAIN], **({TEST: known} if known else {})}
    return Arrangement(splits, names, label_of, left_out)


def parted(parts):
    """What of some pictures is trained on and what is tested on, by their folders.

    Args:
      parts: {picture: tuple of names}. The folders that it lies in, and its own name.

    Returns:
      (splits, left_out, depth, test): {"train", and maybe "test": pictures}; what is in neither, as
      `listed` gives it; how many folders all of a split lie in; what the test split's is called.
    """
    depth = _shared(parts.values())
    tops = collections.defaultdict(list)
    for picture, names in parts.items():
        tops[names[depth].casefold() if len(names) > depth + 1 else ""].append(picture)
    test = next((name for name in TESTS if name in tops), None)
    splits, left_out = {TRAIN: list(parts)}, collections.defaultdict(collections.Counter)
    if TRAIN in tops and test is not None:
        splits = {TRAIN: tops.pop(TRAIN), TEST: tops.pop(test)}
        for picture in (picture for others in tops.values() for picture in others):
            left_out[f"picture outside of {TRAIN} and {test}"][parts[picture][depth]] += 1
        depth = _shared(parts[picture] for picture in splits[TRAIN])
    return splits, left_out, depth, test


def _shared(parts):
    """How many folders, from the top, all of some paths lie in; each is a tuple of names."""
    return len(os.path.commonprefix([names[:-1] for names in parts]))


def label_name(folder):
    """What the label of a folder is called: its name as it is typed, in characters that print."""
    try:
        name = os.fsencode(folder).decode("utf-8")
    except UnicodeDecodeError:
        # A name from before UTF-8: every byte is a letter of the West's alphabet.
        name = os.fsencode(folder).decode("latin-1")
    name = unicodedata.normalize("NFC", name)
    return "".join(letter if letter.isprintable() else "_" for letter in name).strip() or "_"


def _readable(paths, label_of):
    """The labels of some paths of which a picture can be read, sorted.

    One picture of each is enough, so that the test split finds the same labels in little time.
    """
    names = set()
    for path in paths:
        if label_of[path] not in names:
            try:
                read(path, 8)
            except Unreadable:
                continue
            names.add(label_of[path])
    return tuple(sorted(names))


def _all_gray(paths):
    """Whether all of some pictures are gray that can be read."""
    for path in paths:
        try:
            if read(path, 8).ndim == 3:
                return False
        except Unreadable:
            continue
    return True
