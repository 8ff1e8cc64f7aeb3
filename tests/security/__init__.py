"""What hostile programs and clients try, and what the kernel keeps them from."""
