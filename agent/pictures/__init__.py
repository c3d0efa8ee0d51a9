"""Questions and requests that come with a picture."""
