"""What follows from requests that were answered by a live server: runs, their guards, the knee, points for a plan."""
