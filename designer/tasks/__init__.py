"""Property tasks: a space, what was measured in it, and families of related tasks."""

from designer.tasks.family import Family, load_family
from designer.tasks.task import Task

__all__ = ["Family", "Task", "load_family"]
