"""How bytes reach the disk: whole files, checksums, locks, free space."""
