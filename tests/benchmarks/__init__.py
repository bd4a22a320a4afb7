"""What the monitor costs and how exact it is: ``make bench``. No part of the test run."""
