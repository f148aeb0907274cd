"""The library call behind every `--mode=train`: `train.train(app, config, run)`."""
