"""`edge prompt`: prompts kept for later, and what `ask -t` makes of one."""
