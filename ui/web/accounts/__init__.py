"""Users, sign-in, sessions and signed links: who may see whose videos."""
