"""The server behind the browser: host guard, media, uploads, proxies, jobs, state."""
