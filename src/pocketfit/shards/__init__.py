"""Many models on many machines: variants dealt out, and one report made of what each left."""
