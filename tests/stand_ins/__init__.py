"""The real clients of other mail catchers, with mocksmtp in the place of these"""
