"""What a model takes: by examples in scripts, by the layers that take each input first, and by names."""
