"""History in, the value of each customer with its distribution out."""
