"""The library call behind every `--mode=train`: `train.train(system, config, run)`."""
