"""A registry of families of tasks: a folder that a lab shares, in which each version is named by its content.

- `folder`: publish, list and pull families
- `matching`: which families are like a campaign
"""
