"""From a trained network to a model file: ONNX with its contract, checked before it is written."""
