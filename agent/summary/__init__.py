"""A video told in short, by a language model or without one."""
