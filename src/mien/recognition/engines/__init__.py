"""What computes a model file's logits: one file an engine; ``choice`` says which one is taken."""
