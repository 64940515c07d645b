"""Where everything is put together: configuration, log, data folder, console script, services."""
