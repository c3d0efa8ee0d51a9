"""Search among tracked objects: by how they look, and by what they do."""
