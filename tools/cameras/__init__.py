"""Fixed cameras: objects by what, when and where, and how many they are."""
