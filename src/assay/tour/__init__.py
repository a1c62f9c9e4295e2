"""The guided story: a real model on its way through everything, and what stops each attack."""
