"""The APIs of other mail catchers"""
