"""On which devices a training runs: the setting `distribute` as a strategy of tf.distribute.

This file imports TensorFlow alone, and nothing that runs any of it: the workers of a training have
to find each other before TensorFlow does anything else.
"""

import functools
import json
import signal
import zlib

import tensorflow as tf

from gan_apps.settings import Failed, Refused, workers


class Place:
    """The devices of a training, and what this process is among them.

    Args:
      distribute: str. One of settings.training.DISTRIBUTIONS. The workers of "multi_worker" wait
        here for each other, as long as it takes. A process has one such place, and makes it before
        it uses TensorFlow.

    Raises:
      Refused: there is nothing to distribute to.
    """

    def __init__(self, distribute):
        self.distribute = distribute
        self.has_workers = distribute == "multi_worker"
        self.strategy = strategy(distribute)
        # Whether this process is the one that writes files.
        self.is_chief = not self.has_workers or workers.from_environment().is_chief

    def scope(self):
        """The context in which variables are made."""
        return self.strategy.scope()

    def refuse_uneven(self, batch_size):
        """Refuses a batch size that the replicas cannot share evenly."""
        count = self.strategy.num_replicas_in_sync
        if batch_size % count:
            raise Refused(
                f"--batch_size={batch_size}: {count} replicas share every minibatch, so it must "
                f"be a multiple of {count}."
            )

    def refuse_disagreement(self, about, iteration, run):
        """Compares what all workers are about to do.

        Args:
          about: JSON values. What they train, with what and on what.
          iteration: int. Where they stand.
          run: path.

        Raises:
          Failed: they were started differently, or have not restored the same state.
        """
        if not self.has_workers:
            return
        described = json.dumps(about, sort_keys=True)
        own = tf.constant([[iteration, zlib.crc32(described.encode())]], tf.int64)
        all_of_them = self.strategy.gather(own, axis=0).numpy()
        iterations, digests = (sorted(set(column.tolist())) for column in all_of_them.T)
        if len(digests) > 1:
            raise Failed(
                f"--run_dir={run}: the workers differ in their flags, their data, or what "
                "--precision their processors take; start all of them alike."
            )
        if len(iterations) > 1:
            listed = ", ".join(f"{number:,}" for number in iterations)
            raise Failed(
                f"--run_dir={run}: the workers have read states of different iterations "
                f"({listed}); it must be one folder that all of them see."
            )

    def wait_for_all(self):
        """Waits until every worker is here: one that ended early would be taken for lost."""
        if self.has_workers:
            self.strategy.gather(tf.constant([0]), axis=0)

    def iterations(self, minibatches, epoch, first_step):
        """Iterations of an epoch, each replica with its part, as `fit` takes them; without an end.

        An end would have to be agreed on by all workers at every iteration.
        """

        def parts(context):
            count = self.strategy.num_replicas_in_sync
            here = count // context.num_input_pipelines
            first = here * context.input_pipeline_id
            own = range(first, first + here)
            first_iteration = epoch * minibatches.steps_per_epoch + first_step
            return minibatches.iterations(first_iteration, own, count)

        return self.strategy.distribute_datasets_from_function(parts)


@functools.cache
def strategy(distribute):
    """The tf.distribute.Strategy of a setting; TensorFlow's default one for "none".

    Raises:
      Refused: there is nothing to distribute to.
    """
    if distribute == "mirrored":
        return tf.distribute.MirroredStrategy(_devices())
    if distribute == "multi_worker":
        ours = workers.from_environment()
        print(f"Worker {ours.index + 1} of {len(ours.addresses)} waits for the others.", flush=True)
        # TensorFlow waits in native code, where Python would not see Ctrl-C.
        before = signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            return tf.distribute.MultiWorkerMirroredStrategy()
        finally:
            signal.signal(signal.SIGINT, before)
    return tf.distribute.get_strategy()


def _devices():
    kinds = [tf.config.list_logical_devices(kind) for kind in ("GPU", "CPU")]
    devices = [device.name for device in kinds[0] or kinds[1]]
    if len(devices) == 1:
        raise Refused(
            f"--distribute=mirrored: TensorFlow sees one device here, {devices[0]}; give "
            "--distribute=none."
        )
    return devices
