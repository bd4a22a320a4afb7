"""When each check runs, and whether it may: phases, rate limits, load."""
