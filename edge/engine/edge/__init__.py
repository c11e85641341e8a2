"""The edge engine: a Qwen model on this machine, in a process of its own."""
