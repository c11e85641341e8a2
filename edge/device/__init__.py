"""What this machine has and what is free now: cores, memory, battery; cgroup limits count."""
