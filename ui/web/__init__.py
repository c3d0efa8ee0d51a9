"""Routes and jobs behind the browser: host guard, media, uploads, proxies, state."""
