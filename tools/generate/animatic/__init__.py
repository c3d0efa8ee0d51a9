"""Films composed on this machine: drawn layers, pictures, moments, voice and a music bed."""
