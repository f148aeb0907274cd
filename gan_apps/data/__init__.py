"""Data set names to tf.data of {"examples": {"images", "labels", ...}, "conditions": {"labels"}}."""
