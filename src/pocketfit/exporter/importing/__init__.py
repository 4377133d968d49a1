"""How a repository's own Python gets into the child: where its modules are looked for, and what they are called."""
