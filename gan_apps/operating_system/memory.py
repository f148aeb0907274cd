"""How much memory this process may still take."""

import pathlib

try:
    import resource
except ImportError:  # Windows
    resource = None

MEMINFO = pathlib.Path("/proc/meminfo")
# Where a container sees its own limit (cgroup v2).
GROUP = pathlib.Path("/sys/fs/cgroup")
STATM = pathlib.Path("/proc/self/statm")


def free():
    """Bytes: the least of what machine, container and process leave; None if none of them says."""
    return min((*_of_machine(), *_of_group(), *_of_process()), default=None)


def _of_machine():
    """What Linux would give without ending another process."""
    numbers = _numbers(MEMINFO)
    if "MemAvailable:" in numbers:
        yield (numbers["MemAvailable:"] + numbers.get("SwapFree:", 0)) * 1024


def _of_group():
    limit, taken = (_numbers(GROUP / name, "") for name in ("memory.max", "memory.current"))
    if "" in limit and "" in taken:
        # Files that are only kept in case they are read again are given up for it.
        kept = _numbers(GROUP / "memory.stat").get("inactive_file", 0)
        yield limit[""] - taken[""] + kept


def _of_process():
    if resource is None or not STATM.is_file():
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY:
        yield limit - int(STATM.read_text().split()[0]) * resource.getpagesize()


def _numbers(path, name=None):
    """The lines "name number" of a file, or its one number under `name`."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    words = [line.split() if name is None else [name, line] for line in lines]
    return {first: int(rest[0]) for first, *rest in words if rest and rest[0].isdigit()}
