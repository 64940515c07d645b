"""What programs ask over HTTP: routes, the clients behind them, and what else is answered there."""
