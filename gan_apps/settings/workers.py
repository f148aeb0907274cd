"""The workers that train together, as the environment names them.

TF_CONFIG='{"cluster": {"worker": ["host:port", ...]}, "task": {"type": "worker", "index": 0}}' is
TensorFlow's own convention; the cluster may also have one "chief".
"""

import dataclasses
import json
import os

from gan_apps.settings.errors import Refused

TF_CONFIG = "TF_CONFIG"
JOBS = ("chief", "worker")


@dataclasses.dataclass(frozen=True)
class Workers:
    """All workers of a training, and which of them this process is.

    Args:
      addresses: tuple of str, "host:port". The first is the chief's, which alone writes files.
      index: int. This process's place among them.
    """

    addresses: tuple
    index: int

    @property
    def is_chief(self):
        return self.index == 0


def from_environment():
    """The Workers of TF_CONFIG.

    Raises:
      Refused: there is no TF_CONFIG, or it does not name a cluster and a task in it.
    """
    text = os.environ.get(TF_CONFIG, "")
    if not text:
        raise Refused(
            f"--distribute=multi_worker: the environment has no {TF_CONFIG}, which names the "
            "workers and which of them this one is."
        )
    try:
        return _workers(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        reason = f"has no {error}" if isinstance(error, KeyError) else error
        raise Refused(
            f"--distribute=multi_worker: {TF_CONFIG}={text[:200]} cannot be used ({reason}); it "
            'must be like {"cluster": {"worker": ["host:port", "host:port"]}, '
            '"task": {"type": "worker", "index": 0}}.'
        ) from None


def _workers(values):
    cluster, task = values["cluster"], values["task"]
    if unknown := sorted(set(cluster) - set(JOBS)):
        raise ValueError(f"{unknown[0]!r} is neither 'chief' nor 'worker'")
    if task["type"] not in cluster:
        raise ValueError(f"the cluster has no {task['type']!r}")
    listed = [(job, number) for job in JOBS for number in range(len(cluster.get(job, ())))]
    addresses = tuple(cluster[job][number] for job, number in listed)
    if not all(isinstance(one, str) and one.rpartition(":")[2].isdigit() for one in addresses):
        raise ValueError("an address is not host:port")
    if len(set(addresses)) < len(addresses):
        raise ValueError("two workers have one address")
    # Some schedulers write the index as text, which TensorFlow takes.
    own = (task["type"], int(task["index"]))
    if own not in listed:
        raise ValueError(f"the cluster has no {own[0]} {own[1]}")
    return Workers(addresses, listed.index(own))
