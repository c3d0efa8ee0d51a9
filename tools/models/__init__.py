"""Models: registry, pins, download, and the devices that they run on."""
