"""From the name of a data set to the minibatches of a training."""
