"""The series of ``/metrics``."""
