"""The networks as ONNX graphs, node for node."""
