"""What is opened, from settings: a model that fits, and the way to a cloud if there is one."""
