"""llama.cpp as three small owners: `Model`, `Context`, `Sampler`.

The binding's `Llama` class is not used. NULL and return codes become our errors
here. A context has one owner thread; only `Context.abort` may be called from another.
"""
