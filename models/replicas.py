"""What one device's part is of a training on several: the rows of a minibatch, the mean of a loss.

A minibatch is that of all replicas together, and replica i holds the i-th of its equal parts.
Everything here is the identity for a training on one device. With several it is to be called where
`tf.distribute.Strategy.run` runs, and by every replica, since each waits for the others.
"""

from collections.abc import Callable, Sequence

import tensorflow as tf


def count() -> int:
    """How many replicas train together: 1 without a strategy of tf.distribute."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def mean(value: tf.Tensor) -> tf.Tensor:
    """The mean of a tensor over all replicas, the same on each; differentiable."""
    if count() == 1:
        return value
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, value)


def share(loss: tf.Tensor) -> tf.Tensor:
    """What this replica's mean adds to that over the whole minibatch.

    Keras's optimizers add the replicas' gradients up: those of shares add up to that of the mean.
    """
    return loss if count() == 1 else loss / count()


def rows(draw: Callable, shape: Sequence[int]) -> tf.Tensor:
    """Noise of `shape` [n, ...]: this replica's part of what is drawn for the whole minibatch.

    Args:
      draw: a shape -> a tensor of it, the same on every replica.
      shape: ints.
    """
    if count() == 1:
        return draw(shape)
    whole = draw((count() * shape[0], *shape[1:]))
    parts = tf.reshape(whole, (count(), *shape))
    return parts[tf.distribute.get_replica_context().replica_id_in_sync_group]
