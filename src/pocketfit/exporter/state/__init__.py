"""What a model keeps between calls: saved, put back, and kept out of what is shipped."""
