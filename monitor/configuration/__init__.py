"""Where the configuration comes from: files, discovery lists, reloading, watching."""
