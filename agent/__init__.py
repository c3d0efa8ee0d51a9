"""The conversation: a graph that thinks, calls tools and checks what it says."""
