"""Drawing by a server that has an exported run. No TensorFlow, but for gRPC's messages."""
