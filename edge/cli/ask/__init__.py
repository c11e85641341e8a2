"""`edge ask`: one prompt, from the words of the command, a pipe and files."""
