"""How a Keras training tells its windows."""

import keras


class Watch(keras.callbacks.Callback):
    """Tells `benchmarks.windows.Windows` of each iteration; stops when they are complete."""

    def __init__(self, windows):
        super().__init__()
        self.windows = windows

    def on_train_batch_end(self, batch, logs=None):
        self.windows.after_iteration()
        self.model.stop_training = self.windows.complete
